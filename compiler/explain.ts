import type { Context } from './condition.ts'
import { conditionOf } from './conditions/index.ts'
import type { Definition } from './definition.ts'
import { canonical, type Feature, type Predicate } from './ir.ts'
import { normalizePredicate } from './normalize.ts'
import { print, say } from './parse.ts'
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
  if (!conditionOf(definition.kind)) throw new Error(`no condition of kind ${definition.kind}`)
  const predicate = normalizePredicate(context.lower(definition))
  const features = new Map([...testsOf(predicate)].map(({ subject }) => [canonical(subject), subject]))
  return { kind: 'condition', text, words: say(definition), predicate, features: [...features.values()] }
}

export function conditionsOf(part: Part): readonly ConditionPart[] {
  return part.kind === 'condition' ? [part] : part.of.flatMap(conditionsOf)
}

/** Whether a part holds, when it is known of each condition. */
export function holdsIn(part: Part, truth: (condition: ConditionPart) => boolean): boolean {
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
export function shortBy(part: Part, truth: (condition: ConditionPart) => boolean, wanted = true): number {
  if (part.kind === 'condition') return truth(part) === wanted ? 0 : 1
  if (part.kind === 'not') return shortBy(part.of[0], truth, !wanted)
  const each = part.of.map((inner) => shortBy(inner, truth, wanted))
  const together = (part.kind === 'all') === wanted
  return together ? each.reduce((sum, one) => sum + one, 0) : Math.min(...each)
}
