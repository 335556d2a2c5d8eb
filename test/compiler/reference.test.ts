import { describe, expect, test } from 'vitest'
import type {
  Comparison,
  Events,
  Feature,
  Figure,
  Filter,
  Predicate,
  Property,
  ScalarComparison,
  ValueType,
} from '../../compiler/ir.ts'
import type { Instant, Moment } from '../../compiler/time.ts'
import { like } from '../support/reference/compare.ts'
import { readJson } from '../support/reference/json.ts'
import { instantOf, localDay, microsOf } from '../support/reference/time.ts'
import { fold, members, resolve } from '../support/reference.ts'
import type { Change, Event, Json, World } from '../support/world.ts'

/** The judge, judged: what it says of each kind of feature, edge by edge, written down by hand. */
const asOf = '2026-03-31T12:00:00.000000Z'
const since = '2020-01-01T00:00:00.000000Z'
const everything: Filter = { kind: 'all', of: [] }

type Told = {
  at?: Instant
  late?: true
  externalId?: string
  account?: Json
  attributes?: Record<string, Json>
  events?: readonly Happened[]
}
type Happened = readonly [
  type: string,
  at: Instant,
  properties?: Record<string, Json>,
  id?: string | undefined,
]

function worldOf(told: readonly Told[], more: Partial<World> = {}): World {
  const changes: Change[] = told.flatMap(({ account, attributes = {} }, index) =>
    Object.entries(account === undefined ? attributes : { ...attributes, '@account': account }).map(
      ([attribute, value]) => ({ subject: 'lead', id: index + 1, attribute, value, from: since }),
    ),
  )
  const events: Event[] = told.flatMap(({ events = [] }, index) =>
    events.map(([type, at, properties = {}, id], position) => ({
      id: id ?? `${index}-${position}`,
      lead: index + 1,
      type,
      at,
      properties,
    })),
  )
  const leads = told.map(({ at = since, late, externalId }, index) => ({
    id: index + 1,
    firstSeen: at,
    ...(late ? { late } : {}),
    ...(externalId === undefined ? {} : { externalId }),
  }))
  return { asOf, zone: 'UTC', leads, events, changes, scores: [], ...more }
}

const is = (subject: Feature, is: Comparison): Predicate => ({ kind: 'test', subject, is })
const n = (value: string | number) => ({ type: 'number', value: String(value) }) as const
const t = (value: string) => ({ type: 'text', value }) as const
const at = (instant: Instant) => ({ type: 'instant', moment: { kind: 'at', instant } }) as const
const yes: Comparison = { op: '=', to: { type: 'boolean', value: true } }
const known: Comparison = { op: 'known' }
const equals = (value: string | number): Comparison => ({ op: '=', to: n(value) })

const attribute = (type: ValueType, path?: readonly string[], of: 'lead' | 'account' = 'lead'): Feature => ({
  kind: 'attribute',
  of,
  name: 'x',
  ...(path ? { path } : {}),
  type,
})

/** For which of these values of x it holds. */
function holdsFor(values: readonly Json[], predicate: Predicate): Json[] {
  const world = worldOf(values.map((x) => ({ attributes: { x } })))
  return members(predicate, world).map((id) => values[id - 1]!)
}

describe('JSON', () => {
  test('is read without a float', () => {
    expect(readJson('[1e400,-0.10,"a\\"\\u0041\\n",null,{"b":[],"b":true," ":{}}]')).toEqual({
      kind: 'array',
      of: [
        { kind: 'number', text: '1e400' },
        { kind: 'number', text: '-0.10' },
        { kind: 'string', value: 'a"A\n' },
        { kind: 'null' },
        {
          kind: 'object',
          of: new Map<string, unknown>([
            ['b', { kind: 'boolean', value: true }],
            [' ', { kind: 'object', of: new Map() }],
          ]),
        },
      ],
    })
  })
  test.each(['', '[1', '{"a"}', '[1]]', 'x'])('%s is none', (text) => expect(() => readJson(text)).toThrow())
})

