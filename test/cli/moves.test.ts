import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, runAsOf } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

const day = (n: number) => `2026-03-${String(n).padStart(2, '0')}T00:00:00.000000Z`
let database: Database
let desk: Desk

/** Warm is a login within three days, hot three of them, cold is none. */
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  for (const lead of ['a', 'b', 'c', 'd']) await addLead(database, lead)
  await addEvent(database, 'd', 'other', '2026-03-01T00:00:00Z')
  const login = (lead: string, at: string) => addEvent(database, lead, 'login', `2026-03-${at}:00:00Z`)
  for (const lead of ['a', 'b', 'c']) await login(lead, '01T01')
  await apply(database, {
    warm: 'did login exactly 1 times within 3 days',
    hot: 'did login at least 2 times within 3 days',
    cold: 'not did login within 3 days',
  })
  await runAsOf(database, day(2))
  for (const lead of ['a', 'b']) await login(lead, '02T01')
  await runAsOf(database, day(3))
  for (const n of [4, 5, 6]) await runAsOf(database, day(n))
  await login('a', '06T01')
  await runAsOf(database, day(7))
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)
const moves = async (line: string) =>
  Object.fromEntries(
    (await json(line)).moves.map((each: { from: string; to: string; moved: number; of: number }) => [
      `${each.from} ${each.to}`,
      `${each.moved}/${each.of}`,
    ]),
  )

// Leads by day:  a: warm 2, hot 3 and 4, warm 5, cold 6, warm 7.  b: warm 2, hot 3 and 4, warm 5, cold 6.
//                c: warm 2 to 4, cold 5.  d: cold.
test('from warm to hot, from hot to warm', async () => {
  expect(await moves('flow cold warm hot --period 5d')).toEqual({
    ...{ 'cold cold': '0/4', 'cold warm': '1/4', 'cold hot': '0/4' },
    ...{ 'warm cold': '3/3', 'warm warm': '2/3', 'warm hot': '2/3' },
    ...{ 'hot cold': '2/2', 'hot warm': '2/2', 'hot hot': '0/2' },
  })
})

test('backward: where those who entered came from', async () => {
  const found = await moves('flow warm hot --period 5d --backward')
  expect(found).toEqual({ 'warm warm': '2/2', 'warm hot': '2/2', 'hot warm': '2/2', 'hot hot': '0/2' })
  const short = await json('flow hot warm --period 1d --backward')
  expect(short).toMatchObject({ from: day(6), to: day(7), direction: 'backward' })
})

test('both ends of the period belong to it', async () => {
  // At the beginning both are warm already: the entry itself lies before.
  expect((await moves('flow warm hot --period 1d --as-of 2026-03-03T00:00Z'))['warm hot']).toBe('2/3')
  expect((await moves('flow warm hot --period 12h --as-of 2026-03-03T00:00Z'))['warm hot']).toBe('2/3')
  expect((await moves('flow warm hot --period 1d --as-of 2026-03-02T23:00Z'))['warm hot']).toBe('0/3')
  // From then on they are hot.
  expect((await moves('flow warm hot --period 1d --as-of 2026-03-04T00:00Z'))['warm hot']).toBe('0/1')
})

test('what an edit moved is left out, unless asked for', async () => {
  expect((await moves('flow hot cold --period 6d --all-causes'))['hot cold']).toBe('2/2')
  expect((await moves('flow cold warm --period 6d --backward'))['warm warm']).toBe('2/2')
  expect((await moves('flow cold warm --period 6d --backward --all-causes'))['warm warm']).toBe('2/3')
})

test('a path: how far each got, and who went all the way', async () => {
  const found = await json('flow warm hot cold warm --path --period 5d')
  expect(found).toMatchObject({
    steps: [
      { step: 1, segment: 'warm', leads: 3, share: 1 },
      { step: 2, segment: 'hot', leads: 2 },
      { step: 3, segment: 'cold', leads: 2 },
      { step: 4, segment: 'warm', leads: 1 },
    ],
    leads: 1,
    lead_ids: ['a'],
  })
  expect((await json('flow hot warm --path --backward')).lead_ids).toEqual(['a', 'b'])
  expect((await json('flow warm hot --path --limit 1')).lead_ids).toEqual(['a'])
})

test('on a terminal', async () => {
  expect((await desk.type('flow warm hot --period 5d --format table')).out).toBe(
    [
      'from 2026-03-02 00:00 to 2026-03-07 00:00 UTC  ·  entries by data, time or manual',
      '',
      'FROM  WERE IN IT  TO warm     TO hot',
      'warm           3  2 (66.7 %)  2 (66.7 %)',
      'hot            2  2 (100.0 %)  0',
      '',
    ]
      .join('\n')
      .replace('TO warm     TO hot', 'TO warm      TO hot')
      .replace('2 (66.7 %)  2 (66.7 %)', '2 (66.7 %)   2 (66.7 %)'),
  )
  const path = await desk.type('flow warm hot --path --period 30d --format table')
  expect(path.out).toContain(
    '2 leads went all the way:\n  a, b\n\nhot is recorded only since 2026-03-02 00:00 UTC.',
  )
})

test('says what is left out: where a definition, a repair or a backfill moved leads', async () => {
  expect(await json('flow warm hot --period 5d')).toMatchObject({ entered_otherwise: {} })
  // What stands there already, a backfill leaves as it is.
  await database.query('delete from membership_change where as_of >= $1::timestamptz', [day(3)])
  await backfill(database, { from: day(3), to: day(7), all: true, owner: 'test' })
  const found = await json('flow warm hot cold --period 108h')
  expect(found.entered_otherwise).toEqual({ warm: 2, hot: 2, cold: 3 })
  expect((await json('flow warm hot --period 108h --path')).entered_otherwise).toEqual({ warm: 2, hot: 2 })
  expect((await json('flow warm hot --period 108h --all-causes')).entered_otherwise).toEqual({})
  for (const more of ['', ' --path']) {
    expect((await desk.type(`flow warm hot --period 108h --format table${more}`)).out).toMatch(
      /\n\nEntered by definition, repair or backfill, not counted: hot 2, warm 2; --all-causes does\.\n$/,
    )
  }
  expect((await desk.type('segments --period 108h --format table')).out).toMatch(
    /\n\nNot counted: \d+ entered, \d+ left by definition, repair or backfill \(3 segments\); `tideline changes KEY` says more\.\n$/,
  )
  const [hot] = (await json('segments --period 108h')).filter(
    ({ segment }: { segment: string }) => segment === 'hot',
  )
  const own = await json('changes hot --from 2026-03-02T12:00Z --to 2026-03-07T00:00:01Z')
  expect(hot).toMatchObject({
    ...{ entered: own.entered, left: own.left },
    ...{ otherwise_entered: own.otherwise_entered, otherwise_left: own.otherwise_left },
  })
  expect(hot.otherwise_entered).toBeGreaterThan(0)
  const at = (await json('segments --as-of 2026-03-07 --period 108h')).find(
    ({ segment }: { segment: string }) => segment === 'hot',
  )
  expect(at).toMatchObject({ otherwise_entered: own.otherwise_entered, otherwise_left: own.otherwise_left })
})

test('the future has no flow', async () => {
  expect(errorOf(await desk.type('flow warm hot --as-of 2999-01-01'))).toMatchObject({
    code: 'AS_OF_IN_FUTURE',
    hint: 'Without --as-of the period ends with the last run.',
  })
})

test('one segment alone has no flow', async () => {
  const said = await desk.type('flow warm')
  expect(said.code).toBe(2)
  expect(errorOf(await desk.type('flow warm hto')).message).toContain('"hot"')
})
