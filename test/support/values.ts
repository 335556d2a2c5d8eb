import * as fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import type { ValueType } from '../../compiler/ir.ts'
import { type Duration, durationUnits, formatInstant, type Instant } from '../../compiler/time.ts'

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

export const texts: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => !unequal.test(text)) },
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
    '9999999999999999999999.999999',
    '9999999999999999999999999999.9999994',
    '9999999999999999999999999999.9999996',
  ],
  ...[
    '1e28',
    '-1e28',
    '1e40',
    '-9999999999999999999999999999',
    '9007199254740993',
    '123456789012345678.123456789',
  ],
]

const numbers = fc.oneof(fc.constantFrom(...hostileNumbers), fc.integer({ min: -3, max: 70 }).map(String))

const proper: Record<ValueType, fc.Arbitrary<string>> = {
  number: numbers,
  text: texts.map((text) => JSON.stringify(text)),
  boolean: fc.constantFrom('true', 'false'),
  instant: instants.map((instant) => JSON.stringify(instant)),
  json: fc.constantFrom('[]', '[1]', '[""]', '["a"]', '{}', '{"a":1}', '""', 'null', '"x"', '0', 'false'),
}

/** Mostly a value of this type; now and then one of another. */
export const jsonOf = (type: ValueType): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 7, arbitrary: proper[type] },
    { weight: 1, arbitrary: fc.oneof(...Object.values(proper)) },
  )

const offsets = [
  ...[0, 1, 2, 7, 30].flatMap((amount) => durationUnits.map((unit): Duration => ({ amount, unit }))),
  ...[14, 90, 168].map((amount): Duration => ({ amount, unit: 'day' })),
]

/** Instants where things tip: on the edge of a window before asOf, a microsecond beside it, or after asOf. */
export function momentNear(asOf: Instant, zone: string): fc.Arbitrary<Instant> {
  const local = Temporal.Instant.from(asOf).toZonedDateTimeISO(zone)
  const before = ({ amount, unit }: Duration) =>
    unit === 'quarter' ? local.subtract({ months: 3 * amount }) : subtractFixed(local, amount, unit)
  const edge = fc.constantFrom(...offsets).map(before)
  const beside = fc.constantFrom(-1, 0, 0, 1)
  return fc
    .oneof(
      {
        weight: 6,
        arbitrary: fc.tuple(edge, beside).map(([at, microseconds]) => at.add({ microseconds }).toInstant()),
      },
      {
        weight: 2,
        arbitrary: fc
          .integer({ min: 0, max: 4_000_000 })
          .map((seconds) => local.subtract({ seconds }).toInstant()),
      },
      {
        weight: 1,
        arbitrary: fc.integer({ min: 1, max: 9 }).map((hours) => local.add({ hours }).toInstant()),
      },
    )
    .map(formatInstant)
}

/** Days and weeks are fixed lengths; months and years count in the calendar of the zone. */
function subtractFixed(
  local: Temporal.ZonedDateTime,
  amount: number,
  unit: Exclude<Duration['unit'], 'quarter'>,
) {
  const hours = { day: 24, week: 168 } as const
  return unit === 'day' || unit === 'week'
    ? local.subtract({ hours: hours[unit] * amount })
    : local.subtract({ [`${unit}s`]: amount })
}
