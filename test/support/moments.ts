import * as fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import {
  type Duration,
  durationUnits,
  formatInstant,
  type Instant,
  type Moment,
} from '../../compiler/time.ts'

const offsets = [
  ...[0, 1, 2, 7, 30].flatMap((amount) => durationUnits.map((unit): Duration => ({ amount, unit }))),
  ...[14, 90, 168].map((amount): Duration => ({ amount, unit: 'day' })),
]

/** Instants where things tip: on the edge of a window around asOf, or a microsecond beside it. */
export function momentNear(asOf: Instant, zone: string): fc.Arbitrary<Instant> {
  const local = Temporal.Instant.from(asOf).toZonedDateTimeISO(zone)
  const before = ({ amount, unit }: Duration) => moved(local, -amount, unit)
  const after = ({ amount, unit }: Duration) => moved(local, amount, unit)
  const beside = fc.constantFrom(-1, 0, 0, 1)
  const near = (edge: fc.Arbitrary<Temporal.ZonedDateTime>) =>
    fc.tuple(edge, beside).map(([at, microseconds]) => at.add({ microseconds }).toInstant())
  const seconds = fc.integer({ min: 0, max: 4_000_000 })
  return fc
    .oneof(
      { weight: 6, arbitrary: near(fc.constantFrom(...offsets).map(before)) },
      { weight: 2, arbitrary: near(fc.constantFrom(...calendarEdges(local))) },
      { weight: 2, arbitrary: seconds.map((seconds) => local.subtract({ seconds }).toInstant()) },
      { weight: 1, arbitrary: near(fc.constantFrom(...offsets).map(after)) },
    )
    .map(formatInstant)
}

/** Days and weeks are fixed lengths; months and years count in the calendar of the zone. */
function moved(local: Temporal.ZonedDateTime, amount: number, unit: Duration['unit']) {
  const hours = { day: 24, week: 168 } as const
  if (unit === 'quarter') return local.add({ months: 3 * amount })
  return unit === 'day' || unit === 'week'
    ? local.add({ hours: hours[unit] * amount })
    : local.add({ [`${unit}s`]: amount })
}

/** Where days, weeks, months, quarters and years around it begin, and the same days of other years. */
function calendarEdges(local: Temporal.ZonedDateTime): Temporal.ZonedDateTime[] {
  const today = local.toPlainDate()
  const month = today.with({ day: 1 })
  const quarter = month.subtract({ months: (today.month - 1) % 3 })
  const monday = today.subtract({ days: today.dayOfWeek - 1 })
  return [-2, -1, 0, 1, 2]
    .flatMap((n) => [
      today.add({ days: n }),
      today.add({ days: n }).subtract({ years: 4 }),
      monday.add({ weeks: n }),
      month.add({ months: n }),
      quarter.add({ months: 3 * n }),
      month.with({ month: 1 }).add({ years: n }),
    ])
    .map((day) => day.toZonedDateTime(local.timeZoneId))
}

/** Moments of every kind. */
export function momentsAt(asOf: Instant, zone: string): fc.Arbitrary<Moment> {
  const amounts = fc.constantFrom(0, 1, 2, 7, 14, 30, 90, 168)
  const seconds = fc.constantFrom(1, 60, 3600, 86_400, 604_800)
  const signs = fc.constantFrom('ago', 'ago', 'ahead') as fc.Arbitrary<'ago' | 'ahead'>
  return fc.oneof(
    momentNear(asOf, zone).map((instant): Moment => ({ kind: 'at', instant })),
    fc
      .tuple(signs, amounts, seconds)
      .map(([kind, n, each]): Moment => ({ kind, duration: { amount: n * each, unit: 'second' } })),
    fc
      .tuple(signs, fc.constantFrom(0, 1, 2, 3, 6, 12, 30, 2400))
      .map(([kind, amount]): Moment => ({ kind, duration: { amount, unit: 'month' }, zone })),
    fc
      .tuple(
        fc.constantFrom('day', 'week', 'month', 'quarter', 'year'),
        fc.integer({ min: -2, max: 2 }),
        fc.option(fc.constantFrom(1, 4, 100), { freq: 2 }),
      )
      .map(
        ([of, offset, years]): Moment => ({
          kind: 'start',
          of: of as 'day',
          offset,
          zone,
          ...(years === null ? {} : { years }),
        }),
      ),
  )
}