describe('stored values', () => {
  const some = ['null', '""', '[]', '0', '"0"', 'false', '{}', '[null]', '[""]', '" "', '"a"', '[1,"a"]']

  test('null, empty text and empty arrays are missing', () => {
    expect(holdsFor(some, is(attribute('json'), known))).toEqual(some.slice(3))
  })

  test('what is of another type is missing', () => {
    expect(holdsFor(some, is(attribute('number'), known))).toEqual(['0'])
    expect(holdsFor(some, is(attribute('text'), known))).toEqual(['"0"', '" "', '"a"'])
    expect(holdsFor(some, is(attribute('boolean'), known))).toEqual(['false'])
  })

  test('the size is that of an array, 1 for what is none, 0 for what is missing', () => {
    const sized = (size: number) => holdsFor(some, is(attribute('size'), equals(size)))
    expect(sized(0)).toEqual(['null', '""', '[]'])
    expect(sized(1)).toEqual(['0', '"0"', 'false', '{}', '[null]', '[""]', '" "', '"a"'])
    expect(sized(2)).toEqual(['[1,"a"]'])
  })

  test('some element, every element', () => {
    const lists = [
      '"a"',
      '["a"]',
      '["A","b"]',
      '["a","A"]',
      '["a",null]',
      '["a",1]',
      '["a",""]',
      '[["a"]]',
      '[]',
      '5',
    ]
    const list = (op: 'some' | 'every', is_: ScalarComparison) =>
      holdsFor(lists, is(attribute('texts'), { op, is: is_ }))
    expect(list('some', { op: '=', to: t('a') })).toEqual(lists.slice(0, 7))
    // An element that is missing does not compare.
    expect(list('every', { op: '=', to: t('a') })).toEqual(['"a"', '["a"]', '["a","A"]'])
    expect(list('every', { op: '=', to: t('a'), exactly: true })).toEqual(['"a"', '["a"]'])
    expect(list('some', { op: '>', to: t('a') })).toEqual(['["A","b"]'])
    expect(list('some', { op: 'in', to: [t('B'), t('c')] })).toEqual(['["A","b"]'])
    expect(list('every', { op: 'in', to: [t('B'), t('a')] })).toEqual([
      '"a"',
      '["a"]',
      '["A","b"]',
      '["a","A"]',
    ])
  })

  test('lists of numbers and booleans', () => {
    const lists = ['1', '[1,2]', '["1"]', '[1.0000004,1]', '[true]', 'false', '[1e22]']
    const one: ScalarComparison = { op: '=', to: n(1) }
    expect(holdsFor(lists, is(attribute('numbers'), { op: 'some', is: one }))).toEqual([
      '1',
      '[1,2]',
      '[1.0000004,1]',
    ])
    expect(holdsFor(lists, is(attribute('numbers'), { op: 'every', is: one }))).toEqual([
      '1',
      '[1.0000004,1]',
    ])
    // One element lies between; 1 and 7 are each on one side.
    const between: ScalarComparison = { op: 'between', low: n(2), high: n(5) }
    const numbers = ['[1,7]', '[1,2,7]', '5', '[5.0000001]', '[5.000001]', '[]']
    expect(holdsFor(numbers, is(attribute('numbers'), { op: 'some', is: between }))).toEqual(
      numbers.slice(1, 4),
    )
    const isTrue: ScalarComparison = { op: '=', to: { type: 'boolean', value: true } }
    expect(holdsFor(lists, is(attribute('booleans'), { op: 'some', is: isTrue }))).toEqual(['[true]'])
  })

  test('a path goes through objects alone', () => {
    const values = [
      '{"a":{"b":"x"}}',
      '{"a":{"b":""}}',
      '{"a":["b"]}',
      '[{"a":{"b":"x"}}]',
      '{"a.b":"x"}',
      '"x"',
      'null',
    ]
    expect(holdsFor(values, is(attribute('text', ['a', 'b']), known))).toEqual(values.slice(0, 1))
    expect(holdsFor(values, is(attribute('json', ['a', '0']), known))).toEqual([])
    expect(
      holdsFor(values, is(attribute('texts', ['a']), { op: 'some', is: { op: '=', to: t('B') } })),
    ).toEqual(['{"a":["b"]}'])
    expect(holdsFor(values, is(attribute('size', ['a']), equals(0)))).toEqual(values.slice(3))
  })

  test('numbers are kept with six places, below 10^22', () => {
    const values = [
      '9999999999999999999999.9999996',
      '1e22',
      '-1e22',
      '0.0000005',
      '0.00000049',
      '-0.0000005',
      '5e-1',
    ]
    expect(holdsFor(values, is(attribute('number'), known))).toEqual(
      values.filter((x) => !x.endsWith('1e22')),
    )
    expect(holdsFor(values, is(attribute('number'), equals('0.000001')))).toEqual(['0.0000005'])
    expect(holdsFor(values, is(attribute('number'), equals('0')))).toEqual(['0.00000049'])
    expect(holdsFor(values, is(attribute('number'), { op: '<', to: n(0) }))).toEqual(['-0.0000005'])
    expect(holdsFor(values, is(attribute('number'), { op: 'in', to: [n(7), n('0.5')] }))).toEqual(['5e-1'])
  })
})

