import type { AttributeFeature, Feature, Predicate, Property } from '../compiler/index.ts'

/** A name that a definition's meaning looks at. */
export type Mention =
  | {
      readonly kind: 'attribute'
      readonly of: 'lead' | 'account'
      readonly name: string
      readonly path: readonly string[]
      readonly compared: boolean
    }
  | { readonly kind: 'event'; readonly type: string }
  /** Of an event type, or of every type that begins so. */
  | { readonly kind: 'events'; readonly prefix: string }
  | {
      readonly kind: 'property'
      readonly of: EventTypes
      readonly name: string
      readonly path: readonly string[]
    }
  | { readonly kind: 'score'; readonly name: string }

type Events = Extract<Feature, { kind: 'events' }>['events']
type EventTypes = Events['types']

/**
 * The names that a meaning rests on, aliases resolved; not those that a segment it refers to rests on. `compared`: it
 * is not only asked whether it is known.
 */
export function mentionsOf(predicate: Predicate): Mention[] {
  if (predicate.kind === 'not') return mentionsOf(predicate.of)
  if (predicate.kind !== 'test') return predicate.of.flatMap(mentionsOf)
  return ofFeature(predicate.subject, predicate.is.op !== 'known')
}

function ofFeature(feature: Feature, compared: boolean): Mention[] {
  switch (feature.kind) {
    case 'attribute':
      return [ofAttribute(feature, compared)]
    case 'attribute_history':
      return [ofAttribute(feature.attribute, compared)]
    case 'events': {
      const property = 'property' in feature.figure ? feature.figure.property : undefined
      return [
        ...eventsNamed(feature.events),
        ...(property ? [ofProperty(property, feature.events.types)] : []),
      ]
    }
    case 'sequence':
      return [...feature.steps, ...(feature.without ? [feature.without] : [])].flatMap(({ events }) =>
        eventsNamed(events),
      )
    case 'leads_of_account':
      return mentionsOf(feature.that)
    case 'score':
    case 'score_change':
    case 'score_max':
    case 'level_entered':
      return [{ kind: 'score', name: feature.score }]
    default:
      return []
  }
}

const ofAttribute = ({ of, name, path = [] }: AttributeFeature, compared: boolean): Mention => ({
  ...{ kind: 'attribute', of, name, path, compared },
})

/** The types, and the properties of a filter, that are named. */
export function eventsNamed({ types, where }: Events): Mention[] {
  const named: Mention[] =
    'only' in types
      ? types.only.map((type) => ({ kind: 'event', type }))
      : 'prefix' in types
        ? [{ kind: 'events', prefix: types.prefix }]
        : []
  return [...named, ...ofFilter(where, types)]
}

function ofFilter(filter: Events['where'], types: EventTypes): Mention[] {
  if (filter.kind === 'not') return ofFilter(filter.of, types)
  if (filter.kind !== 'test') return filter.of.flatMap((each) => ofFilter(each, types))
  return [ofProperty(filter.subject, types)]
}

const ofProperty = ({ name, path = [] }: Property, of: EventTypes): Mention => ({
  ...{ kind: 'property', of, name, path },
})

/** Whether the JSON form names an alias: an event is named by its type or by an alias, in a field of that name. */
export function namesEvent(tree: unknown, name: string): boolean {
  if (tree === null || typeof tree !== 'object') return false
  if ('event' in tree && tree.event === name) return true
  if ('types' in tree && Array.isArray(tree.types) && tree.types.includes(name)) return true
  return Object.values(tree).some((each) => namesEvent(each, name))
}

/** Whether a type is among those that are meant by name. */
export function isNamed(types: EventTypes, type: string): boolean {
  if ('only' in types) return types.only.includes(type)
  return 'prefix' in types ? type.startsWith(types.prefix) : !types.allBut.includes(type)
}
