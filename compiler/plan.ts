import {
  type AttributeFeature,
  type AttributeHistoryFeature,
  canonical,
  type EventFeature,
  type Events,
  type Feature,
  type ListedFeature,
  type Predicate,
  type Property,
  type RecordedFeature,
  type Score,
  type ScoreFeature,
  type SequenceFeature,
  type Test,
  type Tree,
} from './ir.ts'
import type { Moment } from './time.ts'

/** A segment as the compiler sees it: which one, and what it means. */
export type Subject = { readonly key: string; readonly predicate: Predicate }

/**
 * All segments and scores together, as the distinct features they read: one scan per kind of feature, whatever the
 * number of segments. The k-th segment is the k-th bit of a lead's set.
 */
export type QueryPlan = {
  readonly segments: readonly Subject[]
  readonly scores: readonly Score[]
  /** Every score at every moment it is read at: those of the plan first, in their order, as of asOf. */
  readonly points: readonly ScoreFeature[]
  /** Figures over a lead's own events. */
  readonly events: readonly EventFeature[]
  readonly sequences: readonly SequenceFeature[]
  readonly attributes: readonly AttributeFeature[]
  readonly buckets: readonly BucketFeature[]
  readonly lists: readonly ListedFeature[]
  readonly attributeHistory: readonly AttributeHistoryFeature[]
  /** Features that are computed from those of other leads or of the levels before, lowest level first. */
  readonly derived: readonly (readonly DerivedFeature[])[]
  /** Every property that is read, as the type it is read as. */
  readonly properties: readonly Property[]
  /** What the segments mean that others refer to. */
  readonly references: References
}

export type References = ReadonlyMap<string, Predicate>
export type BucketFeature = Extract<Feature, { kind: 'bucket' }>
export type DerivedFeature =
  | EventFeature
  | RecordedFeature
  | Extract<Feature, { kind: 'leads_of_account' | 'segment' }>

/** How many segments one 64-bit word of a lead's set holds: the sign bit is left alone. */
export const bitsPerWord = 62

export function plan(
  segments: readonly Subject[],
  scores: readonly Score[],
  references: References = new Map(),
): QueryPlan {
  const found = new Collector(references, scores)
  found.visitScores()
  for (const { predicate } of segments) found.visit(predicate)
  return {
    segments,
    scores,
    points: [...found.points.values()],
    events: inOrder(found.events),
    sequences: inOrder(found.sequences),
    attributes: inOrder(found.attributes),
    buckets: inOrder(found.buckets),
    lists: inOrder(found.lists),
    attributeHistory: inOrder(found.attributeHistory),
    derived: levels(found.derived),
    properties: inOrder(found.properties),
    references,
  }
}

class Collector {
  readonly references: References
  readonly scores: readonly Score[]
  readonly points = new Map<string, ScoreFeature>()
  readonly events = new Map<string, EventFeature>()
  readonly sequences = new Map<string, SequenceFeature>()
  readonly attributes = new Map<string, AttributeFeature>()
  readonly buckets = new Map<string, BucketFeature>()
  readonly lists = new Map<string, ListedFeature>()
  readonly attributeHistory = new Map<string, AttributeHistoryFeature>()
  readonly properties = new Map<string, Property>()
  readonly derived = new Map<string, { feature: DerivedFeature; level: number }>()

  constructor(references: References, scores: readonly Score[]) {
    this.references = references
    this.scores = scores
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
      case 'listed':
        this.lists.set(name, feature)
        return 0
      case 'attribute_history':
        this.attributeHistory.set(name, feature)
        return this.add(feature.attribute)
      case 'recorded':
      case 'inside':
        return this.derive(name, feature, () => this.add(segmentOf(feature)))
      case 'score_max':
        this.visitScore({ kind: 'score', score: feature.score })
        if (feature.from) this.visitScore({ kind: 'score', score: feature.score, at: feature.from })
        return this.derive(name, feature, () => 0)
      case 'level_entered':
        return this.derive(name, feature, () => this.visitScore({ kind: 'score', score: feature.score }))
      case 'first_seen':
        return 0
      case 'score':
        return this.visitScore(feature)
      case 'score_change':
        this.visitScore({ kind: 'score', score: feature.score })
        return this.visitScore({ kind: 'score', score: feature.score, at: feature.since })
      case 'leads_of_account':
        return this.derive(name, feature, () => this.visit(feature.that))
      case 'segment':
        return this.derive(name, feature, () => this.visit(referenceOf(this.references, feature.key)))
    }
  }

  /** The plan's own scores come first, in their order. */
  visitScores(): void {
    const own = this.scores.map(({ name }): ScoreFeature => ({ kind: 'score', score: name }))
    for (const feature of own) this.points.set(canonical(feature), feature)
    for (const feature of own) this.visitRules(feature)
  }

  private visitScore(feature: ScoreFeature): number {
    const name = canonical(feature)
    if (!this.points.has(name)) {
      this.points.set(name, feature)
      this.visitRules(feature)
    }
    return 0
  }

  /** What a score is made of, and at the same moment the one that it sums up. */
  private visitRules(feature: ScoreFeature): void {
    const { rules, ofLeads } = scoreNamed(this.scores, feature.score)
    for (const rule of rules) {
      if (rule.kind === 'events') this.addFilter(rule.events)
      else this.visit(asOfMoment(rule.that, feature.at))
    }
    if (ofLeads) this.visitScore({ ...feature, score: ofLeads.score })
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

/** What a recorded feature of a segment goes on from: whether the lead is in it now. */
export const segmentOf = ({
  segment,
  meaning,
  as = segment,
}: Extract<RecordedFeature, { segment: string }>): Extract<Feature, { kind: 'segment' }> => ({
  kind: 'segment',
  key: as,
  meaning,
})

export function scoreNamed(scores: readonly Score[], name: string): Score {
  const score = scores.find((each) => each.name === name)
  if (!score) throw new Error(`a predicate reads the score ${name}, which its plan lacks`)
  return score
}

/** What a fit rule asks, of the attributes as they were at a moment. */
export function asOfMoment(predicate: Predicate, at: Moment | undefined): Predicate {
  if (at === undefined) return predicate
  if (predicate.kind === 'not') return { kind: 'not', of: asOfMoment(predicate.of, at) }
  if (predicate.kind !== 'test') {
    return { kind: predicate.kind, of: predicate.of.map((each) => asOfMoment(each, at)) }
  }
  const { subject } = predicate
  return subject.kind === 'attribute' ? { ...predicate, subject: { ...subject, at } } : predicate
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
