import type { Instant } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Row } from './engine.ts'
import { type BackfillLeft, commandOf, readBackfillsLeft } from './runs/backfill-left.ts'
import type { Candidates } from './runs/candidates.ts'
import { type Recorded, readRebuild, rebuilding } from './score-past.ts'
import { statement } from './sql.ts'

/** How an installation stands, for whoever is on call. Each part is one statement of `sql/reads/status_*`. */
export type Status = {
  readonly runs: RunsStanding
  readonly segments: readonly SegmentFreshness[]
  readonly events: readonly EventTypeStanding[]
  readonly horizon: HorizonStanding
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
  readonly fallback_run: string | null
  /** Of the last run that looked for it. */
  readonly drift: string | null
  readonly drift_run: string | null
  readonly drift_as_of: Instant | null
  readonly drifted: string
  readonly running: string | null
  readonly running_as_of: Instant | null
  readonly running_for: string | null
  readonly owner: string | null
  /** The last that failed since one was applied, and how many did. */
  readonly failed: string | null
  readonly failed_as_of: Instant | null
  readonly failures: string | null
  readonly failed_code: string | null
  readonly failed_error: string | null
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
}

export type HorizonStanding = {
  readonly horizon: string
  readonly last_horizon: string | null
  readonly open: boolean
  readonly held: string | null
  readonly pid: number | null
  readonly application: string | null
  readonly role: string | null
  readonly database: string | null
  readonly state: string | null
  readonly kind: string | null
}

export type Drift = {
  /** Null: scores. */
  readonly segment: string | null
  readonly leads: string
  readonly sample: readonly string[]
}

export async function readStatus(reader: Reader): Promise<Status> {
  const read = <T extends Row>(name: string, parameters: string[] = []) =>
    rows<T>(reader, statement(`reads/status_${name}`), parameters)
  const [runs] = await read<RunsStanding>('runs')
  const [horizon] = await read<HorizonStanding>('horizon')
  return {
    runs: runs!,
    segments: await read<SegmentFreshness>('segments'),
    events: await read<EventTypeStanding>('events'),
    horizon: horizon!,
    drift: Number(runs!.drift) > 0 ? await read<Drift>('drift', [runs!.drift_run!]) : [],
    rebuild: await readRebuild(reader),
    backfills: await readBackfillsLeft(reader),
  }
}

export type Problem = {
  readonly code: string
  readonly message: string
  readonly hint: string
  /** Whether members are not what they should be by now; else it is only worth a look. */
  readonly stale: boolean
}

/** From when on a transaction that stays open keeps too much from being seen, in seconds. */
const heldTooLong = 1800

/** What is wrong, worst first. `late`: the slots that should have been run by now, oldest first. */
export function problemsOf(status: Status, late: readonly Instant[]): Problem[] {
  return [
    ...runProblems(status, late),
    ...status.segments.flatMap(segmentProblem),
    ...horizonProblems(status.horizon),
    ...lakeProblems(status),
    ...driftProblems(status),
    ...rebuildProblems(status),
    ...status.backfills.map(leftProblem),
    ...status.events.flatMap(silenceProblem),
  ]
}

function runProblems({ runs, segments }: Status, late: readonly Instant[]): Problem[] {
  const active = segments.filter((segment) => segment.status === 'active').length
  const problems: Problem[] = []
  if (runs.failed !== null) {
    const times = Number(runs.failures) > 1 ? ` (${runs.failures} failed since the last good one)` : ''
    const error = `${runs.failed_error ?? 'no reason is known'}`.replace(/[.\s]*$/, '.')
    problems.push({
      code: 'RUN_FAILED',
      message: `Run ${runs.failed} as of ${plain(runs.failed_as_of)} UTC failed${times}: ${error}`,
      hint: `\`tideline runs ${runs.failed}\` shows it. The worker tries again by itself; \`tideline run\` does so now.`,
      stale: false,
    })
  }
  if (runs.run_id === null && active > 0) {
    const [message, hint] = [
      'No run was ever applied: no segment has members yet.',
      '`tideline run` does one; `tideline worker` goes on doing so.',
    ]
    return [...problems, { code: 'NEVER_RUN', message, hint, stale: true }]
  }
  if (late.length > 0 && runs.running === null && active > 0) {
    const more = late.length > 1 ? ` and ${late.length - 1} after it` : ''
    problems.push({
      code: 'SLOT_LATE',
      message: `The slot ${plain(late[0]!)} UTC${more} should have been run by now.`,
      hint: 'Is a worker running? `tideline worker` catches up; `tideline run` brings all up to date at once.',
      stale: true,
    })
  }
  return problems
}

