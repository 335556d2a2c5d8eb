import { dialects, emit, type Instant, listsReadBy, plan, readsOtherLeads } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import { bitsOf, type Failing, type Pinned, type PinnedDefinitions } from './definitions.ts'

export type Evaluation = {
  readonly segments: readonly Pinned[]
  readonly failing: readonly Failing[]
  readonly wordCount: number
}

/**
 * Fills `planned` and `evaluated` with every lead's set of segments and scores, in one statement for all segments.
 * If it fails, it is tried once more without the segments that are new or were edited: those are then broken, and
 * stop nobody else.
 */
export async function evaluate(
  client: Client,
  definitions: PinnedDefinitions,
  seen: { asOf: Instant; horizon: string },
): Promise<Evaluation> {
  try {
    return await evaluateOnce(client, definitions, seen)
  } catch (error) {
    const suspects = definitions.segments.filter((segment) => segment.first)
    const others = definitions.segments.filter((segment) => !segment.first)
    const sqlState = (error as { code?: string }).code
    if (suspects.length === 0 || others.length === 0 || sqlState === undefined || sqlState.startsWith('57P'))
      throw error
    const failing = suspects.map((segment) => ({
      ...segment,
      outcome: 'broken' as const,
      code: 'EVALUATION_FAILED',
      message: `The shared statement failed with this version in it (${sqlState}).`,
    }))
    const rest = await evaluateOnce(client, { ...definitions, segments: others }, seen)
    return { ...rest, failing: [...definitions.failing, ...failing] }
  }
}

async function evaluateOnce(
  client: Client,
  definitions: PinnedDefinitions,
  seen: { asOf: Instant; horizon: string },
): Promise<Evaluation> {
  const { segments, scores, failing, references } = definitions
  const { words, bits, wordCount } = bitsOf(segments.length)
  const query = emit(plan(segments, scores, references), dialects.postgres, seen)
  const set = Array.from({ length: wordCount }, (_, word) => `w${word}`).join(', ')
  const points = scores.map((_, score) => `s${score}`).join(', ')
  await client.query(statement('runs/stage'))
  await client.query(statement('runs/plan_segments'), [
    segments.map((segment) => segment.segmentId),
    segments.map((segment) => segment.version),
    words,
    bits,
    segments.map((segment) => segment.first),
    segments.map((segment) => readsOtherLeads(segment.predicate, references, scores)),
  ])
  const lists = segments.flatMap(({ segmentId, predicate }) =>
    listsReadBy(predicate, references).map((key) => ({ segmentId, key })),
  )
  await client.query(statement('runs/plan_lists'), [
    lists.map(({ segmentId }) => segmentId),
    lists.map(({ key }) => key),
  ])
  // Postgres spreads `create table as` over several processes, `insert` not.
  await client.query(
    `create temporary table evaluated as
     select lead_id, array[${set}]::bigint[] as words, array[${points}]::numeric[] as scores
     from (${query.sql}) as features`,
    [...query.parameters],
  )
  await client.query('analyze evaluated; analyze planned')
  return { segments, failing, wordCount }
}
