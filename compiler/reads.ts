import type { Feature, Predicate, Score } from './ir.ts'
import { type QueryPlan, type References, referenceOf, scoreNamed, segmentOf, testsOf } from './plan.ts'

const scoreKinds = new Set<Feature['kind']>(['score', 'score_change', 'score_max', 'level_entered'])

/** Whether a segment's truth hangs on a score, by itself or through what it refers to. */
export const readsScore = (predicate: Predicate, references: References = new Map()): boolean =>
  reads(predicate, references, ({ kind }) => scoreKinds.has(kind))

/** Whether a segment's truth hangs on the other leads of a lead's account. */
export function readsOtherLeads(
  predicate: Predicate,
  references: References,
  scores: readonly Score[],
): boolean {
  const ofAccounts = new Set(scores.filter(({ ofLeads }) => ofLeads).map(({ name }) => name))
  return reads(
    predicate,
    references,
    (feature) =>
      feature.kind === 'leads_of_account' ||
      (feature.kind === 'events' && feature.of === 'account') ||
      ('score' in feature && ofAccounts.has(feature.score)),
  )
}

/**
 * Whether a segment's truth may turn at midnight in UTC for everybody, whatever the leads do: points grow less then,
 * and the ends of days at which they are recorded are then one more.
 */
export function readsFading(predicate: Predicate, references: References, scores: readonly Score[]): boolean {
  return reads(predicate, references, (feature) => {
    if (feature.kind === 'score_max' || feature.kind === 'level_entered') return true
    return 'score' in feature && fades(feature.score, scores)
  })
}

function fades(name: string, scores: readonly Score[]): boolean {
  const { rules, ofLeads } = scoreNamed(scores, name)
  if (ofLeads) return fades(ofLeads.score, scores)
  return rules.some((rule) => rule.kind === 'events' && rule.fade !== undefined)
}

function reads(predicate: Predicate, references: References, wanted: (feature: Feature) => boolean): boolean {
  return [...testsOf(predicate)].some(({ subject }) => {
    if (wanted(subject)) return true
    if (subject.kind === 'leads_of_account') return reads(subject.that, references, wanted)
    const key = referredTo(subject)
    return key !== undefined && references.has(key) && reads(referenceOf(references, key), references, wanted)
  })
}

/** The segment whose own meaning a feature hangs on. */
function referredTo(feature: Feature): string | undefined {
  if (feature.kind === 'segment') return feature.key
  return feature.kind === 'recorded' || feature.kind === 'inside' ? segmentOf(feature).key : undefined
}

/** The segments whose lists a segment's truth hangs on, by itself or through what it refers to. */
export function listsReadBy(predicate: Predicate, references: References): string[] {
  const found = new Set<string>()
  reads(predicate, references, (feature) => {
    if (feature.kind === 'listed') found.add(feature.segment)
    return false
  })
  return [...found].sort()
}

/** The segments whose recorded history a segment's truth hangs on, by itself or through what it refers to. */
export function historiesReadBy(predicate: Predicate, references: References): string[] {
  const found = new Set<string>()
  reads(predicate, references, (feature) => {
    if (feature.kind === 'recorded' || feature.kind === 'inside') found.add(feature.segment)
    return false
  })
  return [...found].sort()
}

/** Whether a lead's truth hangs on the other leads of its account, or on the account itself. */
export const readsAccounts = ({ attributes, derived, points, scores }: QueryPlan): boolean =>
  attributes.some((feature) => feature.of === 'account') ||
  points.some(({ score }) => scoreNamed(scores, score).ofLeads !== undefined) ||
  derived.some((level) => level.some(({ kind }) => kind === 'leads_of_account' || kind === 'events'))
