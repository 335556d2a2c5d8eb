import { Temporal } from 'temporal-polyfill'
import { formatInstant, type Instant, type Moment, offsetChanges, resolve } from './time.ts'

/**
 * Which instants a moment passes while asOf goes on, and when: those from `low` to `high` (both included) at `at`,
 * or so many seconds after themselves. In the order in which it happens; what fits several is passed by the first.
 */
export type Passage = { readonly low: Instant; readonly high: Instant } & (
  | { readonly at: Instant }
  | { readonly seconds: number }
)

/** Until when what is due after asOf is known: the next midnight in UTC, when all leads are looked at. */
export const agendaEnd = (asOf: Instant): Instant =>
  formatInstant(
    Temporal.Instant.from(asOf).toZonedDateTimeISO('UTC').add({ days: 1 }).startOfDay().toInstant(),
  )

/** A microsecond later: the first instant at which what has just been seen may be otherwise. */
export const justAfter = (instant: Instant): Instant => moved(instant, 1)
const justBefore = (instant: Instant): Instant => moved(instant, -1)

const moved = (instant: Instant, microseconds: number): Instant =>
  formatInstant(Temporal.Instant.from(instant).add({ microseconds }))

/** Of a moment between asOf and the end of its agenda. */
export function passagesOf(moment: Moment, asOf: Instant): Passage[] {
  const end = agendaEnd(asOf)
  switch (moment.kind) {
    case 'at':
      return []
    case 'start':
      return jumps(moment, asOf, end)
    default:
      return moment.duration.unit === 'second' ? glide(moment, asOf, end) : months(moment, asOf, end)
  }
}

type Away = Extract<Moment, { kind: 'ago' | 'ahead' }>
type Start = Extract<Moment, { kind: 'start' }>

/** As fast as asOf does. */
function glide(moment: Away, from: Instant, to: Instant): Passage[] {
  const [low, high] = [resolve(moment, from), resolve(moment, to)]
  // Both the same: it lies before the calendar begins, or after it ends.
  if (low === high) return []
  const seconds = moment.kind === 'ago' ? secondsBetween(high, to) : secondsBetween(low, from)
  return [{ low, high, seconds }]
}

/** Now and then, where a local day begins. */
function jumps(moment: Start, asOf: Instant, end: Instant): Passage[] {
  let before = resolve(moment, asOf)
  return breaksIn(moment.zone, asOf, end).flatMap((at) => {
    const after = resolve(moment, at)
    const jump = { ...between(before, after), at }
    before = after
    return jump.low === jump.high ? [] : [jump]
  })
}

/** Day by day as fast as asOf; from one day to the next it may jump, back as well as forth. */
function months(moment: Away, asOf: Instant, end: Instant): Passage[] {
  const zone = moment.zone ?? 'UTC'
  const starts = [asOf, ...breaksIn(zone, asOf, end)]
  const pieces = starts.map((start, index) => {
    const next = starts[index + 1]
    return { start, last: next ? justBefore(next) : end, next }
  })
  const seen = pieces.flatMap(({ start, last }) => [resolve(moment, start), resolve(moment, last)]).sort()
  const [low, high] = [beside(seen[0]!, -1), beside(seen.at(-1)!, 1)]
  // Where the clock was changed around there it is not followed any closer.
  if (offsetChanges(zone, low, high).starts.length > 0) return [{ low, high, at: justAfter(asOf) }]
  return pieces.flatMap(({ start, last, next }): Passage[] => {
    const gliding = glide(moment, start, last)
    return next
      ? [...gliding, { ...between(resolve(moment, last), resolve(moment, next)), at: next }]
      : gliding
  })
}

/** Two days beside it, so that it is beyond every change of the clock; not beyond the ends of the calendar. */
function beside(instant: Instant, direction: 1 | -1): Instant {
  const duration = { amount: 2 * 86_400, unit: 'second' } as const
  return resolve({ kind: direction < 0 ? 'ago' : 'ahead', duration }, instant)
}

