import { Temporal } from 'temporal-polyfill'

/** UTC, microseconds, always this shape: `2026-11-23T00:00:00.000000Z`. Sorts bytewise as it sorts in time. */
export type Instant = string

export const durationUnits = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'] as const
export type Duration = { readonly amount: number; readonly unit: (typeof durationUnits)[number] }

/** An instant as a definition names it; it becomes a real one when asOf is known. */
export type Moment =
  | { readonly kind: 'at'; readonly instant: Instant }
  /** `asOf − duration`, `asOf + duration`. Calendar units count in `zone`; the others are fixed and carry none. */
  | { readonly kind: 'ago' | 'ahead'; readonly duration: Duration; readonly zone?: string }
  /** Where the local period of asOf begins, or one so many periods later; then so many years earlier. */
  | {
      readonly kind: 'start'
      readonly of: CalendarUnit
      readonly offset: number
      readonly years?: number
      readonly zone: string
    }
export type CalendarUnit = 'day' | 'week' | 'month' | 'quarter' | 'year'

const fixedSeconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 } as const

export const ago = (duration: Duration, zone: string): Moment => apart('ago', duration, zone)
export const ahead = (duration: Duration, zone: string): Moment => apart('ahead', duration, zone)

function apart(kind: 'ago' | 'ahead', duration: Duration, zone: string): Moment {
  if (duration.unit in fixedSeconds) {
    const seconds = fixedSeconds[duration.unit as keyof typeof fixedSeconds] * duration.amount
    // `7 days`, `1 week` and `168 hours` mean the same, so they are the same feature.
    return { kind, duration: { amount: seconds, unit: 'second' } }
  }
  const months = { month: 1, quarter: 3, year: 12 }[duration.unit as 'month' | 'quarter' | 'year']
  return { kind, duration: { amount: months * duration.amount, unit: 'month' }, zone }
}

/** Whether it is longer than `years`. */
export function isLonger({ amount, unit }: Duration, years: number): boolean {
  return amount > years * perYear[unit]
}

const hours = 8766
const perYear: Record<Duration['unit'], number> = {
  ...{ second: hours * 3600, minute: hours * 60, hour: hours, day: hours / 24, week: hours / 168 },
  ...{ month: 12, quarter: 4, year: 1 },
}

/** The UTC instant that a moment names, seen from asOf. */
export function resolve(moment: Moment, asOf: Instant): Instant {
  if (moment.kind === 'at') return moment.instant
  const instant = formatInstant(moment.kind === 'start' ? start(moment, asOf) : away(moment, asOf))
  // Beyond four digits of the year instants don't sort as text, and not every engine can name them.
  if (instant.startsWith('-') || instant < earliest) return earliest
  return instant.startsWith('+') ? latest : instant
}

const earliest: Instant = '0001-01-01T00:00:00.000000Z'
const latest: Instant = '9999-12-31T23:59:59.999999Z'

type Away = Extract<Moment, { kind: 'ago' | 'ahead' }>

function away({ kind, duration: { amount, unit }, zone }: Away, asOf: Instant): Temporal.Instant {
  const from = Temporal.Instant.from(asOf)
  const signed = kind === 'ago' ? -amount : amount
  if (unit === 'second') return from.add({ seconds: signed })
  return from
    .toZonedDateTimeISO(zone ?? 'UTC')
    .add({ months: signed })
    .toInstant()
}

type Start = Extract<Moment, { kind: 'start' }>

function start({ of, offset, years = 0, zone }: Start, asOf: Instant): Temporal.Instant {
  const today = Temporal.Instant.from(asOf).toZonedDateTimeISO(zone).toPlainDate()
  const first = firstDay(today, of, offset)
  const earlier = first.subtract({ years })
  // Whether it begins or ends a period, 29 February stands for the first of March in years without it.
  const day = earlier.day < first.day ? earlier.add({ days: 1 }) : earlier
  return day.toZonedDateTime(zone).toInstant()
}

/** Weeks begin on Monday. */
function firstDay(today: Temporal.PlainDate, of: CalendarUnit, offset: number): Temporal.PlainDate {
  switch (of) {
    case 'day':
      return today.add({ days: offset })
    case 'week':
      return today.subtract({ days: today.dayOfWeek - 1 }).add({ weeks: offset })
    case 'month':
      return today.with({ day: 1 }).add({ months: offset })
    case 'quarter':
      return today.with({ day: 1, month: today.month - ((today.month - 1) % 3) }).add({ months: 3 * offset })
    case 'year':
      return today.with({ day: 1, month: 1 }).add({ years: offset })
  }
}

