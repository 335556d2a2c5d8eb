import { type Instant, plan } from '../compiler/index.ts'
import { type ColumnarTable, columnarExport } from './columnar.ts'
import { type Client, type Database, type Duckdb, inTransaction } from './engine.ts'
import { describeError } from './errors.ts'
import { type Lake, viewLake } from './lake/lake.ts'
import { copyIn, copyOut } from './runs/columnar-copy.ts'
import { inDuckdb, lakeFailure, shownIn } from './runs/columnar-duckdb.ts'
import type { Steps } from './runs/steps.ts'
import { statement } from './sql.ts'

/** What roll-ups read besides leads and events. */
const results: readonly ColumnarTable[] = [
  {
    table: 'membership',
    query: 'select segment_id, lead_id from membership',
    columns: [
      { name: 'segment_id', type: 'bigint' },
      { name: 'lead_id', type: 'bigint' },
    ],
  },
  {
    table: 'conversion_types',
    query: 'select type from event_types where conversion',
    columns: [{ name: 'type', type: 'varchar' }],
  },
]

/** Each roll-up is one statement for all segments; what it gives lands in the table of the same columns. */
const rollups = [
  { name: 'top_events', table: 'segment_top_events' },
  { name: 'conversion', table: 'segment_conversion' },
] as const

type RollingUp = {
  readonly runId: string
  readonly asOf: Instant
  readonly horizon: string
  readonly temporary: string
  /** Where the events are, if it was brought up to the horizon; else they are copied out of Postgres. */
  readonly lake?: Lake | undefined
  readonly memory?: string | undefined
  /** Keep what is executed. */
  readonly steps?: Pick<Steps, 'watch' | 'within'>
}

/**
 * Rolls up all segments as of a nightly run, in DuckDB. Sources and results travel as files that are piped in and
 * out of Postgres; no row passes through here. Returns how many rows were written; null if that failed: it stays due
 * then, which the ledger says, and keeps no run from being made.
 */
export async function rollUp(database: Database, options: RollingUp): Promise<number | null> {
  try {
    return await writeRollups(database, options)
  } catch (error) {
    const failed = lakeFailure(error) ?? describeError(error)
    await database.query(statement('runs/rollup_waits'), [options.runId, JSON.stringify(failed)])
    return null
  }
}

function writeRollups(given: Database, options: RollingUp): Promise<number> {
  const { steps, lake } = options
  const database = steps?.within(given) ?? given
  const work = async (opened: Duckdb, folder: string): Promise<number> => {
    const duckdb = steps?.watch(opened, shownIn(folder, lake)) ?? opened
    await readSources(database, duckdb, folder, options)
    for (const { name } of rollups) {
      await duckdb.run(`create temp table result_${name} as ${statement(`rollups/${name}`)}`, [
        options.asOf.slice(0, -1),
      ])
    }
    return database.transaction(async (client) => {
      let written = 0
      for (const { name, table } of rollups) {
        await client.query(`delete from ${table} where as_of = $1::timestamptz`, [options.asOf])
        written += await copyIn(client, duckdb, folder, { table, query: `from result_${name}` })
      }
      await client.query(statement('runs/rolled_up'), [options.runId])
      return written
    })
  }
  return inDuckdb(options.temporary, work, { memory: options.memory, signal: database.signal })
}

async function readSources(
  database: Database,
  duckdb: Duckdb,
  folder: string,
  { lake, horizon }: RollingUp,
): Promise<void> {
  const nothing = plan([], [])
  const overLake = lake
    ? await viewLake(database, duckdb, lake, { plan: nothing, horizon, folder }).then(
        () => true,
        (error: unknown) => {
          if (lakeFailure(error)) return false
          throw error
        },
      )
    : false
  const { settings, tables } = columnarExport(nothing, horizon)
  const sources = overLake ? [] : tables.filter(({ table }) => table !== 'attribute_change')
  await database.session((client) =>
    inTransaction(client, async () => {
      await client.query('set transaction isolation level repeatable read, read only')
      await client.query(settings.sql, [...settings.parameters])
      for (const source of [...sources, ...results]) await read(client, duckdb, folder, source)
    }),
  )
}

const read = (client: Client, duckdb: Duckdb, folder: string, { table, query, columns }: ColumnarTable) =>
  copyOut(client, duckdb, folder, { name: table, query, columns })
