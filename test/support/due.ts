import { dialects } from '../../compiler/dialects/index.ts'
import { emit, type Seen } from '../../compiler/emit.ts'
import type { QueryPlan } from '../../compiler/plan.ts'
import { type Instant, readInstant } from '../../compiler/time.ts'
import type { Database, Duckdb, Parameter, Row } from '../../pipeline/engine.ts'
import { loadDuckdb } from './load.ts'

/** When each lead is due; undefined: not on this day. */
export type Due = ReadonlyMap<number, Instant | undefined>

const dueIn = (rows: readonly Row[]): Due =>
  new Map(
    rows.map(({ lead_id, due_at }) => [
      Number(lead_id),
      due_at === null ? undefined : readInstant(String(due_at), 'UTC'),
    ]),
  )

export async function dueInPostgres(database: Database, queryPlan: QueryPlan, seen: Seen): Promise<Due> {
  const { sql, parameters } = emit(queryPlan, dialects.postgres, { ...seen, due: true })
  const text = `select lead_id, due_at::text from (${sql}) as found`
  return dueIn(await database.query(text, parameters as Parameter[]))
}

export async function dueInDuckdb(database: Database, queryPlan: QueryPlan, seen: Seen): Promise<Due> {
  const { sql, parameters } = emit(queryPlan, dialects.duckdb, { ...seen, due: true })
  const duckdb: Duckdb = await loadDuckdb(database, queryPlan, seen.horizon)
  try {
    const text = `select lead_id, due_at::varchar as due_at from (${sql}) as found`
    return dueIn(await duckdb.rows(text, parameters as string[]))
  } finally {
    duckdb.close()
  }
}
