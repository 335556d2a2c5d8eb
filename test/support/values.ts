import * as fc from 'fast-check'
import type { CatalogType } from '../../compiler/catalog.ts'
import type { Instant } from '../../compiler/time.ts'

/** What breaks quoting, escaping, patterns, folding, CSV or parsing of numbers. */
export const hostileTexts = [
  ...[
    '',
    ' ',
    ' a ',
    'a',
    'A',
    '%',
    '_',
    '\\',
    '100%_\\',
    "'",
    '"',
    "it's",
    '""',
    "'; drop table leads; --",
    '$1',
    '`',
  ],
  ...[
    'É',
    'é',
    'E\u0301',
    'e\u0301',
    'İstanbul',
    'istanbul',
    'ISTANBUL',
    'ı',
    'ß',
    'ẞ',
    'SS',
    'straße',
    'STRASSE',
  ],
  ...['ΟΔΟΣ', 'οδος', 'οδοσ', 'ς', 'Σ', 'ǅ', 'K', 'k', '日本', '😀', '\u{10ffff}', '\u{e000}', '\ufeffbom'],
  ...[
    'a\nb',
    'a\r\nb',
    '\t',
    '\u0001',
    '\b\f',
    ',',
    'a,b',
    '\\N',
    '\\.',
    '{"a":1}',
    '[]',
    'null',
    'NULL',
    'true',
    '5',
    '1e5',
  ],
  ...[
    'Technology',
    'technology',
    'TECHNOLOGY',
    'Sales',
    'Sales Director',
    'VP of Marketing',
    '/pricing',
    '/docs',
    'pro',
  ],
]
export const hostileName = `it's "x" \`y\` \\ %_ É\n$1`

/** Postgres and DuckDB fold these 27 recent letters differently (measured), so they are left out. */
const unequal = /[\0\u1c89\ua7cb\ua7cc\ua7da\ua7dc\u{10d50}-\u{10d65}]/u

/** Any text at all. What fast-check has for it spends seconds on a table of all code points, in each file that uses it. */
export const anyText = (most = 10): fc.Arbitrary<string> =>
  fc
    .array(
      fc
        .oneof(fc.nat(0x7f), fc.nat(0x10ffff))
        .map((code) => String.fromCodePoint(code >= 0xd800 && code < 0xe000 ? code - 0x800 : code)),
      { maxLength: most },
    )
    .map((characters) => characters.join(''))

export const texts: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 1, arbitrary: anyText(4).filter((text) => !unequal.test(text)) },
)

/** As an instant is stored: the one shape that sorts as text. */
export const instants: fc.Arbitrary<Instant> = fc
  .tuple(
    fc.constantFrom('2026-03-01', '2026-03-28', '2026-03-29', '2025-10-26', '2024-02-29', '9999-12-31'),
    fc.constantFrom(
      '00:00:00.000000',
      '00:00:00.000001',
      '23:59:59.999999',
      '12:00:00.000000',
      '05:00:00.000000',
      '22:00:00.000000',
    ),
  )
  .map(([day, time]) => `${day}T${time}Z`)

/** Numbers as JSON writes them: to the edge of what is kept, and beyond. */
export const hostileNumbers = [
  ...[
    '0',
    '-0',
    '-0.0',
    '1',
    '5',
    '-5',
    '500',
    '500.0',
    '5e2',
    '1E3',
    '1000.5',
    '1200',
    '10',
    '30',
    '5.5',
    '60',
  ],
  ...['0.0000004', '0.0000005', '-0.0000005', '0.0000015', '1e-30', '0.1', '499.9999999', '1000.4999995'],
  ...[
    '9999999999999999999999',
    '9999999999999999999999.999999',
    '-9999999999999999999999.9999994',
    '9999999999999999999999.9999996',
  ],
  ...[
    '1e22',
    '-1e22',
    '10000000000000000000000.000000',
    '1e28',
    '1e40',
    '-9999999999999999999999999999',
    '9007199254740993',
    '123456789012345678.123456789',
  ],
]

