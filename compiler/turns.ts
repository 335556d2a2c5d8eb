import { Temporal } from 'temporal-polyfill'
import { momentsOf, moving } from './agenda.ts'
import type { Comparison, EventFeature, EventRule, Events, Feature, Predicate, Score } from './ir.ts'
import { type References, referenceOf, scoreNamed, testsOf } from './plan.ts'
import { formatInstant, type Instant, type Moment, resolve } from './time.ts'

/**
 * A predicate may turn over, by time alone, when this moment passes a feature's value; or, where `each` says so, every
 * time the moment itself becomes another one, as long as the feature (if there is one) has a value. Or when what a hand
 * says of a lead in a segment begins or ends.
 */
export type Turn = MomentTurn | { readonly list: string }
export type MomentTurn = {
  readonly feature?: Feature
  readonly moment: Moment
  readonly each?: true
  /** Whether it turns when the moment comes to the value, or when it has passed it; either, if nothing is said. */
  readonly side?: 'at' | 'after'
}

/** What it hangs on, if one lead's values don't tell when that turns. */
export type Untold = { readonly because: string }

/** Everything by which a predicate can turn over without anything happening. Conservative: it may stay as it is. */
export function turnsOf(
  predicate: Predicate,
  references: References,
  scores: readonly Score[],
): readonly Turn[] | Untold {
  const found: Turn[] = []
  for (const { subject, is } of testsOf(predicate)) {
    const inner = innerTurns(subject, references, scores)
    if ('because' in inner) return inner
    found.push(...inner)
    found.push(...moving(momentsOf(is)).map((moment) => ({ feature: subject, moment })))
  }
  return found
}

function innerTurns(
  feature: Feature,
  references: References,
  scores: readonly Score[],
): readonly Turn[] | Untold {
  switch (feature.kind) {
    case 'leads_of_account':
      return ofMates
    case 'sequence':
      return { because: 'an order of events' }
    case 'score_change':
      return { because: 'how a score changes' }
    case 'recorded':
    case 'inside':
    case 'level_entered':
      return { because: 'what runs will record' }
    case 'listed':
      return [{ list: feature.segment }]
    case 'segment':
      return turnsOf(referenceOf(references, feature.key), references, scores)
    case 'attribute_history':
      return feature.end || [feature.to, feature.from].some((is) => is && movesOn(is))
        ? { because: 'when an attribute changed' }
        : []
    case 'score_max':
      return feature.from ? { because: 'what runs will record' } : fading(feature.score, scores)
    case 'score':
      return fading(feature.score, scores)
    case 'events':
      // An instant among the properties of an event may come into what its filter says, or drop out.
      if ([...testsOf(feature.events.where)].some(({ is }) => movesOn(is)))
        return { because: 'dates that events tell' }
      return feature.of === 'account' ? ofMates : windowTurns(feature)
    default:
      return []
  }
}

const ofMates: Untold = { because: 'the other leads of its account' }

/** Whether what is compared with is another instant later on. */
const movesOn = (is: Comparison): boolean => moving(momentsOf(is)).length > 0

/** Points grow less at midnight in UTC, whatever they are given for. */
function fading(name: string, scores: readonly Score[]): readonly Turn[] {
  const { rules, ofLeads } = scoreNamed(scores, name)
  if (ofLeads) return fading(ofLeads.score, scores).length > 0 ? [{ moment: utcDay(0), each: true }] : []
  return rules.flatMap((rule) => (rule.kind === 'events' ? ruleTurns(rule) : []))
}

const utcDay = (offset: number): Moment => ({ kind: 'start', of: 'day', offset, zone: 'UTC' })

/** So many ages at which points grow less are waited for one by one; of more it is every midnight. */
const fewAges = 4

