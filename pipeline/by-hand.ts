import {
  addedTo,
  type ConditionPart,
  listsReadBy,
  type Part,
  type Predicate,
  type References,
  removedFrom,
  staticMeaning,
  testsOf,
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
      of: [byHand('added by hand', added), ...(part.kind === 'any' ? part.of : [part])],
    }
  }
  if (removed && holds(removed)) {
    const out = byHand('removed by hand', removed)
    const rest = part.kind === 'all' ? part.of : [part]
    return { kind: 'all', text, of: [{ kind: 'not', text: `not ${out.text}`, of: [out] }, ...rest] }
  }
  return part
}

/** A static segment's definition is a list. */
export const onTheList = (key: string): ConditionPart =>
  byHand('on its list', staticMeaning(key, 0).predicate)

const byHand = (text: string, predicate: Predicate): ConditionPart => ({
  ...{ kind: 'condition', text, words: text, predicate },
  features: [...testsOf(predicate)].map(({ subject }) => subject),
})