describe('text', () => {
  test.each([
    ['', '', true],
    ['', '%', true],
    ['a', '', false],
    ['abc', 'a%', true],
    ['abc', '%b%', true],
    ['abc', '_b_', true],
    ['abc', '__', false],
    ['abc', '____', false],
    ['100%', '100\\%', true],
    ['100x', '100\\%', false],
    ['a_b', 'a\\_b', true],
    ['axb', 'a\\_b', false],
    ['a\\b', 'a\\\\b', true],
    ['a\\', '%\\\\', true],
    ['ab', '\\a\\b', true],
    ['😀', '_', true],
    ['a\nb', 'a_b', true],
    ['aXbXc', '%X%c', true],
    ['aXbXd', '%X%c', false],
  ])('%j like %j: %s', (text, pattern, expected) => expect(like([...text], [...pattern])).toBe(expected))

  const text = (value: string, is_: ScalarComparison) =>
    holdsFor([JSON.stringify(value)], is(attribute('text'), is_)).length > 0

  test.each([
    ['ABC', 'like', 'a%C', true],
    ['İX', 'like', 'i_', true],
    ['ΟΔΟΣ', 'like', 'οδοσ', true],
    ['οδος', 'like', 'οδοσ', false],
    ['straße', 'contains', 'SS', false],
    ['STRASSE', 'ends with', 'sse', true],
    ['É', 'starts with', 'e\u0301', false],
    ['a\nb', 'matches', '^a.b$', true],
    ['a\nb', 'matches', 'a$', false],
    ['AB', 'matches', 'ab', true],
    ['xAB', 'matches', '^ab', false],
    ['aaa', 'matches', '^(a{2}|b){1,2}$', false],
    ['😀', 'matches', '^.$', true],
    ['É', 'matches', '^[^a-z]$', true],
  ] as const)('%j %s %j: %s', (value, op, to, expected) =>
    expect(text(value, { op, to: t(to) })).toBe(expected),
  )

  test('exactly asks for the bytes', () => {
    expect(text('ABC', { op: 'like', to: t('a%'), exactly: true })).toBe(false)
    expect(text('AB', { op: 'matches', to: t('ab'), exactly: true })).toBe(false)
    expect(text('AB', { op: 'matches', to: t('A.'), exactly: true })).toBe(true)
    expect(text('\u{e000}', { op: '<', to: t('😀'), exactly: true })).toBe(true)
    expect(text('B', { op: '<', to: t('a'), exactly: true })).toBe(true)
    expect(text('B', { op: '<', to: t('a') })).toBe(false)
  })

  test('folding is one letter for one', () => expect(fold('İSTANBUL ẞ Σς ǅ K')).toBe('istanbul ß σς ǆ k'))
})

const types = (...only: string[]): Events => ({ types: { only }, where: everything })
const events = (figure: Figure, which: Events = types('a'), of: 'lead' | 'account' = 'lead'): Feature => ({
  kind: 'events',
  of,
  figure,
  events: which,
})
const count: Figure = { kind: 'count' }
const property = (type: ValueType, name = 'p', more: Partial<Property> = {}): Property => ({
  kind: 'property',
  name,
  type,
  ...more,
})
/** For how many of one lead's events. */
function counted(happened: readonly Happened[], which: Events): number {
  const world = worldOf([{ events: happened }])
  for (let found = 0; ; found++)
    if (members(is(events(count, which), equals(found)), world).length > 0) return found
}