export const formatInstant = (instant: Temporal.Instant): Instant =>
  instant
    .round({ smallestUnit: 'microsecond', roundingMode: 'floor' })
    .toString({ smallestUnit: 'microsecond' })

/**
 * Reads an instant as people write it: a day (00:00 in `zone`), a local time (in `zone`), or one with its own
 * offset. Undefined if it is none.
 */
export function readInstant(text: string, zone: string): Instant | undefined {
  const shape =
    /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(
      text.trim(),
    )
  if (!shape) return undefined
  try {
    const written = text.trim().replace(' ', 'T').replace(/\s/g, '')
    const instant = shape[1]
      ? Temporal.Instant.from(written)
      : Temporal.PlainDateTime.from(written).toZonedDateTime(zone).toInstant()
    return fourDigits(formatInstant(instant))
  } catch {
    return undefined
  }
}

/** The instant at which the local day after the one that begins at `instant` begins; none after the year 9999. */
export const nextDay = (instant: Instant, zone: string): Instant | undefined =>
  fourDigits(
    formatInstant(
      Temporal.Instant.from(instant).toZonedDateTimeISO(zone).add({ days: 1 }).startOfDay().toInstant(),
    ),
  )

/** Beyond four digits of the year, the order of the text is no longer the order in time. */
const fourDigits = (instant: Instant): Instant | undefined => (/^\d/.test(instant) ? instant : undefined)

/** An instant as we write it, or as Postgres does; undefined for what is none. */
export function toInstant(text: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00'))
  } catch {
    return undefined
  }
}

/** What the clock of a zone shows at an instant: `2026-11-23T01:00:00.000000`. Undefined for what is none. */
export const onClock = (text: string, zone: string): string | undefined =>
  toInstant(text)?.toZonedDateTimeISO(zone).toPlainDateTime().toString({ smallestUnit: 'microsecond' })

/** The local day that begins at an instant: `2026-11-23`. Undefined if none does. */
export function localDay(text: string, zone: string): string | undefined {
  const at = toInstant(text)?.toZonedDateTimeISO(zone)
  return at?.equals(at.startOfDay()) ? at.toPlainDate().toString() : undefined
}

export const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text.trim())

/** Whether this is a time zone that this machine knows. */
export function isZone(zone: string): boolean {
  try {
    zoneName(zone)
    return true
  } catch {
    return false
  }
}

/** A time zone as its name is spelt, whatever is upper or lower case: `europe/berlin` is Europe/Berlin. */
export const zoneName = (zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId

const letters: Record<string, Duration['unit']> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' }

/** `30 days`, `1 week`, or short: `30d`, `12h`. Undefined if it is neither. */
export function readDuration(text: string): Duration | undefined {
  const match = /^(\d{1,6})\s*([a-z]+)$/.exec(text.trim().toLowerCase())
  if (!match) return undefined
  const unit = letters[match[2]!] ?? durationUnits.find((u) => u === match[2]!.replace(/s$/, ''))
  return unit ? { amount: Number(match[1]), unit } : undefined
}

export const durationSeconds = (duration: Duration): number =>
  duration.unit in fixedSeconds
    ? fixedSeconds[duration.unit as keyof typeof fixedSeconds] * duration.amount
    : Number.NaN

export const printDuration = ({ amount, unit }: Duration): string =>
  `${amount} ${unit}${amount === 1 ? '' : 's'}`

/** A zone's clock over some time: `offsets[0]` seconds before `starts[0]`, `offsets[1]` from then on, … */
export type OffsetChanges = { readonly starts: readonly Instant[]; readonly offsets: readonly number[] }

/** Every change of a zone's clock later than `from` and no later than `to`. */
export function offsetChanges(zone: string, from: Instant, to: Instant): OffsetChanges {
  let at = Temporal.Instant.from(from).toZonedDateTimeISO(zone)
  const offsets = [seconds(at)]
  const starts: Instant[] = []
  const end = Temporal.Instant.from(to).epochNanoseconds
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    if (!next || next.epochNanoseconds > end) return { starts, offsets }
    at = next
    starts.push(formatInstant(at.toInstant()))
    offsets.push(seconds(at))
  }
}

const seconds = (at: Temporal.ZonedDateTime): number => Math.round(at.offsetNanoseconds / 1e9)
