import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startWorker } from '../../jobs/worker.ts'
import { removeServer, startServer } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { importFile } from '../../pipeline/import/import.ts'
import { openLake } from '../../pipeline/lake/lake.ts'
import { migrate } from '../../pipeline/migrate.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import type { RunOptions } from '../../pipeline/runs/run.ts'
import * as jobs from '../jobs/support.ts'
import { faults } from '../support/checker.ts'
import { addEvent, addLead, apply, members, runAsOf } from '../support/definitions.ts'
import { runElsewhere } from '../support/elsewhere.ts'
import { eventually } from '../support/eventually.ts'
import { crashServer } from '../support/server.ts'

/** What happens to the server of the database while runs want something of it. */

const at = (hour: number, minute = 0) =>
  `2026-03-01T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00.000000Z`
const folder = mkdtempSync(join(tmpdir(), 'tideline-outages-'))
let database: Database

/** The server, and a database on it. */
async function start(name: string): Promise<Database> {
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '20' }
  const url = new URL((await startServer({ folder, idleMinutes: 5, settings })).url)
  url.pathname = `/${name}`
  return openPostgres(url.href, { max: 6 })
}

async function administer(...texts: string[]): Promise<void> {
  const postgres = await start('postgres')
  for (const text of texts) await postgres.query(text)
  await postgres.close()
}

beforeAll(async () => {
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755)
  await administer('create database world')
  const world = await start('world')
  await migrate(world)
  await addLead(world, 'a', { events: [['click', at(0)]] })
  await addLead(world, 'b', { attributes: { plan: 'pro' }, events: [['click', at(1)]] })
  await apply(world, { clicked: 'did click within 2 hours', pro: 'plan = "pro"' }, { points: { click: 1 } })
  await runAsOf(world, at(2))
  await addEvent(world, 'a', 'click', at(2, 30))
  await world.close()
})
afterAll(async () => {
  await removeServer(folder)
  rmSync(folder, { recursive: true, force: true })
})

// Copied as files, with a checkpoint: else sequences would go back when the server ends without a word.
beforeEach(async () => {
  await administer(
    'drop database if exists scenario with (force)',
    'create database scenario template world strategy file_copy',
  )
  database = await start('scenario')
  onTestFinished(() => database.close())
})

/** Ends the server that way, and starts it again. */
async function crash(signal: NodeJS.Signals): Promise<void> {
  await crashServer(folder, signal)
  await database.close()
}

async function expectApplied(): Promise<void> {
  expect(await members(database, 'clicked')).toEqual(['a'])
  expect(await faults(database, { sources: true })).toEqual([])
}

const slot = at(3, 30)
const midnight = '2026-03-02T00:00:00.000000Z'

