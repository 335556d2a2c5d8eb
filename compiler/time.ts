import { Temporal } from 'temporal-polyfill'

/** UTC, microseconds, always this shape: `2026-11-23T00:00:00.000000Z`. Sorts bytewise as it sorts in time. */
export type Instant = string

export const durationUnits = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'] as const
export type Duration = { readonly amount: number; readonly unit: (typeof durationUnits)[number] }

/** An instant as a definition names it; it becomes a real one when asOf is known. */
export type Moment =
  | { readonly kind: 'at'; readonly instant: Instant }
  /** `asOf − duration`. Calendar units count in `zone`; the others are fixed lengths and carry none. */
  | { readonly kind: 'ago'; readonly duration: Duration; readonly zone?: string }

const fixedSeconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 } as const

export function ago(duration: Duration, zone: string): Moment {
  if (duration.unit in fixedSeconds) {
    const seconds = fixedSeconds[duration.unit as keyof typeof fixedSeconds] * duration.amount
    // `7 days`, `1 week` and `168 hours` mean the same, so they are the same feature.
    return { kind: 'ago', duration: { amount: seconds, unit: 'second' } }
  }
  const months = { month: 1, quarter: 3, year: 12 }[duration.unit as 'month' | 'quarter' | 'year']
  return { kind: 'ago', duration: { amount: months * duration.amount, unit: 'month' }, zone }
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
  const instant = before(moment, asOf)
  // No engine has events before year 1, and not every one can name such an instant.
  return instant < earliest ? earliest : instant
}

const earliest: Instant = '0001-01-01T00:00:00.000000Z'

function before(moment: Extract<Moment, { kind: 'ago' }>, asOf: Instant): Instant {
  const from = Temporal.Instant.from(asOf)
  const { amount, unit } = moment.duration
  if (unit === 'second') return formatInstant(from.subtract({ seconds: amount }))
  return formatInstant(
    from
      .toZonedDateTimeISO(moment.zone ?? 'UTC')
      .subtract({ months: amount })
      .toInstant(),
  )
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

export const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text.trim())

/** Whether this is a time zone that this machine knows. */
export function isZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
    return true
  } catch {
    return false
  }
}

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
