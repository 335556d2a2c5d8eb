import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { removeServer, startServer } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { migrate } from '../../pipeline/migrate.ts'
import { faults } from '../support/checker.ts'
import { addEvent, addLead, apply, members, runAsOf } from '../support/definitions.ts'
import { runElsewhere } from '../support/elsewhere.ts'
import { crashServer } from '../support/server.ts'

/** What happens to the server of the database while runs want something of it. */

const at = (hour: number, minute = 0) =>
  `2026-03-01T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00.000000Z`
const folder = mkdtempSync(join(tmpdir(), 'tideline-outages-'))
let database: Database

async function start(): Promise<void> {
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '20' }
  const { url } = await startServer({ folder, idleMinutes: 5, settings })
  database = openPostgres(url, { max: 6 })
}

// As root the server runs as another user, who has to get in.
beforeAll(() => chmodSync(folder, 0o755))
afterAll(async () => {
  await removeServer(folder)
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  await start()
  onTestFinished(() => database.close())
  await database.query('drop schema if exists tideline cascade')
  await migrate(database)
  await addLead(database, 'a', { events: [['click', at(0)]] })
  await addLead(database, 'b', { attributes: { plan: 'pro' }, events: [['click', at(1)]] })
  await apply(
    database,
    { clicked: 'did click within 2 hours', pro: 'plan = "pro"' },
    { points: { click: 1 } },
  )
  await runAsOf(database, at(2))
  await addEvent(database, 'a', 'click', at(2, 30))
})

async function expectApplied(): Promise<void> {
  expect(await members(database, 'clicked')).toEqual(['a'])
  expect(await faults(database, { sources: true })).toEqual([])
}

const slot = at(3, 30)

describe('S5: the server ends while a run is going, and is back', () => {
  test.each([
    ['SIGQUIT', 'commit'],
    ['SIGKILL', 'commit'],
    ['SIGINT', 'evaluate'],
  ] as const)(
    'by %s before "%s": the run fails in one sentence, and again it is done',
    async (signal, step) => {
      const child = runElsewhere(database.url, slot, { step, signal: 'SIGSTOP' })
      expect(await child.reached).toBe(step)
      await crashServer(folder, signal)
      child.signal('SIGCONT')
      const { said } = await child.ended
      expect(said.status).toBeUndefined()
      expect(said.message).toMatch(/terminat|closed|ended|reached|ECONNRE/)
      await database.close()
      await start()
      expect(await members(database, 'clicked')).toEqual(['a', 'b'])
      expect(await faults(database)).toEqual([])
      // The lease of a session that is gone keeps nobody waiting.
      expect((await runAsOf(database, slot, { waitMilliseconds: 2000 })).status).toBe('done')
      await expectApplied()
    },
  )
})

describe('S6: there is no server', () => {
  test('a run says so at once, and one that is asked for later works', async () => {
    await crashServer(folder, 'SIGINT')
    const { said } = await runElsewhere(database.url, slot).ended
    expect(said.code).toBe('DATABASE_UNREACHABLE')
    await expect(runAsOf(database, slot)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    await database.close()
    await start()
    expect((await runAsOf(database, slot)).status).toBe('done')
    await expectApplied()
  })

  test('or somebody who never answers is in its place: it gives up', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    const url = new URL(database.url)
    url.port = String(typeof address === 'object' && address ? address.port : 0)
    const { said } = await runElsewhere(url.href, slot).ended
    expect(said.code).toBe('DATABASE_UNREACHABLE')
    silent.close()
  }, 90_000)
})

describe('S20: a deadlock with somebody who writes leads by plain SQL', () => {
  test('the inbox is drained in spite of it', async () => {
    const fill = () =>
      database.query(
        `insert into inbox_leads (lead_id, attributes)
         select id, jsonb_build_object('plan', clock_timestamp()::text) from unnest('{a,b}'::text[]) id`,
      )
    const deadlocks = async () => {
      await database.query('select pg_stat_force_next_flush()')
      const [row] = await database.query<{ deadlocks: string }>(
        'select deadlocks from pg_stat_database where datname = current_database()',
      )
      return Number(row!.deadlocks)
    }
    const before = await deadlocks()
    for (const [n, order] of [
      ['a', 'b'],
      ['b', 'a'],
    ].entries()) {
      await fill()
      await database.session(async (other) => {
        const write = (id: string) =>
          other.query(
            `update leads set attributes = attributes || '{"by": "hand"}' where external_id = $1::text`,
            [id],
          )
        // The drain notices it first, and is the one that gives way.
        await other.query(`set deadlock_timeout = '20s'`)
        await other.query('begin')
        await write(order[0]!)
        const run = runAsOf(database, at(3, n))
        await sleep(500)
        await write(order[1]!)
        await other.query('commit')
        expect((await run).status).toBe('done')
      })
    }
    expect(await deadlocks()).toBeGreaterThan(before)
    expect(await database.query('select from inbox_leads')).toEqual([])
    expect(await faults(database, { sources: true })).toEqual([])
  })
})

describe('S21: the server takes no further connections', () => {
  test('a run says so, and works once there is room', async () => {
    const greedy = openPostgres(database.url, { max: 30 })
    const clients = await Promise.allSettled(Array.from({ length: 25 }, () => greedy.pool.connect()))
    expect(clients.some(({ status }) => status === 'rejected')).toBe(true)
    const { said } = await runElsewhere(database.url, slot).ended
    expect(said).toMatchObject({ code: '53300' })
    for (const each of clients) if (each.status === 'fulfilled') each.value.release(true)
    await greedy.close()
    expect((await runAsOf(database, slot)).status).toBe('done')
    await expectApplied()
  })
})