describe('S5: the server ends while a run is going, and is back', () => {
  const overLake = { lake: openLake(join(folder, 'lake')), temporary: join(folder, 'work'), full: true }
  test.each([
    ['SIGINT', 'drain inboxes', {}],
    ['SIGKILL', 'find candidates', {}],
    ['SIGINT', 'evaluate', {}],
    ['SIGQUIT', 'apply left', {}],
    ['SIGKILL', 'apply scores', {}],
    ['SIGQUIT', 'commit', {}],
    ['SIGKILL', 'commit', {}],
    ['SIGINT', 'end', {}],
    ['SIGKILL', 'copy events to the lake', overLake],
    ['SIGQUIT', 'read the lake', overLake],
    ['SIGINT', 'evaluate', overLake],
    ['SIGKILL', 'roll up', { ...overLake, asOf: midnight }],
  ] as const)(
    'by %s before "%s": the run fails in one sentence, and again it is done',
    async (signal, step, { asOf = slot, ...options }: { asOf?: string } & Partial<RunOptions>) => {
      const child = runElsewhere(database.url, asOf, { step, signal: 'SIGSTOP', options })
      expect(await child.reached).toBe(step)
      const applied = step === 'roll up' || step === 'end'
      await crash(signal)
      child.signal('SIGCONT')
      const { said } = await child.ended
      if (step === 'end') expect(said.status).toBe('done')
      else expect(said.message).toMatch(/terminat|closed|ended|reached|ECONNRE/)
      database = await start('scenario')
      if (!applied) expect(await members(database, 'clicked')).toEqual(['a', 'b'])
      expect(await faults(database)).toEqual([])
      // The lease of a session that is gone keeps nobody waiting.
      const again = await runAsOf(database, asOf, { ...options, waitMilliseconds: 2000 })
      expect(again.status).toBe(applied ? 'unchanged' : 'done')
      expect(await database.query('select from runs where rollup_due')).toEqual([])
      expect(await members(database, 'clicked')).toEqual(asOf === midnight ? [] : ['a'])
      expect(await faults(database, { sources: true })).toEqual([])
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
    database = await start('scenario')
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

describe('S20: in the way of somebody who writes the same rows in another order', () => {
  const deadlocks = async () => {
    await database.query('select pg_stat_force_next_flush()')
    const [row] = await database.query<{ deadlocks: string }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    )
    return Number(row!.deadlocks)
  }
  /** Locks `first`, waits until `work` waits for it, and then asks for `second`, which `work` holds. */
  const crosswise = <T>(first: string, second: string, work: () => Promise<T>): Promise<T> =>
    database.session(async (other) => {
      // Ours notices the deadlock first, and is the one that gives way.
      await other.query(`set deadlock_timeout = '20s'`)
      await other.query('begin')
      await other.query(first)
      const going = work()
      await eventually(
        () =>
          database.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          ),
        (found) => found.length > 0,
      )
      await other.query(second)
      await other.query('commit')
      return going
    })
  const writes = (lead: string) =>
    `update leads set attributes = attributes || '{"by": "hand"}' where external_id = '${lead}'`

  const fill = () =>
    database.query(
      `insert into inbox_leads (lead_id, attributes)
       select id, jsonb_build_object('plan', clock_timestamp()::text) from unnest('{a,b}'::text[]) id`,
    )
  const importLeads = async (round: number) => {
    const file = join(folder, 'leads.csv')
    writeFileSync(file, `lead_id,plan\na,plan ${round}\nb,plan ${round}\n`)
    const options = { kind: 'leads', file, map: {}, set: {}, timezone: 'UTC' } as const
    return importFile(database, { ...options, temporary: join(folder, 'work') })
  }
  test.each([
    [
      'an inbox is drained',
      async (round: number) => {
        await fill()
        return async () => expect((await runAsOf(database, at(3, round))).status).toBe('done')
      },
    ],
    [
      'a file is imported',
      async (round: number) => async () => expect((await importLeads(round)).taken).toBe(2),
    ],
  ])('%s in spite of it', async (_, prepare) => {
    const before = await deadlocks()
    // Which of the two it takes first, is not said.
    for (const [round, [first, second]] of [
      ['a', 'b'],
      ['b', 'a'],
    ].entries()) {
      const work = await prepare(round)
      await crosswise(writes(first!), writes(second!), work)
    }
    expect(await deadlocks()).toBeGreaterThan(before)
    expect(await database.query('select from inbox_leads')).toEqual([])
    await runAsOf(database, slot)
    await expectApplied()
  })

  const [rowOfA, rowOfB] = ['a', 'b'].map(
    (id) => `lead_id in (select lead_id from leads where external_id = '${id}')`,
  )

  test('a run is applied in spite of it, at its second try', async () => {
    const before = await deadlocks()
    const result = await crosswise(
      `select from lead_scores where ${rowOfA} for update`,
      `select from membership where ${rowOfB} for update`,
      () => runAsOf(database, slot),
    )
    expect(await deadlocks()).toBe(before + 1)
    expect(result.steps.filter(({ failed }) => failed).map(({ name }) => name)).toEqual(['apply scores'])
    expect(result.steps.filter(({ name }) => name === 'apply left').length).toBe(2)
    await expectApplied()
  })

  test('a run is applied as well where transactions are stricter than it asks for', async () => {
    await database.query(`alter database scenario set default_transaction_isolation = 'repeatable read'`)
    await database.close()
    database = await start('scenario')
    let times = 0
    const result = await runAsOf(database, slot, {
      onStep: async (step) => {
        if (step === 'apply scores' && ++times <= 2)
          await database.query(`update lead_scores set run_id = run_id where ${rowOfA}`)
      },
    })
    expect(result.steps.filter(({ failed }) => failed).length).toBe(2)
    await expectApplied()
  })

  test('a backfill is written in spite of it', async () => {
    const before = await deadlocks()
    const range = { from: at(0), to: at(2), grain: 'hour', all: true, owner: 'test' } as const
    await crosswise(
      'select from segment_stats for update',
      `select from membership_change where ${rowOfB} for update`,
      () => backfill(database, range),
    )
    expect(await deadlocks()).toBe(before + 1)
    await runAsOf(database, slot)
    await expectApplied()
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

  const begin = async (given: Database, redisUrl?: string) => {
    const { log } = jobs.listener()
    const more = { settings: jobs.never, owner: 'test', temporary: folder, log }
    const worker = await startWorker({ database: given, ...more, ...(redisUrl ? { redisUrl } : {}) })
    await worker.stop()
  }
  const opened = (max: number, user?: string) => {
    const url = new URL(database.url)
    if (user) Object.assign(url, { username: user, password: 'x' })
    const one = openPostgres(url.href, { max })
    onTestFinished(() => one.close())
    return one
  }

  test('a worker that may come to need more than there are does not begin; one that may not does', async () => {
    // Of 20 connections 3 are reserved, and the queue takes 5.
    await begin(opened(12))
    await expect(begin(opened(13))).rejects.toMatchObject({
      code: 'TOO_FEW_CONNECTIONS',
      message:
        'A worker takes up to 18 connections to the database (13 for runs, 5 for the queue), and there are 17: max_connections is 20, and 3 of these are reserved.',
      hint: 'Set max_connections to 21 or more, or keep the queue in Redis (REDIS_URL), which saves 5.',
    })
    await expect(begin(opened(18), 'redis://elsewhere')).rejects.toMatchObject({
      code: 'TOO_FEW_CONNECTIONS',
      hint: 'Set max_connections to 21 or more.',
    })
  })

  test('nor does one whose user may not have as many', async () => {
    await database.query(
      `create role narrow login password 'x' connection limit 8;
       grant usage on schema tideline to narrow; grant select on all tables in schema tideline to narrow`,
    )
    onTestFinished(async () => void (await database.query('drop owned by narrow; drop role narrow')))
    await expect(begin(opened(4, 'narrow'))).rejects.toMatchObject({
      code: 'TOO_FEW_CONNECTIONS',
      message:
        'A worker takes up to 9 connections to the database (4 for runs, 5 for the queue), and there are 8: its user may have no more.',
      hint: expect.stringContaining('alter role'),
    })
  })
})
