import {
  dialects,
  emit,
  type Instant,
  micropoints,
  plan,
  type QueryPlan,
  type Score,
} from '../../compiler/index.ts'
import type { Client, Duckdb } from '../engine.ts'
import { statement } from '../sql.ts'
import { type Chunk, lookedAt, takeChunk } from './columnar-chunks.ts'
import { copyIn, copyOut } from './columnar-copy.ts'
import { bitsOf, mainScore, type PinnedDefinitions } from './definitions.ts'

/** DuckDB, with the relations of `queryPlan`. */
export type Columnar = {
  readonly duckdb: Duckdb
  /** Where files may be put that are not needed later. */
  readonly folder: string
  readonly queryPlan: QueryPlan
  /** Which leads are evaluated at a time. */
  readonly chunks: readonly Chunk[]
}

type Seen = { readonly asOf: Instant; readonly horizon: string }

/**
 * Evaluates all leads, and fills the staging tables of the session with what differs from how segments, scores and
 * leads stand; `planned` and `later` are filled. Returns how many leads exist.
 */
export async function stageFromColumns(
  client: Client,
  columnar: Columnar,
  definitions: PinnedDefinitions,
  seen: Seen,
): Promise<number> {
  const { duckdb, folder, queryPlan, chunks } = columnar
  await copyStanding(client, columnar, definitions)
  await duckdb.run('create temp table figure (segment_id bigint, members bigint, score_sum hugeint)')
  const main = mainScore(definitions) ?? 0
  let leads = 0
  for (const chunk of chunks) {
    leads += await evaluateChunk(duckdb, queryPlan, chunk, seen)
    await duckdb.run(`insert into figure ${statement('full/figure')}`, [main])
    await stageChunk(client, columnar)
  }
  await stageGone(client, columnar)
  await duckdb.run(`create temp table figures as ${statement('full/figures')}`, [main])
  await copyIn(client, duckdb, folder, {
    table: 'staged_figure',
    columns: 'segment_id, members, score_sum',
    query: 'from figures',
  })
  return leads
}

export const fullPlan = ({ segments, scores, references }: PinnedDefinitions): QueryPlan =>
  plan(segments, scores, references)

/** How everything stands before the run. */
async function copyStanding(
  client: Client,
  { duckdb, folder }: Columnar,
  { scores }: PinnedDefinitions,
): Promise<void> {
  const out = (name: string, query: string, columns: string, select?: string) => {
    const typed = columns.split(', ').map((column) => {
      const [own = '', type = ''] = column.split(' ')
      return { name: own, type }
    })
    return copyOut(client, duckdb, folder, { name, query: statement(query), columns: typed }, select)
  }
  await out('planned', 'full/planned', 'segment_id bigint, word bigint, bit bigint')
  const held = 'segment_id bigint, lead_id bigint'
  await out('held', 'full/membership', held, statement('full/held'))
  await duckdb.run(`create temp table level as ${statement('full/level')}`, [
    JSON.stringify(levelsOf(scores)),
  ])
  const scored = 'lead_id bigint, score varchar, micropoints decimal(38,0), level varchar'
  await out('scored', 'full/scores', scored, statement('full/scored'))
  const stated = 'lead_id bigint, present boolean, due_at timestamp'
  await out('stated', 'full/states', stated, 'from copied order by lead_id')
  await out('later', 'full/later', 'lead_id bigint, due_at timestamp')
}

/** Every number of micro-points is at exactly one level of each score; where it has none, at that one. */
function levelsOf(scores: readonly Score[]): object[] {
  return scores.flatMap(({ name, levels }, index): object[] => {
    const score = { score: name, position: index + 1 }
    if (levels.length === 0) return [{ ...score, level: null, begins: null, ends: null }]
    return levels.map((level, order) => {
      const next = levels[order + 1]
      return {
        ...score,
        level: level.name,
        begins: order === 0 ? null : micropoints(level.from),
        ends: next ? micropoints(next.from) : null,
      }
    })
  })
}

/** Makes `evaluated`, one row per lead of the chunk that exists. Returns how many. */
async function evaluateChunk(
  duckdb: Duckdb,
  queryPlan: QueryPlan,
  chunk: Chunk,
  seen: Seen,
): Promise<number> {
  await takeChunk(duckdb, chunk)
  const { sql, parameters } = evaluation(queryPlan, chunk, seen)
  await duckdb.run(sql, parameters as string[])
  return countOf(duckdb, 'evaluated')
}

/** The one statement for all segments and scores of a chunk. */
export function evaluation(
  queryPlan: QueryPlan,
  chunk: Chunk,
  seen: Seen,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const query = emit(queryPlan, dialects.duckdb, { ...seen, ...lookedAt(chunk), due: true })
  const { wordCount } = bitsOf(queryPlan.segments.length)
  const words = Array.from({ length: wordCount }, (_, word) => `w${word}`).join(', ')
  const points = queryPlan.scores.map((_, score) => `s${score}`).join(', ')
  const sql = `create or replace temp table evaluated as
     select lead_id, cast([${words}] as bigint[]) as words, cast([${points}] as hugeint[]) as scores, due_at
     from (${query.sql}) as features`
  return { sql, parameters: query.parameters }
}

export async function countOf(duckdb: Duckdb, relation: string): Promise<number> {
  const [found] = await duckdb.rows<{ rows: number }>(
    `select cast(count(*) as integer) as rows from ${relation}`,
  )
  return found?.rows ?? 0
}

async function stageChunk(client: Client, { duckdb, folder }: Columnar): Promise<void> {
  const staged = [
    { table: 'difference', columns: 'segment_id, lead_id, change', query: statement('full/difference') },
    { table: 'staged_score', columns: 'lead_id, position, micropoints', query: statement('full/score') },
    { table: 'staged_state', columns: 'lead_id, present, due_at', query: statement('full/state') },
  ]
  for (const each of staged) await copyIn(client, duckdb, folder, each)
}

/** Who is in a segment or was seen by the run before and is a lead no more leaves everything. */
async function stageGone(client: Client, columnar: Columnar): Promise<void> {
  const { duckdb } = columnar
  await duckdb.run(`create or replace temp table chunk_lead as ${statement('full/gone')}`)
  await duckdb.run('delete from evaluated')
  await stageChunk(client, columnar)
}
