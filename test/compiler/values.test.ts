import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Definition } from '../../compiler/definition.ts'
import type { Database } from '../../pipeline/engine.ts'
import { differences } from '../support/engines.ts'
import { databaseIn } from '../support/locales.ts'
import { questionsOf } from '../support/questions.ts'
import { hostileNumbers, hostileTexts } from '../support/values.ts'
import { type Json, scores, type World } from '../support/world.ts'

/** Each hostile value compared with each other one, in every way, in a database whose own locale is a trap. */
const asOf = '2026-03-01T00:00:00.000000Z'

let turkish: Database
beforeAll(async () => {
  turkish = await databaseIn('tr-TR')
})
afterAll(() => turkish.close())

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

const attribute = (name: string, is: object, more: object = {}): Definition =>
  ({ kind: 'attribute', of: 'lead', name, ...more, is }) as Definition

const exactly = { exactly: true }
const eachText = hostileTexts.map((text) => JSON.stringify(text))

test('texts', () => {
  const operators = ['=', '<', '>=', 'contains', 'starts with', 'ends with']
  const asked = hostileTexts.flatMap((value) => [
    ...operators.flatMap((op) => [
      attribute('title', { op, value }),
      attribute('title', { op, value, ...exactly }),
    ]),
    attribute('title', { op: 'in', values: [value, 'x'] }),
    attribute('title', { op: 'in', values: ['x', value], ...exactly }),
    attribute('title', { op: 'between', low: value, high: 'm' }),
  ])
  return expectAgreement(worldOf('title', eachText), asked)
})

test('patterns', () => {
  const asked = hostileTexts.flatMap((value) => {
    const literal = [...value]
      .map((letter) => (/[!-/:-@[-`{-~]/.test(letter) ? `\\${letter}` : letter))
      .join('')
    const like = (pattern: string) => attribute('title', { op: 'like', value: pattern })
    const escaped = [...value].map((letter) => ('%_\\'.includes(letter) ? `\\${letter}` : letter))
    return [
      like(escaped.join('')),
      like(`%${escaped.join('')}%`),
      like(`_${escaped.slice(1).join('')}`),
      like(`${escaped[0] ?? ''}%`),
      attribute('title', { op: 'like', value: `%${escaped.at(-1) ?? ''}`, ...exactly }),
      ...(value === ''
        ? []
        : [
            attribute('title', { op: 'matches', value: literal }),
            attribute('title', { op: 'matches', value: `^${literal}$` }),
            attribute('title', { op: 'matches', value: `^(${literal})+.?$`, ...exactly }),
          ]),
    ]
  })
  const anyCase = [
    '^[a-z]+$',
    '^[A-Z]+$',
    '^\\w+$',
    '\\s',
    '[^a-zA-Z0-9_ -]',
    '^.$',
    '^..?$',
    '[i-k]',
    'ß|ς',
    '\\d{1,2}',
  ]
  const classes = anyCase.flatMap((value) => [
    attribute('title', { op: 'matches', value }),
    attribute('title', { op: 'matches', value, ...exactly }),
  ])
  return expectAgreement(worldOf('title', eachText), [...asked, ...classes])
})

test('lists of texts', () => {
  const lists = hostileTexts.flatMap((text, index) => [
    [text],
    [text, hostileTexts[(index * 7 + 3) % hostileTexts.length]],
    [text, text.toUpperCase(), null, 5],
  ])
  const asked = hostileTexts.flatMap((value) => [
    ...['any', 'none', 'all'].map((each) => attribute('tags', { op: '=', value }, { each })),
    attribute('tags', { op: '=', value, ...exactly }),
    attribute('tags', { op: 'contains', value }),
    attribute('tags', { op: 'in', values: [value, 'x'] }, { each: 'all' }),
    attribute('tags', { op: '<', value, ...exactly }, { each: 'any' }),
  ])
  const worlds = worldOf(
    'tags',
    lists.map((list) => JSON.stringify(list)),
  )
  return expectAgreement(worlds, asked)
})

const kept = hostileNumbers.filter((number) => /^-?\d{1,22}(\.\d{1,6})?$/.test(number))

test('numbers', () => {
  const asked = kept.flatMap((number) => [
    ...['=', '<', '<=', '>', '>='].map((op) => attribute('company_size', { op, value: { number } })),
    attribute('company_size', { op: 'in', values: [{ number }, { number: '77' }] }),
    attribute('company_size', { op: 'between', low: { number }, high: { number: '1200' } }),
  ])
  return expectAgreement(worldOf('company_size', hostileNumbers), asked)
})

test('lists of numbers', () => {
  const lists = hostileNumbers.flatMap((number, index) => [
    `[${number}]`,
    `[${number},${hostileNumbers[(index * 5 + 1) % hostileNumbers.length]},"1",null]`,
  ])
  const asked = kept.flatMap((number) => [
    ...['any', 'none', 'all'].map((each) => attribute('tags', { op: '>=', value: { number } }, { each })),
    attribute('tags', { op: 'in', values: [{ number }, { number: '77' }] }),
    attribute('tags', { op: 'between', low: { number: '-1' }, high: { number } }, { each: 'any' }),
  ])
  return expectAgreement(worldOf('tags', lists), asked)
})

/** Sums that would overflow or round elsewhere. */
test('sums, means and the number of different values', () => {
  const world = worldOf('company_size', [])
  const leads = hostileNumbers.map((_, index) => ({ id: index + 1, firstSeen: asOf }))
  const events = leads.flatMap(({ id }) =>
    Array.from({ length: 4 }, (_, n) => ({
      id: `${id}-${n}`,
      lead: id,
      type: 'purchase',
      at: asOf,
      properties: { amount: hostileNumbers[(id - 1 + n * n) % hostileNumbers.length]! },
    })),
  )
  const asked = kept.flatMap((number) => [
    ...['sum', 'mean', 'min', 'max'].flatMap((figure) =>
      ['=', '<', '>='].map((op) => purchases(figure, { op, value: { number } })),
    ),
    purchases('distinct', { op: '=', value: { number } }),
  ])
  return expectAgreement({ ...world, leads, events }, asked)
})

const purchases = (figure: string, is: object): Definition =>
  ({ kind: 'event_value', figure, property: { name: 'amount' }, event: 'purchase', is }) as Definition
