import { type QueryPlan, readsAccounts } from '../../compiler/index.ts'
import type { Duckdb } from '../engine.ts'
import { statement } from '../sql.ts'
import { writeParquet } from './columnar-copy.ts'

/** Places from `begins` up to `ends`, which is no longer one of them. */
export type Chunk = { readonly begins: string | null; readonly ends: string | null }

/**
 * Cuts the leads into chunks that are evaluated one after the other, so that memory does not grow with their number.
 * Where other leads of an account count, all who ever shared one are in the same chunk.
 */
export async function chunksOf(
  duckdb: Duckdb,
  plan: QueryPlan,
  { folder, size }: { folder: string; size: number },
): Promise<Chunk[]> {
  const [{ leads } = { leads: 0 }] = await duckdb.rows<{ leads: number }>(
    'select cast(count(*) as integer) as leads from leads',
  )
  if (leads <= size) return [whole]
  if (readsAccounts(plan)) await placeAccounts(duckdb, folder)
  else await duckdb.run('create temp view place as select lead_id, lead_id as place from leads')
  return duckdb.rows<Chunk>(statement('full/chunks'), [size, Math.ceil(size / 256)])
}

/** Of leads. More take more memory, fewer more passes over what is read for each chunk. */
export const usualChunk = 250_000

export const whole: Chunk = { begins: null, ends: null }
const isWhole = ({ begins }: Chunk): boolean => begins === null

/** Which leads a statement is to look at once `chunk_lead` is filled. */
export const lookedAt = (chunk: Chunk): { leads?: { table: string } } =>
  isWhole(chunk) ? {} : { leads: { table: 'chunk_lead' } }

/** Fills `chunk_lead`. */
export async function takeChunk(duckdb: Duckdb, chunk: Chunk): Promise<void> {
  const { begins, ends } = chunk
  const where = [`place >= ${begins}`, ...(ends === null ? [] : [`place < ${ends}`])].join(' and ')
  const leads = isWhole(chunk) ? 'from leads' : `from place where ${where}`
  await duckdb.run(`create or replace temp table chunk_lead as select lead_id ${leads}`)
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
  await writeParquet(
    duckdb,
    folder,
    'place',
    `select lead_id, coalesce(root, lead_id) as place
     from leads left join root using (lead_id)
     order by place`,
  )
  await duckdb.run('drop table link')
  await duckdb.run('drop table root')
}
