import type { Moment } from './time.ts'

/** The meaning of a definition. Two-valued: a test of a missing value is false, and `not` is the exact complement. */
export type Predicate = Tree<Test<Feature>>

/** What must hold on one event for it to count. Tests of its properties, two-valued as well. */
export type Filter = Tree<Test<Property>>

export type Tree<Leaf> =
  | { readonly kind: 'all'; readonly of: readonly Tree<Leaf>[] }
  | { readonly kind: 'any'; readonly of: readonly Tree<Leaf>[] }
  | { readonly kind: 'not'; readonly of: Tree<Leaf> }
  | Leaf

export type Test<Subject> = { readonly kind: 'test'; readonly subject: Subject; readonly is: Comparison }

/** A value of a lead, of the type it is compared as. Missing unless said otherwise. */
export type Feature =
  | AttributeFeature
  | EventFeature
  | SequenceFeature
  /** The least of: value given, earliest event, moment of loading. Never missing. */
  | { readonly kind: 'first_seen' }
  | ScoreFeature
  /** By how many points a score has changed since a moment: below 0 if it fell. Never missing. */
  | { readonly kind: 'score_change'; readonly score: string; readonly since: Moment }
  /** Which of `of` equal shares the lead falls into, from 0: a number that depends on its external id and `by` alone. */
  | { readonly kind: 'bucket'; readonly of: number; readonly by: string }
  /** How many leads of the lead's account, itself included, `that` holds for. 0 without an account. */
  | { readonly kind: 'leads_of_account'; readonly that: Predicate }
  /** Whether the lead is in another segment, as of the same instant: a boolean. `meaning` is its fingerprint. */
  | { readonly kind: 'segment'; readonly key: string; readonly meaning: string }
  | ListedFeature
  | AttributeHistoryFeature
  | RecordedFeature

/** As of asOf, or of an earlier moment. */
export type AttributeFeature = Stored & {
  readonly kind: 'attribute'
  readonly of: 'lead' | 'account'
  readonly at?: Moment
}

/** Whether a hand put the lead on a segment's list, as of asOf: its members if it is static, else its overrides. */
export type ListedFeature = {
  readonly kind: 'listed'
  readonly segment: string
  readonly list: 'members' | 'added' | 'removed'
}

/** An attribute's values in the order in which they began to hold: an instant. */
export type AttributeHistoryFeature = {
  readonly kind: 'attribute_history'
  readonly attribute: AttributeFeature
  /**
   * `since`: when the value began to compare as `to` says, if it has done so without a break until asOf.
   * `changed`: when it last changed from what `from` says to what `to` says, within `end`. From what does not compare
   * as the one that is left out; from any value to another where both are, text compared without regard to case.
   */
  readonly figure: 'since' | 'changed'
  readonly from?: Comparison
  /** Left out of `changed` alone. */
  readonly to?: Comparison
  readonly end?: { readonly to?: Moment; readonly until?: Moment }
}

type OfSegment = {
  readonly segment: string
  /** Its fingerprint. */
  readonly meaning: string
  /** The name under which the plan knows what it means now, if it is not the key under which it is recorded. */
  readonly as?: string
}

/** What runs before asOf have written, and what is true at asOf itself as if a run had written that too. */
export type RecordedFeature =
  /**
   * `since`: when a lead that is in the segment entered it; `entered`, `left`: when it last did, no later than `to`
   * and before `until`. An instant.
   * `inside`: whether it was in it at any time from `from` to `to` (both included) or until `until` (excluded). A
   * boolean.
   */
  | (OfSegment & {
      readonly kind: 'recorded'
      readonly figure: 'since' | 'entered' | 'left'
      readonly to?: Moment
      readonly until?: Moment
    })
  | (OfSegment & {
      readonly kind: 'inside'
      readonly from?: Moment
      readonly to?: Moment
      readonly until?: Moment
    })
  /** The most points at the ends of UTC days since `from` (ever, without), at `from`, and at asOf. Never missing. */
  | { readonly kind: 'score_max'; readonly score: string; readonly from?: Moment }
  /** The end of the UTC day on which a score last rose or fell to a level, or asOf if it is there only now. */
  | { readonly kind: 'level_entered'; readonly score: string; readonly level: string }

/** Points as of asOf, or of an earlier moment. Never missing. */
export type ScoreFeature = { readonly kind: 'score'; readonly score: string; readonly at?: Moment }

/** A figure over the events that pass. Of the account: over the events of all its leads together. */
export type EventFeature = {
  readonly kind: 'events'
  /** Of the account only `first`, `last`, `count`, and the `sum`, `min` and `max` of a property. */
  readonly of: 'lead' | 'account'
  readonly figure: Figure
  readonly events: Events
}

export type Figure =
  /** The earliest and the latest instant; how many: 0 where there are none. */
  | { readonly kind: 'first' | 'last' | 'count' }
  /** Of the values that are not missing. `distinct` counts them, ignoring case: 0 where there are none. */
  | { readonly kind: 'sum' | 'mean' | 'min' | 'max' | 'distinct'; readonly property: Property }
  /** The property of the earliest or latest event, in the order of (occurred_at, event_id): missing if it is there. */
  | { readonly kind: 'value of first' | 'value of last'; readonly property: Property }
  /** On how many different local days of the zone: 0 where there are none. */
  | { readonly kind: 'days'; readonly zone: string }
  /**
   * In how many periods there are `least` events or more. The newest period begins at `from[0]` and ends with asOf
   * (included); each earlier one begins at its `from` and ends where the next begins (excluded).
   */
  | { readonly kind: 'periods'; readonly from: readonly Moment[]; readonly least: number }