describe('which events', () => {
  const four: Happened[] = [
    ['a', '2026-03-01T00:00:00.000000Z'],
    ['ab', '2026-03-02T00:00:00.000000Z'],
    ['b', '2026-03-03T00:00:00.000000Z'],
    ['a', '2026-03-31T12:00:00.000001Z'],
  ]
  const moment = (instant: Instant): Moment => ({ kind: 'at', instant })
  test.each<[string, number, Partial<Events>]>([
    ['one type', 1, { types: { only: ['a'] } }],
    ['some', 2, { types: { only: ['b', 'a'] } }],
    ['all', 3, { types: { allBut: [] } }],
    ['all but some', 1, { types: { allBut: ['a', 'ab'] } }],
    ['a prefix', 2, { types: { prefix: 'a' } }],
    ['a prefix that is no pattern', 0, { types: { prefix: 'a%' } }],
    ['from, included', 2, { types: { allBut: [] }, from: moment('2026-03-02T00:00:00.000000Z') }],
    ['to, included', 2, { types: { allBut: [] }, to: moment('2026-03-02T00:00:00.000000Z') }],
    ['until, excluded', 1, { types: { allBut: [] }, until: moment('2026-03-02T00:00:00.000000Z') }],
    ['nothing after asOf', 1, { types: { only: ['a'] }, to: moment('2027-01-01T00:00:00.000000Z') }],
    [
      'nothing between ends the wrong way round',
      0,
      {
        types: { allBut: [] },
        from: moment('2026-03-03T00:00:00.000000Z'),
        to: moment('2026-03-02T00:00:00.000000Z'),
      },
    ],
  ])('%s', (_, expected, which) => expect(counted(four, { ...types(), ...which })).toBe(expected))

  test('a filter looks at one event', () => {
    const both: Filter = {
      kind: 'all',
      of: [
        { kind: 'test', subject: property('text'), is: { op: '=', to: t('x') } },
        { kind: 'test', subject: property('number', 'q'), is: { op: '>', to: n(1) } },
      ],
    }
    const apart: Happened[] = [
      ['a', since, { p: '"x"' }],
      ['a', since, { q: '2' }],
    ]
    expect(counted(apart, { ...types('a'), where: both })).toBe(0)
    expect(counted([['a', since, { p: '"X"', q: '2' }]], { ...types('a'), where: both })).toBe(1)
  })

  test('where an event has none of its own, its type says', () => {
    const channel = property('text', 'channel', { ofType: { a: 'Web', b: 'email' } })
    const where: Filter = { kind: 'test', subject: channel, is: { op: '=', to: t('web') } }
    const one = (type: string, own?: Json) =>
      counted([[type, since, own ? { channel: own } : {}]], { ...types('a', 'b', 'c'), where })
    expect([one('a'), one('a', 'null'), one('a', '""'), one('a', '5'), one('b', '"WEB"')]).toEqual([
      1, 1, 1, 1, 1,
    ])
    expect([one('b'), one('c'), one('a', '"ads"')]).toEqual([0, 0, 0])
  })
})

