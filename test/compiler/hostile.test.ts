import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Catalog, CatalogType, EventType } from '../../compiler/catalog.ts'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import type { Definition } from '../../compiler/definition.ts'
import { diagnosticCodes } from '../../compiler/diagnostic.ts'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit } from '../../compiler/emit.ts'
import { everyone, type Predicate } from '../../compiler/ir.ts'
import { limits } from '../../compiler/limits.ts'
import { fingerprint } from '../../compiler/normalize.ts'
import { print } from '../../compiler/parse.ts'
import { plan } from '../../compiler/plan.ts'
import { columnarExport } from '../../pipeline/columnar.ts'
import { definitions } from '../support/generated.ts'
import { pointsFor } from '../support/scores.ts'
import { anyText, texts } from '../support/values.ts'
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
  const words = [
    'and or not ( ) did then but where within exactly at least most more than fewer times ago from now last first',
    'seen no activity since before after on between this next today week month days overall score in segment is',
    'known unknown true false contains like matches starts ends with any none all of size sum mean min max distinct',
    'stopped restarted for regularly periods account leads lead converted kind value bucket to by anniversary tags',
    'address.city , . = != > >= < <= 7 -1 1.5 "x" "2026-01-01" \'y\' `z` # \n everyone page_view viewed_pricing email_*',
    'company_size title renewal seconds \\ "',
  ].join(' ')
  const soup = fc
    .array(fc.constantFrom(...words.split(' ')), { maxLength: 30 })
    .map((parts) => parts.join(' '))

  test('random characters', () => fc.assert(fc.property(anyText(200), survives), { numRuns: 500 }))
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
      { numRuns: 500 },
    ))
  test('anything in place of the JSON form', () =>
    fc.assert(fc.property(fc.anything(), survives), { numRuns: 500 }))
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
      { numRuns: 500 },
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

