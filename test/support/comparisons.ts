import * as fc from 'fast-check'
import type { Comparison, Operand, ScalarComparison, ScalarType, ValueType } from '../../compiler/ir.ts'
import { readPattern } from '../../compiler/pattern.ts'
import type { Moment } from '../../compiler/time.ts'
import { texts } from './values.ts'

/** What values are compared with: such as are likely to be found there, and hostile ones. */
export type Pools = {
  readonly moments: fc.Arbitrary<Moment>
  readonly numbers: fc.Arbitrary<string>
  readonly texts: fc.Arbitrary<string>
}

const farNumbers = fc.constantFrom(
  ...['-5', '5.5', '0.000001', '-0.000001', '25', '49.999999', '1000.5', '-1', '0.5', '9007199254740993'],
  ...['9'.repeat(22), `-${'9'.repeat(22)}.999999`],
)
const usualNumbers = fc.constantFrom('0', '1', '2', '5', '10', '30', '60', '500')
const usualTexts = ['a', 'vip', 'é', 'i', 'İ', '/pricing', 'technology', 'Sales', 'straße', '日本', '5']

/** Which texts are found under a name. */
const textsUnder: Readonly<Record<string, readonly string[]>> = {
  industry: ['Technology', 'technology', 'HEALTHCARE'],
  plan: ['pro', 'Pro', 'free'],
  page: ['/pricing', '/PRICING', '/docs', '/case/1', '/'],
  campaign: ['q1', 'Q1', 'q2'],
  channel: ['web', 'email', 'Ads'],
  kind: ['won', 'Won', 'renewed'],
  tags: ['a', 'A', 'vip', 'é', 'i'],
  address: ['Berlin', 'berlin', 'izmir', '10115', 'köln', 'a'],
  utm: ['q1', 'Q1', 'x', 'a', 'vip'],
}

/** Texts that may be found under a name. */
export const usualTextsOf = (name: string): readonly string[] =>
  (Object.hasOwn(textsUnder, name) ? textsUnder[name] : undefined) ?? usualTexts

export function poolsOf(moments: Pools['moments'], name = ''): Pools {
  const found = Object.hasOwn(textsUnder, name) ? textsUnder[name] : undefined
  return {
    moments,
    numbers: fc.oneof({ weight: 3, arbitrary: usualNumbers }, { weight: 1, arbitrary: farNumbers }),
    texts: fc.oneof(
      { weight: found ? 5 : 2, arbitrary: fc.constantFrom(...(found ?? usualTexts)) },
      { weight: 1, arbitrary: texts },
    ),
  }
}

/** For figures that count: numbers from 0 on. */
export const countsIn = (pools: Pools): Pools => ({
  ...pools,
  numbers: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('0', '1', '1', '2', '3') }, farNumbers),
})

const text = (value: string) => ({ type: 'text', value }) as const

/** Wildcards, escaped and not, between pieces of text. */
const likes = (pool: fc.Arbitrary<string>): fc.Arbitrary<string> => {
  const wild = fc.constantFrom('%', '_', '%', '\\%', '\\_', '\\\\', '%%', '\\a', '_%')
  const pieces = fc.oneof(
    wild,
    pool.map((found) => escapeLike([...found].slice(0, 3))),
    pool.map((found) => escapeLike([...found].slice(-3))),
  )
  const mixed = fc.array(pieces, { maxLength: 4 }).map((parts) => parts.join(''))
  const ends = fc.tuple(pool, fc.constantFrom('%', '_', '')).map(([found, end]) => {
    const letters = [...found]
    return `${escapeLike(letters.slice(0, -1))}${end}`
  })
  return fc.oneof(mixed, ends)
}

const escapeLike = (letters: readonly string[]): string =>
  letters.map((letter) => ('%_\\'.includes(letter) ? `\\${letter}` : letter)).join('')

