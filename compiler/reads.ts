import type { AttributeFeature, Feature, Predicate, Rule, Score } from './ir.ts'
import { fingerprint } from './normalize.ts'
import { type QueryPlan, type References, referenceOf, scoreNamed, segmentOf, testsOf } from './plan.ts'

const scoreKinds = new Set<Feature['kind']>(['score', 'score_change', 'score_max', 'level_entered'])

/** Whether a segment's truth hangs on a score, by itself or through what it refers to. */
export const readsScore = (predicate: Predicate, references: References = new Map()): boolean =>
  reads(predicate, references, ({ kind }) => scoreKinds.has(kind))

/** The names of the scores that a segment's truth hangs on, by itself or through what it refers to. */
function scoresReadBy(predicate: Predicate, references: References, scores: readonly Score[]): Set<string> {
  const found = new Set<string>()
  reads(predicate, references, (feature) => {
    if ('score' in feature) found.add(feature.score)
    return false
  })
  // What an account's score sums up belongs to it. A set goes on over what is added on the way.
  for (const name of found) {
    const { ofLeads } = scoreNamed(scores, name)
    if (ofLeads) found.add(ofLeads.score)
  }
  return found
}

/** Fingerprint of what the scores mean that a segment's truth hangs on; undefined: it reads none. */
export function scoresMeant(
  predicate: Predicate,
  references: References,
  scores: readonly Score[],
): string | undefined {
  const names = scoresReadBy(predicate, references, scores)
  const read = scores.filter(({ name }) => names.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
  if (read.length === 0) return undefined
  // How a rule was written is no part of what it means.
  const unnamed = ({ name: _, ...rule }: Rule) => rule
  return fingerprint(read.map((score) => ({ ...score, rules: score.rules.map(unnamed) })))
}

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

/** Whose past, as it was recorded, a segment's truth hangs on, by itself or through what it refers to. */
export function recordedReadBy(
  predicate: Predicate,
  references: References,
): { readonly of: 'segment' | 'score'; readonly name: string }[] {
  const found = new Map<string, { of: 'segment' | 'score'; name: string }>()
  reads(predicate, references, (feature) => {
    if (feature.kind === 'recorded' || feature.kind === 'inside')
      found.set(`segment ${feature.segment}`, { of: 'segment', name: feature.segment })
    if (feature.kind === 'score_max' || feature.kind === 'level_entered')
      found.set(`score ${feature.score}`, { of: 'score', name: feature.score })
    return false
  })
  return [...found.values()]
}

/** The attributes that a lead's own truth hangs on: by itself, through segments, and through points for what it is. */
export function attributesReadBy(
  predicate: Predicate,
  references: References,
  scores: readonly Score[],
): AttributeFeature[] {
  return [...testsOf(predicate)].flatMap(({ subject }) => {
    if (subject.kind === 'attribute') return [subject]
    if (subject.kind === 'attribute_history') return [subject.attribute]
    if (subject.kind === 'segment')
      return attributesReadBy(referenceOf(references, subject.key), references, scores)
    if (!('score' in subject)) return []
    return scoreNamed(scores, subject.score).rules.flatMap((rule) =>
      rule.kind === 'fit' ? attributesReadBy(rule.that, references, scores) : [],
    )
  })
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
