import { Temporal } from 'temporal-polyfill'
import { momentsOf, moving } from './agenda.ts'
import type { Comparison, EventFeature, Events, Feature, Predicate, Score } from './ir.ts'
import { type References, referenceOf, scoreNamed, testsOf } from './plan.ts'
import { formatInstant, type Instant, type Moment, resolve } from './time.ts'

/** A predicate may turn over, by time alone, when this moment passes a feature's value; or when it changes itself. */
export type Turn = { readonly feature?: Feature; readonly moment: Moment }

/**
 * Everything by which a predicate can turn over without anything happening. Conservative: it may stay as it is.
 * Undefined if it hangs on something whose turns one lead's values don't tell: other leads, an order of events, what was recorded.
 */
export function turnsOf(
  predicate: Predicate,
  references: References,
  scores: readonly Score[],
): Turn[] | undefined {
  const found: Turn[] = []
  for (const { subject, is } of testsOf(predicate)) {
    const inner = innerTurns(subject, references, scores)
    if (!inner) return undefined
    found.push(...inner)
    found.push(...moving(momentsOf(is)).map((moment) => ({ feature: subject, moment })))
  }
  return found
}

function innerTurns(feature: Feature, references: References, scores: readonly Score[]): Turn[] | undefined {
  switch (feature.kind) {
    case 'leads_of_account':
    case 'sequence':
    case 'score_change':
      return undefined
    // What is recorded goes on with every run, and what a hand said may end.
    case 'recorded':
    case 'inside':
    case 'level_entered':
    case 'listed':
      return undefined
    case 'segment':
      return turnsOf(referenceOf(references, feature.key), references, scores)
    case 'attribute_history':
      if (feature.end) return undefined
      return [feature.to, feature.from].some((is) => is && movesOn(is)) ? undefined : []
    case 'score_max':
      return feature.from ? undefined : fading(feature.score, scores)
    case 'score':
      return fading(feature.score, scores)
    case 'events':
      // An instant among the properties of an event may come into what its filter says, or drop out.
      if ([...testsOf(feature.events.where)].some(({ is }) => movesOn(is))) return undefined
      return feature.of === 'account' ? undefined : windowTurns(feature)
    default:
      return []
  }
}

/** Whether what is compared with is another instant later on. */
const movesOn = (is: Comparison): boolean => moving(momentsOf(is)).length > 0

/** Points grow less at midnight in UTC, whatever they are given for. */
function fading(name: string, scores: readonly Score[]): Turn[] {
  const { rules, ofLeads } = scoreNamed(scores, name)
  if (ofLeads) return fading(ofLeads.score, scores)
  const fades = rules.some((rule) => rule.kind === 'events' && rule.fade !== undefined)
  return fades ? [{ moment: { kind: 'start', of: 'day', offset: 0, zone: 'UTC' } }] : []
}

/** A figure over a window turns when its earliest event drops out, or when the next one is old enough to count. */
function windowTurns({ figure, events }: EventFeature): Turn[] {
  const periods = figure.kind === 'periods' ? figure.from : []
  const beginnings = events.from ? [...periods, events.from] : periods
  const ends = [events.to, events.until].filter((each) => each !== undefined)
  return [
    ...beginnings.map((from) => ({ feature: first({ ...events, from }), moment: from })),
    ...ends.map((end) => ({
      feature: first({ types: events.types, where: events.where, from: end }),
      moment: end,
    })),
  ]
}

const first = (events: Events): Feature => ({ kind: 'events', of: 'lead', figure: { kind: 'first' }, events })

/** The instants after asOf at which a turn may come, given the feature's value. */
export function turnsAt({ moment }: Turn, value: Instant | null, asOf: Instant): Instant[] {
  switch (moment.kind) {
    case 'at':
      return []
    case 'start':
      return [resolve({ ...moment, offset: 1, years: 0 }, asOf)]
    default: {
      if (value === null) return []
      const { amount, unit } = moment.duration
      const signed = moment.kind === 'ago' ? amount : -amount
      const at = Temporal.Instant.from(value)
      if (unit === 'second') return later([at.add({ seconds: signed })], asOf)
      const local = at.toZonedDateTimeISO(moment.zone ?? 'UTC').add({ months: signed })
      return later(aroundMonths(local), asOf)
    }
  }
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
const later = (instants: readonly Temporal.Instant[], asOf: Instant): Instant[] =>
  instants
    .flatMap((at) => [formatInstant(at), formatInstant(at.add({ microseconds: 1 }))])
    .filter((at) => at > asOf)