/** Regular expressions as people write them; those that are refused become one that is not. */
const patterns = (pool: fc.Arbitrary<string>): fc.Arbitrary<string> => {
  const inside = fc.letrec<{ alternatives: string }>((tie) => {
    const atoms = fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom('a', 'B', 'i', 'İ', '/', 'É', 'ß', '日', '😀', '-', "'", ' ', '5', '\n'),
      fc.constantFrom(...'. \\. \\\\ \\$ \\* \\( [a-z] [^a-z] [0-9] [aBc/] \\d \\w [^\\s]'.split(' ')),
      pool.map((found) => found.slice(0, 4).replace(/[^\p{L}\d]/gu, '.')),
      tie('alternatives').map((alternatives) => `(${alternatives})`),
    )
    const quantifiers = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{0,1}', '{2,}')
    const pieces = fc.tuple(atoms, quantifiers).map((parts) => parts.join(''))
    const sequences = fc.array(pieces, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''))
    return {
      alternatives: fc.array(sequences, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('|')),
    }
  }).alternatives
  return inside.chain((found) => fc.constantFrom(found, found, `^(${found})`, `(${found})$`, `^(${found})$`))
}

const matching = (pool: fc.Arbitrary<string>): fc.Arbitrary<ScalarComparison> =>
  fc.tuple(patterns(pool), fc.boolean()).map(([written, exactly]) => {
    const found = readPattern(written, exactly)
    const to = text('pattern' in found ? found.pattern : '^a')
    return { op: 'matches', to, ...(exactly ? { exactly } : {}) }
  })

function operandsOf(type: ScalarType, pools: Pools): fc.Arbitrary<Operand> {
  switch (type) {
    case 'number':
      return pools.numbers.map((value) => ({ type: 'number', value }))
    case 'text':
      return pools.texts.map(text)
    case 'boolean':
      return fc.boolean().map((value) => ({ type: 'boolean', value }))
    case 'instant':
      return pools.moments.map((moment) => ({ type: 'instant', moment }))
  }
}

function scalarComparisons(type: ScalarType, pools: Pools): fc.Arbitrary<ScalarComparison> {
  const operands = operandsOf(type, pools)
  const ops = type === 'boolean' ? (['='] as const) : (['=', '<', '<=', '>', '>='] as const)
  const plain = fc.record({ op: fc.constantFrom(...ops), to: operands })
  const lists = fc.record({
    op: fc.constant('in' as const),
    to: fc.array(operands, { minLength: 1, maxLength: 4 }),
  })
  if (type !== 'text') return fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: lists })
  const pieces = fc
    .tuple(pools.texts, fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 5 }))
    .map(([found, from, length]) => text([...found].slice(from, from + length).join('')))
  const within = fc.record({
    op: fc.constantFrom('contains' as const, 'starts with' as const, 'ends with' as const),
    to: fc.oneof(pieces, pools.texts.map(text)),
  })
  const like = fc.record({ op: fc.constant('like' as const), to: likes(pools.texts).map(text) })
  const foldedOrNot = fc
    .tuple(fc.oneof(plain, lists, within, like), fc.boolean())
    .map(([is, exactly]): ScalarComparison => (exactly ? { ...is, exactly } : is))
  return fc.oneof({ weight: 5, arbitrary: foldedOrNot }, { weight: 1, arbitrary: matching(pools.texts) })
}

/** Between two values is said of one element alone: two comparisons could be met by two. */
function elementComparisons(type: ScalarType, pools: Pools): fc.Arbitrary<ScalarComparison> {
  const comparisons = scalarComparisons(type, pools)
  if (type !== 'number') return comparisons
  const operands = operandsOf(type, pools)
  const between = fc.record({ op: fc.constant('between' as const), low: operands, high: operands })
  return fc.oneof({ weight: 4, arbitrary: comparisons }, { weight: 1, arbitrary: between })
}

const known: Comparison = { op: 'known' }
const elementTypes = { texts: 'text', numbers: 'number', booleans: 'boolean' } as const

/** A way to compare a value of this type. */
export function comparisonsOf(type: ValueType, pools: Pools): fc.Arbitrary<Comparison> {
  switch (type) {
    case 'json':
      return fc.constant(known)
    case 'size':
      return scalarComparisons('number', countsIn(pools))
    case 'texts':
    case 'numbers':
    case 'booleans':
      return fc.record({
        op: fc.constantFrom('some', 'every'),
        is: elementComparisons(elementTypes[type], pools),
      })
    default:
      return fc.oneof(
        { weight: 1, arbitrary: fc.constant(known) },
        { weight: 5, arbitrary: scalarComparisons(type, pools) },
      )
  }
}
