import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { holdsFor } from '../support/agreement.ts'
import { testDatabase } from '../support/database.ts'
import { predicateCases } from '../support/predicates.ts'
import { seed, times } from '../support/seed.ts'

/**
 * Whatever a predicate can say, whether or not the language has words for it: postgres = duckdb = reference. A failure
 * tells its seed; `SEED=… npm test test/compiler/predicates.test.ts` begins with that world.
 */
let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** Whatever stands under one of these names, anywhere in what was drawn. */
function found(value: unknown, names: readonly string[], into = new Set<string>()): Set<string> {
  if (value === null || typeof value !== 'object') return into
  for (const [name, field] of Object.entries(value)) {
    if (names.includes(name) && typeof field === 'string') into.add(`${name} ${field}`)
    found(field, names, into)
  }
  return into
}

test('every kind of feature, figure, value, comparison and moment is drawn', () => {
  const drawn = fc.sample(predicateCases(60), { numRuns: 40, seed: 1 }).map(({ questions }) => questions)
  const said = [...found(drawn, ['kind', 'op', 'type'])].sort()
  expect(said).toEqual(
    [
      ...['all', 'any', 'not', 'test'],
      ...['attribute', 'events', 'sequence', 'first_seen', 'score', 'bucket', 'leads_of_account', 'segment'],
      ...['attribute_history', 'inside', 'level_entered', 'listed', 'recorded', 'score_change', 'score_max'],
      ...['first', 'last', 'count', 'sum', 'mean', 'min', 'max', 'distinct', 'days', 'periods'],
      ...['value of first', 'value of last', 'property'],
      ...['at', 'ago', 'ahead', 'start'],
    ]
      .map((kind) => `kind ${kind}`)
      .concat(
        ['=', '<', '<=', '>', '>=', 'in', 'between', 'known', 'some', 'every'].map((op) => `op ${op}`),
        ['contains', 'starts with', 'ends with', 'like', 'matches'].map((op) => `op ${op}`),
        ['number', 'text', 'boolean', 'instant', 'json', 'size'].map((type) => `type ${type}`),
        ['numbers', 'texts', 'booleans'].map((type) => `type ${type}`),
      )
      .sort(),
  )
})

test('random predicates mean the same on every engine', async () => {
  const { cases } = await holdsFor(database, predicateCases(60), {
    seconds: 25 * times,
    worlds: 60 * times,
    least: 20,
    seed,
  })
  expect(cases).toBeGreaterThanOrEqual(1200)
}, 300_000)
