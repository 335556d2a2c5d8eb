import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { importing } from '../support/importing.ts'

let database: Database
const files = importing(() => database)

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database.close()
  await files.remove()
})

const asNumber = async (texts: string[]) =>
  (
    await database.query<{ n: string | null }>(
      'select as_number(t)::text as n from unnest($1::text[]) with ordinality as u(t, i) order by i',
      [texts],
    )
  ).map(({ n }) => n)

describe('a number', () => {
  it.each([
    ['0', '0'],
    ['-17', '-17'],
    ['1,200', '1200'],
    ['-12,345,678.5', '-12345678.5'],
    ['1.10', '1.1'],
    ['0.5', '0.5'],
    ['1.0000005', '1.000001'],
    ['-1.0000005', '-1.000001'],
    ['9007199254740993', '9007199254740993'],
    ['9999999999999999999999', '9999999999999999999999'],
  ])('is %s', async (text, number) => {
    expect(await asNumber([text])).toEqual([number])
  })

  it('is not', async () => {
    const others = [
      '',
      '01234',
      '+5',
      '.5',
      '5.',
      '1e5',
      '-0',
      '1,20',
      '12,00',
      '1,2,3',
      '0,500',
      ' 5',
      '5 ',
      '5%',
      '$5',
      '0x1F',
      '1_000',
      'NaN',
      'Infinity',
      '-Infinity',
      'inf',
      '10000000000000000000000',
      '9'.repeat(400),
      '501-1000',
      '1.200,50',
      '--1',
      '٣',
      '1,000'.repeat(20),
    ]
    expect(await asNumber(others)).toEqual(others.map(() => null))
  })

  it('is whatever comes back the same when it is written', async () => {
    const decimals = fc
      .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 6 }), fc.boolean())
      .map(([whole, places, grouped]) => {
        const digits = String(whole < 0n ? -whole : whole).padStart(places + 1, '0')
        const integer = digits.slice(0, digits.length - places)
        const shown = grouped ? integer.replace(/\B(?=(\d{3})+$)/g, ',') : integer
        const text = `${whole < 0n ? '-' : ''}${shown}${places > 0 ? `.${digits.slice(-places)}` : ''}`
        return { text, plain: text.replaceAll(',', '') }
      })
    await fc.assert(
      fc.asyncProperty(fc.array(decimals, { minLength: 50, maxLength: 50 }), async (numbers) => {
        const read = await asNumber(numbers.map(({ text }) => text))
        for (const [index, { plain }] of numbers.entries()) {
          const trimmed = plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain
          const zero = /^-0(\.0+)?$/.test(plain)
          expect(read[index]).toBe(zero ? (plain.includes('.') ? read[index] : null) : trimmed)
        }
      }),
      { numRuns: 20 },
    )
    const noise = fc.stringMatching(/^[-+0-9.,eE_x ]{1,12}$/)
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { minLength: 200, maxLength: 200 }), async (texts) => {
        const read = await asNumber(texts)
        for (const [index, text] of texts.entries()) {
          if (read[index] === null) continue
          expect(text).toMatch(/^-?(0|[1-9]\d*|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?$/)
        }
      }),
      { numRuns: 20 },
    )
  })
})

const types = async (subject: string, eventType = '') =>
  Object.fromEntries(
    (
      await database.query<{ name: string; type: string }>(
        'select name, type from catalog where subject = $1 and event_type = $2 order by name',
        [subject, eventType],
      )
    ).map(({ name, type }) => [name, type]),
  )

