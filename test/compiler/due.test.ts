import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import type { Comparison, Feature, Predicate } from '../../compiler/ir.ts'
import { plan } from '../../compiler/plan.ts'
import { readsFading } from '../../compiler/reads.ts'
import type { Instant, Moment } from '../../compiler/time.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { dueInDuckdb, dueInPostgres } from '../support/due.ts'
import { loadPostgres } from '../support/load.ts'
import { members } from '../support/reference.ts'
import { catalog, scores, segments, type World } from '../support/world.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** A Tuesday. */
const asOf = '2026-03-10T10:00:00.000000Z'
const soon = '2026-03-10T10:00:00.000001Z'
const three = '2026-03-10T15:00:00.000000Z'
const at = (short: string): Instant => `2026-${short.length === 5 ? `${short}T15:00` : short}:00.000000Z`

const bare: World = {
  ...{ asOf, zone: 'Europe/Berlin', events: [], changes: [], scores, segments },
  leads: [{ id: 1, firstSeen: '2025-01-01T00:00:00.000000Z' }],
}
const did = (type: string, when: string, properties: Record<string, string> = {}): Partial<World> => ({
  events: [{ id: type, lead: 1, type, at: at(when), properties }],
})
const change = (attribute: string, value: string, from: string, subject: 'lead' | 'account' = 'lead') => ({
  ...{ subject, id: subject === 'lead' ? 1 : 7, attribute, value: JSON.stringify(value), from: at(from) },
})
const changed = (...all: Parameters<typeof change>): Partial<World> => ({ changes: [change(...all)] })
const seenAt = (firstSeen: string): Partial<World> => ({ leads: [{ id: 1, firstSeen: at(firstSeen) }] })
const ofAccount = (...changes: World['changes']): Partial<World> => ({
  changes: [{ ...change('@account', '', '01-01'), value: '7' }, ...changes],
})
const inside = (segment: string, ...steps: string[]): Partial<World> => ({
  segmentChanges: steps.map((step, index) => ({
    ...{ segment, lead: 1, at: at(step), change: index % 2 === 0 ? ('entered' as const) : ('left' as const) },
  })),
})
const day = (day: string, micropoints: string): Partial<World> => ({
  scoreDays: [{ lead: 1, score: 'engagement', day, micropoints, level: 'hot' }],
})

/** What is asked, what is known, and when that is due; `turns`: whether it turns right there and not before. */
const cases: [string, Partial<World>, Instant | undefined, 'turns'?][] = [
  ['did page_view', did('page_view', '03-03'), undefined],
  ['did page_view within 7 days', did('page_view', '03-03'), three, 'turns'],
  ['did page_view within 7 days', did('page_view', '03-03T10:00'), soon, 'turns'],
  ['did page_view within 7 days', did('page_view', '03-03T09:59'), undefined],
  ['did page_view within 7 days', did('page_view', '03-04T00:01'), undefined],
  ['did page_view at least 2 times within 7 days', did('page_view', '03-03'), three],
  ['did page_view between 14 and 7 days ago', did('page_view', '03-03'), three, 'turns'],
  ['last page_view more than 7 days ago', did('page_view', '03-03'), three, 'turns'],
  ['account did page_view within 7 days', { ...ofAccount(), ...did('page_view', '03-03') }, three, 'turns'],
  [
    'any lead of account did page_view within 7 days',
    { ...ofAccount(), ...did('page_view', '03-03') },
    three,
  ],
  ['did page_view within 1 month', did('page_view', '02-10'), three, 'turns'],
  ['did page_view today', did('page_view', '03-10T09:00'), at('03-10T23:00'), 'turns'],
  ['did page_view this month', did('page_view', '03-10T09:00'), undefined],
  [
    'did page_view where started within 7 days',
    did('page_view', '01-01', { started: `"${at('03-03')}"` }),
    three,
  ],
  [
    'did trial_signup but not did demo_request within 7 days after',
    did('trial_signup', '03-03'),
    three,
    'turns',
  ],
  ['did page_view within 7 days then did demo_request', did('page_view', '03-03'), three],
  ['first seen within 7 days', seenAt('03-03'), three, 'turns'],
  ['renewal within next 30 days', changed('renewal', at('04-09'), '01-01'), three, 'turns'],
  ['renewal tomorrow', changed('renewal', at('03-11T23:30'), '01-01'), at('03-10T23:00'), 'turns'],
  ['industry has been "x" for at least 7 days', changed('industry', 'x', '03-03'), undefined],
  [
    'industry has been "x" for at least 7 days',
    { changes: [change('industry', 'y', '01-01'), change('industry', 'x', '03-03')] },
    three,
    'turns',
  ],
  [
    'account.plan changed within 7 days',
    ofAccount(change('plan', 'y', '01-01', 'account'), change('plan', 'x', '03-03', 'account')),
    three,
    'turns',
  ],
  [
    'industry changed between 14 and 7 days ago',
    { changes: [change('industry', 'y', '01-01'), change('industry', 'x', '03-03')] },
    three,
    'turns',
  ],
  ['score rose by at least 25 within 7 days', did('trial_signup', '03-03'), three],
  ['fit score rose by at least 20 within 7 days', changed('industry', 'Technology', '03-03'), three],
  ['score fell by at least 0.15 within 36 hours', did('purchase', '02-01'), at('03-10T12:00'), 'turns'],
  ['max score within 30 days >= 50', day('2026-02-07', '60000000'), undefined],
  ['entered level hot within 7 days', day('2026-02-07', '60000000'), undefined],
  ['was in segment "hot" within 7 days', inside('hot', '01-01', '03-03'), three, 'turns'],
  ['was in segment "hot" more than 7 days ago', inside('hot', '03-03'), three, 'turns'],
  ['entered segment "hot" within 7 days', inside('hot', '03-03', '03-04'), three, 'turns'],
  ['left segment "hot" more than 7 days ago', inside('hot', '03-02', '03-03'), three, 'turns'],
  // Nobody has recorded yet that it entered: as of the instant asked about, it does.
  ['entered segment "picked" before "2026-03-10 16:00"', did('page_view', '03-03'), three],
  ['entered segment "picked" since "2026-03-10 16:00"', did('page_view', '03-03'), three, 'turns'],
]

