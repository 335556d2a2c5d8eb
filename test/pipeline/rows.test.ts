import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBConnection } from '@duckdb/node-api'
import pg from 'pg'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { openLake } from '../../pipeline/lake/lake.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { untilSeen } from '../../pipeline/runs/horizon.ts'
import { testDatabase } from '../support/database.ts'
import { apply, runAsOf } from '../support/definitions.ts'

afterEach(() => vi.restoreAllMocks())

/** How many rows come to this process, from either engine. */
function rowsReceived(): () => number {
  let rows = 0
  const query: (...given: unknown[]) => unknown = pg.Client.prototype.query
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...given: unknown[]) {
    const result = query.apply(this, given)
    if (result instanceof Promise)
      return result.then((found: { rows?: unknown[] }) => {
        rows += found.rows?.length ?? 0
        return found
      })
    return result
  })
  const read = DuckDBConnection.prototype.runAndReadAll
  vi.spyOn(DuckDBConnection.prototype, 'runAndReadAll').mockImplementation(async function (
    this: DuckDBConnection,
    ...given
  ) {
    const reader = await read.apply(this, given)
    rows += reader.currentRowCount
    return reader
  })
  return () => rows
}

const day = (number: number, hour = 0) => `2026-03-0${number}T${String(hour).padStart(2, '0')}:00:00.000000Z`

/** So many leads, each with two visits, which bring them in and let time take them out again. */
async function addLeads(database: Database, count: number): Promise<void> {
  await database.query(
    `with added as (
       insert into leads (external_id, first_seen_at, attributes)
       select 'L-' || n, '2026-03-01', jsonb_build_object('plan', 'p' || n) from generate_series(1, $1::int) n
       returning lead_id
     )
     insert into events (event_id, lead_id, type, occurred_at, properties)
     select lead_id || type, lead_id, type, $2::timestamptz + lead_id * interval '1 second', '{"page": "/pricing"}'
     from added, unnest(array['visit', 'order']) type`,
    [count, day(1)],
  )
}

async function received(leads: number): Promise<Record<string, number>> {
  const database = await testDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'tideline-lake-'))
  onTestFinished(async () => {
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await database.query(`insert into catalog (subject, name, type) values ('lead', 'plan', 'text')`)
  await database.query(`insert into event_types (type, conversion) values ('visit', false), ('order', true)`)
  await apply(
    database,
    { seen: 'did visit within 6 hours', hot: 'score >= 2', planned: 'plan is known', sold: 'did order' },
    { points: { visit: 1, order: 1 } },
  )
  await addLeads(database, leads)
  await untilSeen(database)
  const count = rowsReceived()
  const found: Record<string, number> = {}
  const measure = async (what: string, work: () => Promise<unknown>) => {
    const before = count()
    await work()
    found[what] = count() - before
  }
  const lake = openLake(folder)
  const some = { fullShare: 1 }
  await measure('a first run in Postgres', () => runAsOf(database, day(1, 1)))
  await measure('a run over whoever is due', async () => {
    expect(await runAsOf(database, day(1, 9), some)).toMatchObject({ mode: 'incremental', left: leads })
  })
  await database.query(
    `insert into events (event_id, lead_id, type, occurred_at) select 'again' || lead_id, lead_id, 'visit', $1 from leads`,
    [day(1, 10)],
  )
  await untilSeen(database)
  await measure('a run over whoever did something', async () => {
    expect(await runAsOf(database, day(1, 11), some)).toMatchObject({ mode: 'incremental', entered: leads })
  })
  await measure('a nightly run over the lake', async () => {
    expect(await runAsOf(database, day(2), { lake })).toMatchObject({ engine: 'duckdb', left: leads })
  })
  const range = { from: day(1), to: day(2), owner: 'test', all: true, grain: 'day' as const }
  await measure('a backfill', () => backfill(database, range))
  vi.restoreAllMocks()
  return found
}

// The guard looks away below a thousand.
test('S64: of thirty times the leads no more rows come through JavaScript', async () => {
  const [many, few] = [await received(900), await received(30)]
  expect(Math.min(...Object.values(few))).toBeGreaterThan(10)
  expect(many).toEqual(few)
}, 120_000)
