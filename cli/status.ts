import type { Instant } from '../compiler/index.ts'
import { UserError } from '../pipeline/errors.ts'
import type { LakeState } from '../pipeline/lake/lake.ts'
import { holderOf, isSilent, span, waitedFor } from '../pipeline/problems.ts'
import type { EventTypeStanding, SegmentFreshness, Status } from '../pipeline/status.ts'
import { mended, whyAnew } from './lake.ts'
import { lookedAt } from './runs.ts'
import { type Column, type Row, renderTable } from './table.ts'
import { instant, type Kind, megabytes, plural, thousands, wrap } from './values.ts'

export const statusColumns: readonly Column[] = [
  { name: 'segment' },
  { name: 'status', title: null },
  { name: 'state', title: null },
  { name: 'stands', title: 'STATE' },
  { name: 'good_run', title: 'GOOD RUN', kind: 'number' },
  { name: 'good_as_of', title: 'AS OF', kind: 'instant' },
  { name: 'age_said', title: 'AGE' },
  { name: 'age', title: null, kind: 'number' },
  { name: 'next_due', title: 'NEXT', kind: 'instant' },
  { name: 'failures', title: null, kind: 'number' },
  { name: 'error_code', title: null },
  { name: 'error' },
]

export const machineColumns = statusColumns.filter(({ name }) => name !== 'stands' && name !== 'age_said')

const named = (names: string, kind?: Kind): Column[] =>
  names.split(' ').map((name) => (kind ? { name, kind } : { name }))

export const runColumns: readonly Column[] = [
  ...named(
    'run_id age leads fallback_run drift drift_run drifted running running_for usual failed failures unrolled',
    'number',
  ),
  ...named('now as_of drift_as_of running_as_of failed_as_of unrolled_as_of unrolled_since', 'instant'),
  ...named('mode engine chosen candidates owner fallback fallback_code lake failed_code failed_error'),
  ...named('unrolled_code unrolled_error'),
]
const sessionColumns = [...named('pid', 'number'), ...named('application role database state kind')]
export const horizonColumns: readonly Column[] = [
  ...named('horizon last_horizon held', 'number'),
  ...named('open'),
  ...sessionColumns,
]
export const waitsColumns: readonly Column[] = [...named('open', 'number'), ...sessionColumns]
export const driftColumns: readonly Column[] = [...named('segment sample'), ...named('leads', 'number')]
export const typeColumns: readonly Column[] = [
  ...named('type habitual named'),
  ...named('events silent habit', 'number'),
  ...named('last_at', 'instant'),
]

/** What is not evaluated has no next slot; what failed is tried from a moment on. */
export const segmentRows = (segments: readonly SegmentFreshness[], next: Instant): Row[] =>
  segments.map((segment) => {
    const { status, state, age, retry_at: retryAt } = segment
    return {
      ...segment,
      stands: status === 'active' ? (state?.replace('_', ' ') ?? 'new') : status,
      age_said: age === null ? null : span(Number(age)),
      next_due: status !== 'active' ? null : retryAt !== null && retryAt > next ? retryAt : next,
    }
  })

/** Undefined: none is wanted. An error: it can't be looked at. */
export type LakeFound = LakeState | UserError | undefined

export const lakeDocument = (lake: LakeFound): object | null =>
  lake instanceof UserError
    ? { folder: lake.where, state: 'unknown', code: lake.code, message: lake.message, hint: lake.hint }
    : (lake ?? null)

/** One line each: last run, next slot, horizon, lake, drift; then the event types. */
export function factLines(found: Status, next: Instant, lake: LakeFound): string[] {
  const facts = [
    ['last run', lastRun(found)],
    ...(found.runs.running === null ? [] : [['running', running(found)]]),
    ['next slot', `${instant(next)} UTC`],
    ['horizon', horizon(found)],
    ['lake', lakeSaid(lake, found)],
    ['drift', drift(found)],
  ]
  const margin = Math.max(...facts.map(([name = '']) => name.length)) + 2
  return [
    ...facts.flatMap(([name = '', said = '']) =>
      wrap(said, 100 - margin).map((line, index) => `${(index === 0 ? name : '').padEnd(margin)}${line}`),
    ),
    ...(found.events.length > 0 ? ['', ...eventLines(found.events)] : []),
  ]
}

