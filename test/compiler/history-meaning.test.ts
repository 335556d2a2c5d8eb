import { describe, expect, test } from 'vitest'
import { compile, compileAll } from '../../compiler/compile.ts'
import { referencesOf } from '../../compiler/references.ts'
import type { Listed, SegmentChange } from '../support/recorded.ts'
import { expectMembers, type Told, worldOf } from '../support/told.ts'
import { catalog } from '../support/world.ts'

/** As of 2026-03-31 12:00. */
const at = (day: string, time = '00:00:00.000000') => `2026-${day}T${time}Z`

/** Recorded of the segment "customers", in which is whoever has a deal_won: in and out in turns, at these instants. */
function recorded(stays: Record<string, string[]>, told: Record<string, Told>, listed: Listed[] = []) {
  const world = worldOf(told)
  const lead = (name: string) => world.names.indexOf(name) + 1
  const segmentChanges = Object.entries(stays).flatMap(([name, instants]) =>
    instants.map((instant, index): SegmentChange => {
      const change = index % 2 === 0 ? 'entered' : 'left'
      return { segment: 'customers', lead: lead(name), at: instant, change }
    }),
  )
  return { ...world, segmentChanges, listed }
}

const isIn: Told = { events: [['deal_won', at('01-01')]] }

describe('what was recorded of a segment', () => {
  const world = recorded(
    {
      long: [at('01-10')],
      back: [at('01-10'), at('02-01'), at('03-30')],
      gone: [at('02-01'), at('03-10')],
      leaving: [at('02-01')],
      future: [at('04-01')],
    },
    { long: isIn, back: isIn, gone: {}, leaving: {}, new: isIn, future: {}, never: {} },
  )

  test('in it for at least so long', () =>
    expectMembers(world, [
      ['in segment "customers"', 'long back new'],
      ['in segment "customers" for at least 0 days', 'long back new'],
      ['in segment "customers" for at least 1 day', 'long back'],
      ['in segment "customers" for at least 36 hours', 'long back'],
      ['in segment "customers" for at least 2 days', 'long'],
      ['not in segment "customers" for at least 2 days', 'back gone leaving new future never'],
    ]))

  test('was in it, this instant included', () =>
    expectMembers(world, [
      ['was in segment "customers"', 'long back gone leaving new'],
      ['was in segment "customers" within 0 days', 'long back new'],
      // Out as of this very instant: it was in until then.
      ['was in segment "customers" within 1 second', 'long back leaving new'],
      ['was in segment "customers" within 30 days', 'long back gone leaving new'],
      ['was in segment "customers" within 21 days', 'long back leaving new'],
      ['was in segment "customers" on "2026-02-01"', 'long gone leaving'],
      ['was in segment "customers" on "2026-01-31"', 'long back'],
      ['was in segment "customers" on "2026-03-09 23:59"', 'long gone leaving'],
      ['was in segment "customers" on "2026-03-10 00:00"', 'long leaving'],
      ['was in segment "customers" before "2026-02-01"', 'long back'],
      ['was in segment "customers" between 60 and 50 days ago', 'long back gone leaving'],
      ['was in segment "customers" today', 'long back leaving new'],
    ]))

  test('entered and left it, this instant included', () =>
    expectMembers(world, [
      ['entered segment "customers"', 'long back gone leaving new'],
      ['entered segment "customers" within 0 days', 'new'],
      ['entered segment "customers" within 7 days', 'back new'],
      // Not the last time, but it did.
      ['entered segment "customers" before "2026-02-01"', 'long back'],
      ['entered segment "customers" on "2026-02-01"', 'gone leaving'],
      ['left segment "customers"', 'back gone leaving'],
      ['left segment "customers" within 0 days', 'leaving'],
      ['left segment "customers" on "2026-02-01"', 'back'],
      ['left segment "customers" last month', 'back'],
      ['left segment "customers" this month', 'gone leaving'],
    ]))

  test('what lies ahead is never true, and warned of', async () => {
    const { diagnostics } = compile('was in segment "customers" within next 7 days', catalog)
    expect(diagnostics).toMatchObject([{ code: 'NEVER', severity: 'warning' }])
    await expectMembers(world, [
      ['was in segment "customers" within next 7 days', ''],
      ['entered segment "customers" tomorrow', ''],
    ])
  })
})

describe('lists', () => {
  const told: Record<string, Told> = {
    viewed: { events: [['page_view', at('01-01')]] },
    out: { events: [['page_view', at('01-01')]] },
    in: {},
    over: {},
    later: {},
  }
  const listed: Listed[] = [
    { segment: 'picked', lead: 2, list: 'removed', from: at('02-01') },
    { segment: 'picked', lead: 3, list: 'added', from: at('02-01') },
    { segment: 'picked', lead: 4, list: 'added', from: at('02-01'), until: at('03-31', '12:00:00.000000') },
    { segment: 'picked', lead: 5, list: 'added', from: at('04-01') },
    { segment: 'webinar', lead: 1, list: 'members', from: at('01-01') },
    { segment: 'webinar', lead: 4, list: 'members', from: at('01-01'), until: at('03-01'), endsLate: true },
    { segment: 'webinar', lead: 3, list: 'members', from: at('01-01'), late: true },
  ]
  test('overrides win over the definition, and a static segment is its list', () =>
    expectMembers(recorded({}, told, listed), [
      ['in segment "picked"', 'viewed in'],
      ['not in segment "picked"', 'out over later'],
      ['in segment "webinar"', 'viewed over'],
    ]))
})

