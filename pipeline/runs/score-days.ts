import {
  ago,
  dialects,
  emit,
  type Instant,
  looksBack,
  micropoints,
  nextDay,
  plan,
  type References,
  resolve,
  type Score,
} from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'

type Passed = {
  readonly scores: readonly Score[]
  /** Of the run before, and of this one. */
  readonly from: Instant | null
  readonly asOf: Instant
  readonly horizon: string
}

/**
 * Evaluates the scores at the end of every UTC day that is over since the run before, one day after the other, so that
 * hourly, nightly and missed runs record the same. Fills `staged_score_day` with the days to be recorded and
 * `staged_score_max` with the leads that had never had as many points. Returns how many days are recorded.
 *
 * A view in front of `score_history` lets this run's evaluation see them before they are written; `applyScoreDays`
 * takes it away.
 */
export async function stageScoreDays(
  client: Client,
  passed: Passed,
  evaluateDays: EvaluateDays = inPostgres,
): Promise<number> {
  await client.query(statement('runs/stage_scores'))
  const days = await daysToLookAt(client, passed)
  const compare = async (day: string) => compareDay(client, day, passed, await knownThen(client, day))
  if (days.length > 0) await evaluateDays(client, days, passed, compare)
  const { rows } = await client.query<{ rows: string }>('select count(*) as rows from staged_score_day')
  const found = Number(rows[0]!.rows)
  if (found > 0) await client.query(statement('runs/view_scores'))
  return found
}

/** Writes what was staged. To be called inside the run's transaction, once its scores are written. */
export async function applyScoreDays(client: Client, runId: string): Promise<number> {
  await client.query('drop view if exists pg_temp.score_history')
  const { rowCount } = await client.query(statement('runs/apply_score_days'), [runId])
  await client.query(statement('runs/apply_score_max'))
  return rowCount ?? 0
}

/**
 * From which day on a retention keeps how scores stood: for so many days, and for as long as a definition looks at the
 * most points within a time.
 */
export function keptFrom({ references }: { references: References }, asOf: Instant, days: number): string {
  const asked = [...references.values()]
    .flatMap((predicate) => looksBack(predicate, asOf))
    .filter(({ kind }) => kind === 'score_max')
    .map(({ from }) => from)
  const first = [resolve(ago({ amount: days, unit: 'day' }, 'UTC'), asOf), ...asked].sort()[0]!
  return first.slice(0, 10)
}

/** `2026-03-01`, for each day whose end lies after the run before, and no later than asOf. */
export function daysPassed(from: Instant, asOf: Instant): string[] {
  const days: string[] = []
  let day: Instant = `${from.slice(0, 10)}T00:00:00.000000Z`
  for (;;) {
    const next = nextDay(day, 'UTC')
    if (next === undefined || next > asOf) return days
    days.push(day.slice(0, 10))
    day = next
  }
}

/** Without fades a score stays as it is on a day on which nothing happened; of few days all are looked at. */
async function daysToLookAt(client: Client, { scores, from, asOf }: Passed): Promise<string[]> {
  if (from === null || scores.length === 0) return []
  const days = daysPassed(from, asOf)
  const fades = scores.some(({ rules }) => rules.some((rule) => rule.kind === 'events' && rule.fade))
  if (fades || days.length <= 2) return days
  const { rows } = await client.query<{ day: string }>(statement('runs/eventful_days'), [
    days[0],
    days.at(-1),
  ])
  const eventful = new Set(rows.map(({ day }) => day))
  return days.filter((day, index) => index === 0 || eventful.has(day))
}

type Scored = Pick<Passed, 'scores' | 'horizon'>

/** Makes `evaluated_day` (lead_id, scores) for one day after the other, and calls `each` of it. */
export type EvaluateDays = (
  client: Client,
  days: readonly string[],
  scored: Scored,
  each: (day: string) => Promise<void>,
) => Promise<void>

const inPostgres: EvaluateDays = async (client, days, scored, each) => {
  for (const day of days) {
    await evaluateDay(client, day, scored)
    await each(day)
  }
}

/** Evaluates the scores at the end of one day, and stages what is to be recorded of it. */
export async function stageDay(client: Client, day: string, scored: Scored): Promise<void> {
  await evaluateDay(client, day, scored)
  await compareDay(client, day, scored)
}

/** The instant as of which a day's scores are. */
export const endOfDay = (day: string): Instant => `${day}T23:59:59.999999Z`

async function evaluateDay(client: Client, day: string, { scores, horizon }: Scored): Promise<void> {
  const query = emit(plan([], scores), dialects.postgres, { asOf: endOfDay(day), horizon })
  const points = scores.map((_, score) => `s${score}`).join(', ')
  await client.query('drop table if exists pg_temp.evaluated_day')
  await client.query(
    `create temporary table evaluated_day as
     select lead_id, array[${points}]::numeric[] as scores from (${query.sql}) as features`,
    [...query.parameters],
  )
  await client.query('analyze evaluated_day')
}

/** The horizon of the run that recorded the day before; null if none did. */
async function knownThen(client: Client, day: string): Promise<string | null> {
  const { rows } = await client.query<{ horizon: string }>(statement('runs/known_then'), [day])
  return rows[0]?.horizon ?? null
}

/** Stages what is to be recorded of a day. `known`: what arrived since counts as what happened on it. */
async function compareDay(
  client: Client,
  day: string,
  { scores, horizon }: Scored,
  known: string | null = null,
): Promise<void> {
  await client.query('drop table if exists pg_temp.touched_day')
  await client.query(statement('runs/stage_score_touched'), [day, horizon, known])
  await client.query('analyze touched_day')
  for (const [index, score] of scores.entries()) {
    const named = [day, score.name, index + 1]
    await client.query(statement('runs/stage_score_day'), [
      ...named,
      score.levels.map(({ name }) => name),
      score.levels.map(({ from }) => micropoints(from)),
      score.ofLeads !== undefined,
    ])
    await client.query(statement('runs/stage_score_max'), named)
  }
}