describe('figures', () => {
  const day = (text: string): Instant => `2026-${text}.000000Z`
  const holds = (figure: Figure, comparison: Comparison, happened: readonly Happened[], which = types('a')) =>
    members(is(events(figure, which), comparison), worldOf([{ events: happened }])).length === 1
  const p = (json: Json, at_ = since, id?: string): Happened => ['a', at_, { p: json }, id]

  test('first, last and count', () => {
    const two: Happened[] = [
      ['a', day('03-02T00:00:00')],
      ['a', day('03-01T00:00:00')],
    ]
    expect(holds({ kind: 'first' }, { op: '=', to: at(day('03-01T00:00:00')) }, two)).toBe(true)
    expect(holds({ kind: 'last' }, { op: '=', to: at(day('03-02T00:00:00')) }, two)).toBe(true)
    expect(holds({ kind: 'last' }, known, [])).toBe(false)
    expect(holds(count, equals(0), [])).toBe(true)
  })

  test('sum and mean are exact, and missing of nothing', () => {
    const values = [p('0.1'), p('0.2'), p('"7"'), p('9007199254740993'), p('null'), p('1e22')]
    const sum: Figure = { kind: 'sum', property: property('number') }
    const mean: Figure = { kind: 'mean', property: property('number') }
    expect(holds(sum, equals('9007199254740993.3'), values)).toBe(true)
    expect(holds(sum, known, [p('"7"')])).toBe(false)
    expect(holds(sum, { op: '<', to: n(1) }, [])).toBe(false)
    expect(holds(mean, equals(2), [p('1'), p('3'), p('"x"')])).toBe(true)
    const third = [p('1'), p('0'), p('0')]
    expect(holds(mean, { op: '>', to: n('0.333333') }, third)).toBe(true)
    expect(holds(mean, { op: '<', to: n('0.333334') }, third)).toBe(true)
    expect(holds(mean, { op: 'in', to: [n('0.333333'), n('0.333334')] }, third)).toBe(false)
    expect(holds(mean, known, [])).toBe(false)
  })

  test('least and greatest, of numbers and instants', () => {
    const values = [p('10'), p('9'), p('"z"')]
    expect(holds({ kind: 'min', property: property('number') }, equals(9), values)).toBe(true)
    expect(holds({ kind: 'max', property: property('number') }, equals(10), values)).toBe(true)
    const instants = [p(`"${day('03-01T00:00:00')}"`), p(`"${day('03-02T00:00:00')}"`)]
    const max: Figure = { kind: 'max', property: property('instant') }
    expect(holds(max, { op: '=', to: at(day('03-02T00:00:00')) }, instants)).toBe(true)
    expect(holds(max, known, [p('1')])).toBe(false)
  })

  test('distinct ignores case, and what is missing', () => {
    const distinct = (type: ValueType): Figure => ({ kind: 'distinct', property: property(type) })
    const values = [
      p('"a"'),
      p('"A"'),
      p('"b"'),
      p('""'),
      p('null'),
      p('1'),
      p('1.0'),
      p('1.0000001'),
      p('true'),
    ]
    expect(holds(distinct('text'), equals(2), values)).toBe(true)
    expect(holds(distinct('number'), equals(1), values)).toBe(true)
    expect(holds(distinct('boolean'), equals(1), values)).toBe(true)
    expect(holds(distinct('text'), equals(0), [])).toBe(true)
  })

  test('the value of the first and the last event, in the order of instant and id', () => {
    const same = day('03-01T00:00:00')
    const value = (kind: 'value of first' | 'value of last', text: string, happened: readonly Happened[]) =>
      holds({ kind, property: property('text') }, { op: '=', to: t(text) }, happened)
    const three = [p('"b"', same, 'a'), p('"c"', same, 'é'), p('"a"', same, 'Z')]
    expect(value('value of first', 'a', three)).toBe(true)
    expect(value('value of last', 'c', three)).toBe(true)
    // In UTF-16 the order of these two ids would be the other way round.
    expect(value('value of last', 'y', [p('"y"', same, '😀'), p('"x"', same, '\u{e000}')])).toBe(true)
    // What is missing on the last event is not looked for on another.
    const gone = [p('"x"', since), p('null', same)]
    expect(holds({ kind: 'value of last', property: property('text') }, known, gone)).toBe(false)
    const size = (happened: readonly Happened[]) =>
      holds({ kind: 'value of last', property: property('size') }, equals(0), happened)
    expect([size(gone), size([]), size([p('"x"')])]).toEqual([true, true, false])
  })

  test('days are those of the zone', () => {
    // 23:30 and 00:30 in Berlin, on both sides of the night in which the clocks were changed.
    const night: Happened[] = ['03-28T22:30:00', '03-28T23:30:00', '03-29T21:30:00', '03-29T22:30:00'].map(
      (text) => ['a', day(text)],
    )
    const days = (zone: string): Figure => ({ kind: 'days', zone })
    expect(holds(days('Europe/Berlin'), equals(3), night)).toBe(true)
    expect(holds(days('UTC'), equals(2), night)).toBe(true)
    expect(holds(days('UTC'), equals(0), [])).toBe(true)
  })

  test('periods: the newest ends with asOf, each other where the next begins', () => {
    const ago = (days: number): Moment => ({
      kind: 'ago',
      duration: { amount: days * 86_400, unit: 'second' },
    })
    const periods = (least: number): Figure => ({ kind: 'periods', from: [ago(7), ago(14), ago(21)], least })
    const at_ = (text: string): Happened => ['a', day(text)]
    const edges = [at_('03-31T12:00:00'), at_('03-24T12:00:00'), at_('03-24T11:59:59'), at_('03-10T12:00:00')]
    expect(holds(periods(1), equals(3), edges)).toBe(true)
    expect(holds(periods(2), equals(1), edges)).toBe(true)
    expect(holds(periods(1), equals(0), [at_('03-10T11:59:59')])).toBe(true)
    expect(holds(periods(1), equals(0), [])).toBe(true)
  })
})

