import type { Definition } from '../definition.ts'
import type { Span } from '../diagnostic.ts'

export const spans: WeakMap<object, Span>
export const words: readonly string[]
export function parse(text: string): Definition
declare class GrammarError extends Error {
  expected:
    | { type: 'literal' | 'other' | 'class' | 'end' | 'any'; text?: string; description?: string }[]
    | null
  found: string | null
  location: { start: { offset: number }; end: { offset: number } }
}

export { GrammarError as SyntaxError }