it('types are inferred from all values when a name is first seen, and then stay', async () => {
  const header = 'account_id,employees,code,active,yes,since,day,mixed,nothing,price,range,exp'
  const report = await files.takeText(
    `${header}\nA,"1,200",01234,TRUE,1,2024-01-01 10:00,3/14/2024,1,,1.10,501-1000,1e5\nB,80,00007,false,0,2024-02-01T00:00:00+02:00,4/1/2024,x,,20,1-10,2\n`,
    { kind: 'accounts', timezone: 'Europe/Berlin' },
  )
  expect(report).toMatchObject({ newAccounts: 2 })
  expect(report.dates).toEqual([
    { column: 'since', format: 'ISO' },
    { column: 'day', format: 'MDY' },
  ])
  expect(report.types.every(({ inferred }) => inferred)).toBe(true)
  expect(await types('account')).toEqual({
    active: 'boolean',
    code: 'text',
    day: 'instant',
    employees: 'number',
    exp: 'text',
    mixed: 'text',
    price: 'number',
    range: 'text',
    since: 'instant',
    yes: 'number',
  })
  const [a, b] = await database.query<{ attributes: object }>(
    'select attributes from accounts order by external_id',
  )
  expect(a?.attributes).toEqual({
    active: true,
    code: '01234',
    day: '2024-03-13T23:00:00.000000Z',
    employees: 1200,
    exp: '1e5',
    mixed: '1',
    price: 1.1,
    range: '501-1000',
    since: '2024-01-01T09:00:00.000000Z',
    yes: 1,
  })
  expect(b?.attributes).toMatchObject({
    since: '2024-01-31T22:00:00.000000Z',
    day: '2024-03-31T22:00:00.000000Z',
  })

  const later = await files.takeText(
    'account_id,employees,code,active,since,mixed\nA,many,5,maybe,soon,7\nB,"3,000",6,True,2024-05-05,\n',
    { kind: 'accounts' },
  )
  expect(later.types.some(({ inferred }) => inferred)).toBe(false)
  const [again, other] = await database.query<{ attributes: object }>(
    'select attributes from accounts order by external_id',
  )
  expect(again?.attributes).toMatchObject({
    employees: 'many',
    code: '5',
    active: 'maybe',
    since: 'soon',
    mixed: '7',
  })
  expect(other?.attributes).toMatchObject({
    employees: 3000,
    code: '6',
    active: true,
    since: '2024-05-05T00:00:00.000000Z',
  })
  expect(other?.attributes).not.toHaveProperty('mixed')
})

it('a property has a type per event type, and lists and objects stay JSON', async () => {
  const lines = [
    { lead_id: 'a', type: 'order', occurred_at: '2024-01-01', value: 10, tags: ['x'], none: [], empty: '' },
    { lead_id: 'a', type: 'order', occurred_at: '2024-01-02', value: '12.5', tags: [], more: { a: null } },
    { lead_id: 'a', type: 'note', occurred_at: '2024-01-03', value: 'ten', tags: true },
    { lead_id: 'a', type: 'note', occurred_at: '2024-01-04', value: 11, tags: 'TRUE' },
  ]
  await files.takeText(lines.map((line) => JSON.stringify(line)).join('\n'), { kind: 'events' })
  expect(await types('event', 'order')).toEqual({ more: 'json', tags: 'json', value: 'number' })
  expect(await types('event', 'note')).toEqual({ tags: 'boolean', value: 'text' })
  const stored = await database.query<{ properties: object }>(
    'select properties from events order by occurred_at',
  )
  expect(stored.map(({ properties }) => properties)).toEqual([
    { value: 10, tags: ['x'] },
    { value: 12.5, more: { a: null } },
    { value: 'ten', tags: true },
    { value: '11', tags: true },
  ])
})

it('a column of a CSV file whose every value is a list or an object in JSON is json, and holds them', async () => {
  const rows = [
    'x,"[""vip"",""beta""]","{""city"":""Ulm""}","[""a""]",[1]',
    'y,[],,plain,[2',
    'z,"[ ]","{""city"": null}","{""a"":1}",',
  ]
  await files.takeText(`lead_id,labels,home,mixed,cut\n${rows.join('\n')}\n`, { kind: 'leads' })
  expect(await types('lead')).toMatchObject({ labels: 'json', home: 'json', mixed: 'text', cut: 'text' })
  const stored = await database.query<{ attributes: object }>(
    `select attributes from leads where external_id in ('x', 'y', 'z') order by external_id`,
  )
  expect(stored.map(({ attributes }) => attributes)).toEqual([
    { labels: ['vip', 'beta'], home: { city: 'Ulm' }, mixed: '["a"]', cut: '[1]' },
    { mixed: 'plain', cut: '[2' },
    { labels: [], home: { city: null }, mixed: '{"a":1}' },
  ])
})

it('numbers of JSON keep their digits', async () => {
  await files.takeText(
    '{"lead_id":"n","big":9007199254740993,"tiny":0.0000004,"half":0.0000005,"huge":1e400}',
    { kind: 'leads' },
  )
  const [lead] =
    await database.query(`select attributes ->> 'big' as big, attributes ->> 'tiny' as tiny, attributes ->> 'half' as half,
    jsonb_typeof(attributes -> 'huge') as huge from leads where external_id = 'n'`)
  expect(lead).toEqual({ big: '9007199254740993', tiny: '0', half: '0.000001', huge: 'string' })
})
