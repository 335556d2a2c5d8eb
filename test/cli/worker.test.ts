import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { errorOf, newFolder, start, typed, writeInto } from './support.ts'

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
