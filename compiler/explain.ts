import type { Context } from './condition.ts'
import { conditionOf } from './conditions/index.ts'
import type { Definition } from './definition.ts'
import { canonical, type Feature, type Predicate } from './ir.ts'
import { normalizePredicate } from './normalize.ts'
import { print, say } from './parse.ts'
import { type Look, sayValue } from './phrase.ts'
import { testsOf } from './plan.ts'

/** A definition taken apart: what combines, and at the ends the conditions, each with a meaning of its own. */
export type Part =
  | { readonly kind: 'all' | 'any'; readonly text: string; readonly of: readonly Part[] }
  | { readonly kind: 'not'; readonly text: string; readonly of: readonly [Part] }
  | ConditionPart
export type ConditionPart = {
  readonly kind: 'condition'
  /** In the text form, and in words. */
  readonly text: string
  readonly words: string
  readonly predicate: Predicate
  /** What it looks at, each once. */
  readonly features: readonly Feature[]
  /** What it found of one lead, for whom it holds or doesn't. */
  readonly tell: (look: Look, holds: boolean) => Told
}
export type Told = {
  /** As it stands beside the condition. */
  readonly saw: readonly string[]
  /** As a part of a sentence about the lead. */
  readonly sentence: string
}

export function partsOf(definition: Definition, context: Context): Part {
  const text = print(definition)
  if ('of' in definition && (definition.kind === 'all' || definition.kind === 'any')) {
    const of = (definition.of as readonly Definition[]).map((each) => partsOf(each, context))
    return { kind: definition.kind, text, of }
  }
  if ('of' in definition && definition.kind === 'not') {
    return { kind: 'not', text, of: [partsOf(definition.of as Definition, context)] }
  }
  const condition = conditionOf(definition.kind)
  if (!condition) throw new Error(`no condition of kind ${definition.kind}`)
  const predicate = normalizePredicate(context.lower(definition))
  const features = featuresOf(predicate)
  return {
    ...{ kind: 'condition', text, words: say(definition), predicate, features },
    tell(look, holds) {
      const seen = { ...look, holds, features, scores: context.catalog.scores }
      return {
        saw: condition.show?.(definition, seen) ?? valuesOf(features, look),
        sentence: condition.tell(definition, seen, say),
      }
    },
  }
}

export const featuresOf = (predicate: Predicate): Feature[] => [
  ...new Map([...testsOf(predicate)].map(({ subject }) => [canonical(subject), subject])).values(),
]

export const valuesOf = (features: readonly Feature[], look: Look): string[] => [
  ...new Set(features.map((feature) => sayValue(feature, look.value(feature), look))),
]

export function conditionsOf(part: Part): readonly ConditionPart[] {
  return part.kind === 'condition' ? [part] : part.of.flatMap(conditionsOf)
}

/** Of which conditions it is known that they hold. */
type Truth = (condition: ConditionPart) => boolean

/** Whether a part holds, when it is known of each condition. */
export function holdsIn(part: Part, truth: Truth): boolean {
  switch (part.kind) {
    case 'condition':
      return truth(part)
    case 'all':
      return part.of.every((each) => holdsIn(each, truth))
    case 'any':
      return part.of.some((each) => holdsIn(each, truth))
    case 'not':
      return !holdsIn(part.of[0], truth)
  }
}

/** How many conditions would have to turn over for a part to be as `wanted`: 0 if it is. */
export function shortBy(part: Part, truth: Truth, wanted = true): number {
  if (part.kind === 'condition') return truth(part) === wanted ? 0 : 1
  if (part.kind === 'not') return shortBy(part.of[0], truth, !wanted)
  const each = part.of.map((inner) => shortBy(inner, truth, wanted))
  return together(part, wanted) ? each.reduce((sum, one) => sum + one, 0) : Math.min(...each)
}

/** Whether all of its parts have to be as wanted; otherwise one of them does. */
const together = ({ kind }: Part, wanted: boolean): boolean => (kind === 'all') === wanted

/** The conditions that count for a part: those that are as they are wanted, and the fewest that would have to turn. */
export type Gathered = { readonly met: readonly ConditionPart[]; readonly lacking: readonly ConditionPart[] }

export function gather(part: Part, truth: Truth, wanted = true): Gathered {
  if (part.kind === 'condition') {
    return truth(part) === wanted ? { met: [part], lacking: [] } : { met: [], lacking: [part] }
  }
  if (part.kind === 'not') return gather(part.of[0], truth, !wanted)
  const short = part.of.map((each) => shortBy(each, truth, wanted))
  // Of alternatives those that are as wanted; where none is, the nearest.
  const least = Math.min(...short)
  const nearest = least === 0 ? -1 : short.indexOf(least)
  const counting = together(part, wanted)
    ? part.of
    : part.of.filter((_, index) => short[index] === 0 || index === nearest)
  const each = counting.map((inner) => gather(inner, truth, wanted))
  return { met: each.flatMap(({ met }) => met), lacking: each.flatMap(({ lacking }) => lacking) }
}

/** A definition of one lead, in a sentence: what it meets, and behind "but" what it lacks. */
export function sentenceOf(part: Part, truth: Truth, look: Look): string {
  const { met, lacking } = gather(part, truth)
  const phrases = (of: readonly ConditionPart[]) => [
    ...new Set(of.map((each) => each.tell(look, truth(each)).sentence)),
  ]
  const lacks = phrases(lacking)
  const meets = phrases(met).filter((each) => !lacks.includes(each))
  return [meets.join(', '), lacks.join(' and ')].filter(Boolean).join(', but ')
}
