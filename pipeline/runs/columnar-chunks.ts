import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type QueryPlan, readsAccounts } from '../../compiler/index.ts'
import { columnarExport } from '../columnar.ts'
import type { Duckdb } from '../engine.ts'
import { statement } from '../sql.ts'
import { quoted, writeParquet } from './columnar-copy.ts'

/** Some of the leads; undefined: all of them. */
export type Chunk = { readonly number: number; readonly parts: Parts | undefined } | undefined

/** Relations that were divided: each chunk has files of its own. */
type Parts = { readonly folder: string; readonly relations: string[] }

/**
 * Cuts the leads into chunks that are evaluated one after the other, so that memory does not grow with their number.
 * Where other leads of an account count, all who ever shared one are in the same chunk.
 */
export async function chunksOf(
  duckdb: Duckdb,
  plan: QueryPlan,
  { folder, size }: { folder: string; size: number },
): Promise<Chunk[]> {
  const [found] = await duckdb.rows<{ leads: number; events: number }>(statement('full/sizes'))
  const { leads, events } = found!
  const most = Math.max(1, Math.ceil(Math.min(size, (size * usualEvents * leads) / Math.max(1, events))))
  if (leads <= most) return [undefined]
  const accounts = readsAccounts(plan)
  if (accounts) await placeAccounts(duckdb, folder)
  else await duckdb.run('create temp view place as select lead_id, lead_id as place from leads')
  const each = Math.ceil(leads / Math.ceil(leads / most))
  await duckdb.run(`create temp table chunk as ${statement('full/chunks')}`, [each, Math.ceil(each / 256)])
  const parts = accounts ? await divide(duckdb, plan, folder) : undefined
  const numbers = await duckdb.rows<{ number: number }>(
    'select cast(chunk as integer) as number from chunk order by chunk',
  )
  return numbers.map(({ number }) => ({ number, parts }))
}

/** Of leads with twenty events each, or of fewer with more: the memory of a chunk hangs on both. */
export const usualChunk = 25_000
const usualEvents = 20

/** Which leads a statement is to look at once `chunk_lead` is filled. */
export const lookedAt = (chunk: Chunk): { leads?: { table: string } } =>
  chunk ? { leads: { table: 'chunk_lead' } } : {}

/** Fills `chunk_lead`, and has the relations that were divided hold what is said of these leads. */
export async function takeChunk(duckdb: Duckdb, chunk: Chunk): Promise<void> {
  const leads = chunk
    ? `place join chunk on place >= begins and coalesce(place < ends, true) where chunk = ${chunk.number}`
    : 'leads'
  await duckdb.run(`create or replace temp table chunk_lead as select lead_id from ${leads}`)
  for (const name of chunk?.parts?.relations ?? []) {
    const files = join(chunk!.parts!.folder, name, `chunk=${chunk!.number}`)
    const from = existsSync(files)
      ? `read_parquet(${quoted(join(files, '*.parquet'))}, hive_partitioning = false)`
      : `empty_${name}`
    await duckdb.run(`create or replace temp view ${name} as from ${from}`)
  }
}

/** A lead's place is the least lead among all who ever shared an account with it, or with those. */
async function placeAccounts(duckdb: Duckdb, folder: string): Promise<void> {
  await duckdb.run(`create temp table link as ${statement('full/links')}`)
  await duckdb.run('create temp table root as select distinct lead_id, lead_id as root from link')
  for (;;) {
    await duckdb.run(`create or replace temp table nearer as ${statement('full/roots')}`)
    const [found] = await duckdb.rows<{ moved: boolean }>(
      'select coalesce(bool_or(nearer.root <> root.root), false) as moved from nearer join root using (lead_id)',
    )
    await duckdb.run('drop table root')
    await duckdb.run('alter table nearer rename to root')
    if (!found?.moved) break
  }
  const places = 'select lead_id, coalesce(root, lead_id) as place from leads left join root using (lead_id)'
  await writeParquet(duckdb, folder, 'place', `${places} order by place`)
  await duckdb.run('drop table root')
}

/**
 * Leads of one account lie far apart: without files of its own each chunk would read those of all others. Once read and
 * written again is less than that from the third chunk on.
 */
async function divide(duckdb: Duckdb, plan: QueryPlan, folder: string): Promise<Parts> {
  const parts = join(folder, 'parts')
  await mkdir(parts)
  await duckdb.run(`create temp table lead_chunk as ${statement('full/lead_chunk')}`)
  // By default half a million rows of each chunk would be in memory at once.
  await duckdb.run('set partitioned_write_flush_threshold = 16384')
  await duckdb.run(`create temp table account_chunk as ${statement('full/account_chunk')}`)
  await duckdb.run('drop table link')
  const divided: Parts = { folder: parts, relations: [] }
  for (const { table } of columnarExport(plan, '0').tables) {
    if (table !== 'leads' && table !== 'score_day') await divideInto(duckdb, divided, table)
  }
  await duckdb.run('drop table account_chunk')
  return divided
}

/** Of chunks with files of their own: has them hold a relation that was made later, too. */
export async function divideLater(duckdb: Duckdb, chunks: readonly Chunk[], name: string): Promise<void> {
  const parts = chunks[0]?.parts
  if (parts) await divideInto(duckdb, parts, name)
}

async function divideInto(duckdb: Duckdb, { folder, relations }: Parts, name: string): Promise<void> {
  const rows =
    name === 'attribute_change'
      ? statement('full/divide_changes')
      : `select each.*, chunk from ${name} as each join lead_chunk using (lead_id)`
  await duckdb.run(
    `copy (${rows}) to ${quoted(join(folder, name))} (format parquet, partition_by (chunk), compression lz4)`,
  )
  await duckdb.run(`create temp table empty_${name} as from ${name} limit 0`)
  relations.push(name)
}
