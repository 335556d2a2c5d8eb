import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import type { Context } from './condition.ts'
import { type Operand, type Test, type Tree, test } from './ir.ts'
import { limits } from './limits.ts'
import {
  ago,
  ahead,
  type CalendarUnit,
  type Duration,
  durationUnits,
  formatInstant,
  type Instant,
  isDay,
  isLonger,
  type Moment,
  nextDay,
  printDuration,
  readInstant,
} from './time.ts'

export const duration = z
  .strictObject({ amount: z.int().nonnegative().max(limits.count), unit: z.enum(durationUnits) })
  .meta({ examples: [{ amount: 7, unit: 'day' }] })

const unit = z.enum(['week', 'month', 'quarter', 'year'])
/** A day (the whole local day is meant) or an instant, as people write it. */
const date = z.string()

const apart = z.strictObject({
  is: z.enum(['within', 'within next', 'more than ago', 'more than from now']),
  duration,
})
const betweenAgo = z.strictObject({ is: z.literal('between ago'), from: duration, to: duration })
const dated = z.strictObject({ is: z.enum(['since', 'before', 'after', 'on']), date })
const betweenDates = z.strictObject({ is: z.literal('between'), from: date, to: date })
const calendar = z.strictObject({ is: z.enum(['this', 'last', 'next']), unit })
const near = z.strictObject({ is: z.enum(['today', 'yesterday', 'tomorrow']) })

/** Which time is meant: the JSON form. */
export const period = z.discriminatedUnion('is', [apart, betweenAgo, dated, betweenDates, calendar, near])
export type Period = z.infer<typeof period>

/** What may be asked of a value: two dates around it are a `between` of their own there. */
export const periodOfValue = z.discriminatedUnion('is', [apart, betweenAgo, dated, calendar, near])

/** From `from` or after `after`, to `to` or until `until` (excluded). */
export type Window = {
  readonly from?: Moment
  readonly after?: Moment
  readonly to?: Moment
  readonly until?: Moment
}

/** No instant lies after it. */
const never = { from: { kind: 'at', instant: '9999-12-31T23:59:59.999999Z' } } as const
const asOf: Moment = { kind: 'ago', duration: { amount: 0, unit: 'second' } }

/**
 * The period as events have it. None after asOf is ever seen, so an end at asOf or later goes without saying: all
 * periods that only begin share one feature.
 */
export function lowerPeriod(
  node: object,
  when: Period,
  context: Context,
): { from?: Moment; to?: Moment; until?: Moment } {
  if (isAhead(when)) {
    context.report(node, 'NEVER', `Events lie in the past: none is ${sayPeriod(when)}.`, {
      severity: 'warning',
    })
    return never
  }
  const { from, to, until } = windowOf(node, when, context)
  const ends = when.is !== 'within' && when.is !== 'this' && when.is !== 'today'
  return { ...(from && { from }), ...(ends && to && { to }), ...(ends && until && { until }) }
}

const isAhead = ({ is }: Period): boolean =>
  is === 'within next' || is === 'more than from now' || is === 'next' || is === 'tomorrow'

/** Whether an instant lies in the period. It may lie after asOf. */
export function inPeriod<Subject>(
  subject: Subject,
  when: Period,
  node: object,
  context: Context,
): Tree<Test<Subject>> {
  return inWindow(subject, windowOf(node, when, context))
}

/** Whether an instant that is never after asOf (of an event, of a lead's beginning) lies in the period. */
export function seenInPeriod<Subject>(
  subject: Subject,
  when: Period,
  node: object,
  context: Context,
): Tree<Test<Subject>> {
  return inWindow(subject, lowerPeriod(node, when, context))
}

/** Whether an instant lies in a window. One that is missing never does. */
export function inWindow<Subject>(subject: Subject, { from, after, to, until }: Window): Tree<Test<Subject>> {
  const at = (moment: Moment): Operand => ({ type: 'instant', moment })
  const of = [
    ...(from ? [test(subject, { op: '>=', to: at(from) })] : []),
    ...(after ? [test(subject, { op: '>', to: at(after) })] : []),
    ...(to ? [test(subject, { op: '<=', to: at(to) })] : []),
    ...(until ? [test(subject, { op: '<', to: at(until) })] : []),
  ]
  const [first = test(subject, { op: 'known' })] = of
  return of.length > 1 ? { kind: 'all', of } : first
}

function windowOf(node: object, when: Period, context: Context): Window {
  const { zone } = context
  switch (when.is) {
    case 'within':
      return { from: since(node, when.duration, context), to: asOf }
    case 'within next':
      return { from: asOf, to: until(node, when.duration, context) }
    case 'more than ago':
      return { until: since(node, when.duration, context) }
    case 'more than from now':
      return { after: until(node, when.duration, context) }
    case 'between ago': {
      const [from, to] = isShorter(when.from, when.to) ? [when.to, when.from] : [when.from, when.to]
      return { from: since(node, from, context), to: since(node, to, context) }
    }
    case 'since':
    case 'before':
    case 'after':
    case 'on':
      return datedWindow(node, when.is, when.date, context)
    case 'between':
      return betweenDays(node, when.from, when.to, context)
    case 'this':
    case 'last':
    case 'next':
      return calendarWindow(when.unit, offsets[when.is], zone)
    case 'today':
    case 'yesterday':
    case 'tomorrow':
      return calendarWindow('day', offsets[when.is], zone)
  }
}

