import * as fc from 'fast-check'
import type { CatalogType } from '../../compiler/catalog.ts'
import { usualTextsOf } from './comparisons.ts'
import { hostileName, instants, texts } from './values.ts'
import { durations } from './world.ts'

/** Comparisons as definitions have them: the JSON form. */
export type Stored = {
  readonly name: string
  readonly path?: readonly string[]
  readonly each?: 'any' | 'none' | 'all' | 'size'
}

const number = fc
  .constantFrom(
    ...['0', '-0', '1', '2', '5', '10', '30', '60', '500', '-5', '5.5', '0.000001', '-0.000001', '25'],
    ...['49.999999', '1000.5', '9'.repeat(22)],
  )
  .map((written) => ({ number: written }))

/** Days and instants as people write them; some near the ends of worlds. */
const near = fc.constantFrom(
  ...['2026-03-01', '2026-03-29', '2026-03-30', '2026-03-31', '2026-02-28', '2024-02-29', '2026-11-01'],
  ...['2026-10-25', '2018-11-04', '2018-11-05', '2026-12-31', '2027-01-01', '2026-01-01', '2025-03-31'],
  ...['2026-03-31 12:34:56.789012', '2026-03-01 00:00', '2018-11-04 00:30', '2026-03-29 02:30'],
)
export const dates: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: near },
  {
    weight: 1,
    arbitrary: fc.oneof(
      instants.map((instant) => instant.slice(0, 10)),
      // The last hours of the calendar are beyond it where the clocks are behind UTC.
      instants.map(
        (instant) =>
          `${instant.slice(0, 10)} ${instant.replace(/^9999.*T../, '9999-12-31T12').slice(11, 16)}`,
      ),
      instants,
      instants.map((instant) => `${instant.slice(0, 10)}T12:00:00+02:00`),
    ),
  },
)

const pairs = fc.tuple(dates, dates).map(([a, b]) => (a.slice(0, 10) <= b.slice(0, 10) ? [a, b] : [b, a]))

const shared = [
  fc.record({
    is: fc.constantFrom('within', 'within', 'within next', 'more than ago', 'more than from now'),
    duration: durations,
  }),
  fc.record({ is: fc.constant('between ago'), from: durations, to: durations }),
  fc.record({ is: fc.constantFrom('since', 'before', 'after', 'on'), date: dates }),
  fc.record({
    is: fc.constantFrom('this', 'last', 'next'),
    unit: fc.constantFrom('week', 'month', 'quarter', 'year'),
  }),
  fc.record({ is: fc.constantFrom('today', 'yesterday', 'tomorrow') }),
]
const between = pairs.map(([from, to]) => ({ is: 'between', from, to }))

export const periods: fc.Arbitrary<unknown> = fc.oneof(...shared, between)
const periodsOfValues: fc.Arbitrary<unknown> = fc.oneof(...shared)

const known = fc.record({ op: fc.constantFrom('is known', 'is unknown') })
const orders = ['=', '!=', '<', '<=', '>', '>='] as const

const numbers = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom(...orders), value: number }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('between'), low: number, high: number }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('in', 'not in'),
      values: fc.array(number, { minLength: 1, maxLength: 4 }),
    }),
  },
)

const booleans = fc.oneof(
  fc.record({ op: fc.constantFrom('is true', 'is false') }),
  fc.record({ op: fc.constantFrom('=', '!='), value: fc.boolean() }),
  fc.record({
    op: fc.constantFrom('in', 'not in'),
    values: fc.array(fc.boolean(), { minLength: 1, maxLength: 2 }),
  }),
)

const instantsCompared = fc.oneof(
  fc.record({ op: fc.constantFrom(...orders), value: dates }),
  pairs.map(([low, high]) => ({ op: 'between', low, high })),
  fc.record({
    op: fc.constantFrom('in', 'not in'),
    values: fc.array(dates, { minLength: 1, maxLength: 3 }),
  }),
  { weight: 3, arbitrary: periodsOfValues.map((when) => ({ op: 'period', when })) },
)
const anniversaries = fc.record({
  op: fc.constant('anniversary'),
  within: fc.constantFrom(0, 1, 7, 30, 366),
})

