import type { Instant, Moment } from '../../../compiler/time.ts'

/**
 * Instants as microseconds since 1970, and what the clocks of a zone show then: asked of Intl one instant at a time.
 * Slow and obvious: no calendar library, and nothing of the compiler's.
 */
export type Micros = bigint

const million = 1_000_000n
const dayLong = 86_400n * million

/** Days since 1970 of a date of the calendar, counted in cycles of 400 years. Months past December run on. */
function dayNumber(year: number, month: number, day: number): number {
  const [y, m] = [year + Math.floor((month - 1) / 12), (((month - 1) % 12) + 12) % 12]
  // With March as the first month, the leap day is the last day of its year.
  const [from, shifted] = m < 2 ? [y - 1, m + 10] : [y, m - 2]
  const leaps = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400)
  return from * 365 + leaps + Math.floor((153 * shifted + 2) / 5) + day - 1 - 719_468
}

const daysOfMonth = (year: number, month: number): number =>
  dayNumber(year, month + 1, 1) - dayNumber(year, month, 1)

export function microsOf(instant: Instant): Micros {
  const [year, month, day, hour, minute, second, micros] = instant.match(/\d+/g)!.map(Number)
  return (
    BigInt(dayNumber(year!, month!, day!)) * dayLong +
    BigInt((hour! * 60 + minute!) * 60 + second!) * million +
    BigInt(micros ?? 0)
  )
}

