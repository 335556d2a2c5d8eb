import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { type Column, readColumnar } from '../columnar.ts'
import { copyToFile } from '../copy-to-file.ts'
import type { Client, Duckdb } from '../engine.ts'

/** What a run reads from Postgres and hands back, as bytes in files: no row passes through here. */
export type Copied = {
  readonly name: string
  /** Without parameters. */
  readonly query: string
  readonly columns: readonly Column[]
}

/**
 * Copies what a query of Postgres finds into a Parquet file that DuckDB reads under this name. `select` shapes it on
 * the way, from `copied`.
 */
export async function copyOut(
  client: Client,
  duckdb: Duckdb,
  folder: string,
  { name, query, columns }: Copied,
  select = 'from copied',
): Promise<void> {
  const file = join(folder, `${name}.csv`)
  await copyToFile(client, `copy (${query}) to stdout (format csv)`, file)
  const read = readColumnar({ table: name, query, columns }, file)
  await writeParquet(duckdb, folder, name, `with copied as (${read}) ${select}`)
  await rm(file)
}

/** The rows of a query of DuckDB, in a file of their own from now on: memory does not hold them. */
export async function writeParquet(
  duckdb: Duckdb,
  folder: string,
  name: string,
  query: string,
): Promise<void> {
  const file = join(folder, `${name}.parquet`)
  await duckdb.run(
    `copy (${query}) to ${quoted(file)} (format parquet, compression zstd, row_group_size 61440)`,
  )
  await duckdb.run(`create or replace temp view ${name} as from read_parquet(${quoted(file)})`)
}

/** Hands what DuckDB finds over to a table of the session. Returns how many rows. */
export async function copyIn(
  client: Client,
  duckdb: Duckdb,
  folder: string,
  handed: { table: string; columns?: string; query: string },
): Promise<number> {
  const file = join(folder, `${handed.table}.result.csv`)
  const columns = handed.columns ? `(${handed.columns})` : ''
  await duckdb.run(`copy (${handed.query}) to ${quoted(file)} (format csv, header false)`)
  const copy = client.query(copyFrom(`copy ${handed.table} ${columns} from stdin (format csv)`))
  await pipeline(createReadStream(file), copy)
  await rm(file)
  return copy.rowCount ?? 0
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
