import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Definition } from '../../compiler/definition.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { migrate } from '../../pipeline/migrate.ts'
import { emptyDatabase } from '../support/database.ts'
import { differences } from '../support/engines.ts'
import { questionsOf } from '../support/questions.ts'
import { hostileNumbers, hostileTexts } from '../support/values.ts'
import { type Json, scores, type World } from '../support/world.ts'

/** Each hostile value compared with each other one, in every way, in a database whose own locale is a trap. */
const asOf = '2026-03-01T00:00:00.000000Z'

let home: Database
let turkish: Database
beforeAll(async () => {
  home = await emptyDatabase()
  const name = `test_turkish_${randomBytes(4).toString('hex')}`
  // Here `lower('I')` is ı, and text is not in the order of its bytes.
  await home.query(
    `create database ${name} template template0 encoding 'UTF8' locale 'C' locale_provider icu icu_locale 'tr-TR'`,
  )
  const url = new URL(home.url)
  url.pathname = `/${name}`
  turkish = openPostgres(url.href)
  await migrate(turkish)
})
afterAll(async () => {
  await turkish.close()
  await home.query(`drop database ${new URL(turkish.url).pathname.slice(1)} with (force)`)
  await home.close()
})

/** A lead for each value of this attribute, and one more without. */
function worldOf(attribute: string, values: readonly Json[]): World {
  const leads = Array.from({ length: values.length + 1 }, (_, index) => ({ id: index + 1, firstSeen: asOf }))
  const changes = values.map(
    (value, index) => ({ subject: 'lead', id: index + 1, attribute, value, from: asOf }) as const,
  )
  return { asOf, zone: 'UTC', leads, events: [], changes, scores }
}

async function expectAgreement(world: World, asked: readonly Definition[]): Promise<void> {
  const questions = questionsOf(asked, world.zone)
  expect(await differences(turkish, world, questions)).toEqual([])
}

const attribute = (name: string, is: object): Definition =>
  ({ kind: 'attribute', of: 'lead', name, is }) as Definition

test('texts', () => {
  const operators = ['=', '<', '>=', 'contains', 'starts with', 'ends with']
  const asked = hostileTexts.flatMap((value) => [
    ...operators.flatMap((op) => [
      attribute('title', { op, value }),
      attribute('title', { op, value, exactly: true }),
    ]),
    attribute('title', { op: 'in', values: [value, 'x'] }),
    attribute('title', { op: 'in', values: ['x', value], exactly: true }),
  ])
  return expectAgreement(
    worldOf(
      'title',
      hostileTexts.map((text) => JSON.stringify(text)),
    ),
    asked,
  )
})

test('numbers', () => {
  const kept = hostileNumbers.filter((number) => /^-?\d{1,22}(\.\d{1,6})?$/.test(number))
  const asked = kept.flatMap((number) => [
    ...['=', '<', '<=', '>', '>='].map((op) => attribute('company_size', { op, value: { number } })),
    attribute('company_size', { op: 'in', values: [{ number }, { number: '77' }] }),
    attribute('company_size', { op: 'between', low: { number }, high: { number: '1200' } }),
  ])
  return expectAgreement(worldOf('company_size', hostileNumbers), asked)
})
