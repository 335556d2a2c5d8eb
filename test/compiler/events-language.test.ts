import { describe, expect, test } from 'vitest'
import type { Catalog, CatalogType, EventType } from '../../compiler/catalog.ts'
import { compile } from '../../compiler/compile.ts'
import { parse, print } from '../../compiler/parse.ts'
import { catalog } from '../support/world.ts'

/** The text form of conditions on events, accounts, conversions, segments and shares. */

const withTypes = (more: Record<string, Record<string, CatalogType>>): Catalog => ({
  ...catalog,
  leads: new Map([...catalog.leads, ['api_calls', 'number']]),
  events: new Map([
    ...catalog.events,
    ...Object.entries(more).map(([name, properties]): [string, EventType] => [
      name,
      { activity: true, conversion: false, properties: new Map(Object.entries(properties)) },
    ]),
  ]),
})

test.each([
  'score >= 30 and company_size > 500 and industry = "Technology" and did page_view where page = "/pricing"',
  'did trial_signup and last activity more than 14 days ago and not did api_call',
  'viewed_pricing and (did whitepaper_download or did webinar_attended) and score >= 40',
  'no activity within 90 days and first seen more than 90 days ago',
  'did email_open at least 3 times within 30 days',
  'distinct channel of any event >= 2 within 90 days',
  'did page_view where page = "/pricing" then did demo_request within 7 days',
  'first seen within 30 days and not in segment "customers"',
])('%s', (text) => {
  const known = withTypes({ api_call: {}, whitepaper_download: {}, webinar_attended: {} })
  const { predicate, diagnostics, definition } = compile(text, known)
  expect(diagnostics).toEqual([])
  expect(predicate).toBeDefined()
  expect(print(definition!)).toBe(text.replace(/^viewed_pricing/, 'did viewed_pricing'))
})

