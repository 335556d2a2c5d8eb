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
  | {
      readonly kind: 'attribute'
      readonly of: 'lead' | 'account'
      readonly name: string
      readonly type: ValueType
    }
  /** The earliest or latest instant of the events that pass; counts are 0 where there are none. */
  | { readonly kind: 'events'; readonly figure: 'first' | 'last' | 'count'; readonly events: Events }
  /** The least of: value given, earliest event, moment of loading. Never missing. */
  | { readonly kind: 'first_seen' }
  /** Points as of asOf. Never missing. */
  | { readonly kind: 'score'; readonly score: string }

export type Events = {
  readonly types: EventTypes
  readonly where: Filter
  /** Closed at both ends; events after asOf are never seen. */
  readonly from?: Moment
  readonly to?: Moment
}

export type EventTypes = { readonly only: readonly string[] } | { readonly allBut: readonly string[] }

export type Property = { readonly kind: 'property'; readonly name: string; readonly type: ValueType }

/** `json` is a value of any type: it can be asked whether it is known, and not be compared. */
export type ValueType = 'number' | 'text' | 'boolean' | 'instant' | 'json'

export type Comparison =
  | { readonly op: 'known' }
  | { readonly op: '=' | '<' | '<=' | '>' | '>='; readonly to: Operand; readonly exactly?: true }
  | { readonly op: 'in'; readonly to: readonly Operand[]; readonly exactly?: true }
  | { readonly op: 'contains' | 'starts with' | 'ends with'; readonly to: Operand; readonly exactly?: true }

/** Numbers are decimals as text, so that none passes through a float. */
export type Operand =
  | { readonly type: 'number'; readonly value: string }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'instant'; readonly moment: Moment }

/** Points per event type, summed over a lead's life, and levels as ordered lower bounds. */
export type Score = {
  readonly name: string
  readonly rules: readonly { readonly event: string; readonly micropoints: string }[]
  readonly levels: readonly { readonly name: string; readonly from: string }[]
}

export const everyone: Tree<never> = { kind: 'all', of: [] }
export const nobody: Tree<never> = { kind: 'any', of: [] }
export const not = <Leaf>(of: Tree<Leaf>): Tree<Leaf> => ({ kind: 'not', of })
export const test = <Subject>(subject: Subject, is: Comparison): Test<Subject> => ({
  kind: 'test',
  subject,
  is,
})

/** The name a value goes by where text depends on content: keys sorted, no blanks. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`
  }
  return JSON.stringify(value)
}