/** Beyond four digits of the year an instant is taken to be the first or the last one there is. */
export function instantOf(micros: Micros): Instant {
  if (micros < microsOf('0001-01-01T00:00:00.000000Z')) return '0001-01-01T00:00:00.000000Z'
  if (micros > microsOf('9999-12-31T23:59:59.999999Z')) return '9999-12-31T23:59:59.999999Z'
  const { year, month, day } = dateOf(Number(floorDiv(micros, dayLong)))
  const ofDay = micros - floorDiv(micros, dayLong) * dayLong
  const seconds = Number(ofDay / million)
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`
  const time = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((part) => digits(Math.floor(part), 2))
  return `${date}T${time.join(':')}.${digits(Number(ofDay % million), 6)}Z`
}

const digits = (value: number, count: number): string => String(value).padStart(count, '0')
const floorDiv = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b

type Day = { readonly year: number; readonly month: number; readonly day: number }

function dateOf(number: number): Day {
  let year = Math.floor(number / 365.2425) + 1969
  while (dayNumber(year + 1, 1, 1) <= number) year++
  let month = 1
  while (dayNumber(year, month + 1, 1) <= number) month++
  return { year, month, day: number - dayNumber(year, month, 1) + 1 }
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** What the clock on the wall shows, as microseconds since 1970 as if the wall were in UTC. */
function wall(instant: Micros, zone: string): Micros {
  let clock = clocks.get(zone)
  if (!clock) {
    const numeric = { hour: 'numeric', minute: 'numeric', second: 'numeric', era: 'short' } as const
    const date = { year: 'numeric', month: 'numeric', day: 'numeric' } as const
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      ...date,
      ...numeric,
    })
    clocks.set(zone, clock)
  }
  const seconds = floorDiv(instant, million)
  const parts = clock.formatToParts(Number(seconds) * 1000)
  const part = (type: string) => parts.find((each) => each.type === type)!.value
  const [month, day, hour, minute, second] = ['month', 'day', 'hour', 'minute', 'second'].map((type) =>
    Number(part(type)),
  )
  const year = part('era') === 'AD' ? Number(part('year')) : 1 - Number(part('year'))
  const found =
    BigInt(dayNumber(year, month!, day!)) * dayLong +
    BigInt((hour! * 60 + minute!) * 60 + second!) * million +
    (instant - seconds * million)
  // Gregorian dates before 1582 aside (Intl shows Julian ones), the wall is less than a day from UTC.
  return found - instant > 2n * dayLong || instant - found > 2n * dayLong ? instant : found
}

const days = new Map<string, number>()

/** The day on the calendar at the wall. */
export function localDay(instant: Instant, zone: string): number {
  const key = `${zone} ${instant}`
  const known = days.get(key)
  if (known !== undefined) return known
  if (days.size > 100_000) days.clear()
  const day = Number(floorDiv(wall(microsOf(instant), zone), dayLong))
  days.set(key, day)
  return day
}

/** The first instant at which the wall shows this time; in a gap, as if the clock had not been put forward. */
function fromWall(shown: Micros, zone: string): Micros {
  const offsets = [-2n, -1n, 0n, 1n, 2n].map((n) => {
    const near = shown + n * (dayLong / 2n)
    return wall(near, zone) - near
  })
  const fitting = offsets.map((offset) => shown - offset).filter((at) => wall(at, zone) === shown)
  // The greatest offset gives the earliest instant.
  return fitting.sort((a, b) => Number(a - b))[0] ?? shown - offsets[0]!
}

/** The first instant of a day: midnight, or where there is none, when the day begins after the gap. */
function beginning(day: number, zone: string): Micros {
  const midnight = BigInt(day) * dayLong
  const at = fromWall(midnight, zone)
  if (wall(at, zone) === midnight) return at
  // Of the minutes since the evening before, the first whose day it is. A gap begins and ends at whole minutes.
  for (let minute = at - dayLong / 4n; ; minute += 60n * million) {
    if (wall(minute, zone) >= midnight) return minute
  }
}

const resolved = new Map<string, Instant>()

/** The instant that a moment names, seen from asOf. */
export function resolve(moment: Moment, asOf: Instant): Instant {
  if (moment.kind === 'at') return moment.instant
  const key = `${asOf} ${JSON.stringify(moment)}`
  let found = resolved.get(key)
  if (found === undefined) {
    if (resolved.size > 100_000) resolved.clear()
    found = moment.kind === 'start' ? instantOf(startOf(moment, asOf)) : instantOf(away(moment, asOf))
    resolved.set(key, found)
  }
  return found
}

function away(moment: Extract<Moment, { kind: 'ago' | 'ahead' }>, asOf: Instant): Micros {
  const { amount, unit } = moment.duration
  const signed = moment.kind === 'ago' ? -amount : amount
  const now = microsOf(asOf)
  const seconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 }
  if (unit in seconds) return now + BigInt(signed * seconds[unit as keyof typeof seconds]) * million
  const months = { month: 1, quarter: 3, year: 12 }[unit as 'month' | 'quarter' | 'year'] * signed
  const zone = moment.zone ?? 'UTC'
  const shown = wall(now, zone)
  const today = Number(floorDiv(shown, dayLong))
  const day = monthsLater(dateOf(today), months)
  const target = shown + BigInt(day - today) * dayLong
  // Far outside the years that can be written, zones no longer matter.
  return day < -800_000 || day > 3_000_000 ? target : fromWall(target, zone)
}

/** The same day of a month so many months later, or that month's last day. */
function monthsLater({ year, month, day }: Day, months: number): number {
  const [y, m] = [year + Math.floor((month - 1 + months) / 12), (((month - 1 + months) % 12) + 12) % 12]
  return dayNumber(y, m + 1, Math.min(day, daysOfMonth(y, m + 1)))
}

function startOf(moment: Extract<Moment, { kind: 'start' }>, asOf: Instant): Micros {
  const today = localDay(asOf, moment.zone)
  const { year, month } = dateOf(today)
  const first = {
    day: () => today + moment.offset,
    // 1970 began on a Thursday.
    week: () => today - ((((today + 3) % 7) + 7) % 7) + 7 * moment.offset,
    month: () => dayNumber(year, month + moment.offset, 1),
    quarter: () => dayNumber(year, month - ((month - 1) % 3) + 3 * moment.offset, 1),
    year: () => dayNumber(year + moment.offset, 1, 1),
  }[moment.of]()
  const date = dateOf(first)
  // In a year without it, 29 February runs on to the first of March.
  const day = dayNumber(date.year - (moment.years ?? 0), date.month, date.day)
  if (day < -800_000 || day > 3_000_000) return BigInt(day) * dayLong
  return beginning(day, moment.zone)
}