describe('text and JSON form', () => {
  test.each<[string, object]>([
    ['did any event', { kind: 'did', event: { any: true } }],
    ['did `any`', { kind: 'did', event: 'any' }],
    ['did email_* within 7 days', { kind: 'did', event: { prefix: 'email_' }, when: within(7, 'day') }],
    ['did `a-`*', { kind: 'did', event: { prefix: 'a-' } }],
    ['did `and`*', { kind: 'did', event: { prefix: 'and' } }],
    ['did any of (email_open, `seen`)', { kind: 'did', event: { types: ['email_open', 'seen'] } }],
    ['did any of (email_open)', { kind: 'did', event: { types: ['email_open'] } }],
    [
      'did x where a.b = 1 at most 2 times today',
      {
        kind: 'did',
        event: 'x',
        where: { kind: 'property', name: 'a', path: ['b'], is: { op: '=', value: { number: '1' } } },
        times: { op: 'at most', n: 2 },
        when: { is: 'today' },
      },
    ],
    [
      'first `seen` within 1 day',
      { kind: 'occurrence', which: 'first', event: 'seen', when: within(1, 'day') },
    ],
    ['last x before "2026-01-01"', { kind: 'occurrence', which: 'last', event: 'x', when: before }],
    [
      'last `activity` of x before "2026-01-01"',
      {
        kind: 'event_value',
        figure: 'last',
        property: { name: 'activity' },
        event: 'x',
        is: { op: 'period', when: before },
      },
    ],
    [
      'distinct `days` of x = 1',
      {
        kind: 'event_value',
        figure: 'distinct',
        property: { name: 'days' },
        event: 'x',
        is: { op: '=', value: { number: '1' } },
      },
    ],
    [
      'max a.`b c` of any event = 1 within 2 weeks',
      {
        kind: 'event_value',
        figure: 'max',
        property: { name: 'a', path: ['b c'] },
        event: { any: true },
        is: { op: '=', value: { number: '1' } },
        when: within(2, 'week'),
      },
    ],
    [
      'distinct days of x where y is known in (1, 2) this month',
      {
        kind: 'active_days',
        event: 'x',
        where: { kind: 'property', name: 'y', is: { op: 'is known' } },
        is: { op: 'in', values: [{ number: '1' }, { number: '2' }] },
        when: { is: 'this', unit: 'month' },
      },
    ],
    [
      'regularly x at least 2 times in 3 of the last 4 periods of 10 days',
      { kind: 'regularly', event: 'x', times: 2, in: 3, of: 4, period: { amount: 10, unit: 'day' } },
    ],
    [
      'did a within 7 days then did b within 30 days overall but not did c within 1 hour after',
      {
        kind: 'sequence',
        steps: [{ event: 'a', when: within(7, 'day') }, { event: 'b' }],
        within: { amount: 30, unit: 'day' },
        without: { event: 'c', within: { amount: 1, unit: 'hour' } },
      },
    ],
    [
      'at least 2 leads of account (did a or not did b)',
      {
        kind: 'leads_of_account',
        least: 2,
        that: {
          kind: 'any',
          of: [
            { kind: 'did', event: 'a' },
            { kind: 'not', of: { kind: 'did', event: 'b' } },
          ],
        },
      },
    ],
    [
      'converted of kind "won" with value > 5 exactly 1 times since "2026-01-01"',
      {
        kind: 'converted',
        of: 'won',
        value: { op: '>', value: { number: '5' } },
        times: { op: 'exactly', n: 1 },
        when: { is: 'since', date: '2026-01-01' },
      },
    ],
    ['in segment "a \\"b\\""', { kind: 'in_segment', key: 'a "b"' }],
    ['bucket 0 to 10 of 100 by "spring"', { kind: 'bucket', from: 0, to: 10, of: 100, by: 'spring' }],
  ])('%s', (text, json) => {
    const parsed = parse(text)
    expect('definition' in parsed && parsed.definition).toEqual(json)
    expect(parse(json)).toEqual({ definition: json })
    expect('definition' in parsed && print(parsed.definition)).toBe(text)
  })

  test.each([
    ['viewed_pricing', 'did viewed_pricing'],
    ['viewed_pricing and everyone', 'did viewed_pricing and everyone'],
    ['(viewed_pricing)', 'did viewed_pricing'],
    ['not viewed_pricing # so far', 'not did viewed_pricing'],
    ['viewed_pricing at least 2 times within 7 days', 'did viewed_pricing at least 2 times within 7 days'],
    ['viewed_pricing = 2 times', 'did viewed_pricing exactly 2 times'],
    ['page_view where page = "/x" today', 'did page_view where page = "/x" today'],
    ['any event where campaign = "q1"', 'did any event where campaign = "q1"'],
    ['any of ( a ,b ) since "2026-01-01"', 'did any of (a, b) since "2026-01-01"'],
    ['email_* within last 7 days', 'did email_* within 7 days'],
    ['email_open then page_view', 'did email_open then did page_view'],
    [
      'trial_signup but not purchase within 7 days after',
      'did trial_signup but not did purchase within 7 days after',
    ],
    ['any lead of account viewed_pricing or everyone', 'any lead of account did viewed_pricing or everyone'],
    ['at least 1 lead of account not everyone', 'any lead of account not everyone'],
    ['any of tags = "x"', 'any of tags = "x"'],
    ['renewal within 7 days', 'renewal within 7 days'],
    ['did page_view within 7 days where page = "a"', 'did page_view where page = "a" within 7 days'],
    ['did page_view where started today', 'did page_view where started today'],
    ['did page_view where page is known today', 'did page_view where page is known today'],
    ['did page_view where (page = "/x") today', 'did page_view where page = "/x" today'],
    [
      'regularly x at least 1 time in 1 of last 1 week',
      'regularly x at least 1 times in 1 of the last 1 weeks',
    ],
    [
      'regularly x at least 1 times in 1 of the last 2 periods of 1 day',
      'regularly x at least 1 times in 1 of the last 2 days',
    ],
  ])('%s is printed as %s', (text, printed) => {
    const parsed = parse(text)
    expect('definition' in parsed && print(parsed.definition)).toBe(printed)
  })

  test.each<[string, object]>([
    ['one step', { steps: [{ event: 'a' }] }],
    [
      'a first step after another',
      { steps: [{ event: 'a', within: { amount: 1, unit: 'day' } }, { event: 'b' }] },
    ],
    ['a later step in a period', { steps: [{ event: 'a' }, { event: 'b', when: { is: 'today' } }] }],
    ['nine steps', { steps: Array.from({ length: 9 }, () => ({ event: 'a' })) }],
  ])('no sequence of %s', (_, json) =>
    expect(compile({ kind: 'sequence', ...json }, catalog).diagnostics.map(({ code }) => code)).toEqual([
      'SHAPE',
    ]),
  )
})

