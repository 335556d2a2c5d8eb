import type { Duckdb } from '../engine.ts'
import { literal } from '../import/source.ts'
import type { LakeColumn } from './manifest.ts'

export type Difference = {
  /** Rows that only the lake has, rows that only Postgres has, and rows that are not the same. */
  readonly onlyLake: number
  readonly onlyPostgres: number
  readonly unlike: number
}

type Compared = {
  /** The period's file; undefined if it has none. */
  readonly stored: string | undefined
  /** The same rows, fresh from Postgres. */
  readonly pieces: readonly string[]
  readonly columns: readonly LakeColumn[]
  /** Ids of rows that came in, or got other values, later: what the lake has of them can't be judged. */
  readonly newer?: string
}

/** Undefined if the rows are the same, all of them. */
export async function compareFile(duckdb: Duckdb, compared: Compared): Promise<Difference | undefined> {
  const names = [
    'lead_id',
    'event_id',
    'type',
    'occurred_at',
    ...compared.columns.map(({ column }) => column),
  ]
  const rows = (files: readonly string[]) =>
    files.length === 0
      ? `select null::varchar as event_id, null::ubigint as digest where false`
      : `select event_id, hash(${names.join(', ')}) as digest
         from read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false)`
  const stored = rows(compared.stored ? [compared.stored] : [])
  const fresh = rows(compared.pieces)
  const [sums] = await duckdb.rows<{ alike: boolean }>(
    `select (select (count(*), sum(digest::hugeint)) from (${stored}))
       = (select (count(*), sum(digest::hugeint)) from (${fresh})) is true as alike`,
  )
  if (sums?.alike) return undefined
  const judged =
    compared.newer === undefined
      ? stored
      : `from (${stored}) as every anti join ${idsIn(compared.newer)} as newer using (event_id)`
  const [found] = await duckdb.rows<Record<'only_lake' | 'only_postgres' | 'unlike', string>>(
    `select count(*) filter (fresh.event_id is null) as only_lake,
       count(*) filter (stored.event_id is null) as only_postgres,
       count(*) filter (stored.digest <> fresh.digest) as unlike
     from (${judged}) as stored
     full join (${fresh}) as fresh on fresh.event_id = stored.event_id`,
  )
  const difference = {
    onlyLake: Number(found!.only_lake),
    onlyPostgres: Number(found!.only_postgres),
    unlike: Number(found!.unlike),
  }
  return Object.values(difference).some((count) => count > 0) ? difference : undefined
}

const idsIn = (file: string): string =>
  `read_csv(${literal(file)}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
    new_line = '\\n', columns = {event_id: 'varchar'})`
