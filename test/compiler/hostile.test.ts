import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Catalog } from '../../compiler/catalog.ts'
import { compile } from '../../compiler/compile.ts'
import type { Definition } from '../../compiler/definition.ts'
import { diagnosticCodes } from '../../compiler/diagnostic.ts'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit } from '../../compiler/emit.ts'
import type { ValueType } from '../../compiler/ir.ts'
import { limits } from '../../compiler/limits.ts'
import { print } from '../../compiler/parse.ts'
import { plan } from '../../compiler/plan.ts'
import { columnarExport } from '../../pipeline/columnar.ts'
import { definitions } from '../support/generated.ts'
import { pointsFor } from '../support/scores.ts'
import { texts } from '../support/values.ts'
import { catalog, scores, segments } from '../support/world.ts'

const seen = { asOf: '2026-03-01T00:00:00.000000Z', horizon: '1000' }

/** Whatever comes in, out come diagnostics with known codes or a predicate that every dialect has words for. */
function survives(source: unknown): void {
  const { predicate, diagnostics } = compile(source, catalog)
  for (const { code, message } of diagnostics) {
    expect(Object.keys(diagnosticCodes)).toContain(code)
    expect(message).not.toBe('')
  }
  expect(predicate === undefined).toBe(diagnostics.some(({ severity }) => severity === 'error'))
  if (!predicate) return
  const queryPlan = plan([{ key: 'one', predicate }], scores, segments)
  for (const dialect of Object.values(dialects))
    expect(emit(queryPlan, dialect, seen).sql).toContain('select')
}

describe('nothing makes it throw', () => {
  const words =
    'and or not ( ) did where within exactly at least most more than fewer times ago last first seen no activity score in is known unknown true false between contains starts ends with account . , = != > >= < <= 7 -1 1.5 days month "x" \'y\' `z` # \n everyone page_view company_size title seconds \\ "'
  const soup = fc
    .array(fc.constantFrom(...words.split(' ')), { maxLength: 30 })
    .map((parts) => parts.join(' '))

  test('random characters', () =>
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: 500 }))
  test('random bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        survives(Buffer.from(bytes).toString('utf8')),
      ),
      { numRuns: 500 },
    ))
  test('words of the language in any order', () => fc.assert(fc.property(soup, survives), { numRuns: 3000 }))
  test('a definition with a piece cut out or doubled', () =>
    fc.assert(
      fc.property(definitions, fc.nat(), fc.nat(), (definition, a, b) => {
        const text = print(definition)
        const [from, to] = [a % (text.length + 1), b % (text.length + 1)]
        survives(text.slice(0, from) + text.slice(to))
      }),
      { numRuns: 1000 },
    ))
  test('anything in place of the JSON form', () =>
    fc.assert(fc.property(fc.anything(), survives), { numRuns: 1000 }))
  test('a JSON form with a part replaced by anything', () =>
    fc.assert(
      fc.property(definitions, fc.nat(), fc.anything(), (definition, position, part) => {
        let count = 0
        const replace = (value: unknown): unknown => {
          if (count++ === position % 12) return part
          if (Array.isArray(value)) return value.map(replace)
          if (value === null || typeof value !== 'object') return value
          return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, replace(inside)]))
        }
        survives(replace(definition))
      }),
      { numRuns: 1000 },
    ))
})

describe('limits', () => {
  const nested = (levels: number, kind: 'not' | 'all') => {
    let tree: unknown = { kind: 'everyone' }
    for (let level = 0; level < levels; level++) tree = { kind, of: kind === 'not' ? tree : [tree, tree] }
    return tree
  }
  const many = (count: number) => Array.from({ length: count }, (_, n) => `company_size = ${n}`).join(' or ')
  const list = (count: number) => `company_size in (${Array.from({ length: count }, (_, n) => n).join()})`
  const pairs = (count: number) => '(not '.repeat(count)

  test.each<[string, unknown]>([
    ['100,000 parentheses', '('.repeat(100_000)],
    ['100,000 parentheses that close', `${'('.repeat(90_000)}everyone${')'.repeat(90_000)}`],
    ['100,000 negations', 'not '.repeat(100_000)],
    ['40,000 negations', `${'not '.repeat(40_000)}everyone`],
    ['both in turn', `${pairs(20_000)}everyone${')'.repeat(20_000)}`],
    ['33 negations', `${'not '.repeat(33)}everyone`],
    ['parentheses after a comment with a quote', `# it's\n${'('.repeat(50_000)} '`],
    ['parentheses after a text that is not closed', `title = "x\n${'('.repeat(50_000)} "`],
    ['parentheses after a name that is not closed', `did \`x\n${'('.repeat(50_000)} \``],
    ['parentheses of a filter', `did page_view where ${'('.repeat(50_000)}`],
    ['a JSON form of 100,000 levels', nested(100_000, 'not')],
    ['a JSON form of 40 levels', nested(40, 'not')],
    ['a JSON form that holds itself', { kind: 'not' }],
    ['501 conditions', many(limits.conditions + 1)],
    ['a list of 10,001', list(limits.listLength + 1)],
    ['a text of 200,001 characters', `title = "${'x'.repeat(limits.textLength)}"`],
    [
      'a JSON form as long',
      { kind: 'attribute', of: 'lead', name: 'title', is: { op: '=', value: 'x'.repeat(limits.textLength) } },
    ],
    ['a name of 201 characters', `did ${'x'.repeat(201)}`],
  ])('%s', (name, source) => {
    if (name.endsWith('holds itself')) Object.assign(source as object, { of: source })
    const { diagnostics, predicate } = compile(source, catalog)
    expect(predicate).toBeUndefined()
    expect(diagnostics.map(({ code }) => code)).toEqual(['TOO_LARGE'])
  })

  test.each<[string, unknown]>([
    ['32 levels', `${'not '.repeat(31)}everyone`],
    ['500 conditions', many(limits.conditions - 1)],
    ['a list of 10,000', list(limits.listLength)],
    ['30 parentheses', `${'('.repeat(30)}everyone${')'.repeat(30)}`],
    ['parentheses in a comment', `everyone # ${'('.repeat(1000)}`],
    ['parentheses in a text', `title = "${'('.repeat(1000)}"`],
  ])('%s are within', (_, source) => expect(compile(source, catalog).diagnostics).toEqual([]))

  test('100,000 quotes take no time', () => {
    const start = performance.now()
    survives(`title = "${'\\"'.repeat(99_000)}`)
    survives(`"\\"`.repeat(60_000))
    expect(performance.now() - start).toBeLessThan(2000)
  })

  test.each(['title = "a\\u0000b"', 'did `a\\u0000b`', 'title = "\\ud800"', 'title in ("x", "\\udc00y")'])(
    '%s is refused: no database keeps it',
    (text) => expect(compile(text, catalog).diagnostics.map(({ code }) => code)).toContain('BAD_TEXT'),
  )
})

