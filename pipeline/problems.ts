import type { Instant } from '../compiler/index.ts'
import { hintOf } from './lake/lake.ts'
import { type BackfillLeft, commandOf } from './runs/backfill-left.ts'
import { rebuilding } from './score-past.ts'
import type {
  EventTypeStanding,
  HorizonStanding,
  RunsStanding,
  SegmentFreshness,
  Session,
  Status,
  Waits,
} from './status.ts'

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
    ...rollUpProblems(status),
    ...driftProblems(status),
    ...rebuildProblems(status),
    ...status.backfills.map(leftProblem),
    ...status.events.flatMap(silenceProblem),
  ]
}

function runProblems({ runs, segments, waits }: Status, late: readonly Instant[]): Problem[] {
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
  if (late.length === 0 || active === 0 || goesAsUsual(runs)) return problems
  return [...problems, lateProblem(runs, waits, late)]
}

/** As long as a run may take before one wonders what it is at, in seconds; or twice as long as most did. */
const longRun = 60

const goesAsUsual = ({ running, running_for: seconds, usual }: RunsStanding): boolean =>
  running !== null && Number(seconds) < Math.max(longRun, 2 * Number(usual ?? 0))

function lateProblem(runs: RunsStanding, waits: Waits | undefined, late: readonly Instant[]): Problem {
  const { running, running_for: seconds, usual, owner } = runs
  const more = late.length > 1 ? ` and ${late.length - 1} after it` : ''
  const slots = `The slot ${plain(late[0]!)} UTC${more} should have been run by now`
  const took = usual === null ? '' : `; ${span(Number(usual))} are usual`
  const what =
    running === null
      ? `${slots}.${owner === null ? '' : ` ${owner} has begun, and is not at a run yet.`}`
      : `${slots}, but run ${running} has been going on for ${span(Number(seconds))}${took}.`
  const stuck = `\`tideline runs${running === null ? '' : ` ${running}`}\` shows how far it has come. If its process (${owner}) hangs, end it: the next run begins anew.`
  const nobody =
    'Is a worker running? `tideline worker` catches up; `tideline run` brings all up to date at once.'
  return {
    code: 'SLOT_LATE',
    message: waits
      ? `${what} ${owner === null ? 'A session of Tideline' : 'It'} waits for ${waitedFor(waits)}.`
      : what,
    hint: waits ? endOf(waits) : owner === null ? nobody : stuck,
    stale: true,
  }
}

/** Who it is, and since when. */
export const waitedFor = (waits: Waits): string =>
  waits.open === null
    ? holderOf(waits)
    : `${holderOf(waits)}, whose transaction has been open for ${span(Number(waits.open))}`

const endOf = ({ pid, kind }: Session): string => {
  if (pid !== null) return `End it, or have the database do so: select pg_terminate_backend(${pid})`
  return kind === 'prepared transaction'
    ? 'Commit it or roll it back; `select * from pg_prepared_xacts` lists what was prepared.'
    : 'Commit it or roll it back.'
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
      hint: endOf(horizon),
      stale: true,
    },
  ]
}

/** Who it is, by what the database shows of sessions. */
export function holderOf({ kind, pid, application, role, database, state }: Session): string {
  if (kind === null) return `a session that this user may not see${pid === null ? '' : ` (pid ${pid})`}`
  if (kind === 'prepared transaction')
    return state === null ? `a ${kind}` : `${state} (${role}, database ${database})`
  const name = application ? `"${application}"` : kind
  return `${name} (pid ${pid}${role ? `, user ${role}` : ''}${database ? `, database ${database}` : ''}${state ? `, ${state}` : ''})`
}

function lakeProblems({ runs }: Status): Problem[] {
  if (runs.fallback === null) return []
  const message = `The full run ${runs.fallback_run} could not use the lake, and was made in Postgres: ${runs.fallback}`
  const hint = `Members are right; it only took longer. ${hintOf(runs.fallback_code ?? '')}`
  return [{ code: 'LAKE_UNUSED', message, hint, stale: false }]
}

function rollUpProblems({ runs }: Status): Problem[] {
  const { unrolled, unrolled_as_of: asOf, unrolled_code: code, unrolled_since: since } = runs
  if (unrolled === null) return []
  const why = `${runs.unrolled_error} (${code}, since ${plain(since)} UTC)`
  const message = `Top events and conversion as of ${plain(asOf)} UTC, of run ${unrolled}, could not be rolled up: ${why}`
  const room =
    'Make room on the disk of the project, or let DuckDB take more memory (`memory` in tideline.yaml). '
  const hint = `${code?.startsWith('LAKE_') ? room : ''}The next run tries again.`
  return [{ code: 'ROLLUP_WAITS', message, hint, stale: false }]
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

/** Of what has been silent for long it is told as long as somebody counts on it. */
export const isSilent = ({ habitual, last_at, named }: EventTypeStanding): boolean =>
  !habitual && last_at !== null && named?.length !== 0

function silenceProblem(standing: EventTypeStanding): Problem[] {
  if (!isSilent(standing)) return []
  const { type, silent, habit, named } = standing
  const usual = `${span(Math.max(Number(habit), 3600))} at most`
  return [
    {
      code: 'SILENT',
      message: `No ${type} for ${span(Number(silent))}; its pauses last ${usual} as a rule.${named === null ? '' : ` It is named by ${some(named)}.`}`,
      hint: 'Does what sends these events still run? `tideline quality` and quarantine show what could not be taken.',
      stale: false,
    },
  ]
}

const some = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')

const plain = (instant: Instant | null): string => (instant ?? '?').replace('T', ' ').slice(0, 16)

/** Seconds in the unit that suits them: 45 s, 12 min, 5 h, 3 d. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}
