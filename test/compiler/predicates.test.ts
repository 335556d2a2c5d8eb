import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { holdsFor } from '../support/agreement.ts'
import { testDatabase } from '../support/database.ts'
import { predicateCases } from '../support/predicates.ts'

/**
 * Whatever a predicate can say, whether or not the language has words for it: postgres = duckdb = reference. A failure
 * tells its seed; `SEED=… npm test test/compiler/predicates.test.ts` begins with that world.
 */
let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const seed = process.env.SEED ? { seed: Number(process.env.SEED) } : {}

test('random predicates mean the same on every engine', async () => {
  const { cases } = await holdsFor(database, predicateCases(60), { seconds: 25, worlds: 60, ...seed })
  expect(cases).toBeGreaterThanOrEqual(300)
}, 90_000)
