import {
  type AttributeFeature,
  type Comparison,
  canonical,
  type Events,
  type EventTypes,
  type Feature,
  type Operand,
  type Predicate,
  type Property,
  type ScoreFeature,
} from './ir.ts'
import { type Passage, passagesOf } from './passages.ts'
import { eventsOf, type QueryPlan, referenceOf, scoreNamed, testsOf } from './plan.ts'
import type { Instant, Moment } from './time.ts'

/** What may turn by time alone, for any lead of a query plan: something known, and the moment that passes it. */
export type Agenda = {
  /** A feature's value. */
  readonly compared: readonly { readonly feature: Feature; readonly moment: Moment }[]
  /** Events, which a moment lets into a window or out of it. */
  readonly events: readonly { readonly events: Passing; readonly moment: Moment }[]
  /** An instant among the properties of events. */
  readonly properties: readonly {
    readonly types: EventTypes
    readonly property: Property
    readonly moment: Moment
  }[]
  /** Events whose points grow less as the moment at which a score is read comes into another day. */
  readonly fading: readonly { readonly events: Passing; readonly moment: Moment }[]
  /** Since when an attribute's values hold. */
  readonly changes: readonly {
    readonly of: 'lead' | 'account'
    readonly name: string
    readonly moment: Moment
  }[]
  /** Any of an attribute's values that are instants. */
  readonly values: readonly { readonly attribute: AttributeFeature; readonly moment: Moment }[]
  /** When a lead entered a segment or left it. */
  readonly steps: readonly { readonly segment: string; readonly moment: Moment }[]
  /** Ends of days at which a score was recorded. */
  readonly days: readonly { readonly score: string; readonly moment: Moment }[]
  /** What a moment passes until the agenda ends. */
  readonly passagesOf: (moment: Moment) => readonly Passage[]
}

export type Passing = Pick<Events, 'types' | 'where'>

export function agendaOf(plan: QueryPlan, asOf: Instant): Agenda {
  const windows = eventsRead(plan)
  const rules = pastRules(plan)
  const ruleEvents = rules.map(({ rule }) => rule.events)
  return {
    compared: distinct([...comparisons(plan), ...beginnings(plan)]),
    events: distinct([
      ...windows.flatMap(({ events, moments }) =>
        moments.map((moment) => ({ events: passing(events), moment })),
      ),
      ...rules.map(({ rule, at }) => ({ events: passing(rule.events), moment: at })),
    ]),
    properties: distinct([...windows.map(({ events }) => events), ...ruleEvents].flatMap(comparedProperties)),
    fading: distinct(
      rules.flatMap(({ rule, at }) => (rule.fade ? [{ events: passing(rule.events), moment: at }] : [])),
    ),
    changes: distinct(attributeChanges(plan)),
    values: distinct(
      plan.attributeHistory.flatMap(({ attribute, from, to }) =>
        moving([from, to].flatMap(momentsOf)).map((moment) => ({ attribute, moment })),
      ),
    ),
    steps: distinct(recordedSteps(plan)),
    days: distinct(recordedDays(plan)),
    passagesOf: remembered(asOf),
  }
}

/** Calendars are slow, and the same few moments are asked for again and again. */
function remembered(asOf: Instant): Agenda['passagesOf'] {
  const known = new Map<string, readonly Passage[]>()
  return (moment) => {
    const name = canonical(moment)
    const found = known.get(name) ?? passagesOf(moment, asOf)
    known.set(name, found)
    return found
  }
}

const distinct = <Value>(all: readonly Value[]): Value[] => [
  ...new Map(all.map((each) => [canonical(each), each])).values(),
]

const passing = ({ types, where }: Events): Passing => ({ types, where })

/** The moments that go on with asOf. */
export const moving = (moments: readonly (Moment | undefined)[]): Moment[] =>
  moments.filter((moment) => moment !== undefined && moment.kind !== 'at') as Moment[]

function operandsOf(is: Comparison): readonly Operand[] {
  if (is.op === 'some' || is.op === 'every') return operandsOf(is.is)
  if (is.op === 'known') return []
  if (is.op === 'between') return [is.low, is.high]
  return is.op === 'in' ? is.to : [is.to]
}

/** The moments that something is compared with. */
export const momentsOf = (is: Comparison | undefined): Moment[] =>
  is ? operandsOf(is).flatMap((operand) => (operand.type === 'instant' ? [operand.moment] : [])) : []

