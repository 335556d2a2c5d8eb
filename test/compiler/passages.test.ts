import * as fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { agendaEnd, dayTurnsAt, nowPasses, passEachOther, passedAt } from '../../compiler/passages.ts'
import { formatInstant, type Instant, type Moment, resolve } from '../../compiler/time.ts'
import { momentsAt } from '../support/moments.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'

/** Where clocks are changed a minute after midnight, by half an hour, at midnight, and by a whole day. */
const zones = [
  ...['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'America/Sao_Paulo'],
  ...['Pacific/Apia', 'Africa/Cairo', 'Asia/Kathmandu', 'America/Havana'],
]

type Seen = { readonly zone: string; readonly asOf: Instant }

/** Anywhere, and mostly close to where the clock is changed or a month ends, or as long after that as windows are. */
const seen: fc.Arbitrary<Seen> = fc
  .record({
    zone: fc.constantFrom(...zones),
    near: fc.integer({ min: Date.UTC(1995, 0, 1), max: Date.UTC(2028, 0, 1) }),
    how: fc.constantFrom('clock', 'clock', 'month', 'anywhere'),
    beside: fc.oneof(
      fc.constantFrom(-1, 0, 1, 60_000_000, 1_860_000_000),
      fc.integer({ min: -9e10, max: 9e10 }),
    ),
    after: fc.constantFrom(0, 0, 1, 2, 12),
  })
  .map(({ zone, near, how, beside, after }) => {
    const at = Temporal.Instant.fromEpochMilliseconds(near).toZonedDateTimeISO(zone)
    const edge = { clock: at.getTimeZoneTransition('next') ?? at, month: at.with({ day: 1 }), anywhere: at }[
      how
    ]!
    const moved = edge.add({ months: after }).toInstant().add({ microseconds: beside })
    return { zone, asOf: formatInstant(moved) }
  })

const parts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 })

/** From asOf on, but for `until` and later: on the way, at every full minute around midnights, and right before. */
function instantsUntil(asOf: Instant, until: Instant | undefined, on: readonly number[]): Instant[] {
  const [from, end] = [microsOf(asOf), microsOf(until ?? agendaEnd(asOf))]
  const some = on.map((part) => from + BigInt(Math.floor(Number(end - from) * part)))
  const hours = Array.from(
    { length: 48 },
    (_, half) => (from / 86_400_000_000n) * 86_400_000_000n + BigInt(half) * 1_800_000_000n,
  )
  const all = [...some, ...hours, ...hours.map((each) => each + 60_000_000n), end - 1n]
  return all.filter((at) => at >= from && at < end).map(instantOf)
}

const order = (a: Instant, b: Instant): number => Math.sign(Number(microsOf(a) - microsOf(b)))

/** Nothing that is found out about each instant changes before `until`. */
function staysUntil(
  until: Instant | undefined,
  { asOf }: Seen,
  on: readonly number[],
  found: (at: Instant) => unknown,
) {
  for (const at of instantsUntil(asOf, until, on)) expect([at, found(at)]).toEqual([at, found(asOf)])
}

const moments = seen.chain((each) =>
  fc.record({
    seen: fc.constant(each),
    moment: momentsAt(each.asOf, each.zone),
    other: momentsAt(each.asOf, each.zone),
    on: parts,
  }),
)
const often = { numRuns: 4000, interruptAfterTimeLimit: 2_500 }

describe('what a moment passes until midnight', () => {
  test('an instant lies on the same side of it until it is said to be passed', { timeout: 40_000 }, () =>
    fc.assert(
      fc.property(
        moments,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -1, max: 1 }),
        (drawn, part, beside) => {
          const { seen, moment, on } = drawn
          const { asOf } = seen
          const then = formatInstant(
            Temporal.Instant.from(asOf).add({ microseconds: Math.floor(part * 9e10) }),
          )
          const value = instantOf(
            microsOf(resolve(moment, then < agendaEnd(asOf) ? then : asOf)) + BigInt(beside),
          )
          staysUntil(passedAt(value, moment, asOf), seen, on, (at) => order(value, resolve(moment, at)))
        },
      ),
      often,
    ),
  )

  test('it lies in the same day', { timeout: 40_000 }, () =>
    fc.assert(
      fc.property(moments, ({ seen, moment, on }) =>
        staysUntil(dayTurnsAt(moment, seen.asOf), seen, on, (at) => resolve(moment, at).slice(0, 10)),
      ),
      often,
    ),
  )

  test('now lies on the same side of it', { timeout: 40_000 }, () =>
    fc.assert(
      fc.property(moments, ({ seen, moment, on }) =>
        staysUntil(nowPasses(moment, seen.asOf), seen, on, (at) => order(at, resolve(moment, at))),
      ),
      often,
    ),
  )

  test('two moments stay in their order', { timeout: 40_000 }, () =>
    fc.assert(
      fc.property(moments, ({ seen, moment, other, on }) =>
        staysUntil(passEachOther(moment, other, seen.asOf), seen, on, (at) =>
          order(resolve(moment, at), resolve(other, at)),
        ),
      ),
      often,
    ),
  )

  test('a window of fixed length is followed to the microsecond', () => {
    const week: Moment = { kind: 'ago', duration: { amount: 604_800, unit: 'second' } }
    const asOf = '2026-03-10T10:00:00.000000Z'
    expect(passedAt('2026-03-03T10:00:00.000001Z', week, asOf)).toBe('2026-03-10T10:00:00.000001Z')
    expect(passedAt('2026-03-03T23:59:59.999999Z', week, asOf)).toBe('2026-03-10T23:59:59.999999Z')
    expect(passedAt('2026-03-04T00:00:00.000001Z', week, asOf)).toBeUndefined()
  })

  test('midnight may come twice', () => {
    const today: Moment = { kind: 'start', of: 'day', offset: 0, zone: 'America/St_Johns' }
    // At 00:01 of 7 November 2010 it was 23:01 of the day before again.
    const [asOf, again] = ['2010-11-07T02:45:00.000000Z', '2010-11-07T03:30:00.000000Z']
    expect(resolve(today, asOf) < resolve(today, again)).toBe(true)
    expect(passedAt(resolve(today, again), today, asOf)).toBe(again)
  })

  test('a month after an hour that was left out it goes back', () => {
    const month: Moment = { kind: 'ago', duration: { amount: 1, unit: 'month' }, zone: 'Europe/Berlin' }
    const [asOf, then] = ['2026-04-29T00:30:00.000000Z', '2026-04-29T01:00:00.000000Z']
    expect([resolve(month, asOf), resolve(month, then)]).toEqual([
      '2026-03-29T01:30:00.000000Z',
      '2026-03-29T01:00:00.000000Z',
    ])
    expect(passedAt('2026-03-29T01:15:00.000000Z', month, asOf)! <= then).toBe(true)
  })
})