/**
 * Whether there are events, each at a strictly later instant than the one before, that pass the steps in their order:
 * a boolean. Lengths of time are seconds.
 */
export type SequenceFeature = {
  readonly kind: 'sequence'
  /** `within`: no later than so long after the step before. */
  readonly steps: readonly { readonly events: Events; readonly within?: number }[]
  /** From the first step to the last no more than so long. Not together with a step's `within`. */
  readonly within?: number
  /**
   * None of these events follows the last step, later than it and no later than `within` after it; and that time is
   * over: the last step lies at asOf − within or before.
   */
  readonly without?: { readonly events: Events; readonly within: number }
}

export type Events = {
  readonly types: EventTypes
  readonly where: Filter
  /** From `from` (included), to `to` (included) or until `until` (excluded). Events after asOf are never seen. */
  readonly from?: Moment
  readonly to?: Moment
  readonly until?: Moment
}

export type EventTypes =
  | { readonly only: readonly string[] }
  | { readonly allBut: readonly string[] }
  | { readonly prefix: string }

export type Property = Stored & {
  readonly kind: 'property'
  /** Where the event has none of its own: what its type says (the channel that events.yaml gives it). */
  readonly ofType?: Readonly<Record<string, string>>
}

/** A stored JSON value, or what lies at a path of keys within it, read as a type. */
export type Stored = { readonly name: string; readonly path?: readonly string[]; readonly type: ValueType }

/**
 * `json` is a value of any type: it can be asked whether it is known, and not be compared. `texts`, `numbers` and
 * `booleans` are arrays, of which elements of another type are missing; a value that is no array is an array of one.
 * `size` is the number of an array's elements, 1 for a value that is no array, 0 where it is missing.
 * Missing are: null, empty text, empty arrays.
 */
export type ValueType = ScalarType | 'json' | ListType | 'size'
export type ScalarType = 'number' | 'text' | 'boolean' | 'instant'
export type ListType = 'numbers' | 'texts' | 'booleans'

export type Comparison =
  | { readonly op: 'known' }
  | ScalarComparison
  /** Some element compares so, or every one does and there is one. */
  | { readonly op: 'some'; readonly is: ScalarComparison }
  | { readonly op: 'every'; readonly is: ScalarComparison }

export type ScalarComparison =
  | { readonly op: '=' | '<' | '<=' | '>' | '>='; readonly to: Operand; readonly exactly?: true }
  | { readonly op: 'in'; readonly to: readonly Operand[]; readonly exactly?: true }
  /** Both ends included. Of one element; of a single value two comparisons say it. */
  | { readonly op: 'between'; readonly low: Operand; readonly high: Operand }
  | { readonly op: TextOp; readonly to: TextOperand; readonly exactly?: true }

/**
 * `like`: `%` is any text, `_` any character, a backslash takes what follows as it stands. `matches`: a regular
 * expression somewhere in the text, of the subset in pattern.ts, folded already unless `exactly`.
 */
export type TextOp = 'contains' | 'starts with' | 'ends with' | 'like' | 'matches'
export type TextOperand = { readonly type: 'text'; readonly value: string }

/** Numbers are decimals as text, so that none passes through a float. */
export type Operand =
  | { readonly type: 'number'; readonly value: string }
  | TextOperand
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'instant'; readonly moment: Moment }

/** Points as of an instant, and levels as ordered lower bounds. */
export type Score = {
  readonly name: string
  readonly rules: readonly Rule[]
  /** Of an account: what a score of its leads comes to; every one of them has it. A mean is rounded towards 0. */
  readonly ofLeads?: { readonly by: 'sum' | 'max' | 'mean'; readonly score: string }
  readonly levels: readonly { readonly name: string; readonly from: string }[]
}
export type Rule = EventRule | FitRule

/** Micro-points per event. Caps are positive, and hold for points below 0 as well. Ages are whole UTC days. */
export type EventRule = {
  readonly kind: 'events'
  readonly name: string
  readonly events: Events
  readonly micropoints: string
  readonly capPerDay?: string
  readonly capPerLead?: string
  /** What an event is worth, and a day at its cap, by age: `[0]` on the day itself; nothing beyond the last. */
  readonly fade?: { readonly each: readonly string[]; readonly capped: readonly string[] }
}
/** Micro-points for leads that `that` holds for; it looks at attributes alone. */
export type FitRule = {
  readonly kind: 'fit'
  readonly name: string
  readonly that: Predicate
  readonly micropoints: string
}

export const everyone: Tree<never> = { kind: 'all', of: [] }
export const nobody: Tree<never> = { kind: 'any', of: [] }
export const not = <Leaf>(of: Tree<Leaf>): Tree<Leaf> => ({ kind: 'not', of })
export const test = <Subject>(subject: Subject, is: Comparison): Test<Subject> => ({
  kind: 'test',
  subject,
  is,
})

/** Nothing here changes once it is made, and is asked for its name again and again. */
const names = new WeakMap<object, string>()

/** The name a value goes by where text depends on content: keys sorted, no blanks. It must not change afterwards. */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const known = names.get(value)
  if (known !== undefined) return known
  const name = Array.isArray(value) ? `[${value.map(canonical).join(',')}]` : `{${fieldsOf(value)}}`
  names.set(value, name)
  return name
}

const fieldsOf = (value: object): string =>
  Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`)
    .join(',')