describe("an attribute's history", () => {
  const world = worldOf({
    ever: { attributes: { industry: '"Technology"' } },
    anew: {
      attributes: {
        industry: [
          ['"Retail"', at('01-01')],
          ['"technology"', at('03-20')],
        ],
      },
    },
    again: {
      attributes: {
        industry: [
          ['"Technology"', at('01-01')],
          ['"Retail"', at('03-01')],
          ['"Technology"', at('03-20')],
        ],
      },
    },
    gone: {
      attributes: {
        industry: [
          ['"Technology"', at('01-01')],
          [null, at('03-20')],
        ],
      },
    },
    found: {
      attributes: {
        industry: [
          ['null', at('01-01')],
          ['"Technology"', at('03-20')],
        ],
      },
    },
    spelled: {
      attributes: {
        industry: [
          ['"Technology"', at('01-01')],
          ['"TECHNOLOGY"', at('03-20')],
        ],
      },
    },
    later: {
      attributes: {
        industry: [
          ['"Retail"', at('01-01')],
          ['"Technology"', at('04-01')],
        ],
      },
    },
    first: { attributes: { industry: [['"Technology"', at('04-01')]] } },
    none: {},
  })

  test('has been something for at least so long', () =>
    expectMembers(world, [
      ['industry has been "Technology" for at least 0 days', 'ever anew again found spelled first'],
      ['industry has been "Technology" for at least 11 days', 'ever anew again found spelled first'],
      ['industry has been "Technology" for at least 12 days', 'ever spelled first'],
      ['industry has been exactly "Technology" for at least 12 days', 'ever first'],
      ['not industry has been "Technology" for at least 12 days', 'anew again gone found later none'],
      ['industry has been known for at least 30 days', 'ever anew again spelled later first'],
      [
        'industry has been in ("Retail", "Technology") for at least 30 days',
        'ever anew again spelled later first',
      ],
    ]))

  test('changed', () =>
    expectMembers(world, [
      ['industry changed', 'anew again gone found'],
      ['industry changed within 12 days', 'anew again gone found'],
      ['industry changed within 11 days', ''],
      ['industry changed to "Technology"', 'anew again found'],
      ['industry changed from "Technology"', 'again gone'],
      ['industry changed from "Technology" within 12 days', 'gone'],
      ['industry changed from "Retail" to "Technology" within 12 days', 'anew again'],
      ['industry changed before "2026-03-15"', 'again'],
      ['industry changed to exactly "TECHNOLOGY"', 'spelled'],
    ]))

  test('of the account that the lead is in now', async () => {
    const account = worldOf({ a: { account: 1 }, b: {} }, { 1: { plan: '"free"' } })
    const changed = {
      ...account,
      changes: [
        ...account.changes,
        { subject: 'account' as const, id: 1, attribute: 'plan', value: '"pro"', from: at('03-20') },
      ],
    }
    await expectMembers(changed, [
      ['account.plan changed from "free" to "pro" within 30 days', 'a'],
      ['account.plan has been "pro" for at least 11 days', 'a'],
      ['account.plan has been "pro" for at least 12 days', ''],
    ])
  })

  test.each([
    ['renewal has been "2026-03-01" for at least 1 day', 'TYPE_MISMATCH'],
    ['tags changed within 30 days', 'TYPE_MISMATCH'],
    ['address.city changed', 'TYPE_MISMATCH'],
    ['tags changed from "vip" to 5', 'TYPE_MISMATCH'],
    ['company_size has been "x" for at least 1 day', 'TYPE_MISMATCH'],
    ['indutsry has been "x" for at least 1 day', 'UNKNOWN_ATTRIBUTE'],
    ['indutsry changed', 'UNKNOWN_ATTRIBUTE'],
    ['was in segment "custmers"', 'UNKNOWN_SEGMENT'],
    ['industry has been != "x" for at least 1 day', 'SYNTAX'],
  ])('%s: %s', (text, code) => {
    expect(compile(text, catalog).diagnostics).toMatchObject([{ code }])
  })
})

test('a circle through what was recorded is a circle', () => {
  const texts = {
    a: 'was in segment "b"',
    b: 'not in segment "c" for at least 3 days',
    c: 'entered segment "a" within 7 days or everyone',
    d: 'left segment "a"',
  }
  const sources = new Map(Object.entries(texts).map(([key, source]) => [key, { source, zone: 'UTC' }]))
  const compiled = compileAll(sources, catalog)
  const codes = [...compiled].map(([key, { diagnostics }]) => `${key} ${diagnostics.map(({ code }) => code)}`)
  expect(codes).toEqual(['a SEGMENT_CYCLE', 'b SEGMENT_CYCLE', 'c SEGMENT_CYCLE', 'd SEGMENT_BROKEN'])
  expect(referencesOf(compiled.get('c')!.definition!)).toEqual(['a'])
})
