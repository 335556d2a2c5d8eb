import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duckdb } from '../engine.ts'
import { literal } from '../import/source.ts'
import { publish } from './files.ts'
import type { LakeColumn, LakeFile } from './manifest.ts'
import type { Period } from './periods.ts'

type Merge = {
  readonly folder: string
  readonly work: string
  readonly pieces: string
  readonly period: Period
  readonly mark: string
  readonly columns: readonly LakeColumn[]
  /** Files whose rows stay, unless a piece has a newer row with the same id. */
  readonly old: readonly LakeFile[]
  readonly now: string
}

/** Writes one period's file: the pieces that arrived, and what was there before. Undefined if nothing is left. */
export async function mergePeriod(duckdb: Duckdb, merge: Merge): Promise<LakeFile | undefined> {
  const { folder, work, pieces, period, mark, columns, old, now } = merge
  const names = ['lead_id', 'event_id', 'type', 'occurred_at', ...columns.map(({ column }) => column)].join(
    ', ',
  )
  const arrived = await piecesOf(pieces, period)
  const from = (files: readonly string[]) =>
    `read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false)`
  const before = old.map(({ file }) => join(folder, file))
  if (arrived.length + before.length === 0) return undefined
  const path = join(work, `${period}.parquet.tmp`)
  const kept = join(work, `${period}.kept.parquet`)
  const changes = arrived.length > 0 && before.length > 0
  if (changes) {
    // On its own: together with what is sorted below, the rows that stay would have to fit in memory.
    await duckdb.run(
      `copy (select ${names} from ${from(before)} where event_id not in (select event_id from ${from(arrived)}))
       to ${literal(kept)} (format parquet, row_group_size 61440)`,
    )
  }
  await duckdb.run(
    `copy (select ${names} from ${from([...arrived, ...(changes ? [kept] : before)])}
       order by lead_id, occurred_at, event_id)
     to ${literal(path)} (format parquet, compression zstd, row_group_size 61440)`,
  )
  if (changes) await rm(kept)
  const [counted] = await duckdb.rows<{ rows: string }>(
    `select num_rows as rows from parquet_file_metadata(${literal(path)})`,
  )
  const rows = Number(counted!.rows)
  const [verified_at = now] = old.map((file) => file.verified_at).sort()
  return rows === 0 ? undefined : publish(folder, { path, period, mark, rows, verified_at })
}

/** The periods that have pieces. */
export async function periodsIn(pieces: string): Promise<Period[]> {
  const found = await readdir(pieces).catch(() => [])
  return found
    .filter((name) => name.startsWith('period='))
    .map((name) => name.slice('period='.length))
    .sort()
}

export async function piecesOf(pieces: string, period: Period): Promise<string[]> {
  const folder = join(pieces, `period=${period}`)
  const found = await readdir(folder).catch(() => [])
  return found
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(folder, name))
}
