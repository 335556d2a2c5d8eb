import { z } from 'zod'
import type { Catalog } from './catalog.ts'
import type { Definition } from './definition.ts'
import type { DiagnosticCode } from './diagnostic.ts'
import type { Predicate } from './ir.ts'
import type { Seen } from './phrase.ts'

/**
 * What a condition is. One file says all there is to say about it; the rest (validation, text form, shared
 * features, SQL on every engine, docs, tests of every example) follows from here.
 */
export type Condition<Node extends { kind: string } = { kind: string }> = {
  readonly kind: Node['kind']
  /** Its meaning, in a sentence. */
  readonly meaning: string
  /** What it makes of a missing value, in a sentence. */
  readonly missing: string
  /** The JSON form. */
  readonly shape: z.ZodType<Node>
  /** The text form: Peggy rules, the first of which is named like the kind; see language/base.peggy. */
  readonly syntax: string
  /** Back to the text form; parsing it again gives the same node. `text` prints a definition that it holds. */
  print(node: Node, text: (inner: Definition) => string): string
  lower(node: Node, context: Context): Predicate
  /** In words, for sentences about a segment. `words` says a definition that it holds. */
  say(node: Node, words: (inner: Definition) => string): string
  /**
   * In words, of one lead, given what was seen: "demo request 3 days ago"; where it doesn't hold, what is so instead:
   * "no demo request in the last 7 days". A part of a sentence, true by itself.
   */
  tell(node: Node, seen: Seen, words: (inner: Definition) => string): string
  /** What was seen, as it stands beside the condition; the values of its features, if nothing is said. */
  show?(node: Node, seen: Seen): readonly string[] | undefined
  /** In the text form. Each is executed, plain and negated, on every engine. */
  readonly examples: readonly string[]
}

/** What lowering may ask, and where it says what it found. */
export type Context = {
  readonly catalog: Catalog
  readonly zone: string
  /** What stands in front of the condition, joined to it. */
  readonly behind?: Behind
  /** The meaning of a definition that a condition holds. */
  lower(definition: Definition): Predicate
  report(node: object, code: DiagnosticCode, message: string, options?: Reported): void
}

export type Behind = {
  readonly definition: Definition
  readonly joint: 'all' | 'any'
  /** The condition is said to not hold. */
  readonly isNegated?: boolean
}

/** A definition inside a condition. All conditions together make its shape, so parse.ts says what it is. */
export const inner: { shape: z.ZodType<Definition> } = { shape: z.never() }
export const innerDefinition: z.ZodType<Definition> = z.lazy(() => inner.shape)

export type Reported = {
  readonly hint?: string | undefined
  readonly severity?: 'error' | 'warning'
  /** What is wrong is the node's beginning, so many characters of it. */
  readonly length?: number
  /** A name that the catalog doesn't know. */
  readonly unknown?: string
}

/** Keeps a condition's node type checked inside its file, and lets all of them stand in one list. */
export function condition<Node extends { kind: string }>(definition: Condition<Node>): Condition {
  return definition as unknown as Condition
}