/** Definitions of every family, in which all names and texts are given from outside. */
function shapeOf(text: (position: number) => string): { definitions: Definition[]; catalog: Catalog } {
  const [lead, instant, list, account, event, other, property, moment, key, within] = Array.from(
    { length: 10 },
    (_, position) => text(position),
  ) as string[] & { [position: number]: string }
  const [value, more] = [text(10), text(11)]
  const catalog = strangeCatalog({
    ...{ lead, instant, list, account, event, other, property, moment, key },
    level: value,
  })
  const attribute = (name: string, is: object, rest: object = {}) => ({
    kind: 'attribute',
    of: 'lead',
    name,
    ...rest,
    is,
  })
  const ofAccount = { of: 'account' }
  const where = { kind: 'property', name: property, is: { op: '=', value } }
  const hour = { amount: 1, unit: 'hour' }
  const week = { amount: 1, unit: 'week' }
  const within7 = { is: 'within', duration: week }
  const like = value.replace(/\\/g, '\\\\')
  const pattern = [...value]
    .map((letter) => (/[!-/:-@[-`{-~]/.test(letter) ? `\\${letter}` : letter))
    .join('')
  const asked = [
    ...['=', '!=', '<', '>='].map((op) => attribute(lead!, { op, value })),
    attribute(lead!, { op: '=', value, exactly: true }),
    attribute(lead!, { op: '<', value, exactly: true }),
    attribute(lead!, { op: 'between', low: value, high: more }),
    ...['contains', 'not starts with', 'ends with'].map((op) => attribute(lead!, { op, value })),
    attribute(lead!, { op: 'like', value: like }),
    attribute(lead!, { op: 'not like', value: like, exactly: true }),
    attribute(lead!, { op: 'matches', value: pattern }),
    attribute(lead!, { op: 'matches', value: pattern, exactly: true }),
    attribute(lead!, { op: 'in', values: [value, more] }),
    attribute(lead!, { op: 'not in', values: [value, more], exactly: true }),
    attribute(account!, { op: '=', value }, ofAccount),
    attribute(account!, { op: 'is known' }, ofAccount),
    attribute(instant!, { op: '>', value: '2026-01-01' }),
    attribute(instant!, { op: 'period', when: { is: 'this', unit: 'month' } }),
    attribute(instant!, { op: 'anniversary', within: 7 }),
    ...['any', 'none', 'all'].map((each) => attribute(list!, { op: '=', value }, { each })),
    attribute(list!, { op: 'in', values: [value, more] }, { each: 'any' }),
    attribute(list!, { op: '>', value: { number: '2' } }, { each: 'size' }),
    attribute(list!, { op: 'starts with', value }, { path: [within, key] }),
    attribute(list!, { op: 'is known' }, { path: [within] }),
    { kind: 'did', event, where },
    { kind: 'did', event: other, where: { kind: 'not', of: { ...where, is: { op: 'is known' } } } },
    {
      kind: 'did',
      event,
      where: { ...where, name: moment, is: { op: 'in', values: [value] } },
      times: twice,
    },
    { kind: 'did', event: { any: true }, where: { ...where, name: 'channel' }, when: within7 },
    { kind: 'did', event: { prefix: event } },
    { kind: 'did', event: { types: [event, other] }, when: { is: 'last', unit: 'month' } },
    { kind: 'did', event: `alias ${event}` },
    { kind: 'account_did', event, where, times: twice },
    { kind: 'occurrence', which: 'first', event, where, when: within7 },
    { kind: 'last_activity', is: 'last', when: within7 },
    { kind: 'first_seen', when: within7 },
    { kind: 'event_value', figure: 'distinct', property: { name: property }, event, is: least(2) },
    { kind: 'event_value', figure: 'last', property: { name: property }, event, is: { op: '=', value } },
    {
      kind: 'event_value',
      figure: 'first',
      property: { name: moment },
      event: other,
      is: { op: 'like', value: like },
    },
    { kind: 'active_days', event, where, is: least(2) },
    { kind: 'stopped', event, where, silent: hour, within: week },
    { kind: 'restarted', event, where, within: hour, after: week },
    { kind: 'regularly', event, where, times: 1, in: 1, of: 3, period: week },
    {
      kind: 'sequence',
      steps: [
        { event, where },
        { event: other, within: hour },
      ],
    },
    {
      kind: 'sequence',
      steps: [{ event }, { event: other, where }],
      within: week,
      without: { event, where, within: hour },
    },
    { kind: 'leads_of_account', least: 2, that: attribute(lead!, { op: '=', value }) },
    { kind: 'converted', of: value, value: least(10), times: twice },
    { kind: 'in_segment', key },
    { kind: 'in_segment', key, for: week },
    { kind: 'was_in_segment', key, when: within7 },
    { kind: 'segment_change', change: 'entered', key, when: within7 },
    { kind: 'segment_change', change: 'left', key },
    { kind: 'attribute_been', of: 'lead', name: lead, is: { op: '=', value }, for: week },
    {
      kind: 'attribute_changed',
      of: 'account',
      name: account,
      from: { value },
      to: { value: more, exactly: true },
      when: within7,
    },
    { kind: 'score_max', within: week, is: least(10) },
    { kind: 'score_change', is: 'rose', by: { number: '10' }, within: week },
    { kind: 'level', is: { op: 'is', level: value } },
    { kind: 'level_entered', level: value, when: within7 },
    { kind: 'bucket', from: 0, to: 10, of: 100, by: value },
  ] as Definition[]
  return { definitions: [...asked, { kind: 'all', of: asked.slice(0, 3) }], catalog }
}

const twice = { op: 'at least', n: 2 }
const least = (n: number) => ({ op: '>=', value: { number: String(n) } })

function strangeCatalog(names: Readonly<Record<string, string | undefined>>): Catalog {
  const { lead, instant, list, account, event, other, property, moment, key, level } = names as Record<
    string,
    string
  >
  const properties = new Map<string, CatalogType>([
    [property!, 'text'],
    [moment!, 'text'],
    ['kind', 'text'],
    ['value', 'number'],
  ])
  const type = { activity: true, conversion: true, channel: 'web', properties }
  const segment = segmentOf(lead!)
  return {
    leads: new Map<string, CatalogType>([
      [lead!, 'text'],
      [instant!, 'instant'],
      [list!, 'json'],
    ]),
    accounts: new Map([[account!, 'text']]),
    events: new Map<string, EventType>([
      [event!, type],
      [other!, { ...type, activity: false, channel: event }],
    ]),
    scores: [{ name: 'engagement', levels: [{ name: level!, from: '10' }] }],
    aliases: new Map([[`alias ${event}`, { types: { only: [event!, other!] }, where: everyone }]]),
    segments: new Map([[key!, { predicate: segment, fingerprint: fingerprint(segment) }]]),
  }
}

const segmentOf = (name: string): Predicate => ({
  kind: 'test',
  subject: { kind: 'attribute', of: 'lead', name, type: 'text' },
  is: { op: 'known' },
})

function textsOf(shape: ReturnType<typeof shapeOf>, event: string): string[] {
  const segments = shape.definitions.map((definition, index) => {
    const { predicate, diagnostics } = compile(definition, shape.catalog)
    if (!predicate) throw new Error(JSON.stringify([definition, diagnostics]))
    return { key: `s${index}`, predicate }
  })
  const references = new Map(
    [...shape.catalog.segments.keys()].map((key) => [key, shape.catalog.segments.get(key)!.predicate!]),
  )
  const rules = [pointsFor(event, '1000000')]
  const queryPlan = plan(
    segments,
    shape.catalog.scores.map((score) => ({ ...score, rules })),
    references,
  )
  const statements = Object.values(dialects).map((dialect) => emit(queryPlan, dialect, seen).sql)
  return [...statements, ...columnarExport(queryPlan, '1000').tables.map(({ query }) => query)]
}

test('every family is among them', () => {
  const kinds = new Set(shapeOf((n) => `${n}`).definitions.map(({ kind }) => kind))
  const others = conditions.map(({ kind }) => kind).filter((kind) => !kinds.has(kind))
  // They hold no name and no text.
  expect(others).toEqual(['everyone', 'score'])
})

test('SQL depends on the shape alone, whatever stands in names and values', () => {
  // Features stand in the order of their names: a letter in front keeps it.
  const letters = 'abcdefghijkl'
  const plain = textsOf(
    shapeOf((n) => letters[n]!),
    'x',
  )
  fc.assert(
    fc.property(fc.array(texts, { minLength: letters.length, maxLength: letters.length }), (hostile) => {
      const strange = shapeOf((n) => `${letters[n]}${hostile[n]}`)
      expect(textsOf(strange, `x${hostile[0]}`)).toEqual(plain)
    }),
    { numRuns: 60 },
  )
})
