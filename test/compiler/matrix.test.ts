import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { differences } from '../support/engines.ts'
import { definitionOf } from '../support/generated.ts'
import { questionsOf } from '../support/questions.ts'
import { catalog, richWorld, type World, worlds } from '../support/world.ts'

/**
 * Every example of every condition, plain and negated, on every engine, against the reference. Never edited to add a
 * condition.
 */
const examples = conditions.flatMap((condition) => condition.examples)

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

test.each(examples)('%s has a meaning', (text) => {
  const { diagnostics } = compile(text, catalog)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
})

async function expectAgreement(world: World): Promise<void> {
  const questions = questionsOf(examples.map(definitionOf), world.zone)
  expect(await differences(database, world, questions)).toEqual([])
}

test('the examples mean the same on every engine in a rich world', () => expectAgreement(richWorld()))

const randomWorlds = 5

test('the examples mean the same on every engine in random worlds', { timeout: 300_000 }, () =>
  fc.assert(fc.asyncProperty(worlds, expectAgreement), { numRuns: randomWorlds }),
)

test('with the random ones of laws and predicates, seven thousand definitions are compared in a world each', () => {
  expect(2 * examples.length * (1 + randomWorlds)).toBeGreaterThanOrEqual(4800)
})

test.each([1, 62, 63, 125])('%s segments fit into words of 62 bits', async (count) => {
  const world = richWorld()
  const questions = questionsOf(examples.map(definitionOf), world.zone)
  const asked = Array.from({ length: count }, (_, position) => questions[position % questions.length]!)
  expect(await differences(database, world, asked)).toEqual([])
})
