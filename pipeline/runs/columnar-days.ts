import { dialects, emit, plan } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { lookedAt, takeChunk } from './columnar-chunks.ts'
import { copyIn } from './columnar-copy.ts'
import type { Columnar } from './columnar-evaluate.ts'
import { type EvaluateDays, endOfDay } from './score-days.ts'

/** Evaluates the scores at the ends of days in DuckDB, and hands them over to the session. */
export const daysInColumns =
  ({ duckdb, folder, queryPlan, chunks }: Columnar): EvaluateDays =>
  async (client, days, { scores, horizon }, compare) => {
    const scoring = plan([], scores)
    const points = scores.map((_, score) => `s${score}`).join(', ')
    for (const day of days) {
      await makeTable(client)
      for (const each of chunks) {
        await takeChunk(duckdb, each)
        const seen = { asOf: endOfDay(day), horizon, relations: queryPlan, ...lookedAt(each) }
        const query = emit(scoring, dialects.duckdb, seen)
        await duckdb.run(
          `create or replace temp table evaluated as
           select lead_id, '{' || concat_ws(',', ${points}) || '}' as scores from (${query.sql}) as features`,
          query.parameters as string[],
        )
        await copyIn(client, duckdb, folder, {
          table: 'evaluated_day',
          columns: 'lead_id, scores',
          query: 'from evaluated',
        })
      }
      await client.query('analyze evaluated_day')
      await compare(day)
    }
  }

async function makeTable(client: Client): Promise<void> {
  await client.query('drop table if exists pg_temp.evaluated_day')
  await client.query(
    'create temporary table evaluated_day (lead_id bigint not null, scores numeric[] not null)',
  )
}