describe('sequences', () => {
  const minute = (text: string): Instant => `2026-03-31T${text}:00.000000Z`
  const done = (
    feature: Omit<Extract<Feature, { kind: 'sequence' }>, 'kind'>,
    happened: readonly Happened[],
  ) => members(is({ kind: 'sequence', ...feature }, yes), worldOf([{ events: happened }])).length === 1
  const steps = (...names: string[]) => names.map((name) => ({ events: types(name) }))
  const ab = { steps: steps('a', 'b') }
  const a = (text: string): Happened => ['a', minute(text)]
  const b = (text: string): Happened => ['b', minute(text)]

  test('strictly later', () => {
    expect(done(ab, [a('10:00'), b('10:01')])).toBe(true)
    expect(done(ab, [a('10:00'), b('10:00')])).toBe(false)
    expect(done(ab, [b('10:00'), a('10:01')])).toBe(false)
    expect(done({ steps: steps('a', 'a') }, [a('10:00')])).toBe(false)
    expect(done({ steps: steps('a', 'a') }, [a('10:00'), a('10:01')])).toBe(true)
    expect(done({ steps: steps('a') }, [])).toBe(false)
  })

  test('no later than so long after the step before, whichever event that is', () => {
    const within = { steps: [{ events: types('a') }, { events: types('b'), within: 60 }] }
    expect(done(within, [a('10:00'), b('10:01')])).toBe(true)
    expect(done(within, [a('10:00'), b('10:02')])).toBe(false)
    expect(done(within, [a('10:00'), a('10:01'), b('10:02')])).toBe(true)
    expect(
      done({ steps: [{ events: types('a') }, { events: types('b'), within: 0 }] }, [a('10:00'), b('10:00')]),
    ).toBe(false)
    const three = { steps: [...within.steps, { events: types('a'), within: 60 }] }
    // The later b would be too late for its a, the earlier one is not.
    expect(done(three, [a('10:00'), b('10:01'), b('10:02'), a('10:02')])).toBe(true)
    expect(done(three, [a('10:00'), b('10:01'), b('10:03'), a('10:04')])).toBe(false)
  })

  test('overall, from the first step to the last', () => {
    const overall = { steps: steps('a', 'b', 'a'), within: 120 }
    expect(done(overall, [a('10:00'), b('10:01'), a('10:02')])).toBe(true)
    expect(done(overall, [a('10:00'), b('10:01'), a('10:03')])).toBe(false)
    expect(done(overall, [a('10:00'), a('10:01'), b('10:02'), a('10:03')])).toBe(true)
  })

  test('but not within some time after, once that time is over', () => {
    const alone = { steps: steps('a'), without: { events: types('b'), within: 3600 } }
    expect(done(alone, [a('10:00')])).toBe(true)
    expect(done(alone, [a('11:00')])).toBe(true)
    expect(done(alone, [['a', '2026-03-31T11:00:00.000001Z']])).toBe(false)
    expect(done(alone, [a('10:00'), b('10:00')])).toBe(true)
    expect(done(alone, [a('10:00'), b('11:00')])).toBe(false)
    expect(done(alone, [a('10:00'), b('11:01')])).toBe(true)
    // It is enough that it holds of one.
    expect(done(alone, [a('09:00'), a('10:30'), b('11:00')])).toBe(true)
  })
})

