import {
  addedTo,
  type ConditionPart,
  featuresOf,
  listsReadBy,
  type Part,
  type Predicate,
  type References,
  removedFrom,
  staticMeaning,
} from '../compiler/index.ts'

/** What is asked of the lists of a segment that hands have been at. */
export const handsOn = (key: string, references: References): readonly Predicate[] =>
  listsReadBy(references.get(key)!, new Map()).includes(key) ? [addedTo(key), removedFrom(key)] : []

/** A definition, and beside it what a hand said of the lead, if one did: it decides. */
export function withHand(
  { key, part }: { key: string; part: Part },
  references: References,
  holds: (predicate: Predicate) => boolean,
): Part {
  const [added, removed] = handsOn(key, references)
  const { text } = part
  if (added && holds(added)) {
    return {
      kind: 'any',
      text,
      of: [
        byHand(added, { text: 'added by hand', saw: 'a hand added it' }),
        ...(part.kind === 'any' ? part.of : [part]),
      ],
    }
  }
  if (removed && holds(removed)) {
    const out = byHand(removed, { text: 'removed by hand', saw: 'a hand removed it' })
    const rest = part.kind === 'all' ? part.of : [part]
    return { kind: 'all', text, of: [{ kind: 'not', text: `not ${out.text}`, of: [out] }, ...rest] }
  }
  return part
}

/** A static segment's definition is a list. */
export const onTheList = (key: string): ConditionPart =>
  byHand(staticMeaning(key, 0).predicate, { text: 'on its list', saw: 'it is on it' })

/** `saw`: what is so where it holds. */
const byHand = (predicate: Predicate, { text, saw }: { text: string; saw: string }): ConditionPart => ({
  ...{ kind: 'condition', text, words: text, predicate, features: featuresOf(predicate) },
  tell: (_look, holds) => ({ saw: [holds ? saw : 'it is not'], sentence: holds ? text : `not ${text}` }),
})
