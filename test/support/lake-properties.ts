import type { Property } from '../../compiler/ir.ts'

/** A property of every type, and one that lies within another. */
export const properties: readonly Property[] = [
  { kind: 'property', name: 'page', type: 'text' },
  { kind: 'property', name: 'amount', type: 'number' },
  { kind: 'property', name: 'paid', type: 'boolean' },
  { kind: 'property', name: 'due', type: 'instant' },
  { kind: 'property', name: 'tags', type: 'texts' },
  { kind: 'property', name: 'tags', type: 'size' },
  { kind: 'property', name: 'basket', path: ['total'], type: 'number' },
  { kind: 'property', name: 'basket', type: 'json' },
]
