import { dialects, emit, plan } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import type { Lake } from '../lake/lake.ts'
import { chunksOf, lookedAt, takeChunk, usualChunk } from './columnar-chunks.ts'
import { copyIn } from './columnar-copy.ts'
import { inDuckdb, type Relate, shownIn } from './columnar-duckdb.ts'
import { type EvaluateDays, endOfDay } from './score-days.ts'
import type { Steps } from './steps.ts'

type Options = {
  readonly temporary: string
  readonly chunk?: number
  readonly memory?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly steps: Pick<Steps, 'watch'>
  readonly lake?: Lake
}

/** Evaluates the scores at the ends of days in DuckDB, and hands them over to the session. */
export const daysInColumns =
  ({ temporary, chunk = usualChunk, memory, signal, steps, lake }: Options, relate: Relate): EvaluateDays =>
  (client, days, { scores, horizon }, compare) =>
    inDuckdb(
      temporary,
      async (opened, folder) => {
        const duckdb = steps.watch(opened, shownIn(folder, lake))
        const queryPlan = plan([], scores)
        await relate(duckdb, folder, queryPlan)
        const chunks = await chunksOf(duckdb, queryPlan, { folder, size: chunk })
        const points = scores.map((_, score) => `s${score}`).join(', ')
        for (const day of days) {
          await makeTable(client)
          for (const each of chunks) {
            await takeChunk(duckdb, each)
            const seen = { asOf: endOfDay(day), horizon, ...lookedAt(each) }
            const query = emit(queryPlan, dialects.duckdb, seen)
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
      },
      { memory, signal },
    )

async function makeTable(client: Client): Promise<void> {
  await client.query('drop table if exists pg_temp.evaluated_day')
  await client.query(
    'create temporary table evaluated_day (lead_id bigint not null, scores numeric[] not null)',
  )
}