/** All that is asked of leads, whether by a segment or by what it refers to. */
function predicatesOf({ segments, derived, references }: QueryPlan): Predicate[] {
  return [
    ...segments.map(({ predicate }) => predicate),
    ...derived.flat().flatMap((feature) => {
      if (feature.kind === 'segment') return [referenceOf(references, feature.key)]
      return feature.kind === 'leads_of_account' ? [feature.that] : []
    }),
  ]
}

/** Of what may itself be asOf, because it is so only now, fixed instants count as well. */
const comparisons = (plan: QueryPlan): Agenda['compared'][number][] =>
  predicatesOf(plan).flatMap((predicate) =>
    [...testsOf(predicate)].flatMap(({ subject, is }) => {
      const moments = momentsOf(is)
      return (mayBeNow(subject) ? moments : moving(moments)).map((moment) => ({ feature: subject, moment }))
    }),
  )

export const mayBeNow = ({ kind }: Feature): boolean => kind === 'recorded' || kind === 'level_entered'

/** Scores of a moment before the lead was there are 0. */
const beginnings = (plan: QueryPlan): Agenda['compared'][number][] =>
  moving(plan.points.map(({ at }) => at)).map((moment) => ({ feature: { kind: 'first_seen' }, moment }))

/** Events as features read them, with the moments at which they come into it or drop out. */
function eventsRead({ events, sequences }: QueryPlan): { events: Events; moments: Moment[] }[] {
  const windows = (found: Events, more: readonly Moment[] = []) => ({
    events: found,
    moments: moving([found.from, found.to, found.until, ...more]),
  })
  return [
    ...events.map(({ events: found, figure }) =>
      windows(found, figure.kind === 'periods' ? figure.from : []),
    ),
    ...sequences.flatMap((sequence) => eventsOf(sequence).map((each) => windows(each))),
    // Whether nothing followed the last step is known when the time for it is over.
    ...sequences.flatMap(({ steps, without }) => {
      const last = steps.at(-1)
      if (!last || !without) return []
      return [windows(last.events, [{ kind: 'ago', duration: { amount: without.within, unit: 'second' } }])]
    }),
  ]
}

const comparedProperties = ({ types, where }: Events): Agenda['properties'][number][] =>
  [...testsOf(where)].flatMap(({ subject, is }) =>
    moving(momentsOf(is)).map((moment) => ({ types, property: subject, moment })),
  )

type Past = ScoreFeature & { readonly at: Moment }

/** Scores as of a moment that goes on with asOf. */
const pastScores = (plan: QueryPlan): Past[] =>
  plan.points.filter((feature): feature is Past => moving([feature.at]).length > 0)

const pastRules = (plan: QueryPlan) =>
  pastScores(plan).flatMap(({ score, at }) =>
    scoreNamed(plan.scores, score).rules.flatMap((rule) => (rule.kind === 'events' ? [{ rule, at }] : [])),
  )

/** Attributes as of a moment, and the account that they are of; and what is asked of the order of their values. */
function attributeChanges(plan: QueryPlan): Agenda['changes'][number][] {
  const past = plan.attributes.flatMap(({ of, name, at }) =>
    moving([at]).map((moment) => ({ of, name, moment })),
  )
  const linked = [...past.map(({ moment }) => moment), ...pastScores(plan).map(({ at }) => at)]
  return [
    ...past,
    ...linked.map((moment) => ({ of: 'lead' as const, name: '@account', moment })),
    ...plan.attributeHistory.flatMap(({ attribute: { of, name }, end }) =>
      moving([end?.to, end?.until]).map((moment) => ({ of, name, moment })),
    ),
  ]
}

const recordedSteps = (plan: QueryPlan): Agenda['steps'][number][] =>
  plan.derived.flat().flatMap((feature) => {
    if (feature.kind !== 'recorded' && feature.kind !== 'inside') return []
    const begins = feature.kind === 'inside' ? feature.from : undefined
    return moving([begins, feature.to, feature.until]).map((moment) => ({ segment: feature.segment, moment }))
  })

const recordedDays = (plan: QueryPlan): Agenda['days'][number][] =>
  plan.derived
    .flat()
    .flatMap((feature) =>
      feature.kind === 'score_max'
        ? moving([feature.from]).map((moment) => ({ score: feature.score, moment }))
        : [],
    )
