import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import { parse } from '../../compiler/parse.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { differences, questionsOf } from '../support/engines.ts'
import { catalog, richWorld, type World, worlds } from '../support/world.ts'

/** Every example of every condition, plain and negated, on every engine, against the reference. Never edited to add a condition. */
const examples = conditions.flatMap((condition) => condition.examples)

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

function definitionOf(text: string) {
  const parsed = parse(text)
  if ('diagnostics' in parsed) throw new Error(`${text}: ${JSON.stringify(parsed.diagnostics)}`)
  return parsed.definition
}

test.each(examples)('%s has a meaning', (text) => {
  const { diagnostics } = compile(text, catalog)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
})

const expectAgreement = async (world: World) =>
  expect(await differences(database, world, questionsOf(examples.map(definitionOf), world.zone))).toEqual([])

test('the examples mean the same on every engine in a rich world', () => expectAgreement(richWorld()))

test('the examples mean the same on every engine in random worlds', () =>
  fc.assert(fc.asyncProperty(worlds, expectAgreement), { numRuns: 10 }))
