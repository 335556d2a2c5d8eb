import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Instant } from '../compiler/index.ts'
import { type Client, type Database, type Duckdb, inTransaction, openDuckdb } from './engine.ts'
import { statement } from './sql.ts'

/** What DuckDB gets to see: the columns with their types there, and the query that copies them out of Postgres. */
const sources = {
  events: {
    columns: { lead_id: 'bigint', type: 'varchar', occurred_at: 'timestamp' },
    query: (horizon: string) =>
      `select lead_id, type, occurred_at at time zone 'UTC' from events where ingest_xid < '${horizon}'::xid8`,
  },
  leads: {
    columns: { lead_id: 'bigint', first_seen_at: 'timestamp' },
    query: (horizon: string) =>
      `select l.lead_id, least(l.first_seen_at,
         (select min(e.occurred_at) from events e where e.lead_id = l.lead_id and e.ingest_xid < '${horizon}'::xid8)
       ) at time zone 'UTC'
       from leads l where l.ingest_xid < '${horizon}'::xid8`,
  },
  membership: {
    columns: { segment_id: 'bigint', lead_id: 'bigint' },
    query: () => 'select segment_id, lead_id from membership',
  },
  conversion_types: {
    columns: { type: 'varchar' },
    query: () => 'select type from event_types where conversion',
  },
} as const

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
    await database.session((client) =>
      inTransaction(client, async () => {
        await client.query('set transaction isolation level repeatable read, read only')
        for (const name of Object.keys(sources) as (keyof typeof sources)[]) {
          await copyOut(client, duckdb, name, options.horizon, folder)
        }
      }),
    )
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

async function copyOut(
  client: Client,
  duckdb: Duckdb,
  name: keyof typeof sources,
  horizon: string,
  folder: string,
): Promise<void> {
  const { columns, query } = sources[name]
  // COPY takes no parameters; the horizon is a number that Postgres itself gave.
  const text = query(String(BigInt(horizon)))
  const file = join(folder, `${name}.csv`)
  await pipeline(client.query(copyTo(`copy (${text}) to stdout (format csv)`)), createWriteStream(file))
  const types = Object.entries(columns).map(([column, type]) => `'${column}': '${type}'`)
  await duckdb.run(
    `create temp table ${name} as
     from read_csv('${file.replaceAll("'", "''")}', auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', columns = {${types.join(', ')}})`,
  )
}
