import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Sql } from '../../compiler/index.ts'
import { columnarEvents, readColumnar } from '../columnar.ts'
import { copyToFile } from '../copy-to-file.ts'
import type { Client } from '../engine.ts'
import { literal } from '../import/source.ts'
import { type LakeColumn, namedProperties } from './manifest.ts'
import { boundsOf, type Period, periodOf } from './periods.ts'
import type { Renewable } from './renewable.ts'

export type Wanted = {
  readonly horizon: string
  /** Rows that arrived from this transaction on; all, if left out. */
  readonly since?: string
  /** Rows of these periods; all, if left out. */
  readonly periods?: readonly Period[]
  /** Rows of none of these. */
  readonly without?: readonly Period[]
}

export type Layout = { readonly current: Period; readonly months: ReadonlySet<Period> }

type Extraction = {
  /** One of its own for all that come to lie among the same pieces. */
  readonly name: string
  readonly columns: readonly LakeColumn[]
  readonly wanted: Wanted
  readonly layout: Layout
  /** Where the pieces go: one folder per period. */
  readonly pieces: string
  /** How many pages the table has, if it is to be read from end to end; undefined where indexes find the rows. */
  readonly pages: number | undefined
  readonly onChunk?: ((done: number, total: number) => Promise<void>) | undefined
}

// 64 MB of the table at a time: what travels takes as much room whether there are few events or many.
const pagesAtOnce = 8_192

/**
 * Copies events out of Postgres, chunk by chunk, and divides each chunk by periods. Bytes are piped; no row passes
 * through here. While DuckDB reads one chunk, Postgres writes the next. Returns how many events they were.
 */
export async function extract(client: Client, duckdb: Renewable, extraction: Extraction): Promise<number> {
  const { name, columns, wanted, layout, pieces, pages, onChunk } = extraction
  await mkdir(pieces, { recursive: true })
  const known = restriction(wanted)
  const chunks = pages === undefined ? [known] : chunksOf(pages).map((chunk) => sql`${chunk} and ${known}`)
  let reading: Promise<void> = Promise.resolve()
  let events = 0
  for (const [index, where] of chunks.entries()) {
    await onChunk?.(index, chunks.length)
    const { settings, tables } = columnarEvents(namedProperties(columns), where)
    const table = tables[0]!
    await client.query(settings.sql, [...settings.parameters])
    const file = join(pieces, `${name}-${index}.csv`)
    const copied = copyToFile(client, `copy (${table.query}) to stdout (format csv)`, file).then((rows) => {
      events += rows
    })
    await both(copied, reading)
    if (index > 0) await duckdb.renew()
    const period = periodOf('occurred_at', layout.current, layout.months)
    reading = duckdb
      .run(
        `copy (select *, ${period} as period from (${readColumnar(table, file)}))
         to ${literal(pieces)} (format parquet, partition_by (period), overwrite_or_ignore true,
           filename_pattern '${name}_${index}_{i}')`,
      )
      .then(() => rm(file))
    // Awaited with the next chunk; until then it must not count as unhandled.
    reading.catch(() => {})
  }
  await reading
  return events
}

/** Waits for both even if one fails: whoever cleans up then finds neither at work. */
async function both(...works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
}

function chunksOf(pages: number): Sql[] {
  const count = Math.max(1, Math.ceil(pages / pagesAtOnce))
  return Array.from({ length: count }, (_, index) => {
    const from = sql`ctid >= cast(${sql.lit(`(${index * pagesAtOnce},0)`)} as tid)`
    // The last has no end: rows may lie beyond the pages that were counted.
    if (index === count - 1) return from
    return sql`${from} and ctid < cast(${sql.lit(`(${(index + 1) * pagesAtOnce},0)`)} as tid)`
  })
}

function restriction({ horizon, since, periods, without = [] }: Wanted): Sql {
  const xid = (value: string) => sql`cast(${sql.lit(value)} as xid8)`
  const conditions: Sql[] = [sql`ingest_xid < ${xid(horizon)}`]
  if (since !== undefined) conditions.push(sql`ingest_xid >= ${xid(since)}`)
  if (periods) conditions.push(sql`(${sql.join(periods.map(within), sql` or `)})`)
  if (without.length > 0) conditions.push(sql`not (${sql.join(without.map(within), sql` or `)})`)
  return sql.join(conditions, sql` and `)
}

function within(period: Period): Sql {
  const { from, until } = boundsOf(period)
  const at = (value: string) => sql`cast(${sql.lit(value)} as timestamptz)`
  const parts = [
    ...(from ? [sql`occurred_at >= ${at(from)}`] : []),
    ...(until ? [sql`occurred_at < ${at(until)}`] : []),
  ]
  return parts.length > 0 ? sql`(${sql.join(parts, sql` and `)})` : sql`true`
}