describe('due', () => {
  test.each(cases)('%s: %#', async (text, known, due, turns) => {
    const world = { ...bare, ...known }
    const { predicate } = compile(text, catalog, world.zone)
    const queryPlan = plan([{ key: 'asked', predicate: predicate! }], scores, segments)
    const seen = { asOf, horizon: await loadPostgres(database, world) }
    const found = new Map([[1, due]])
    expect(await dueInPostgres(database, queryPlan, seen)).toEqual(found)
    expect(await dueInDuckdb(database, queryPlan, seen)).toEqual(found)
    if (!turns) return
    const isIn = (instant: Instant) => members(predicate!, { ...world, asOf: instant }).length > 0
    const [before, then, after] = [asOf, due!, due!.replace(/0Z$/, '1Z')].map(isIn)
    expect(then !== before || after !== before).toBe(true)
  })

  test('at midnight what was recorded at its beginning thirty days ago', async () => {
    const midnight = '2026-03-10T00:00:00.000000Z'
    const world = { ...bare, asOf: midnight, ...day('2026-02-07', '60000000') }
    const { predicate } = compile('max score within 30 days >= 50', catalog)
    const queryPlan = plan([{ key: 'asked', predicate: predicate! }], scores, segments)
    const seen = { asOf: midnight, horizon: await loadPostgres(database, world) }
    const found = new Map([[1, '2026-03-10T00:00:00.000001Z']])
    expect(await dueInPostgres(database, queryPlan, seen)).toEqual(found)
    expect(await dueInDuckdb(database, queryPlan, seen)).toEqual(found)
  })

  test('since when a date has been near', async () => {
    const world = { ...bare, ...changed('renewal', at('04-09'), '01-01') }
    const near: Comparison = { op: '<=', to: { type: 'instant', moment: ahead } }
    const attribute = { kind: 'attribute', of: 'lead', name: 'renewal', type: 'instant' } as const
    const since: Feature = { kind: 'attribute_history', attribute, figure: 'since', to: near }
    const queryPlan = plan([{ key: 'asked', predicate: isKnown(since) }], scores, segments)
    const seen = { asOf, horizon: await loadPostgres(database, world) }
    expect(await dueInPostgres(database, queryPlan, seen)).toEqual(new Map([[1, three]]))
    expect(await dueInDuckdb(database, queryPlan, seen)).toEqual(new Map([[1, three]]))
  })
})

test.each([
  ['score >= 5', true],
  ['score rose by at least 5 within 7 days', true],
  ['account score >= 5', true],
  ['entered segment "hot" within 7 days', true],
  ['at least 2 leads of account score >= 5', true],
  // Its points don't fade; but what is recorded of it at the end of a day is seen from midnight on.
  ['max fit score >= 5', true],
  ['fit score >= 5', false],
  ['in segment "customers"', false],
  ['did page_view within 7 days', false],
])('whether midnight turns it for everybody: %s', (text, fades) => {
  expect(readsFading(compile(text, catalog).predicate!, segments, scores)).toBe(fades)
})

const ahead: Moment = { kind: 'ahead', duration: { amount: 30 * 86_400, unit: 'second' } }
const isKnown = (subject: Feature): Predicate => ({ kind: 'test', subject, is: { op: 'known' } })