function ruleTurns({ events, fade }: EventRule): MomentTurn[] {
  if (!fade) return []
  const { each, capped } = fade
  const length = Math.max(each.length, capped.length)
  const ages = Array.from({ length }, (_, index) => index + 1)
  const falls = ages.filter((age) => each[age] !== each[age - 1] || capped[age] !== capped[age - 1])
  // The earliest event younger than an age comes to it first.
  const younger = (age: number) => first({ ...events, from: utcDay(1 - age) })
  if (falls.length > fewAges) return [{ feature: younger(length), moment: utcDay(0), each: true }]
  return falls.map((age) => ({ feature: younger(age), moment: utcDay(1 - age) }))
}

/** A figure over a window turns when its earliest event drops out, or when the next one is old enough to count. */
function windowTurns({ figure, events }: EventFeature): MomentTurn[] {
  const periods = figure.kind === 'periods' ? figure.from : []
  const beginnings = events.from ? [...periods, events.from] : periods
  const ending = (end: Moment | undefined, side: 'at' | 'after'): MomentTurn[] => {
    const { types, where } = events
    return end ? [{ feature: first({ types, where, from: end }), moment: end, side }] : []
  }
  return [
    ...beginnings.map((from) => ({
      feature: first({ ...events, from }),
      moment: from,
      side: 'after' as const,
    })),
    ...ending(events.to, 'at'),
    ...ending(events.until, 'after'),
  ]
}

const first = (events: Events): Feature => ({ kind: 'events', of: 'lead', figure: { kind: 'first' }, events })

/** The instants after asOf at which a turn may come, given the feature's value. */
export function turnsAt(turn: MomentTurn, value: Instant | null, asOf: Instant): Instant[] {
  const { feature, moment, each, side } = turn
  if (feature && value === null) return []
  switch (moment.kind) {
    case 'at':
      return []
    case 'start':
      if (each || value === null || moment.of !== 'day' || moment.years)
        return [resolve({ ...moment, offset: 1, years: 0 }, asOf)]
      return daysPassing(moment, value, asOf)
    default: {
      if (value === null) return []
      const { amount, unit } = moment.duration
      const signed = moment.kind === 'ago' ? amount : -amount
      const at = Temporal.Instant.from(value)
      if (unit === 'second') return later([at.add({ seconds: signed })], asOf, side)
      const local = at.toZonedDateTimeISO(moment.zone ?? 'UTC').add({ months: signed })
      // Where months are of different lengths the moment goes back at midnight, too.
      return later(aroundMonths(local), asOf)
    }
  }
}

/** When a day's beginning, so many days away, comes to the value, and when it has passed it. */
function daysPassing(
  { offset, zone }: Extract<Moment, { kind: 'start' }>,
  value: Instant,
  asOf: Instant,
): Instant[] {
  const day = Temporal.Instant.from(value).toZonedDateTimeISO(zone).toPlainDate()
  return [0, 1]
    .map((more) =>
      formatInstant(
        day
          .add({ days: more - offset })
          .toZonedDateTime(zone)
          .toInstant(),
      ),
    )
    .filter((at) => at > asOf)
}

/**
 * Months have different lengths: after the end of one, the same time of day comes up to three times more, and so
 * does midnight between them. Where the clock is changed on those days, also an hour beside.
 */
function aroundMonths(local: Temporal.ZonedDateTime): Temporal.Instant[] {
  const changed = local.subtract({ days: 1 }).offset !== local.add({ days: 5 }).offset
  return [0, 1, 2, 3, 4].flatMap((days) => {
    const day = local.add({ days })
    const hours = changed ? [-1, 0, 1] : [0]
    return hours.flatMap((each) => [day, day.startOfDay()].map((at) => at.add({ hours: each }).toInstant()))
  })
}

/** What comes in is in at the edge, which is closed; what drops out is out a microsecond later. */
const later = (instants: readonly Temporal.Instant[], asOf: Instant, side?: MomentTurn['side']): Instant[] =>
  instants
    .flatMap((at) => [
      ...(side === 'after' ? [] : [formatInstant(at)]),
      ...(side === 'at' ? [] : [formatInstant(at.add({ microseconds: 1 }))]),
    ])
    .filter((at) => at > asOf)
