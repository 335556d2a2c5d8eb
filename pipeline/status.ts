import type { Instant } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Row } from './engine.ts'
import type { LakeTold } from './lake/lake.ts'
import { readNaming } from './naming.ts'
import { type BackfillLeft, readBackfillsLeft } from './runs/backfill-left.ts'
import type { Candidates } from './runs/candidates.ts'
import { type Recorded, readRebuild } from './score-past.ts'
import { statement } from './sql.ts'

/** How an installation stands, for whoever is on call. Each part is one statement of `sql/reads/status_*`. */
export type Status = {
  readonly runs: RunsStanding
  readonly segments: readonly SegmentFreshness[]
  readonly events: readonly EventTypeStanding[]
  readonly horizon: HorizonStanding
  /** Undefined: nobody. */
  readonly waits: Waits | undefined
  readonly drift: readonly Drift[]
  /** What is recorded of scores that is to follow their rules, and does not yet; null: nothing. */
  readonly rebuild: Recorded | null
  readonly backfills: readonly BackfillLeft[]
}

export type RunsStanding = {
  readonly now: Instant
  readonly run_id: string | null
  readonly as_of: Instant | null
  readonly age: string | null
  readonly mode: 'incremental' | 'full' | 'backfill' | null
  readonly engine: string | null
  readonly chosen: { readonly code: string; readonly message: string } | null
  readonly candidates: Candidates | null
  readonly leads: string | null
  /** Why the last full run could not use the lake. */
  readonly fallback: string | null
  readonly fallback_code: string | null
  readonly fallback_run: string | null
  /** What that run wrote of the lake; null if it had none to write. */
  readonly lake: LakeTold | null
  /** Of the last run that looked for it. */
  readonly drift: string | null
  readonly drift_run: string | null
  readonly drift_as_of: Instant | null
  readonly drifted: string
  readonly running: string | null
  readonly running_as_of: Instant | null
  readonly running_for: string | null
  /** How many seconds nine of ten runs of its mode took at most; null: there were none. */
  readonly usual: string | null
  /** Who may write now, whether there is a run yet or not. */
  readonly owner: string | null
  /** The last that failed since one was applied, and how many did. */
  readonly failed: string | null
  readonly failed_as_of: Instant | null
  readonly failures: string | null
  readonly failed_code: string | null
  readonly failed_error: string | null
  /** The last nightly run whose figures could not be rolled up, since when, and why. */
  readonly unrolled: string | null
  readonly unrolled_as_of: Instant | null
  readonly unrolled_since: Instant | null
  readonly unrolled_code: string | null
  readonly unrolled_error: string | null
}

export type SegmentFreshness = {
  readonly segment: string
  readonly status: 'draft' | 'active' | 'paused'
  readonly state: 'ok' | 'broken' | 'blocked' | 'needs_approval' | null
  readonly good_run: string | null
  readonly good_as_of: Instant | null
  readonly age: string | null
  readonly failures: number
  readonly retry_at: Instant | null
  readonly approved_by: string | null
  readonly error_code: string | null
  readonly error: string | null
}

export type EventTypeStanding = {
  readonly type: string
  readonly events: string
  readonly last_at: Instant | null
  readonly silent: string | null
  readonly habit: string | null
  readonly habitual: boolean
  /** Active segments and scores that name it; null: it happened lately, and nobody asked. */
  readonly named: readonly string[] | null
}

/** What the database shows of a session; null where this user may not see it. Never what it executes. */
export type Session = {
  readonly pid: number | null
  readonly application: string | null
  readonly role: string | null
  readonly database: string | null
  readonly state: string | null
  readonly kind: string | null
}

export type HorizonStanding = Session & {
  readonly horizon: string
  readonly last_horizon: string | null
  readonly open: boolean
  readonly held: string | null
}

/** Who holds what a session of Tideline waits for. */
export type Waits = Session & {
  /** For how many seconds its transaction has been open. */
  readonly open: string | null
}

export type Drift = {
  /** Null: scores. */
  readonly segment: string | null
  readonly leads: string
  readonly sample: readonly string[]
}

/** How far a run that starts now would see. */
export async function readHorizon(reader: Reader): Promise<HorizonStanding> {
  const [horizon] = await rows<HorizonStanding>(reader, statement('reads/status_horizon'))
  return horizon!
}

export async function readStatus(reader: Reader): Promise<Status> {
  const read = <T extends Row>(name: string, parameters: string[] = []) =>
    rows<T>(reader, statement(`reads/status_${name}`), parameters)
  const [runs] = await read<RunsStanding>('runs')
  const [waits] = await read<Waits>('waits')
  const segments = await read<SegmentFreshness>('segments')
  return {
    runs: runs!,
    segments,
    events: await withNames(reader, await read<EventTypeStanding>('events'), segments),
    horizon: await readHorizon(reader),
    waits,
    drift: Number(runs!.drift) > 0 ? await read<Drift>('drift', [runs!.drift_run!]) : [],
    rebuild: await readRebuild(reader),
    backfills: await readBackfillsLeft(reader),
  }
}

/** Of a type that has been silent for so long, in seconds, it is asked whether anybody still wants it. */
export const longSilence = 56 * 86_400

async function withNames(
  reader: Reader,
  events: readonly EventTypeStanding[],
  segments: readonly SegmentFreshness[],
): Promise<EventTypeStanding[]> {
  const isGone = ({ habitual, silent }: EventTypeStanding) => !habitual && Number(silent) > longSilence
  if (!events.some(isGone)) return events.map((each) => ({ ...each, named: null }))
  const naming = await readNaming(reader)
  const active = new Set(segments.flatMap(({ segment, status }) => (status === 'active' ? [segment] : [])))
  const namedBy = (type: string) => [
    ...naming.event(type).filter((key) => active.has(key)),
    ...naming.scored(type),
  ]
  return events.map((each) => ({ ...each, named: isGone(each) ? namedBy(each.type) : null }))
}