describe('leads among others', () => {
  test('who exists', () => {
    const future = '2026-03-31T12:00:00.000001Z'
    const world = worldOf([
      {},
      { at: future },
      { at: asOf },
      { at: future, events: [['a', asOf]] },
      { late: true },
    ])
    expect(members(everything as Predicate, world)).toEqual([1, 3, 4])
    expect(members(is({ kind: 'first_seen' }, { op: '=', to: at(asOf) }), world)).toEqual([3, 4])
  })

  test('the account is that of asOf, and only a whole number is one', () => {
    const links: Change[] = [
      { subject: 'lead', id: 1, attribute: '@account', value: '1', from: since },
      { subject: 'lead', id: 1, attribute: '@account', value: '2', from: asOf },
      { subject: 'lead', id: 2, attribute: '@account', value: '2', from: since },
      { subject: 'lead', id: 2, attribute: '@account', value: null, from: asOf },
      { subject: 'lead', id: 3, attribute: '@account', value: '2', from: '2026-04-01T00:00:00.000000Z' },
      { subject: 'lead', id: 4, attribute: '@account', value: '"2"', from: since },
      { subject: 'account', id: 1, attribute: 'x', value: '"one"', from: since },
      { subject: 'account', id: 2, attribute: 'x', value: '"two"', from: since },
    ]
    const world = worldOf([{}, {}, {}, {}], { changes: links })
    const of = (value: string) =>
      members(is(attribute('text', undefined, 'account'), { op: '=', to: t(value) }), world)
    expect(of('one')).toEqual([])
    expect(of('two')).toEqual([1, 3])
  })

  test('leads of the account: those that exist, itself included', () => {
    const happened: Happened[] = [['a', since]]
    const world = worldOf([
      { account: '1', events: happened },
      { account: '1' },
      { account: '1', at: '2026-04-01T00:00:00.000000Z' },
      { account: '2' },
      { events: happened },
      { account: '1', late: true },
    ])
    const did: Predicate = is(events({ kind: 'last' }), known)
    const any = (that: Predicate, least: number) =>
      members(is({ kind: 'leads_of_account', that }, { op: '>=', to: n(least) }), world)
    expect(any(did, 1)).toEqual([1, 2])
    expect(any({ kind: 'not', of: did }, 1)).toEqual([1, 2, 4])
    expect(any(everything as Predicate, 2)).toEqual([1, 2])
    expect(any(did, 0)).toEqual([1, 2, 4, 5])
  })

  test('the events of all leads of the account together', () => {
    const p = (value: string): Happened => ['a', since, { p: value }]
    const world = worldOf([
      { account: '1', events: [p('1'), p('2')] },
      { account: '1', events: [p('4')] },
      { account: '2' },
      { events: [p('8')] },
    ])
    const figure = (kind: 'sum' | 'max', value: number) =>
      members(is(events({ kind, property: property('number') }, types('a'), 'account'), equals(value)), world)
    expect(members(is(events(count, types('a'), 'account'), equals(3)), world)).toEqual([1, 2])
    expect(members(is(events(count, types('a'), 'account'), equals(0)), world)).toEqual([3, 4])
    expect(figure('sum', 7)).toEqual([1, 2])
    expect(figure('max', 4)).toEqual([1, 2])
    expect(members(is(events({ kind: 'first' }, types('a'), 'account'), known), world)).toEqual([1, 2])
  })

  test('another segment is its predicate, of the same lead', () => {
    const did: Predicate = is(events({ kind: 'last' }), known)
    const inside = (key: string): Predicate => is({ kind: 'segment', key, meaning: '' }, yes)
    const segments = new Map([
      ['did', did],
      ['not', { kind: 'not', of: inside('did') } as const],
    ])
    const world = worldOf([{ events: [['a', since]] }, {}], { segments })
    expect(members(inside('did'), world)).toEqual([1])
    expect(members(inside('not'), world)).toEqual([2])
    expect(() => members(inside('none'), world)).toThrow('no segment none')
  })

  test('a bucket hangs on the external id alone', () => {
    // What `printf spring:L-1 | sha256sum` begins with, and so on.
    const begins = [0x674d6636, 0x59cb6202, 0x5457ffdf]
    const world = worldOf([{}, {}, { externalId: 'É' }])
    for (const of of [1, 3, 100, 10_000]) {
      for (const [index, number] of begins.entries()) {
        const bucket: Feature = { kind: 'bucket', of, by: 'spring' }
        expect(members(is(bucket, equals(number % of)), world)).toContain(index + 1)
      }
    }
  })
})

