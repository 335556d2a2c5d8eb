import {
  dialects,
  emit,
  type Instant,
  listsReadBy,
  plan,
  readsFading,
  readsOtherLeads,
  recordedReadBy,
} from '../../compiler/index.ts'
import { type Client, inTransaction } from '../engine.ts'
import { statement } from '../sql.ts'
import { bitsOf, type Failing, type Pinned, type PinnedDefinitions } from './definitions.ts'
import { failedWith, mayBeOfSegments } from './failures.ts'

export type Evaluation = {
  readonly segments: readonly Pinned[]
  readonly failing: readonly Failing[]
}

/** What was found and put together for a run to write, in whichever engine. */
export type Staged = Evaluation & {
  readonly engine: 'postgres' | 'duckdb'
  /** How many exist. */
  readonly leads: number
}

type Asked = {
  readonly asOf: Instant
  readonly horizon: string
  /** Whether only the leads in `candidate` are looked at. Default: all. */
  readonly candidates?: boolean
  /** Whether it is wanted when each lead may turn by time alone: what a run keeps, and a backfill does not. */
  readonly due?: boolean
}

/**
 * Fills `planned` and `evaluated` with every lead's set of segments and scores, in one statement for all segments.
 * If it fails, it is tried once more without the segments that are new or were edited: those are then broken, and
 * stop nobody else.
 */
export async function evaluate(
  client: Client,
  definitions: PinnedDefinitions,
  seen: Asked,
): Promise<Evaluation> {
  try {
    return await evaluateOnce(client, definitions, seen)
  } catch (error) {
    const suspects = definitions.segments.filter((segment) => segment.first)
    const others = definitions.segments.filter((segment) => !segment.first)
    if (suspects.length === 0 || !mayBeOfSegments(error, others.length)) throw error
    const failing = failedWith(error, suspects)
    const rest = await evaluateOnce(client, { ...definitions, segments: others }, seen)
    return { ...rest, failing: [...definitions.failing, ...failing] }
  }
}

async function evaluateOnce(
  client: Client,
  definitions: PinnedDefinitions,
  { asOf, horizon, candidates = false, due = false }: Asked,
): Promise<Evaluation> {
  const { segments, scores, failing, references } = definitions
  const query = emit(plan(segments, scores, references), dialects.postgres, {
    ...{ asOf, horizon },
    ...(candidates ? { leads: { table: 'candidate' } } : {}),
    ...(due ? { due: true } : {}),
  })
  const wordCount = await stagePlan(client, definitions)
  const set = Array.from({ length: wordCount }, (_, word) => `w${word}`).join(', ')
  const points = scores.map((_, score) => `s${score}`).join(', ')
  // Postgres spreads `create table as` over several processes, `insert` not.
  const create = () =>
    client.query(
      `create temporary table evaluated as
     select lead_id, array[${set}]::bigint[] as words, array[${points}]::numeric[] as scores${due ? ', due_at' : ''}
     from (${query.sql}) as features`,
      [...query.parameters],
    )
  await withSettings(client, candidates, create)
  await client.query('analyze evaluated; analyze planned')
  return { segments, failing }
}

/**
 * What Postgres can't know of so long a statement. Parts of it have far more rows than it expects: where it kept them
 * at hand, it would compare each row of the one with each of the other. Of some leads, pages here and there cost what
 * pages in a row cost: else all events would be read for one lead in a hundred.
 */
function withSettings<T>(client: Client, some: boolean, work: () => Promise<T>): Promise<T> {
  return inTransaction(client, async () => {
    await client.query('set local enable_material = off')
    if (some) await client.query('set local random_page_cost = 1.1')
    return work()
  })
}

/** Makes the tables in which a run puts together what it will write, and says which bit each segment is. */
export async function stagePlan(client: Client, definitions: PinnedDefinitions): Promise<number> {
  const { segments, scores, references } = definitions
  const { words, bits, wordCount } = bitsOf(segments.length)
  await client.query(statement('runs/stage'))
  await client.query(statement('runs/plan_segments'), [
    segments.map((segment) => segment.segmentId),
    segments.map((segment) => segment.version),
    words,
    bits,
    segments.map((segment) => segment.first),
    segments.map((segment) => readsOtherLeads(segment.predicate, references, scores)),
    segments.map((segment) => readsFading(segment.predicate, references, scores)),
    segments.map((segment) => recordedReadBy(segment.predicate, references).length > 0),
    segments.map((segment) => segment.meaning),
    segments.map((segment) => segment.status),
  ])
  const lists = segments.flatMap(({ segmentId, predicate }) =>
    listsReadBy(predicate, references).map((key) => ({ segmentId, key })),
  )
  await client.query(statement('runs/plan_lists'), [
    lists.map(({ segmentId }) => segmentId),
    lists.map(({ key }) => key),
  ])
  return wordCount
}
