import { sql } from 'kysely'
import type { Sql } from './dialect.ts'
import type { SequenceFeature } from './ir.ts'
import { eventsOf } from './plan.ts'
import { as, type Part, passes, type Scope, typesOf, visible } from './scans.ts'
import { type Instant, resolve } from './time.ts'

/**
 * All sequences together: one pass over the events of the types they name, in order, one select per step. A lead's
 * row carries, per sequence and step, what is best for the steps to come: where time is counted from the step before,
 * the latest instant at which the steps so far were done; where it is counted from the first, the latest begin.
 */
export function sequenceScan(scope: Scope): Part[] {
  const { sequences } = scope.plan
  if (sequences.length === 0) return []
  const longest = Math.max(...sequences.map(({ steps }) => steps.length))
  const steps = Array.from({ length: longest }, (_, step) => stepOf(step, scope))
  return [eventsInOrder(scope), ...steps, sequenceFeatures(longest, scope)]
}

/** Which steps an event may be: `q0_1` for the first step of the first sequence; `q0_n` where it must not follow. */
function eventsInOrder(scope: Scope): Part {
  const { sequences } = scope.plan
  const flags = sequences.flatMap((sequence) => {
    const name = scope.columns.of(sequence)
    const steps = sequence.steps.map(({ events }, step) => as(passes(events, scope), `${name}_${step + 1}`))
    return sequence.without ? [...steps, as(passes(sequence.without.events, scope), `${name}_n`)] : steps
  })
  const types = typesOf(
    sequences.flatMap((sequence) => eventsOf(sequence).map(({ types: each }) => each)),
    scope,
  )
  return {
    name: 'sequence_event',
    query: sql`
  select ${sql.join([sql`lead_id`, sql`occurred_at`, ...flags], sql`,\n    `)}
  from events
  where ${sql.join(visible(scope, types), sql`\n    and `)}`,
  }
}

const place = (step: number): string => (step === 0 ? 'sequence_event' : `sequence_step_${step}`)

/** Events at the same instant are no earlier: `groups` leaves them out. */
const earlier = sql`earlier as (partition by lead_id order by occurred_at groups between unbounded preceding and 1 preceding)`
const later = sql`later as (partition by lead_id order by occurred_at desc groups between unbounded preceding and 1 preceding)`

function stepOf(step: number, scope: Scope): Part {
  const columns: Sql[] = scope.plan.sequences.flatMap((sequence) => {
    const name = scope.columns.of(sequence)
    const next = sequence.steps[step]
    const reached = next
      ? [as(reach(sequence, step, scope), `${name}_done_${step + 1}`), ...pathTo(sequence, step, scope)]
      : []
    const following = sequence.without && step === 0
    return following
      ? [
          ...reached,
          sql`min(case when ${sql.ref(`${name}_n`)} then occurred_at end) over later as ${sql.ref(`${name}_next`)}`,
        ]
      : reached
  })
  return {
    name: place(step + 1),
    query: sql`
  select ${sql.join([sql.raw(`${place(step)}.*`), ...columns], sql`,\n    `)}
  from ${sql.ref(place(step))}
  window ${earlier}, ${later}`,
  }
}

/** What this event has reached as a sequence's step: null if it isn't that step, or comes too late. */
function reach(sequence: SequenceFeature, step: number, { columns, dialect }: Scope): Sql {
  const name = columns.of(sequence)
  const is = sql.ref(`${name}_${step + 1}`)
  if (step === 0) return sql`case when ${is} then occurred_at end`
  const before = sql`max(${sql.ref(`${name}_done_${step}`)}) over earlier`
  if (countsFromFirst(sequence)) return sql`case when ${is} then ${before} end`
  const { within } = sequence.steps[step]!
  const inTime =
    within === undefined ? sql`${before} is not null` : sql`occurred_at <= ${dialect.later(before, within)}`
  return sql`case when ${is} and ${inTime} then occurred_at end`
}

/**
 * When this event's steps were done, beside what it has reached: the latest of the paths up to the step before, and
 * this one. What is counted from stands first, so that the latest path is that of the latest instant reached.
 */
function pathTo(sequence: SequenceFeature, step: number, scope: Scope): Sql[] {
  if (!scope.values) return []
  const name = scope.columns.of(sequence)
  const here = sql`array[occurred_at]`
  const before = sql`max(${sql.ref(`${name}_path_${step}`)}) over earlier`
  const path =
    step === 0 ? here : countsFromFirst(sequence) ? sql`${before} || ${here}` : sql`${here} || ${before}`
  return [
    as(
      sql`case when ${reach(sequence, step, scope)} is not null then ${path} end`,
      `${name}_path_${step + 1}`,
    ),
  ]
}

const countsFromFirst = (sequence: SequenceFeature): boolean => sequence.within !== undefined

function sequenceFeatures(longest: number, scope: Scope): Part {
  const columns = scope.plan.sequences.map((sequence) => {
    const name = scope.columns.of(sequence)
    return [as(sql`bool_or(${isDone(sequence, scope)})`, name), ...furthest(sequence, scope)]
  })
  return {
    name: 'sequence_feature',
    query: sql`
  select ${sql.join([sql`lead_id`, ...columns.flat()], sql`,\n    `)}
  from ${sql.ref(place(longest))}
  group by lead_id`,
  }
}

/** The column with the instants of the steps that a lead did: the latest times it came furthest. */
export const pathColumn = (sequence: SequenceFeature, { columns }: Pick<Scope, 'columns'>): string =>
  `${columns.of(sequence)}_path`

function furthest(sequence: SequenceFeature, scope: Scope): Sql[] {
  if (!scope.values) return []
  const name = scope.columns.of(sequence)
  const path = (step: number) => sql.ref(`${name}_path_${step}`)
  const last = sequence.steps.length
  const next = sql`array[${sql.ref(`${name}_next`)}]`
  const whole = sequence.without
    ? sql`case when ${path(last)} is not null then ${path(last)} || ${next} end`
    : path(last)
  const parts = Array.from({ length: last - 1 }, (_, index) => sql`max(${path(last - 1 - index)})`)
  const done = sql`max(${whole}) filter (where ${isDone(sequence, scope)})`
  return [as(sql`coalesce(${sql.join([done, sql`max(${whole})`, ...parts])})`, pathColumn(sequence, scope))]
}

/** Of a path as it was kept: in the order of the steps; last, if that followed, what was not to. */
export function stepsOf(sequence: SequenceFeature, path: readonly Instant[]): readonly Instant[] {
  if (countsFromFirst(sequence)) return path
  const done = path.slice(0, sequence.steps.length)
  return [...done.reverse(), ...path.slice(sequence.steps.length)]
}

/** Whether the whole sequence is done with this event as its last step. */
function isDone(sequence: SequenceFeature, { columns, dialect, asOf }: Scope): Sql {
  const name = columns.of(sequence)
  const { steps, within, without } = sequence
  const done = sql.ref(`${name}_done_${steps.length}`)
  const tests: Sql[] = [sql`${done} is not null`]
  if (within !== undefined) tests.push(sql`occurred_at <= ${dialect.later(done, within)}`)
  if (without) {
    const duration = { amount: without.within, unit: 'second' } as const
    const over = dialect.instant(resolve({ kind: 'ago', duration }, asOf))
    const next = sql.ref(`${name}_next`)
    tests.push(sql`occurred_at <= ${over}`)
    tests.push(sql`coalesce(${next} > ${dialect.later(sql`occurred_at`, without.within)}, true)`)
  }
  return sql`coalesce(${sql.join(tests, sql` and `)}, false)`
}
