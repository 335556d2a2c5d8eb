import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { membersAt } from '../../pipeline/asof.ts'
import { removeServer, startServer } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { openLake } from '../../pipeline/lake/lake.ts'
import { migrate } from '../../pipeline/migrate.ts'
import { planSources } from '../../pipeline/plan.ts'
import { preview } from '../../pipeline/preview.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { checkCluster } from '../../pipeline/runs/cluster.ts'
import { dryRun } from '../../pipeline/runs/dry.ts'
import { readSeen } from '../../pipeline/seen.ts'
import { takeSnapshot } from '../../pipeline/snapshot.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf, sources } from '../support/definitions.ts'
import { restore } from '../support/restore.ts'

const day = (n: number) => `2026-03-0${n}T00:00:00.000000Z`
let here: Database
let elsewhere: Database

const spend = async (database: Database, transactions: number) => {
  for (let spent = 0; spent < transactions; spent++) await database.query('select pg_current_xact_id()')
}
const checked = (database: Database) => database.session(checkCluster)
const horizons = (database: Database) =>
  database.query<{ horizon: string; ended: string }>(
    `select horizon::text as horizon, pg_snapshot_xmin(pg_current_snapshot())::text as ended from runs order by run_id`,
  )

/** A line of a history ends with its instant. */
const byInstant = (a: string, b: string) => (instantFirst(a) < instantFirst(b) ? -1 : 1)
const instantFirst = (line: string) => line.split(' ').at(-1) + line

beforeEach(async () => {
  here = await testDatabase()
  onTestFinished(() => here.close())
  await spend(here, 1500)
  await addLead(here, 'a', { attributes: { plan: 'pro' }, events: [['click', '2026-02-27T12:00:00Z']] })
  await addLead(here, 'b', { events: [['click', '2026-02-28T12:00:00Z']] })
  await apply(here, { clicked: 'did click within 3 days', pro: 'plan = "pro"' }, { points: { click: 1 } })
  await runAsOf(here, day(1))
  await addEvent(here, 'b', 'click', '2026-02-28T18:00:00Z')
  await runAsOf(here, day(2))
  // Arrived, and seen by no run before the dump.
  await addLead(here, 'c', { attributes: { plan: 'pro' }, events: [['click', '2026-02-28T23:00:00Z']] })
})

test('the same cluster is known after the first look, and is no reason for anything', async () => {
  expect(await checked(here)).toBe(false)
  const before = await here.query('select event_id, ingest_xid::text from events order by 1')
  expect(await checked(here)).toBe(false)
  expect(await here.query('select event_id, ingest_xid::text from events order by 1')).toEqual(before)
})

test('files that moved as they are, as pg_upgrade moves them, are stamped anew in no row', async () => {
  await here.query(`insert into accounts (external_id) values ('one')`)
  // As imports do it every day: neither row says any more in which transaction it came.
  await here.query(`update accounts set attributes = '{"industry": "Retail"}'`)
  await here.query(`update leads set attributes = '{"plan": "pro"}', account_id = 1 where external_id = 'b'`)
  await checked(here)
  const stored = async () => ({
    rows: await here.query(`select event_id as id, ingest_xid::text from events
      union all select external_id, ingest_xid::text from leads
      union all select external_id, ingest_xid::text from accounts
      union all select subject || subject_id || attribute, ingest_xid::text from attribute_change order by 1`),
    horizons: (await horizons(here)).map(({ horizon }) => horizon),
  })
  const before = await stored()
  await here.query('update cluster set system_identifier = system_identifier - 1')
  expect(await checked(here)).toBe(true)
  expect(await stored()).toEqual(before)
  await runAsOf(here, day(3))
  expect(await history(here, 'pro')).toContain('b entered data 2026-03-03T00:00Z')
  expect(await faults(here, { sources: true })).toEqual([])
})

