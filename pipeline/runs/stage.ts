import { agendaEnd, type Instant, micropoints, type Score } from '../../compiler/index.ts'
import type { Client, Database } from '../engine.ts'
import type { Lake } from '../lake/lake.ts'
import { statement } from '../sql.ts'
import { addLateCandidates, type Candidates } from './candidates.ts'
import { stageInLake } from './columnar-run.ts'
import { mainScore, type PinnedDefinitions } from './definitions.ts'
import { evaluate, type Staged } from './evaluate.ts'
import type { LastApplied } from './instants.ts'
import type { Chosen } from './mode.ts'
import { stageScoreDays } from './score-days.ts'
import type { Steps } from './steps.ts'

type Running = {
  readonly asOf: Instant
  readonly horizon: string
  readonly last: LastApplied
  readonly midnight: boolean
  readonly definitions: PinnedDefinitions
  readonly mode: 'incremental' | 'full'
  readonly candidates: Candidates | undefined
  readonly going: {
    readonly steps: Steps
    /** Over which full runs evaluate; undefined: none is wanted, Postgres does it. */
    readonly lake?: Lake | undefined
    readonly lakeFrom?: number | undefined
    readonly memory?: string | undefined
    readonly temporary: string
  }
}

/** Evaluates, and puts together in temporary tables what the run will write; nothing is written yet. */
export async function stageRun(
  database: Database,
  client: Client,
  running: Running,
): Promise<Staged & { readonly judged: boolean; readonly failed?: Chosen }> {
  const { asOf, horizon, last, midnight, definitions, mode, candidates, going } = running
  const { steps, lake, temporary, memory } = going
  const from = last.as_of
  // Without candidates nothing is known of what had been seen before.
  const since = candidates === undefined ? null : last.horizon
  await steps.step('note event days', () => client.query(statement('runs/note_event_days'), [since, horizon]))
  const inLake =
    lake && mode === 'full' && (await isWorthIt(client, going))
      ? await stageInLake(database, client, {
          definitions,
          asOf,
          horizon,
          from,
          lake,
          temporary,
          memory,
          signal: database.signal,
          steps,
        })
      : undefined
  const staged = inLake && 'engine' in inLake ? inLake : { ...(await inPostgres(client, running)), ...inLake }
  // Up to the midnight after it, a run knows who will be due; beyond that nothing can be said.
  const judged =
    mode === 'full' && candidates !== undefined && last.as_of !== null && asOf <= agendaEnd(last.as_of)
  const backfilled = last.mode === 'backfill' || last.backfilled
  await steps.step('find causes', async () => {
    if (judged) await addLateCandidates(client, definitions, horizon)
    return stageCauses(client, { asOf, horizon, lastAsOf: last.as_of, judged, midnight, backfilled })
  })
  return { ...staged, judged }
}

/** Whether there are so many events that reading them from the lake is faster than from Postgres. */
export async function isWorthIt(
  client: Client,
  { lake, lakeFrom = 0 }: Pick<Running['going'], 'lake' | 'lakeFrom'>,
): Promise<boolean> {
  if (lake === undefined) return false
  if (lakeFrom < 1) return true
  const { rows } = await client.query<{ enough: boolean }>(statement('runs/has_events'), [lakeFrom])
  return rows[0]!.enough
}

async function inPostgres(
  client: Client,
  { asOf, horizon, last, definitions, mode, going: { steps } }: Running,
): Promise<Staged> {
  const incremental = mode === 'incremental'
  await steps.step('stage score days', () =>
    stageScoreDays(client, { scores: definitions.scores, from: last.as_of, asOf, horizon }),
  )
  await steps.step('stage later', () =>
    client.query(statement('runs/stage_later'), [asOf, agendaEnd(asOf), horizon]),
  )
  const evaluation = await steps.step('evaluate', () =>
    evaluate(client, definitions, { asOf, horizon, candidates: incremental, due: true }),
  )
  const leads = await stageEvaluated(client, { definitions, incremental, steps })
  return { segments: evaluation.segments, failing: evaluation.failing, engine: 'postgres', leads }
}

export const levelsOf = ({ levels }: Score): [names: string[], bounds: string[]] => [
  levels.map(({ name }) => name),
  levels.map(({ from }) => micropoints(from)),
]

type Evaluated = {
  readonly definitions: PinnedDefinitions
  /** Whether only candidates were looked at. */
  readonly incremental: boolean
  readonly steps: Steps
}

/**
 * Compares what Postgres evaluated with what is written: fills `difference`, `staged_score`, `staged_state` and
 * `staged_figure`. Returns how many leads there are.
 */
export async function stageEvaluated(
  client: Client,
  { definitions, incremental, steps }: Evaluated,
): Promise<number> {
  const { scores } = definitions
  await steps.step('compare members', () => client.query(statement('runs/stage_differences')))
  await client.query('analyze difference')
  await steps.step('compare scores', () => stageScores(client, scores))
  await steps.step('compare states', () => client.query(statement('runs/stage_states')))
  const position = mainScore(definitions)
  await steps.step('count figures', () =>
    incremental
      ? client.query(statement('runs/carry_figures'), [position === null ? null : 'engagement', position])
      : client.query(statement('runs/count_figures'), [position]),
  )
  const { rows } = await client.query<{ leads: string }>(
    incremental ? statement('runs/count_present') : 'select count(*) as leads from evaluated',
  )
  return Number(rows[0]!.leads)
}

/** Fills `staged_score` with what differs. */
export async function stageScores(client: Client, scores: readonly Score[]): Promise<number> {
  let found = 0
  for (const [index, score] of scores.entries()) {
    const { rowCount } = await client.query(statement('runs/stage_score_changes'), [
      score.name,
      index + 1,
      ...levelsOf(score),
    ])
    found += rowCount ?? 0
  }
  return found
}

type Caused = {
  readonly asOf: Instant
  readonly horizon: string
  /** As of the last applied run; null if there was none, or where causes don't matter. */
  readonly lastAsOf: Instant | null
  /** Whether a difference that no candidate explains is drift. */
  readonly judged?: boolean
  readonly midnight?: boolean
  /** Whether a backfill has rewritten what is recorded since then. */
  readonly backfilled?: boolean
  /** In place of the last run: when each segment was looked at before. */
  readonly before?: readonly { readonly segment_id: string; readonly as_of: Instant }[]
}

/** Gives every difference its cause: fills `staged_change`. */
export async function stageCauses(
  client: Client,
  { asOf, horizon, lastAsOf, judged = false, midnight = false, backfilled = false, before = [] }: Caused,
): Promise<number> {
  await client.query('drop table if exists pg_temp.concerned, pg_temp.base')
  await client.query(statement('runs/concern'))
  await client.query(statement('runs/stage_bases'), [
    horizon,
    lastAsOf,
    before.map(({ segment_id }) => segment_id),
    before.map(({ as_of }) => as_of),
  ])
  await client.query('analyze concerned; analyze base')
  // Given as values, they tell Postgres how few arrived since: it need not go through all that is known of the leads.
  const { rows } = await client.query<{ as_of: string | null; horizon: string | null }>(
    'select min(as_of) as as_of, min(horizon)::text as horizon from base',
  )
  const { rowCount } = await client.query(statement('runs/stage_causes'), [
    ...[horizon, asOf, lastAsOf, judged, midnight, backfilled],
    ...[rows[0]!.as_of, rows[0]!.horizon],
  ])
  await client.query('analyze staged_change')
  return rowCount ?? 0
}
