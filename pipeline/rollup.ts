import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { type Instant, plan } from '../compiler/index.ts'
import { type ColumnarTable, columnarExport, readColumnar } from './columnar.ts'
import { type Database, type Duckdb, inTransaction, openDuckdb } from './engine.ts'
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

/**
 * Rolls up all segments as of a nightly run, in DuckDB. Sources and results travel as files that are piped in and
 * out of Postgres; no row passes through here. Returns how many rows were written.
 */
export async function rollUp(
  database: Database,
  options: { runId: string; asOf: Instant; horizon: string; temporary: string },
): Promise<number> {
  await mkdir(options.temporary, { recursive: true })
  const folder = await mkdtemp(join(options.temporary, 'rollup-'))
  const duckdb = await openDuckdb({ temporary: folder })
  try {
    await copyOut(database, duckdb, options.horizon, folder)
    const files: { file: string; table: string }[] = []
    for (const { name, table } of rollups) {
      const file = join(folder, `${name}.result.csv`)
      await duckdb.run(`create temp table result_${name} as ${statement(`rollups/${name}`)}`, [
        options.asOf.slice(0, -1),
      ])
      await duckdb.run(`copy result_${name} to '${file.replaceAll("'", "''")}' (header false)`)
      files.push({ file, table })
    }
    return await database.transaction(async (client) => {
      let written = 0
      for (const { file, table } of files) {
        await client.query(`delete from ${table} where as_of = $1::timestamptz`, [options.asOf])
        const copy = client.query(copyFrom(`copy ${table} from stdin (format csv)`))
        await pipeline(createReadStream(file), copy)
        written += copy.rowCount ?? 0
      }
      await client.query('update runs set rollup_due = false where run_id = $1::bigint', [options.runId])
      return written
    })
  } finally {
    duckdb.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function copyOut(database: Database, duckdb: Duckdb, horizon: string, folder: string): Promise<void> {
  const { settings, tables } = columnarExport(plan([], []), horizon)
  const read = [...tables.filter(({ table }) => table !== 'attribute_change'), ...results]
  await database.session((client) =>
    inTransaction(client, async () => {
      await client.query('set transaction isolation level repeatable read, read only')
      await client.query(settings.sql, [...settings.parameters])
      for (const source of read) {
        const file = join(folder, `${source.table}.csv`)
        const copy = client.query(copyTo(`copy (${source.query}) to stdout (format csv)`))
        await pipeline(copy, createWriteStream(file))
        await duckdb.run(`create temp table ${source.table} as ${readColumnar(source)}`, [file])
      }
    }),
  )
}
