import { CronExpressionParser } from 'cron-parser'
import { Temporal } from 'temporal-polyfill'
import { formatInstant, type Instant } from '../compiler/index.ts'
import { UserError } from '../pipeline/errors.ts'

export const defaultSlots = '0 * * * *'

export type Due = {
  readonly pattern: string
  /** as_of of the run that was applied last; null if none ever was. */
  readonly lastApplied: Instant | null
  /** The database's clock. */
  readonly now: Instant
  /** How far back missed slots are made up, in seconds. */
  readonly catchUp: number
  /** No more than so many; all of them if left out. */
  readonly limit?: number
}

/**
 * The slots after the last applied run that have come, oldest first. Those older than the catch-up window are given
 * up, but never the newest: it is what should be true now. On an installation without any run only that one is due.
 */
export function dueSlots({
  pattern,
  lastApplied,
  now,
  catchUp,
  limit = Number.POSITIVE_INFINITY,
}: Due): Instant[] {
  const newest = lastSlot(pattern, now)
  if (newest === undefined || (lastApplied !== null && newest <= lastApplied)) return []
  if (lastApplied === null) return limit > 0 ? [newest] : []
  const opening = secondsOf(now, 'up') - catchUp - 1
  const slots = slotsAfter(
    pattern,
    Math.min(Math.max(secondsOf(lastApplied), opening), secondsOf(newest) - 1),
  )
  const due: Instant[] = []
  for (const slot of slots) {
    if (slot > newest || due.length >= limit) break
    due.push(slot)
  }
  return due
}

/**
 * Those due slots that should have been run by now: a run takes its time, but not as long as half the time between two
 * slots, and no more than half an hour.
 */
export function lateSlots(given: Due): Instant[] {
  const grace = Math.max(5, Math.min(secondsBetween(given.pattern, given.now) / 2, 1800))
  return dueSlots(given).filter((slot) => secondsOf(slot) + grace <= secondsOf(given.now))
}

/** How long it is from the next slot to the one after it. */
export function secondsBetween(pattern: string, now: Instant): number {
  const [first = now, second = now] = nextSlots(pattern, now, 2)
  return secondsOf(second) - secondsOf(first)
}

/** The next `count` slots after an instant. */
export function nextSlots(pattern: string, from: Instant, count: number): Instant[] {
  const slots = slotsAfter(checkSlots(pattern), secondsOf(from))
  return Array.from({ length: count }, () => slots.next().value as Instant)
}

/** The pattern itself if it can be read and ever comes true; otherwise says what was understood. All in UTC. */
export function checkSlots(pattern: string): string {
  const fields = pattern.trim().split(/\s+/)
  if (fields.length < 5 || fields.length > 6) {
    throw badSlots(
      pattern,
      `it has ${fields[0] === '' ? 'no fields' : `${fields.length} field(s)`}, not five or six`,
    )
  }
  // What cron-parser calls "hashed" is drawn anew each time, and a slot must be the same one for every worker.
  if (/H/.test(pattern)) throw badSlots(pattern, '"H" has no fixed meaning')
  try {
    parse(pattern, 0).next()
  } catch (error) {
    throw badSlots(pattern, understood(fields, error instanceof Error ? error.message : String(error)))
  }
  return fields.join(' ')
}

function lastSlot(pattern: string, now: Instant): Instant | undefined {
  try {
    // `prev` looks strictly before, so the second that has just begun is included by asking from the next one.
    return instantOf(
      parse(checkSlots(pattern), secondsOf(now) + 1)
        .prev()
        .getTime(),
    )
  } catch (error) {
    if (error instanceof UserError) throw error
    return undefined
  }
}

function* slotsAfter(pattern: string, seconds: number): Generator<Instant, never> {
  const expression = parse(pattern, seconds)
  for (;;) yield instantOf(expression.next().getTime())
}

const parse = (pattern: string, seconds: number) =>
  CronExpressionParser.parse(pattern.trim(), { currentDate: seconds * 1000, tz: 'UTC' })

/** The second an instant lies in, counted from 1970; rounded up if asked. Slots are whole seconds: nothing is lost. */
function secondsOf(instant: Instant, rounding: 'down' | 'up' = 'down'): number {
  const whole = Math.floor(Temporal.Instant.from(instant).epochMilliseconds / 1000)
  return rounding === 'up' && /\.\d*[1-9]/.test(instant) ? whole + 1 : whole
}

const instantOf = (milliseconds: number): Instant =>
  formatInstant(Temporal.Instant.fromEpochMilliseconds(milliseconds))

const names = ['second', 'minute', 'hour', 'day of month', 'month', 'weekday']

function understood(fields: readonly string[], problem: string): string {
  const named = names
    .slice(names.length - fields.length)
    .map((name, position) => `${name} ${fields[position]}`)
  return `understood as ${named.join(', ')}: ${problem.replace(/^\w/, (letter) => letter.toLowerCase()).replace(/\.$/, '')}`
}

const badSlots = (pattern: string, problem: string): UserError =>
  new UserError({
    code: 'BAD_SLOTS',
    message: `The slots "${pattern}" can't be used: ${problem}.`,
    hint: 'Write minute, hour, day of month, month and weekday in UTC: `0 * * * *` is every hour, `0 0 * * *` every night; six fields begin with seconds.',
  })