describe('restored into another server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-restore-'))
  beforeAll(async () => {
    // As root the server runs as another user, who has to get in.
    chmodSync(folder, 0o755)
    const settings = { fsync: 'off', full_page_writes: 'off' }
    elsewhere = openPostgres((await startServer({ folder, idleMinutes: 5, settings })).url)
  })
  afterAll(async () => {
    await elsewhere.close()
    await removeServer(folder)
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await elsewhere.query('drop schema if exists tideline cascade')
    await migrate(elsewhere)
  })

  test('everything is seen again; what no run had seen is new, and the rest is not', async () => {
    await checked(here)
    await restore(here, elsewhere)
    // What arrives before the first run is this server's own.
    await addLead(elsewhere, 'd', { attributes: { plan: 'pro' } })
    await addEvent(elsewhere, 'a', 'click', '2026-03-02T12:00:00Z')
    expect(await checked(elsewhere)).toBe(true)
    expect(await checked(elsewhere)).toBe(true)
    await runAsOf(elsewhere, day(3))
    expect(await checked(elsewhere)).toBe(false)
    expect(await members(elsewhere, 'clicked')).toEqual(['a', 'b', 'c'])
    expect(await members(elsewhere, 'pro')).toEqual(['a', 'c', 'd'])
    expect(await history(elsewhere, 'clicked')).toEqual([
      'a entered definition 2026-03-01T00:00Z',
      'b entered definition 2026-03-01T00:00Z',
      'c entered data 2026-03-03T00:00Z',
    ])
    expect(await history(elsewhere, 'pro')).toEqual([
      'a entered definition 2026-03-01T00:00Z',
      'c entered data 2026-03-03T00:00Z',
      'd entered data 2026-03-03T00:00Z',
    ])
    expect(await faults(elsewhere, { sources: true })).toEqual([])
  })

  test('what goes by time alone still has the cause time', async () => {
    await checked(here)
    await restore(here, elsewhere)
    await checked(elsewhere)
    await runAsOf(elsewhere, day(4))
    expect((await history(elsewhere, 'clicked')).slice(2)).toEqual([
      'a left time 2026-03-04T00:00Z',
      'b left time 2026-03-04T00:00Z',
    ])
    expect(await faults(elsewhere)).toEqual([])
  })

  test('horizons and rows keep their order, below all that this server gives', async () => {
    await checked(here)
    const order = `select e.event_id, array_agg(e.ingest_xid < r.horizon order by r.run_id) as seen
      from events e cross join runs r group by 1 order by 1`
    const before = await here.query(order)
    await restore(here, elsewhere)
    await checked(elsewhere)
    expect(await elsewhere.query(order)).toEqual(before)
    for (const { horizon, ended } of await horizons(elsewhere))
      expect(BigInt(horizon)).toBeLessThan(BigInt(ended))
  })

  test('it is noticed where no cluster had been stored', async () => {
    await here.query('delete from cluster')
    await restore(here, elsewhere)
    expect(await checked(elsewhere)).toBe(true)
    await runAsOf(elsewhere, day(3))
    expect(await faults(elsewhere)).toEqual([])
  })

  test('a lake of the other server is copied again', async () => {
    const lake = openLake(join(folder, 'lake'))
    const options = { lake, temporary: join(folder, 'work'), full: true }
    expect(await runAsOf(here, '2026-03-02T06:00:00.000000Z', options)).toMatchObject({ engine: 'duckdb' })
    await restore(here, elsewhere)
    await addEvent(elsewhere, 'a', 'click', '2026-03-02T12:00:00Z')
    expect(await runAsOf(elsewhere, day(3), { ...options, full: false })).toMatchObject({
      mode: 'full',
      chosen: { code: 'RESTORED' },
      engine: 'duckdb',
    })
    expect(await history(elsewhere, 'pro')).toContain('c entered data 2026-03-02T06:00Z')
    expect(await faults(elsewhere, { sources: true })).toEqual([])
  })

  test('leads of whom nothing else is known are told by themselves', async () => {
    await here.query('truncate events, attribute_change')
    await checked(here)
    await restore(here, elsewhere)
    await spend(elsewhere, 4000)
    await checked(elsewhere)
    const own = `select external_id from leads where ingest_xid::text::bigint > 503`
    expect(await elsewhere.query(own)).toEqual([])
  })

  test('a backfill that comes first finds what runs have found', async () => {
    await checked(here)
    const before = [await history(here, 'clicked'), await history(here, 'pro')]
    await restore(here, elsewhere)
    const done = await backfill(elsewhere, { from: day(1), to: day(2), all: true, owner: 'test' })
    expect(done).toMatchObject({ instants: 2, removed: 0 })
    // What no run had seen was known when it began.
    const found = ['c entered backfill 2026-03-01T00:00Z']
    expect(await history(elsewhere, 'clicked')).toEqual([...before[0]!, ...found].sort(byInstant))
    expect(await history(elsewhere, 'pro')).toEqual([...before[1]!, ...found].sort(byInstant))
    expect(await members(elsewhere, 'clicked')).toEqual(['a', 'b', 'c'])
    expect(await runAsOf(elsewhere, day(3))).toMatchObject({ chosen: { code: 'RESTORED' } })
    expect(await members(elsewhere, 'clicked')).toEqual(['b', 'c'])
    expect(await faults(elsewhere, { sources: true })).toEqual([])
  })

  test('nothing is evaluated until a run or a backfill has given the ids anew', async () => {
    await checked(here)
    await restore(here, elsewhere)
    const refused = expect.objectContaining({ code: 'RESTORED' })
    const project = sources({})
    const limited = { sample: 5, limitSeconds: 60 }
    const evaluating = [
      () => readSeen(elsewhere),
      () => preview(elsewhere, { source: 'did click', project, zone: 'UTC', ...limited }),
      () => planSources(elsewhere, sources({ pro: 'did click' }), 'UTC', limited),
      () => membersAt(elsewhere, 'pro', { asOf: day(3), evaluate: true, limit: 5, limitSeconds: 60 }),
      () => takeSnapshot(elsewhere, { key: 'frozen', how: 'new', from: { key: 'pro', evaluate: true } }),
    ]
    for (const evaluate of evaluating) await expect(evaluate()).rejects.toEqual(refused)
    expect(await members(elsewhere, 'pro')).toEqual(await members(here, 'pro'))
    await checked(elsewhere)
    const [, , , found, snapshot] = await Promise.all(evaluating.map((evaluate) => evaluate()))
    expect(found).toMatchObject({ total: 2 })
    expect(snapshot).toMatchObject({ members: 2 })
  })

  test('a dry run knows it, too', async () => {
    await checked(here)
    await restore(here, elsewhere)
    const options = { asOf: day(3), owner: 'test', timezone: 'UTC', temporary: folder }
    for (const _ of ['before the ids are given anew', 'after']) {
      expect(await dryRun(elsewhere, options)).toMatchObject({ chosen: { code: 'RESTORED' } })
      await checked(elsewhere)
    }
  })

  test('killed before it is done, it begins again', async () => {
    await checked(here)
    await restore(here, elsewhere)
    await expect(
      elsewhere.session(async (client) => {
        const query = client.query.bind(client)
        await checkCluster(
          Object.assign(Object.create(client), {
            query: (text: string, parameters: unknown[]) =>
              text === 'commit'
                ? query('rollback').then(() => Promise.reject(new Error('killed')))
                : query(text, parameters),
          }),
        )
      }),
    ).rejects.toThrow('killed')
    expect(await checked(elsewhere)).toBe(true)
  })

  test('ids that this server has given long ago are another cluster too', async () => {
    await checked(here)
    await restore(here, elsewhere)
    await spend(elsewhere, 4000)
    expect(await checked(elsewhere)).toBe(true)
    await runAsOf(elsewhere, day(3))
    expect(await history(elsewhere, 'pro')).toContain('c entered data 2026-03-03T00:00Z')
    expect(await faults(elsewhere, { sources: true })).toEqual([])
  })
})