function lastRun({ runs }: Status): string {
  const { run_id: id, as_of: asOf, age, mode, chosen, candidates, leads } = runs
  if (id === null || asOf === null) return 'none yet'
  const looked =
    mode === null || mode === 'backfill' || chosen === null
      ? ''
      : `, at ${lookedAt({ mode, chosen, candidates, leads: Number(leads ?? 0) }).replace(/\.$/, '')}`
  return `${id} as of ${instant(asOf)} UTC, ${span(Number(age))} ago, ${mode}${looked}`
}

function running({ runs, waits }: Status): string {
  const { running: id, running_as_of: asOf, running_for: seconds, owner } = runs
  const what = `${id} as of ${instant(asOf ?? '')} UTC, for ${span(Number(seconds))}, by ${owner}`
  return waits ? `${what}; it waits for ${waitedFor(waits)}` : what
}

function horizon({ horizon }: Status): string {
  if (!horizon.open) return 'all that is committed is seen'
  if (horizon.held === null) return `held back by ${holderOf(horizon)}`
  return `what is older than ${span(Number(horizon.held))} is seen; held back by ${holderOf(horizon)}`
}

function lakeSaid(lake: LakeFound, { runs }: Status): string {
  if (lake === undefined) return 'none is wanted: full runs are made in Postgres'
  if (lake instanceof UserError) return `${lake.message} ${lake.hint}`
  if (lake.state !== 'ok') return `to be written by the next full run: ${whyAnew(lake.state, lake.strays)}`
  const size = `${plural(lake.events, 'event')} in ${plural(lake.files, 'file')}, ${megabytes(lake.bytes)}`
  const healed = runs.lake && mended(runs.lake)
  const told = healed ? `. In run ${runs.fallback_run}: ${healed.replace(/\.$/, '')}` : ''
  return `${size}, written ${instant(lake.writtenAt ?? '')} UTC${told}`
}

function drift({ runs, drift }: Status): string {
  if (runs.drift === null || runs.drift_as_of === null) return 'not looked for yet'
  const where = drift.map(({ segment, leads, sample }) => {
    const some =
      sample.length > 0 ? ` (${sample.join(', ')}${Number(leads) > sample.length ? ', …' : ''})` : ''
    return `${segment ?? 'scores'} ${thousands(leads)}${some}`
  })
  const days = Number(runs.drifted) > Number(runs.drift) ? `; ${thousands(runs.drifted)} in 30 days` : ''
  const found = `${thousands(runs.drift)} in run ${runs.drift_run} as of ${instant(runs.drift_as_of)} UTC${days}`
  return where.length > 0 ? `${found}: ${where.join(', ')}` : found
}

const eventColumns: readonly Column[] = [
  { name: 'type', title: 'EVENT TYPE' },
  { name: 'events', title: 'IN 56 DAYS', kind: 'count' },
  { name: 'last_at', title: 'LAST', kind: 'instant' },
  { name: 'silent', title: 'AGO' },
  { name: 'habit', title: 'USUAL PAUSE' },
  { name: 'warning', title: '' },
]
const mostTypes = 20

function eventLines(events: readonly EventTypeStanding[]): string[] {
  const rows = events.slice(0, mostTypes).map((each) => ({
    ...each,
    silent: each.silent === null ? null : span(Number(each.silent)),
    habit: each.habit === null ? null : `up to ${span(Math.max(3600, Number(each.habit)))}`,
    warning: isSilent(each) ? 'silent' : '',
  }))
  const rest = events.length - rows.length
  return [
    ...renderTable(eventColumns, rows, 100),
    ...(rest > 0 ? [`and ${plural(rest, 'type')} more: --format json has all`] : []),
  ]
}