/** Definitions with every kind of comparison, in which all names and texts are given from outside. */
function shapeOf(text: (position: number) => string): { definitions: Definition[]; catalog: Catalog } {
  const [lead, instant, account, event, other, property, moment] = [0, 1, 2, 3, 4, 5, 6].map(text) as [
    string,
    ...string[],
  ] &
    string[]
  const value = text(7)
  const attribute = (name: string, is: object, of = 'lead') => ({ kind: 'attribute', of, name, is })
  const asked = [
    ...['=', '!=', '<', '>='].map((op) => attribute(lead, { op, value })),
    attribute(lead, { op: '=', value, exactly: true }),
    attribute(lead, { op: '<', value, exactly: true }),
    ...['contains', 'not starts with', 'ends with'].map((op) => attribute(lead, { op, value })),
    attribute(lead, { op: 'in', values: [value, text(8)] }),
    attribute(lead, { op: 'not in', values: [value, text(8)], exactly: true }),
    attribute(account!, { op: '=', value }, 'account'),
    attribute(account!, { op: 'is known' }, 'account'),
    attribute(instant!, { op: '>', value: '2026-01-01' }),
    { kind: 'did', event, where: { kind: 'property', name: property, is: { op: '=', value } } },
    {
      kind: 'did',
      event: other,
      where: { kind: 'not', of: { kind: 'property', name: property, is: { op: 'is known' } } },
    },
    {
      kind: 'did',
      event,
      where: { kind: 'property', name: moment, is: { op: 'in', values: [value] } },
      times: { op: 'at least', n: 2 },
    },
    { kind: 'last_activity', is: 'within', duration: { amount: 7, unit: 'day' } },
  ]
  const properties = new Map<string, ValueType>([
    [property!, 'text'],
    [moment!, 'text'],
  ])
  return {
    definitions: [...asked, { kind: 'all', of: asked.slice(0, 3) }],
    catalog: {
      leads: new Map<string, ValueType>([
        [lead, 'text'],
        [instant!, 'instant'],
      ]),
      accounts: new Map([[account!, 'text']]),
      events: new Map([
        [event!, { activity: true, conversion: false, properties }],
        [other!, { activity: false, conversion: false, properties }],
      ]),
      scores: [{ name: 'engagement', levels: [] }],
    },
  }
}

function textsOf(shape: ReturnType<typeof shapeOf>, event: string): string[] {
  const segments = shape.definitions.map((definition, index) => {
    const { predicate, diagnostics } = compile(definition, shape.catalog)
    if (!predicate) throw new Error(JSON.stringify(diagnostics))
    return { key: `s${index}`, predicate }
  })
  const rules = [pointsFor(event, '1000000')]
  const queryPlan = plan(segments, [{ name: 'engagement', rules, levels: [] }])
  const statements = Object.values(dialects).map((dialect) => emit(queryPlan, dialect, seen).sql)
  return [...statements, ...columnarExport(queryPlan, '1000').tables.map(({ query }) => query)]
}

test('SQL depends on the shape alone, whatever stands in names and values', () =>
  fc.assert(
    fc.property(fc.array(texts, { minLength: 9, maxLength: 9 }), (hostile) => {
      // Features stand in the order of their names: a letter in front keeps it.
      const plain = textsOf(
        shapeOf((n) => `${'abcdefghi'[n]}`),
        'x',
      )
      const strange = textsOf(
        shapeOf((n) => `${'abcdefghi'[n]}${hostile[n]}`),
        `x${hostile[0]}`,
      )
      expect(strange).toEqual(plain)
    }),
    { numRuns: 100 },
  ))