describe('moments', () => {
  const zoned = (kind: 'ago' | 'ahead', months: number, zone: string): Moment => ({
    kind,
    duration: { amount: months, unit: 'month' },
    zone,
  })
  const start = (
    of: 'day' | 'week' | 'month' | 'quarter' | 'year',
    offset: number,
    zone: string,
    years = 0,
  ): Moment => ({
    kind: 'start',
    of,
    offset,
    zone,
    ...(years ? { years } : {}),
  })

  test('instants there and back', () => {
    for (const instant of [
      asOf,
      since,
      '0001-01-01T00:00:00.000000Z',
      '9999-12-31T23:59:59.999999Z',
      '2000-02-29T23:59:59.000001Z',
    ]) {
      expect(instantOf(microsOf(instant))).toBe(instant)
    }
    expect(microsOf('1970-01-01T00:00:00.000000Z')).toBe(0n)
    expect(microsOf('2026-03-31T12:00:00.000001Z')).toBe(1_774_958_400_000_001n)
  })

  test.each<[string, Moment, Instant, Instant]>([
    [
      'seconds',
      { kind: 'ago', duration: { amount: 90, unit: 'second' } },
      asOf,
      '2026-03-31T11:58:30.000000Z',
    ],
    [
      'ahead',
      { kind: 'ahead', duration: { amount: 86_400, unit: 'second' } },
      asOf,
      '2026-04-01T12:00:00.000000Z',
    ],
    ['the last day of a shorter month', zoned('ago', 1, 'UTC'), asOf, '2026-02-28T12:00:00.000000Z'],
    ['a leap day', zoned('ago', 25, 'UTC'), asOf, '2024-02-29T12:00:00.000000Z'],
    ['a month ahead', zoned('ahead', 11, 'UTC'), asOf, '2027-02-28T12:00:00.000000Z'],
    ['the same time on the wall', zoned('ago', 1, 'Europe/Berlin'), asOf, '2026-02-28T13:00:00.000000Z'],
    [
      'in a gap, later by the gap',
      zoned('ago', 1, 'Europe/Berlin'),
      '2026-04-29T00:30:00.000000Z',
      '2026-03-29T01:30:00.000000Z',
    ],
    [
      'shown twice, the earlier',
      zoned('ago', 1, 'Europe/Berlin'),
      '2026-11-25T01:30:00.000000Z',
      '2026-10-25T00:30:00.000000Z',
    ],
    ['far back', zoned('ago', 12_000_000, 'UTC'), asOf, '0001-01-01T00:00:00.000000Z'],
    ['far ahead', zoned('ahead', 12_000_000, 'UTC'), asOf, '9999-12-31T23:59:59.999999Z'],
    ['today', start('day', 0, 'UTC'), asOf, '2026-03-31T00:00:00.000000Z'],
    [
      'today, where it is tomorrow',
      start('day', 0, 'Asia/Tokyo'),
      '2026-03-31T15:00:00.000000Z',
      '2026-03-31T15:00:00.000000Z',
    ],
    [
      'tomorrow',
      start('day', 1, 'Europe/Berlin'),
      '2026-03-28T12:00:00.000000Z',
      '2026-03-28T23:00:00.000000Z',
    ],
    [
      'after the change',
      start('day', 2, 'Europe/Berlin'),
      '2026-03-28T12:00:00.000000Z',
      '2026-03-29T22:00:00.000000Z',
    ],
    ['the week of a Tuesday', start('week', 0, 'UTC'), asOf, '2026-03-30T00:00:00.000000Z'],
    [
      'the week of a Sunday',
      start('week', 0, 'UTC'),
      '2026-03-29T23:59:59.999999Z',
      '2026-03-23T00:00:00.000000Z',
    ],
    ['last week', start('week', -1, 'UTC'), asOf, '2026-03-23T00:00:00.000000Z'],
    ['next month', start('month', 1, 'UTC'), asOf, '2026-04-01T00:00:00.000000Z'],
    ['a month of last year', start('month', -4, 'UTC'), asOf, '2025-11-01T00:00:00.000000Z'],
    ['this quarter', start('quarter', 0, 'UTC'), asOf, '2026-01-01T00:00:00.000000Z'],
    ['next quarter', start('quarter', 1, 'UTC'), asOf, '2026-04-01T00:00:00.000000Z'],
    ['last year', start('year', -1, 'America/New_York'), asOf, '2025-01-01T05:00:00.000000Z'],
    ['a day of another year', start('day', 1, 'UTC', 3), asOf, '2023-04-01T00:00:00.000000Z'],
    [
      'a leap day in a common year',
      start('day', 0, 'UTC', 1),
      '2024-02-29T10:00:00.000000Z',
      '2023-03-01T00:00:00.000000Z',
    ],
    [
      'no midnight in São Paulo',
      start('day', 0, 'America/Sao_Paulo'),
      '2018-11-04T12:00:00.000000Z',
      '2018-11-04T03:00:00.000000Z',
    ],
    [
      'no midnight in Cairo',
      start('day', 0, 'Africa/Cairo'),
      '2024-04-26T12:00:00.000000Z',
      '2024-04-25T22:00:00.000000Z',
    ],
    [
      'midnight twice in Havana',
      start('day', 0, 'America/Havana'),
      '2026-11-01T12:00:00.000000Z',
      '2026-11-01T04:00:00.000000Z',
    ],
  ])('%s', (_, moment, seen, expected) => expect(resolve(moment, seen)).toBe(expected))

  test('days on the wall', () => {
    const day = (instant: Instant, zone: string) =>
      localDay(instant, zone) - localDay('2018-11-04T12:00:00.000000Z', 'UTC')
    expect(day('2018-11-04T02:59:59.999999Z', 'America/Sao_Paulo')).toBe(-1)
    expect(day('2018-11-04T03:00:00.000000Z', 'America/Sao_Paulo')).toBe(0)
    expect(day('2018-11-05T01:59:59.999999Z', 'America/Sao_Paulo')).toBe(0)
    expect(day('2018-11-05T02:00:00.000000Z', 'America/Sao_Paulo')).toBe(1)
  })
})
