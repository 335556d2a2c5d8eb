import {
  canonical,
  type Feature,
  type Predicate,
  type Property,
  type Score,
  type Test,
  type Tree,
} from './ir.ts'

export type EventFeature = Extract<Feature, { kind: 'events' }>
export type AttributeFeature = Extract<Feature, { kind: 'attribute' }>

/** A segment as the compiler sees it: which one, and what it means. */
export type Subject = { readonly key: string; readonly predicate: Predicate }

/**
 * All segments and scores together, as the distinct features they read: one scan per kind of feature, whatever the
 * number of segments. The k-th segment is the k-th bit of a lead's set.
 */
export type QueryPlan = {
  readonly segments: readonly Subject[]
  readonly scores: readonly Score[]
  readonly events: readonly EventFeature[]
  readonly attributes: readonly AttributeFeature[]
  /** Every property that an event filter reads, as the type it is compared as. */
  readonly properties: readonly Property[]
}

/** How many segments one 64-bit word of a lead's set holds: the sign bit is left alone. */
export const bitsPerWord = 62

export function plan(segments: readonly Subject[], scores: readonly Score[]): QueryPlan {
  const events = new Map<string, EventFeature>()
  const attributes = new Map<string, AttributeFeature>()
  const properties = new Map<string, Property>()
  for (const segment of segments) {
    for (const { subject } of testsOf(segment.predicate)) {
      if (subject.kind === 'events') {
        events.set(canonical(subject), subject)
        for (const each of testsOf(subject.events.where))
          properties.set(canonical(each.subject), each.subject)
      }
      if (subject.kind === 'attribute') attributes.set(canonical(subject), subject)
    }
  }
  return {
    segments,
    scores,
    events: inOrder(events),
    attributes: inOrder(attributes),
    properties: inOrder(properties),
  }
}

export function* testsOf<Subject>(tree: Tree<Test<Subject>>): Generator<Test<Subject>> {
  if (tree.kind === 'test') yield tree
  else if (tree.kind === 'not') yield* testsOf(tree.of)
  else for (const each of tree.of) yield* testsOf(each)
}

const inOrder = <Value>(found: Map<string, Value>): Value[] =>
  [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)

/** Whether a segment's truth hangs on a score. */
export function readsScore(predicate: Predicate): boolean {
  return [...testsOf(predicate)].some((test) => test.subject.kind === 'score')
}
