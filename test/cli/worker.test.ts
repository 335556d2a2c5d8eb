import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, runAsOf } from '../support/definitions.ts'
import { eventually } from '../support/eventually.ts'
import { errorOf, newFolder, saidBy, start, typed, writeInto } from './support.ts'

describe('a worker in one terminal and queries in another, on the embedded database', () => {
  test('a lead enters and leaves with no command typed; the worker stops when told to', {
    timeout: 120_000,
  }, async () => {
    const folder = newFolder()
    const say = (...line: string[]) => typed(folder, line)
    writeInto(folder, 'tideline.yaml', 'slots: "* * * * * *"\n')
    writeInto(folder, 'segments/a.yaml', 'just-now:\n  where: last activity within 6 seconds\n')
    writeInto(folder, 'leads.csv', 'lead_id\nL-1\n')
    await say('import', 'leads', 'leads.csv')
    await say('apply')

    const worker = start(folder, ['worker'])
    const log = logOf(worker)
    await log.until('worker started')
    const changes = 'select change, cause from membership_change order by as_of'
    const seen = async () =>
      JSON.parse((await say('query', changes)).out) as { change: string; cause: string }[]

    const [clock] = JSON.parse(
      (await say('query', `select to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SSZ') as now`)).out,
    )
    writeInto(folder, 'events.csv', `lead_id,type,occurred_at\nL-1,login,${clock.now}\n`)
    await say('import', 'events', 'events.csv')
    let found = await seen()
    for (let tries = 0; tries < 40 && found.length < 2; tries++) {
      await sleep(250)
      found = await seen()
    }
    expect(found).toEqual([
      { change: 'entered', cause: expect.stringMatching(/data|definition/) },
      { change: 'left', cause: 'time' },
    ])

    const asked = JSON.parse((await say('run', '--enqueue', '--wait')).out)
    expect(asked.run_id).toBeGreaterThan(0)
    const put = JSON.parse(
      (await say('backfill', '--from', '2026-01-01', '--to', '2026-01-03', '--enqueue')).out,
    )
    expect(put).toMatchObject({ added: true, workers: 1 })

    worker.kill('SIGTERM')
    expect(await new Promise((resolve) => worker.on('close', resolve))).toBe(0)
    expect(log.lines.at(-1)).toMatchObject({ msg: 'worker stopped', finished: true })
    const { out } = await say('run', '--enqueue')
    expect(JSON.parse(out)).toMatchObject({ workers: 0 })
  })

  test('without a database that is prepared it ends at once', async () => {
    const folder = newFolder()
    writeInto(folder, 'tideline.yaml', '')
    const said = await typed(folder, ['worker'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
    expect(said.code).toBe(1)
    expect(errorOf(said).code).toBe('DATABASE_UNREACHABLE')
  })

  test('slots that can not be read are said at once', async () => {
    const folder = newFolder()
    writeInto(folder, 'tideline.yaml', 'slots: every hour\n')
    const said = await typed(folder, ['worker'])
    expect(said.code).toBe(1)
    expect(errorOf(said).code).toBe('BAD_SLOTS')
  })
})

describe('told to stop while the database is at a statement that may take for ever', () => {
  const at = (hour: number) => `2026-03-01T0${hour}:00:00Z`

  /** A project over a database in which nobody can end a run: somebody has locked what it writes. */
  async function stuck() {
    const database = await testDatabase({ max: 8 })
    onTestFinished(() => database.close())
    await addLead(database, 'a', { events: [['click', at(1)]] })
    await apply(database, { clicked: 'did click within 2 hours' })
    await runAsOf(database, '2026-03-01T02:00:00.000000Z')
    await addEvent(database, 'a', 'click', at(3))
    const other = await database.pool.connect()
    onTestFinished(() => other.release(true))
    await other.query('begin')
    await other.query('lock table membership_change in share mode')
    const folder = newFolder()
    writeInto(folder, 'tideline.yaml', 'slots: "0 * * * *"\n')
    const begin = async (...line: string[]) => {
      const child = start(folder, line, { DATABASE_URL: database.url })
      const said = saidBy(child)
      await eventually(waiting, (found) => found.length > 0)
      return { child, said }
    }
    const waiting = () =>
      database.query<{ pid: number }>(
        `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    return { database, begin, waiting, free: () => other.query('rollback') }
  }

  const holders = 'select owner from run_lease'
  const lastError = `select error ->> 'code' as code from runs where status = 'failed'`

  test('S19: a worker lets it go on for a while, cancels it, and exits with 0', async () => {
    const { database, begin, waiting, free } = await stuck()
    const { child, said } = await begin('worker', '--grace', '1')
    child.kill('SIGTERM')
    const { code, out } = await said
    expect({ code, waiting: await waiting() }).toEqual({ code: 0, waiting: [] })
    expect(out).toMatch(/may go on for 1 seconds.*cancelled.*"finished":true/s)
    expect(await database.query(holders)).toEqual([{ owner: null }])
    expect(await database.query(lastError)).toEqual([{ code: 'STOPPED' }])
    await free()
    await runAsOf(database)
    expect(await faults(database)).toEqual([])
  })

  test.each([
    ['run', ['run', '--as-of', at(4)]],
    ['backfill', ['backfill', '--from', at(0), '--to', at(2), '--grain', 'hour', '--all']],
  ])('S19: %s is cancelled by Ctrl-C, and says so', async (_, line) => {
    const { database, begin, waiting, free } = await stuck()
    const { child, said } = await begin(...line)
    child.kill('SIGINT')
    const ended = await said
    expect({ code: ended.code, waiting: await waiting() }).toEqual({ code: 1, waiting: [] })
    expect(errorOf(ended)).toMatchObject({ code: 'STOPPED' })
    expect(await database.query(holders)).toEqual([{ owner: null }])
    expect(await database.query(lastError)).toEqual([{ code: 'STOPPED' }])
    await free()
    await runAsOf(database, '2026-03-01T04:00:00.000000Z')
    expect(await faults(database)).toEqual([])
  })

  test.each([['worker'], ['run', '--as-of', at(4)]])(
    'S19: %s ends at once at the second signal',
    async (...line) => {
      const { database, begin, waiting, free } = await stuck()
      const { child, said } = await begin(...line)
      // It can't even be cancelled.
      const [{ pid }] = (await waiting()) as [{ pid: number }]
      process.kill(pid, 'SIGSTOP')
      child.kill('SIGINT')
      await sleep(500)
      expect(child.exitCode).toBeNull()
      child.kill('SIGTERM')
      expect((await said).code).toBe(-1)
      expect(child.signalCode).toBe('SIGTERM')
      process.kill(pid, 'SIGCONT')
      await free()
      await runAsOf(database)
      expect(await faults(database)).toEqual([])
    },
  )
})

function logOf(worker: ChildProcess) {
  const lines: Record<string, unknown>[] = []
  let held = ''
  worker.stdout?.on('data', (text: Buffer) => {
    const parts = (held + text).split('\n')
    held = parts.pop() ?? ''
    lines.push(...parts.map((line) => JSON.parse(line) as Record<string, unknown>))
  })
  return {
    lines,
    async until(message: string): Promise<void> {
      for (let tries = 0; tries < 300; tries++) {
        if (lines.some((line) => line.msg === message)) return
        await sleep(100)
      }
      throw new Error(`the worker never said "${message}", only ${JSON.stringify(lines)}`)
    },
  }
}