function betweenDays(node: object, from: string, to: string, context: Context): Window {
  const [begins, ends] = [readInstant(from, context.zone), readInstant(to, context.zone)]
  if (begins && ends && begins > ends) {
    const message = `"${to}" lies before "${from}".`
    context.report(node, 'BAD_RANGE', message, { hint: 'The earlier date comes first.' })
  }
  return { ...datedWindow(node, 'on', to, context), ...datedWindow(node, 'since', from, context) }
}

const offsets = { this: 0, last: -1, next: 1, today: 0, yesterday: -1, tomorrow: 1 } as const

function calendarWindow(of: CalendarUnit, offset: number, zone: string): Window {
  const start = (periods: number): Moment => ({ kind: 'start', of, offset: periods, zone })
  return { from: start(offset), until: start(offset + 1) }
}

/** A date means its whole local day: `on d` is [d, d+1), `after d` begins at d+1. */
export function datedWindow(
  node: object,
  is: 'since' | 'before' | 'after' | 'on',
  date: string,
  context: Context,
): Window {
  const instant = readInstant(date, context.zone)
  if (!instant) {
    const hint = 'Write it as "2026-11-23" or "2026-11-23 14:00".'
    const message = `"${date}" is not a day or an instant of the calendar.`
    context.report(node, 'BAD_INSTANT', message, { hint })
    return never
  }
  const at = (instant: Instant): Moment => ({ kind: 'at', instant })
  if (is === 'since') return { from: at(instant) }
  if (is === 'before') return { until: at(instant) }
  if (!isDay(date)) return is === 'on' ? { from: at(instant), to: at(instant) } : { from: at(next(instant)) }
  const end = nextDay(instant, context.zone)
  // Nothing lies after the last day of the calendar.
  if (is === 'after') return end ? { from: at(end) } : never
  return end ? { from: at(instant), until: at(end) } : { from: at(instant) }
}

/** The last one there is has none after it. */
const next = (instant: Instant): Instant =>
  instant === never.from.instant
    ? instant
    : formatInstant(Temporal.Instant.from(instant).add({ microseconds: 1 }))

/** `asOf − duration`, if a calendar can be trusted that far back. */
export const since = (node: object, duration: Duration, context: Context): Moment =>
  ago(checked(node, duration, context), context.zone)

const until = (node: object, duration: Duration, context: Context): Moment =>
  ahead(checked(node, duration, context), context.zone)

function checked(node: object, duration: Duration, context: Context): Duration {
  if (!isLonger(duration, limits.durationYears)) return duration
  const message = `${printDuration(duration)} is longer than ${limits.durationYears} years.`
  context.report(node, 'BAD_DURATION', message)
  return { amount: 0, unit: 'second' }
}

const days = { second: 1 / 86_400, minute: 1 / 1440, hour: 1 / 24, day: 1, week: 7 } as const
const longDays = { month: 30.436875, quarter: 91.310625, year: 365.2425 } as const

/** Calendar units in their mean length. */
export const isShorter = (a: Duration, b: Duration): boolean => length(a) < length(b)
const length = ({ amount, unit }: Duration): number => amount * { ...days, ...longDays }[unit]

/** The text form. */
export function printPeriod(when: Period): string {
  switch (when.is) {
    case 'within':
    case 'within next':
      return `${when.is} ${printDuration(when.duration)}`
    case 'more than ago':
      return `more than ${printDuration(when.duration)} ago`
    case 'more than from now':
      return `more than ${printDuration(when.duration)} from now`
    case 'between ago':
      return `between ${between(when.from, when.to)} ago`
    case 'since':
    case 'before':
    case 'after':
    case 'on':
      return `${when.is} ${JSON.stringify(when.date)}`
    case 'between':
      return `between ${JSON.stringify(when.from)} and ${JSON.stringify(when.to)}`
    case 'this':
    case 'last':
    case 'next':
      return `${when.is} ${when.unit}`
    case 'today':
    case 'yesterday':
    case 'tomorrow':
      return when.is
  }
}

const between = (from: Duration, to: Duration): string =>
  `${from.unit === to.unit ? from.amount : printDuration(from)} and ${printDuration(to)}`

/** In words, as it stands behind a verb: "in the last 7 days". */
export function sayPeriod(when: Period): string {
  if (when.is === 'within') return `in the last ${sayDuration(when.duration)}`
  if (when.is === 'within next') return `in the next ${sayDuration(when.duration)}`
  return printPeriod(when).replaceAll('"', '')
}

/** "7 days", "day": as it stands behind "the last". */
export const sayDuration = (duration: Duration): string =>
  duration.amount === 1 ? duration.unit : printDuration(duration)