function segmentProblem(segment: SegmentFreshness): Problem[] {
  const { segment: key, status, state, error, error_code: code } = segment
  if (status !== 'active' || state === 'ok' || state === null) return []
  const since = segment.good_as_of
    ? `keeps its members as of ${plain(segment.good_as_of)} UTC`
    : 'has no members yet'
  const said = `${error ?? 'no reason is known'}`.replace(/[.\s]*$/, '.')
  if (state === 'needs_approval') {
    const waits = segment.approved_by !== null
    return [
      {
        code: 'NEEDS_APPROVAL',
        message: `${key} is parked and ${since}. ${said}`,
        hint: waits
          ? `${segment.approved_by} let it through: the next run applies it.`
          : `\`tideline approve ${key}\` lets it through, if it is right.`,
        stale: true,
      },
    ]
  }
  const hints = {
    broken: 'Mend the definition or what it reads, then `tideline apply`; it is tried again by itself.',
    blocked: 'It goes on by itself once what it refers to does.',
  }
  return [
    {
      code: code ?? 'BROKEN',
      message: `${key} is ${state} and ${since}. ${said}`,
      hint: hints[state],
      stale: true,
    },
  ]
}

function horizonProblems(horizon: HorizonStanding): Problem[] {
  if (Number(horizon.held ?? 0) < heldTooLong) return []
  return [
    {
      code: 'HORIZON_HELD',
      message: `Nothing that arrived in the last ${span(Number(horizon.held))} is seen by runs: ${holderOf(horizon)} has had a transaction open since then.`,
      hint:
        horizon.pid === null
          ? 'Commit it or roll it back.'
          : `End it, or have the database do so: select pg_terminate_backend(${horizon.pid})`,
      stale: true,
    },
  ]
}

/** Who it is that holds the horizon back, by what the database shows of sessions; never what they execute. */
export function holderOf({ kind, pid, application, role, database, state }: HorizonStanding): string {
  if (kind === null) return 'a session that this user may not see'
  if (kind === 'prepared transaction') return `${state} (${role}, database ${database})`
  const name = application ? `"${application}"` : kind
  return `${name} (pid ${pid}${role ? `, user ${role}` : ''}${database ? `, database ${database}` : ''}${state ? `, ${state}` : ''})`
}

function lakeProblems({ runs }: Status): Problem[] {
  if (runs.fallback === null) return []
  const message = `The full run ${runs.fallback_run} could not use the lake, and was made in Postgres: ${runs.fallback}`
  const hint = 'Members are right; it only took longer. `tideline lake verify` looks at the files.'
  return [{ code: 'LAKE_UNUSED', message, hint, stale: false }]
}

function driftProblems({ runs }: Status): Problem[] {
  if (Number(runs.drift ?? 0) === 0) return []
  const message = `The full run ${runs.drift_run} found and repaired ${runs.drift} differences that no change explains.`
  const hint = `All is right since; zero is normal, so please report it. \`tideline runs ${runs.drift_run}\` shows the segments.`
  return [{ code: 'DRIFT', message, hint, stale: false }]
}

function rebuildProblems({ rebuild }: Status): Problem[] {
  if (!rebuild) return []
  const since = `${plain(rebuild.from)} UTC`
  const message = `The past was to follow the rules of scoring.yaml, and does not yet: what is recorded since ${since} is partly by other rules.`
  const hint = `\`${rebuilding(rebuild)}\` does it; \`tideline apply --scores from-now\` lets the past stay.`
  return [{ code: 'REBUILD_DUE', message, hint, stale: false }]
}

function leftProblem(left: BackfillLeft): Problem {
  const { run_id: run, from, to, done, total, until } = left
  return {
    code: 'BACKFILL_INTERRUPTED',
    message: `The backfill of run ${run} from ${plain(from)} until ${plain(to)} UTC was interrupted after ${done} of ${total} instants.`,
    hint: `\`${commandOf(left)}\` goes on from there, until ${plain(until)} UTC.`,
    stale: false,
  }
}

function silenceProblem({ type, last_at, silent, habit, habitual }: EventTypeStanding): Problem[] {
  if (habitual || last_at === null) return []
  const usual = `${span(Math.max(Number(habit), 3600))} at most`
  return [
    {
      code: 'SILENT',
      message: `No ${type} for ${span(Number(silent))}; its pauses last ${usual} as a rule.`,
      hint: 'Does what sends these events still run? `tideline quality` and quarantine show what could not be taken.',
      stale: false,
    },
  ]
}

const plain = (instant: Instant | null): string => (instant ?? '?').replace('T', ' ').slice(0, 16)

/** Seconds in the unit that suits them: 45 s, 12 min, 5 h, 3 d. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}
