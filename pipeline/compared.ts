import { type Feature, type Predicate, testsOf } from '../compiler/index.ts'

type AttributeFeature = Extract<Feature, { kind: 'attribute' }>
type Events = Extract<Feature, { kind: 'events' }>['events']
type Comparison = Extract<Predicate, { kind: 'test' }>['is']

/** A text that a definition compares a stored value with, for being the same. */
export type ComparedText = {
  readonly value: string
  readonly place: AttributePlace | PropertyPlace
  /** That the value is found at all: on a lead, or on an event of one. */
  readonly found: Predicate
}
export type AttributePlace = { readonly of: 'lead' | 'account'; readonly path: readonly string[] }
export type PropertyPlace = {
  readonly of: 'event'
  readonly types: Events['types']
  readonly path: readonly string[]
}

/** All that a definition compares with `=` or `in`, negated or not, each once. */
export function comparedTexts(predicate: Predicate): ComparedText[] {
  const found = [...testsOf(predicate)].flatMap(({ subject, is }) => ofTest(subject, is))
  const known = new Set<string>()
  return found.filter(({ value, place }) => {
    const name = JSON.stringify([value, place])
    if (known.has(name)) return false
    known.add(name)
    return true
  })
}

function ofTest(subject: Feature, is: Comparison): ComparedText[] {
  switch (subject.kind) {
    case 'attribute':
      return ofAttribute(subject, is)
    case 'events':
      return ofEvents(subject.events)
    case 'sequence': {
      const { steps, without } = subject
      return [...steps, ...(without ? [without] : [])].flatMap(({ events }) => ofEvents(events))
    }
    case 'leads_of_account':
      return comparedTexts(subject.that)
    default:
      return []
  }
}

function ofAttribute(subject: AttributeFeature, is: Comparison): ComparedText[] {
  const place = { of: subject.of, path: [subject.name, ...(subject.path ?? [])] }
  return textsOf(is).map(({ value, alike }) => ({
    ...{ value, place },
    found: { kind: 'test', subject, is: alike },
  }))
}

function ofEvents({ types, where }: Events): ComparedText[] {
  return [...testsOf(where)].flatMap(({ subject, is }) => {
    const place: PropertyPlace = { of: 'event', types, path: [subject.name, ...(subject.path ?? [])] }
    return textsOf(is).map(({ value, alike }): ComparedText => {
      const events: Events = { types, where: { kind: 'test', subject, is: alike } }
      const counted: Feature = { kind: 'events', of: 'lead', figure: { kind: 'count' }, events }
      const once: Comparison = { op: '>=', to: { type: 'number', value: '1' } }
      return { value, place, found: { kind: 'test', subject: counted, is: once } }
    })
  })
}

/** Each text compared with, and the comparison with it alone. */
function textsOf(is: Comparison): { value: string; alike: Comparison }[] {
  if (is.op === 'some' || is.op === 'every') {
    return textsOf(is.is).map(({ value, alike }) => ({
      value,
      alike: { op: 'some', is: alike as typeof is.is },
    }))
  }
  if (is.op !== '=' && is.op !== 'in') return []
  const exactly = is.exactly ? ({ exactly: true } as const) : {}
  const operands = is.op === 'in' ? is.to : [is.to]
  return operands.flatMap((to) =>
    to.type === 'text' ? [{ value: to.value, alike: { op: '=' as const, to, ...exactly } }] : [],
  )
}