const between = (a: Instant, b: Instant) => (a < b ? { low: a, high: b } : { low: b, high: a })

/** Every instant after `from` and up to `to` at which the local date may change: midnights, and changes of the clock. */
function breaksIn(zone: string, from: Instant, to: Instant): Instant[] {
  const found = new Set(offsetChanges(zone, from, to).starts)
  const first = Temporal.Instant.from(from).toZonedDateTimeISO(zone).toPlainDate()
  for (const days of [-1, 0, 1, 2, 3]) {
    const midnight = first.add({ days }).toPlainDateTime()
    for (const disambiguation of ['earlier', 'later'] as const) {
      found.add(formatInstant(midnight.toZonedDateTime(zone, { disambiguation }).toInstant()))
    }
  }
  return [...found].filter((at) => at > from && at <= to).sort()
}

const secondsBetween = (from: Instant, to: Instant): number =>
  Number(
    (Temporal.Instant.from(to).epochNanoseconds - Temporal.Instant.from(from).epochNanoseconds) / 10n ** 9n,
  )

/** When a moment passes an instant, if it does before the agenda ends. */
export function passedAt(instant: Instant, moment: Moment, asOf: Instant): Instant | undefined {
  const passage = passagesOf(moment, asOf).find(({ low, high }) => low <= instant && instant <= high)
  if (!passage) return undefined
  if ('at' in passage) return passage.at
  const at = formatInstant(Temporal.Instant.from(instant).add({ seconds: passage.seconds }))
  return at > asOf ? at : justAfter(asOf)
}

/** When the UTC day that a moment lies in is next another one, if that happens before the agenda ends. */
export function dayTurnsAt(moment: Moment, asOf: Instant): Instant | undefined {
  for (const passage of passagesOf(moment, asOf)) {
    if ('at' in passage) {
      if (passage.low.slice(0, 10) !== passage.high.slice(0, 10)) return passage.at
      continue
    }
    const midnight = agendaEnd(passage.low)
    if (midnight <= passage.high) {
      return formatInstant(Temporal.Instant.from(midnight).add({ seconds: passage.seconds }))
    }
  }
  return undefined
}

/** When now itself passes a moment, as asOf goes on: before, at, and after it may differ. */
export function nowPasses(moment: Moment, asOf: Instant): Instant | undefined {
  const end = agendaEnd(asOf)
  if (moment.kind !== 'at' && moment.kind !== 'start') return undefined
  const at = resolve(moment, asOf)
  if (at === asOf) return justAfter(asOf)
  const turns =
    moment.kind === 'start' ? passagesOf(moment, asOf).flatMap((each) => ('at' in each ? [each.at] : [])) : []
  return [...turns, at].filter((each) => each > asOf && each <= end).sort()[0]
}

/** When two moments may pass each other. */
export function passEachOther(a: Moment, b: Moment, asOf: Instant): Instant | undefined {
  if (a.kind === 'at') return passedAt(a.instant, b, asOf)
  if (b.kind === 'at') return passedAt(b.instant, a, asOf)
  const [ofA, ofB] = [a, b].map((each) => passagesOf(each, asOf))
  const fixed = (passages: readonly Passage[]) => passages.every((each) => 'seconds' in each)
  const apart = [a, b].map((each) =>
    'duration' in each && each.duration.unit === 'second' ? each : undefined,
  )
  // Side by side at the same speed.
  if (apart[0] && apart[1] && fixed(ofA!) && fixed(ofB!)) return undefined
  const meet = [...ofA!, whereIs(a, asOf)].some((one) =>
    [...ofB!, whereIs(b, asOf)].some(({ low, high }) => low <= one.high && one.low <= high),
  )
  return meet ? justAfter(asOf) : undefined
}

const whereIs = (moment: Moment, asOf: Instant) => ({
  low: resolve(moment, asOf),
  high: resolve(moment, asOf),
})