/** `not` in front of it as often as not. */
const negatable = (...ops: string[]) => fc.constantFrom(...ops.flatMap((op) => [op, `not ${op}`]))

function textsCompared(name: string): fc.Arbitrary<unknown> {
  const text = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...usualTextsOf(name)) },
    { weight: 1, arbitrary: texts },
  )
  const like = fc.oneof(
    text.map((found) => found.replace(/\\/g, '\\\\')),
    text.map((found) => `${found.slice(0, 3).replace(/[\\%_]/g, '_')}%`),
    fc.constantFrom('%', '_%', '%\\%%', '', '%é%', '_', '%a_'),
  )
  const pattern = fc.oneof(
    text.map((found) => found.slice(0, 4).replace(/[^\p{L}\p{N}]/gu, '.') || '.'),
    fc.constantFrom(
      '^[a-z]+$',
      '^(a|b|vip)$',
      '\\d+',
      '^.{1,4}$',
      '[A-Z]',
      'é|ß',
      '^/(docs|pricing)',
      '[^a-z ]',
    ),
  )
  const exactly = fc.constantFrom({}, { exactly: true as const })
  const either = (is: fc.Arbitrary<object>) => fc.tuple(is, exactly).map(([a, b]) => ({ ...a, ...b }))
  return fc.oneof(
    { weight: 2, arbitrary: either(fc.record({ op: fc.constantFrom(...orders), value: text })) },
    {
      weight: 1,
      arbitrary: either(
        fc.record({
          op: fc.constantFrom('in', 'not in'),
          values: fc.array(text, { minLength: 1, maxLength: 4 }),
        }),
      ),
    },
    { weight: 1, arbitrary: fc.tuple(text, text).map(([low, high]) => ({ op: 'between', low, high })) },
    {
      weight: 1,
      arbitrary: either(fc.record({ op: negatable('contains', 'starts with', 'ends with'), value: text })),
    },
    { weight: 1, arbitrary: either(fc.record({ op: negatable('like'), value: like })) },
    { weight: 1, arbitrary: either(fc.record({ op: negatable('matches'), value: pattern })) },
  )
}

/** A way to compare what has this name and type; undefined: the catalog doesn't know it. */
export function comparisonFor(
  { name, path, each }: Stored,
  type: CatalogType | undefined,
): fc.Arbitrary<unknown> {
  if (each === 'size') return numbers
  const anything = fc.oneof(textsCompared(name), numbers, booleans)
  if (each) return anything
  const ofType = (): fc.Arbitrary<unknown> => {
    if (path || type === undefined || type === 'json') return anything
    switch (type) {
      case 'number':
      case 'range':
        return numbers
      case 'text':
        return textsCompared(name)
      case 'boolean':
        return booleans
      case 'instant':
        return fc.oneof({ weight: 12, arbitrary: instantsCompared }, { weight: 1, arbitrary: anniversaries })
    }
  }
  return fc.oneof({ weight: 5, arbitrary: ofType() }, { weight: 1, arbitrary: known })
}

const paths: Readonly<Record<string, readonly (readonly string[])[]>> = {
  address: [['city'], ['geo', 'zip'], ['floors'], ['floors', '0'], [hostileName]],
  utm: [['source'], ['campaign']],
}

/** A name, now and then with a path or with what is asked of its elements. */
export function storedFor(name: string, type: CatalogType | undefined): fc.Arbitrary<Stored> {
  if (type !== 'json') return fc.constant({ name })
  const inside = Object.hasOwn(paths, name) ? (paths[name] ?? []) : []
  return fc
    .tuple(
      inside.length > 0 ? fc.option(fc.constantFrom(...inside), { freq: 4 }) : fc.constant(null),
      fc.option(fc.constantFrom('any', 'none', 'all', 'size'), { freq: 2 }),
    )
    .map(([path, each]) => ({ name, ...(path ? { path } : {}), ...(each ? { each } : {}) }) as Stored)
}