function within(amount: number, unit: string) {
  return { is: 'within', duration: { amount, unit } }
}
const before = { is: 'before', date: '2026-01-01' }

/** What is said of a definition: code, place, message and hint. */
describe('diagnostics', () => {
  const known: Catalog = {
    ...withTypes({ support_ticket: { seconds: 'text', page: 'text', tags: 'text' } }),
    segments: new Map([
      ['customers', { predicate: { kind: 'all', of: [] }, fingerprint: 'x' }],
      ['broken', {}],
      ['round', { cycle: ['round', 'about', 'round'] }],
    ]),
  }

  test.each<[string, string, string, RegExp, RegExp?]>([
    ['did page_view where page = "a" where page = "b"', 'where', 'SYNTAX', /said a second time/],
    ['converted today today', 'today', 'SYNTAX', /said a second time/],
    ['did any', '', 'SYNTAX', /not the end/, /"event"/],
    ['did any of email_open', 'email_open', 'SYNTAX', /not "email_open"/, /"\("/],
    ['did email_ *', '*', 'SYNTAX', /not "\*"/],
    ['subscribed', 'subscribed', 'SYNTAX', /is an attribute/, /Write subscribed is true/],
    ['title or everyone', 'title', 'SYNTAX', /is an attribute/, /Write title is known/],
    ['viewed_pricin', 'viewed_pricin', 'UNKNOWN_EVENT', /neither an event nor an alias/, /"viewed_pricing"/],
    ['did subscribed', 'did subscribed', 'UNKNOWN_EVENT', /No event of type/, /is an attribute/],
    [
      'did page_view between "2026-03-01" and "2026-02-01"',
      'did page_view between "2026-03-01" and "2026-02-01"',
      'BAD_RANGE',
      /"2026-02-01" lies before "2026-03-01"/,
      /earlier date comes first/,
    ],
    ['everyon', 'everyon', 'UNKNOWN_EVENT', /neither/, /^Did you mean "everyone"\?$/],
    ['webinar', 'webinar', 'UNKNOWN_EVENT', /neither/, /^Write did webinar if such/],
    [
      'viewed_pricing within 7 days',
      'viewed_pricing',
      'UNKNOWN_ATTRIBUTE',
      /no attribute/,
      /write did viewed_pricing/,
    ],
    ['did viewed_pricin', 'did viewed_pricin', 'UNKNOWN_EVENT', /No event of type/, /"viewed_pricing"/],
    ['did sms_*', 'did sms_*', 'UNKNOWN_EVENT', /begins with "sms_"/],
    [
      'did any of (email_open, email_clik)',
      'did any of (email_open, email_clik)',
      'UNKNOWN_EVENT',
      /"email_clik"/,
      /"email_click"/,
    ],
    [
      'did any of (email_open, viewed_pricing)',
      'did any of (email_open, viewed_pricing)',
      'BAD_LIST',
      /viewed_pricing stands for events with a filter/,
      /condition of its own/,
    ],
    ['did email_open then did page_veiw', 'did page_veiw', 'UNKNOWN_EVENT', /"page_veiw"/, /"page_view"/],
    ['did viewed_pricing where pge = "x"', 'pge', 'UNKNOWN_PROPERTY', /No viewed_pricing had/, /"page"/],
    ['did any event where pge = "x"', 'pge', 'UNKNOWN_PROPERTY', /No such event had/, /"page"/],
    [
      'did any of (page_view, purchase) where pge = "x"',
      'pge',
      'UNKNOWN_PROPERTY',
      /No such event had/,
      /"page"/,
    ],
    ['did email_* where channel = 5', 'channel = 5', 'TYPE_MISMATCH', /of type text/],
    [
      'did any event where seconds > 5',
      'seconds > 5',
      'TYPE_MISMATCH',
      /number of page_view, text of support_ticket/,
      /did page_view where … or did support_ticket where …/,
    ],
    ['sum seconds of any event > 5', 'sum seconds of any event > 5', 'TYPE_MISMATCH', /not of one type/],
    [
      'sum page of page_view > 5',
      'sum page of page_view > 5',
      'TYPE_MISMATCH',
      /of type text: it has no sum/,
      /of type number; `tideline catalog set page_view\.page number` reads them as such/,
    ],
    [
      'max page of any event > 5',
      'max page of any event > 5',
      'TYPE_MISMATCH',
      /has no max/,
      /number, instant; `tideline catalog set EVENT\.page number`/,
    ],
    [
      'max tags of page_view > 5',
      'max tags of page_view > 5',
      'TYPE_MISMATCH',
      /of type json/,
      /number, instant/,
    ],
    ['distinct tags of page_view > 5', 'distinct tags of page_view > 5', 'TYPE_MISMATCH', /of type json/],
    [
      'sum amount of purchase contains "5"',
      'sum amount of purchase contains "5"',
      'TYPE_MISMATCH',
      /of type number/,
    ],
    [
      'mean amount of purchase in (1, "x")',
      'mean amount of purchase in (1, "x")',
      'TYPE_MISMATCH',
      /of type number/,
    ],
    ['min started of page_view > 5', 'min started of page_view > 5', 'TYPE_MISMATCH', /of type instant/],
    [
      'distinct page of page_view = "/x"',
      'distinct page of page_view = "/x"',
      'TYPE_MISMATCH',
      /of type number/,
    ],
    [
      'distinct days of page_view > "x"',
      'distinct days of page_view > "x"',
      'TYPE_MISMATCH',
      /number of days/,
    ],
    ['last page of page_view > 5', 'last page of page_view > 5', 'TYPE_MISMATCH', /of type text/],
    ['did page_view within next 7 days', 'did page_view within next 7 days', 'NEVER', /in the past/],
    ['first page_view tomorrow', 'first page_view tomorrow', 'NEVER', /in the past/],
    [
      'stopped page_view for 60 days within 14 days',
      'stopped page_view for 60 days within 14 days',
      'BAD_DURATION',
      /for 60 days within 14 days/,
      /shorter/,
    ],
    [
      'stopped page_view for 7 days within 1 week',
      'stopped page_view for 7 days within 1 week',
      'BAD_DURATION',
      /Nobody/,
    ],
    [
      'restarted page_view within 30 days after 7 days',
      'restarted page_view within 30 days after 7 days',
      'BAD_DURATION',
      /within 30 days after 7 days/,
      /longer/,
    ],
    [
      'regularly page_view at least 1 times in 5 of the last 4 weeks',
      'regularly page_view at least 1 times in 5 of the last 4 weeks',
      'BAD_RANGE',
      /5 of the last 4/,
    ],
    [
      'regularly page_view at least 1 times in 0 of the last 0 weeks',
      'regularly page_view at least 1 times in 0 of the last 0 weeks',
      'BAD_RANGE',
      /0 of the last 0/,
    ],
    [
      'regularly page_view at least 1 times in 5 of the last 61 weeks',
      'regularly page_view at least 1 times in 5 of the last 61 weeks',
      'BAD_RANGE',
      /61/,
      /1 to 60/,
    ],
    [
      'regularly page_view at least 1 times in 5 of the last 50 periods of 5 years',
      'regularly page_view at least 1 times in 5 of the last 50 periods of 5 years',
      'BAD_DURATION',
      /250 years/,
    ],
    ['did a_page then did page_view', 'a_page', 'UNKNOWN_EVENT', /"a_page"/],
    [
      'did page_view then did purchase within 1 month',
      'did purchase within 1 month',
      'BAD_DURATION',
      /1 month is not of a fixed length/,
      /days or weeks: within 30 days/,
    ],
    [
      'did page_view then did purchase within 2 days then did page_view within 3 days overall',
      'did page_view then did purchase within 2 days then did page_view within 3 days overall',
      'BAD_SEQUENCE',
      /a step and one overall/,
      /one/,
    ],
    [
      Array(9).fill('did page_view').join(' then '),
      Array(9).fill('did page_view').join(' then '),
      'TOO_LARGE',
      /9 steps; 8 are allowed/,
    ],
    [
      'in segment "custommers"',
      'in segment "custommers"',
      'UNKNOWN_SEGMENT',
      /no segment "custommers"/,
      /"customers"/,
    ],
    ['in segment "broken"', 'in segment "broken"', 'SEGMENT_BROKEN', /is broken/],
    ['in segment "round"', 'in segment "round"', 'SEGMENT_CYCLE', /"round" → "about" → "round"/],
    ['bucket 10 to 10 of 100 by "x"', 'bucket 10 to 10 of 100 by "x"', 'BAD_RANGE', /10 to 10 of 100/],
    ['bucket 0 to 101 of 100 by "x"', 'bucket 0 to 101 of 100 by "x"', 'BAD_RANGE', /0 to 101 of 100/],
    ['bucket 0 to 1 of 10001 by "x"', 'bucket 0 to 1 of 10001 by "x"', 'BAD_RANGE', /10001/],
    ['any lead of account titel = "x"', 'titel', 'UNKNOWN_ATTRIBUTE', /"titel"/, /"title"/],
    [
      'converted of kind "won" with value > "x"',
      'converted of kind "won" with value > "x"',
      'TYPE_MISMATCH',
      /"value" of conversion/,
    ],
  ])('%s', (text, place, code, message, hint = /^/) => {
    const { diagnostics } = compile(text, known)
    expect(diagnostics.map((each) => each.code)).toEqual([code])
    const [found] = diagnostics
    expect(found!.message).toMatch(message)
    expect(found!.hint ?? '').toMatch(hint)
    expect(text.slice(found!.span!.start, found!.span!.end)).toBe(place)
  })

  /** What stands behind a filter, joined to it, and the filter that was meant. */
  test.each([
    ['did login where x = 1 or y = 2', 'did login where (x = 1 or y = 2)'],
    ['not did login where x = 1 and not y in (1, 2)', 'did login where (x = 1 and not y in (1, 2))'],
    [
      'did login where (x = 1 or z = 2) and y = 2 and everyone',
      'did login where ((x = 1 or z = 2) and y = 2)',
    ],
    ['account did login where x = 1 or y today', 'did login where (x = 1 or y today)'],
    ['everyone and did login where x = 1 or y = 2', 'did login where (x = 1 or y = 2)'],
    ['did a then did login where x = 1 or y = 2', 'did login where (x = 1 or y = 2)'],
    ['did page_view where page = "/" and seconds > 5', 'did page_view where (page = "/" and seconds > 5)'],
  ])('%s asks for parentheses', (text, meant) => {
    const errors = compile(text, known).diagnostics.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ code }) => code)).toEqual(['UNKNOWN_ATTRIBUTE'])
    expect(errors[0]!.hint).toBe(`What is asked of one event stands in one pair of parentheses: ${meant}.`)
    expect(compile(meant, known).diagnostics.every(({ severity }) => severity === 'warning')).toBe(true)
  })

  test.each(['did login where x = 1 within 7 days or y = 2', 'everyone or y = 2', 'did login or y = 2'])(
    '%s does not',
    (text) => {
      const errors = compile(text, known).diagnostics.filter(({ severity }) => severity === 'error')
      expect(errors.map(({ hint }) => hint)).toEqual([undefined])
    },
  )

  test('properties of mixed types may be asked whether they are known, and lists hold values of one', () => {
    expect(compile('did any event where seconds is known', known).diagnostics).toEqual([])
    expect(compile('last seconds of any event is unknown', known).diagnostics).toEqual([])
    expect(compile('did any event where tags = "vip"', known).diagnostics).toEqual([])
  })

  test('without a conversion in the catalog, converted warns and everybody converted 0 times', () => {
    const none = new Map([...known.events].map(([name, type]) => [name, { ...type, conversion: false }]))
    const asked = (text: string) => compile(text, { ...known, events: none })
    expect(asked('converted').diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
      ['NO_CONVERSION', 'warning'],
    ])
    expect(asked('converted').predicate).toEqual({ kind: 'any', of: [] })
    expect(asked('converted at most 3 times').predicate).toEqual({ kind: 'all', of: [] })
    expect(asked('converted exactly 3 times').predicate).toEqual({ kind: 'any', of: [] })
  })

  test('accounts within accounts have an end', () => {
    const deep = (levels: number) => `${'any lead of account '.repeat(levels)}everyone`
    expect(compile(deep(30), known).diagnostics).toEqual([])
    expect(compile(deep(33), known).diagnostics.map(({ code }) => code)).toEqual(['TOO_LARGE'])
    expect(compile(deep(9000), known).diagnostics.map(({ code }) => code)).toEqual(['TOO_LARGE'])
  })
})
