import * as fc from 'fast-check'
import type { Property, ScalarType, Stored, ValueType } from '../../compiler/ir.ts'
import { catalog } from './catalog.ts'
import { hostileName } from './values.ts'

/** Random stored values, as predicates name them: attributes and properties, whole or at a path, as one of the types. */
export const scalarTypes = ['number', 'text', 'boolean', 'instant'] as const
const types: readonly ValueType[] = [...scalarTypes, 'json', 'texts', 'numbers', 'booleans', 'size']

/** Mostly read as the type it has, now and then as another. */
function typeFor(declared: string): fc.Arbitrary<ValueType> {
  if (declared === 'json')
    return fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom<ValueType>('json', 'texts', 'texts', 'numbers', 'booleans', 'size'),
      },
      { weight: 1, arbitrary: fc.constantFrom(...types) },
    )
  const proper = types.find((type) => type === declared) ?? 'number'
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(proper) },
    { weight: 1, arbitrary: fc.constantFrom(...types) },
  )
}

/** What lies within, and as what it makes sense to read it. */
const paths: Readonly<Record<string, readonly (readonly [readonly string[], readonly ValueType[]])[]>> = {
  address: [
    [['city'], ['text', 'texts', 'json']],
    [['geo'], ['json']],
    [
      ['geo', 'zip'],
      ['text', 'number', 'numbers', 'texts'],
    ],
    [['floors'], ['numbers', 'texts', 'size', 'booleans']],
    [['floors', '0'], ['json']],
    [['city', 'city'], ['text']],
    [[hostileName], ['text', 'json', 'booleans']],
  ],
  utm: [
    [['source'], ['text', 'json']],
    [['campaign'], ['texts', 'numbers', 'size']],
    [['campaign', '0'], ['json']],
  ],
  tags: [
    [['0'], ['json']],
    [['a'], ['number']],
  ],
}

/** A stored value, or one at a path within it. */
export function storedOf(name: string, declared: string): fc.Arbitrary<Stored> {
  const whole = typeFor(declared).map((type): Stored => ({ name, type }))
  const inside = paths[name]
  if (!Object.hasOwn(paths, name) || !inside) return whole
  const nested = fc
    .constantFrom(...inside)
    .chain(([path, sensible]) =>
      fc
        .oneof(
          { weight: 4, arbitrary: fc.constantFrom(...sensible) },
          { weight: 1, arbitrary: fc.constantFrom(...types) },
        )
        .map((type): Stored => ({ name, path, type })),
    )
  return fc.oneof({ weight: name === 'tags' ? 5 : 1, arbitrary: whole }, { weight: 1, arbitrary: nested })
}

/** Declared to be of this type. */
export const declaredAs = (type: ScalarType): fc.Arbitrary<Property> =>
  fc.constantFrom(
    ...declaredProperties
      .filter(([, declared]) => declared === type)
      .map(([name]): Property => ({ kind: 'property', name, type })),
  )

const channels = { email_open: 'email', email_sent: 'email', email_click: 'email', page_view: 'web' }

const declaredProperties = [
  ...new Map([...catalog.events.values()].flatMap(({ properties }) => [...properties])),
]
export const properties: fc.Arbitrary<Property> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.oneof(
      ...declaredProperties.map(([name, declared]) =>
        storedOf(name, declared).map((stored): Property => ({ kind: 'property', ...stored })),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<ValueType>('text', 'text', 'text', 'json', 'texts', 'size', 'number', 'booleans')
      .map((type): Property => ({ kind: 'property', name: 'channel', type, ofType: channels })),
  },
)
