import type {
  EventFeature,
  Events,
  Figure,
  Property,
  SequenceFeature,
  Test,
  Tree,
} from '../../../compiler/ir.ts'
import type { Instant } from '../../../compiler/time.ts'
import type { Event } from '../world.ts'
import { bytewise, compare, fold } from './compare.ts'
import { localDay, microsOf, resolve } from './time.ts'
import { million, read, type Scalar, type Value, whole } from './values.ts'

export function holds<Subject>(tree: Tree<Test<Subject>>, test: (test: Test<Subject>) => boolean): boolean {
  if (tree.kind === 'all') return tree.of.every((each) => holds(each, test))
  if (tree.kind === 'any') return tree.of.some((each) => holds(each, test))
  if (tree.kind === 'not') return !holds(tree.of, test)
  return test(tree)
}

/** Whether an event is one of those that are meant. */
export function passes(event: Event, { types, where, from, to, until }: Events, asOf: Instant): boolean {
  if ('only' in types && !types.only.includes(event.type)) return false
  if ('allBut' in types && types.allBut.includes(event.type)) return false
  if ('prefix' in types && !event.type.startsWith(types.prefix)) return false
  if (from && event.at < resolve(from, asOf)) return false
  if (to && event.at > resolve(to, asOf)) return false
  if (until && event.at >= resolve(until, asOf)) return false
  return holds(where, ({ subject, is }) => compare(propertyOf(event, subject), is, asOf))
}

function propertyOf(event: Event, property: Property): Value | undefined {
  const own = read(event.properties[property.name] ?? null, property)
  const ofType = property.ofType?.[event.type]
  // A size is never missing, so it is asked of what there is.
  const has = property.type === 'size' ? read(event.properties[property.name] ?? null, asJson(property)) : own
  return has === undefined && ofType !== undefined ? read(JSON.stringify(ofType), justThe(property)) : own
}

const asJson = (property: Property): Property => ({ ...property, type: 'json' })
const justThe = ({ name, type }: Property) => ({ name, type })

/** Of the events given: those of the lead, or of all leads of its account. They have happened. */
export function figureOf(
  { figure, events }: EventFeature,
  all: readonly Event[],
  asOf: Instant,
): Value | undefined {
  const found = all
    .filter((event) => passes(event, events, asOf))
    .sort((a, b) => bytewise(a.at, b.at) || bytewise(a.id, b.id))
  switch (figure.kind) {
    case 'count':
      return whole(found.length)
    case 'first':
    case 'last': {
      const event = figure.kind === 'first' ? found.at(0) : found.at(-1)
      return event && { type: 'instant', value: event.at }
    }
    case 'value of first':
    case 'value of last': {
      const event = found.at(figure.kind === 'value of first' ? 0 : -1)
      return event ? propertyOf(event, figure.property) : read(null, figure.property)
    }
    case 'days':
      return whole(new Set(found.map((event) => localDay(event.at, figure.zone))).size)
    case 'periods':
      return whole(periods(figure, found, asOf))
    default:
      return ofValues(figure.kind, valuesOf(found, figure.property))
  }
}

function valuesOf(events: readonly Event[], property: Property): Scalar[] {
  return events.flatMap((event) => {
    const value = propertyOf(event, property)
    if (value === undefined) return []
    if (!('value' in value)) throw new Error(`there are no figures of ${value.type}`)
    return [value]
  })
}

function ofValues(
  kind: 'sum' | 'mean' | 'min' | 'max' | 'distinct',
  values: readonly Scalar[],
): Value | undefined {
  if (kind === 'distinct')
    return whole(new Set(values.map(({ type, value }) => (type === 'text' ? fold(value) : value))).size)
  const [first] = values
  if (first === undefined) return undefined
  if (kind === 'min' || kind === 'max') {
    return values.reduce((a, b) => (less(b, a) === (kind === 'min') ? b : a))
  }
  let value = 0n
  for (const each of values) {
    if (each.type !== 'number') throw new Error(`there is no sum of ${each.type}`)
    value += each.value
  }
  return kind === 'sum' ? { type: 'number', value } : { type: 'number', value, over: BigInt(values.length) }
}

function less(a: Scalar, b: Scalar): boolean {
  if (a.type === 'instant' && b.type === 'instant') return bytewise(a.value, b.value) < 0
  if (a.type === 'number' && b.type === 'number') return a.value < b.value
  throw new Error(`there is no least ${a.type}`)
}

/** In how many there is enough: [from[0], asOf], [from[1], from[0]), [from[2], from[1]), … */
function periods(
  figure: Extract<Figure, { kind: 'periods' }>,
  found: readonly Event[],
  asOf: Instant,
): number {
  const from = figure.from.map((moment) => resolve(moment, asOf))
  return from.filter((begins, index) => {
    const ends = from[index - 1]
    const within = found.filter(({ at }) => at >= begins && (ends === undefined ? at <= asOf : at < ends))
    return within.length >= figure.least
  }).length
}

/** Tries every event for every step. */
export function sequence(feature: SequenceFeature, all: readonly Event[], asOf: Instant): boolean {
  const { steps, within, without } = feature
  const after = (event: Event, than: Event, atMost: number | undefined) => {
    const apart = microsOf(event.at) - microsOf(than.at)
    return apart > 0n && (atMost === undefined || apart <= BigInt(atMost) * million)
  }
  const ends = (last: Event): boolean =>
    without === undefined ||
    (microsOf(last.at) + BigInt(without.within) * million <= microsOf(asOf) &&
      !all.some((event) => passes(event, without.events, asOf) && after(event, last, without.within)))
  const goesOn = (chain: readonly Event[]): boolean => {
    const step = steps[chain.length]
    const [first, last] = [chain.at(0), chain.at(-1)]
    if (!step) return ends(last!)
    return all.some(
      (event) =>
        (!last || after(event, last, step.within)) &&
        (!first || after(event, first, within)) &&
        passes(event, step.events, asOf) &&
        goesOn([...chain, event]),
    )
  }
  return goesOn([])
}
