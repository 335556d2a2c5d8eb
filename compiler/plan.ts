import {
  type AttributeFeature,
  canonical,
  type EventFeature,
  type Events,
  type Feature,
  type Predicate,
  type Property,
  type Score,
  type SequenceFeature,
  type Test,
  type Tree,
} from './ir.ts'

/** A segment as the compiler sees it: which one, and what it means. */
export type Subject = { readonly key: string; readonly predicate: Predicate }

/**
 * All segments and scores together, as the distinct features they read: one scan per kind of feature, whatever the
 * number of segments. The k-th segment is the k-th bit of a lead's set.
 */
export type QueryPlan = {
  readonly segments: readonly Subject[]
  readonly scores: readonly Score[]
  /** Figures over a lead's own events. */
  readonly events: readonly EventFeature[]
  readonly sequences: readonly SequenceFeature[]
  readonly attributes: readonly AttributeFeature[]
  readonly buckets: readonly BucketFeature[]
  /** Features that are computed from those of other leads or of the levels before, lowest level first. */
  readonly derived: readonly (readonly DerivedFeature[])[]
  /** Every property that is read, as the type it is read as. */
  readonly properties: readonly Property[]
  /** What the segments mean that others refer to. */
  readonly references: References
}

export type References = ReadonlyMap<string, Predicate>
export type BucketFeature = Extract<Feature, { kind: 'bucket' }>
export type DerivedFeature = EventFeature | Extract<Feature, { kind: 'leads_of_account' | 'segment' }>

/** How many segments one 64-bit word of a lead's set holds: the sign bit is left alone. */
export const bitsPerWord = 62

export function plan(
  segments: readonly Subject[],
  scores: readonly Score[],
  references: References = new Map(),
): QueryPlan {
  const found = new Collector(references)
  for (const { predicate } of segments) found.visit(predicate)
  return {
    segments,
    scores,
    events: inOrder(found.events),
    sequences: inOrder(found.sequences),
    attributes: inOrder(found.attributes),
    buckets: inOrder(found.buckets),
    derived: levels(found.derived),
    properties: inOrder(found.properties),
    references,
  }
}

class Collector {
  readonly references: References
  readonly events = new Map<string, EventFeature>()
  readonly sequences = new Map<string, SequenceFeature>()
  readonly attributes = new Map<string, AttributeFeature>()
  readonly buckets = new Map<string, BucketFeature>()
  readonly properties = new Map<string, Property>()
  readonly derived = new Map<string, { feature: DerivedFeature; level: number }>()

  constructor(references: References) {
    this.references = references
  }

  /** Collects what a predicate reads. Returns its level: 0 if nothing of it is derived. */
  visit(predicate: Predicate): number {
    let level = 0
    for (const { subject } of testsOf(predicate)) level = Math.max(level, this.add(subject))
    return level
  }

  private add(feature: Feature): number {
    const name = canonical(feature)
    switch (feature.kind) {
      case 'events':
        return this.addFigure(feature, name)
      case 'sequence':
        this.sequences.set(name, feature)
        for (const events of eventsOf(feature)) this.addFilter(events)
        return 0
      case 'attribute':
        this.attributes.set(name, feature)
        return 0
      case 'bucket':
        this.buckets.set(name, feature)
        return 0
      case 'first_seen':
      case 'score':
        return 0
      case 'leads_of_account':
        return this.derive(name, feature, () => this.visit(feature.that))
      case 'segment':
        return this.derive(name, feature, () => this.visit(referenceOf(this.references, feature.key)))
    }
  }

  private addFigure(feature: EventFeature, name: string): number {
    if (feature.of === 'account')
      return this.derive(name, feature, () => this.add({ ...feature, of: 'lead' }))
    this.events.set(name, feature)
    this.addFilter(feature.events)
    if ('property' in feature.figure) this.addProperty(feature.figure.property)
    return 0
  }

  private derive(name: string, feature: DerivedFeature, inner: () => number): number {
    const known = this.derived.get(name)
    if (known) return known.level
    const level = inner() + 1
    this.derived.set(name, { feature, level })
    return level
  }

  private addFilter(events: Events): void {
    for (const { subject } of testsOf(events.where)) this.addProperty(subject)
  }

  private addProperty(property: Property): void {
    this.properties.set(canonical(property), property)
  }
}

/** The events that each step looks for, and those that must not follow. */
export const eventsOf = ({ steps, without }: SequenceFeature): readonly Events[] =>
  [...steps, ...(without ? [without] : [])].map(({ events }) => events)

export function referenceOf(references: References, key: string): Predicate {
  const predicate = references.get(key)
  if (!predicate) throw new Error(`a predicate refers to the segment ${key}, which its plan lacks`)
  return predicate
}

export function* testsOf<Subject>(tree: Tree<Test<Subject>>): Generator<Test<Subject>> {
  if (tree.kind === 'test') yield tree
  else if (tree.kind === 'not') yield* testsOf(tree.of)
  else for (const each of tree.of) yield* testsOf(each)
}

const inOrder = <Value>(found: Map<string, Value>): Value[] =>
  [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)

function levels(found: Collector['derived']): DerivedFeature[][] {
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
  const highest = Math.max(0, ...sorted.map(({ level }) => level))
  return Array.from({ length: highest }, (_, index) =>
    sorted.filter(({ level }) => level === index + 1).map(({ feature }) => feature),
  )
}

/** Whether a segment's truth hangs on a score, by itself or through what it refers to. */
export const readsScore = (predicate: Predicate, references: References = new Map()): boolean =>
  reads(predicate, references, ({ kind }) => kind === 'score')

/** Whether a segment's truth hangs on the other leads of a lead's account. */
export const readsOtherLeads = (predicate: Predicate, references: References): boolean =>
  reads(
    predicate,
    references,
    (feature) =>
      feature.kind === 'leads_of_account' || (feature.kind === 'events' && feature.of === 'account'),
  )

function reads(predicate: Predicate, references: References, wanted: (feature: Feature) => boolean): boolean {
  return [...testsOf(predicate)].some(({ subject }) => {
    if (wanted(subject)) return true
    if (subject.kind === 'leads_of_account') return reads(subject.that, references, wanted)
    return subject.kind === 'segment' && reads(referenceOf(references, subject.key), references, wanted)
  })
}

/** Whether a lead's truth hangs on the other leads of its account, or on the account itself. */
export const readsAccounts = ({ attributes, derived }: QueryPlan): boolean =>
  attributes.some((feature) => feature.of === 'account') ||
  derived.some((level) => level.some((feature) => feature.kind !== 'segment'))