const numbers = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...hostileNumbers) },
  { weight: 3, arbitrary: fc.constantFrom('0', '1', '2', '5', '10', '30', '60', '500') },
)

/** Elements of every type, missing ones, and arrays in arrays. */
const elements: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('"a"', '"A"', '"vip"', '"VIP"', '"É"', '"\\u0130"', '"%_"') },
  { weight: 3, arbitrary: fc.constantFrom('1', '1.0', '2', '10', '0.0000004', '1e22') },
  { weight: 2, arbitrary: fc.constantFrom('true', 'false') },
  { weight: 2, arbitrary: fc.constantFrom('null', '""', '[]', '["a"]', '{}', '{"a":1}') },
  { weight: 1, arbitrary: texts.map((text) => JSON.stringify(text)) },
)
const lists = fc.oneof(
  { weight: 6, arbitrary: fc.array(elements, { maxLength: 4 }).map((found) => `[${found.join()}]`) },
  { weight: 2, arbitrary: elements },
)
const cities = fc.constantFrom(
  '"Berlin"',
  '"berlin"',
  '"BERLIN"',
  '"\\u0130zmir"',
  '""',
  'null',
  '5',
  '["Berlin","Köln"]',
)
const addresses = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record(
        {
          city: cities,
          geo: fc.constantFrom(
            '{"zip":"10115"}',
            '{"zip":10115}',
            '{"zip":""}',
            '{}',
            '"10115"',
            '[{"zip":"10115"}]',
          ),
          floors: fc.oneof(lists, fc.constantFrom('[1,2]', '[2]', '3', '{"0":1}')),
          [hostileName]: elements,
        },
        { requiredKeys: [] },
      )
      .map(objectOf),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('{}', '[]', '"Berlin"', '[{"city":"Berlin"}]', '{"city":{"city":"Berlin"}}'),
  },
)
const utms = fc
  .record(
    { source: fc.constantFrom('"q1"', '"Q1"', '"x"', '1', 'null'), campaign: lists },
    { requiredKeys: [] },
  )
  .map(objectOf)

function objectOf(fields: Record<string, string | undefined>): string {
  const written = Object.entries(fields).filter(([, json]) => json !== undefined)
  return `{${written.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join()}}`
}

const proper: Record<CatalogType, fc.Arbitrary<string>> = {
  number: numbers,
  range: fc.constantFrom('1', '11', '51', '501', '10000'),
  text: texts.map((text) => JSON.stringify(text)),
  boolean: fc.constantFrom('true', 'false'),
  instant: instants.map((instant) => JSON.stringify(instant)),
  json: fc.oneof(lists, fc.constantFrom('{}', '{"a":1}', '[1]', '[""]')),
}

/** Mostly a value of this type; now and then one of another. */
export const jsonOf = (type: CatalogType): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 7, arbitrary: proper[type] },
    {
      weight: 1,
      arbitrary: fc.oneof(...Object.values(proper), lists, addresses, fc.constantFrom('null', '""')),
    },
  )

/** What is found under some names, that examples and tests ask for. */
const usual: Readonly<Record<string, fc.Arbitrary<string>>> = {
  tags: lists,
  address: addresses,
  utm: utms,
  page: fc.constantFrom('"/pricing"', '"/Pricing"', '"/docs"', '"/case/1"', '"/"'),
  campaign: fc.constantFrom('"q1"', '"Q1"', '"q2"'),
  channel: fc.constantFrom('"web"', '"Web"', '"email"', '"ads"', '""', 'null', '5'),
  kind: fc.constantFrom('"won"', '"Won"', '"renewed"'),
  industry: fc.constantFrom('"Technology"', '"technology"', '"Healthcare"'),
  plan: fc.constantFrom('"pro"', '"Pro"', '"free"'),
}

export const jsonFor = (name: string, type: CatalogType): fc.Arbitrary<string> => {
  const own = Object.hasOwn(usual, name) ? usual[name] : undefined
  return own ? fc.oneof({ weight: 3, arbitrary: own }, { weight: 1, arbitrary: jsonOf(type) }) : jsonOf(type)
}
