import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, runAsOf } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

const day = (n: number) => `2026-03-${String(n).padStart(2, '0')}T00:00:00.000000Z`
let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  await addLead(database, 'a', { events: [['login', '2026-03-01T12:00:00Z']] })
  await addLead(database, 'b', { events: [] })
  await apply(database, { recent: 'did login within 2 days', all: 'everyone' })
  for (const n of [2, 3, 4]) await runAsOf(database, day(n))
  await addEvent(database, 'a', 'login', '2026-03-04T06:00:00Z')
  await addEvent(database, 'b', 'login', '2026-03-04T06:00:00Z')
  await runAsOf(database, day(5))
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)

describe('history', () => {
  test('every stay, from when to when, and why', async () => {
    const [open, closed] = await json('history a --segment recent')
    expect(open).toMatchObject({
      ...{ lead_id: 'a', segment: 'recent', entered_as_of: day(5), left_as_of: null, days: 0 },
      ...{ entered_cause: 'data', left_cause: null, entered_run: 4, entered_version: 1 },
    })
    expect(closed).toMatchObject({
      ...{ entered_as_of: day(2), left_as_of: day(4), entered_cause: 'definition', left_cause: 'time' },
      ...{ left_run: 3, days: 2 },
    })
    const { out } = await desk.type('history a --format table')
    expect(out).toBe(
      [
        'a  ·  in 2 now, as runs recorded it',
        '',
        'SEGMENT  FROM              UNTIL             DAYS  WHY IT CAME AND WENT',
        'recent   2026-03-05 00:00  –                    0  data',
        'all      2026-03-02 00:00  –                    3  definition',
        'recent   2026-03-02 00:00  2026-03-04 00:00     2  definition → time',
        '',
      ].join('\n'),
    )
  })

  test('of some segments, whether it is in them now', async () => {
    const head = async (options: string) =>
      (await desk.type(`history b ${options} --format table`)).out.split('\n')[0]
    await apply(database, { recent: 'did login within 2 days', all: 'everyone', never: 'did logout' })
    await runAsOf(database, day(6))
    expect(await head('--segment recent')).toBe('b  ·  in recent now, as runs recorded it')
    expect(await head('--segment recent --segment never')).toBe(
      'b  ·  in 1 of these 2 now, as runs recorded it',
    )
    await runAsOf(database, day(8))
    expect(await head('--segment recent')).toBe('b  ·  not in recent now, as runs recorded it')
    expect(await head('--segment never')).toBe('No run has seen b in never.')
  })

  test('as CSV, and whom nobody knows', async () => {
    const { out } = await desk.type('history b --segment recent --format csv')
    expect(out.split('\n')[1]).toMatch(/^b,recent,2026-03-05T00:00:00.000000Z,.*,data,,1,,4,$/)
    expect(errorOf(await desk.type('history z')).code).toBe('UNKNOWN_LEAD')
  })
})

describe('changes', () => {
  const range = '--from 2026-03-02T00:00Z --to 2026-03-05T00:00:01Z'

  test('entries and exits with their causes, and how many per day', async () => {
    expect(await json(`changes recent ${range}`)).toEqual({
      ...{
        segment: 'recent',
        archived_at: null,
        from: day(2),
        to: '2026-03-05T00:00:01.000000Z',
        recorded_since: day(2),
      },
      ...{ entered: 2, left: 1, otherwise_entered: 1, otherwise_left: 0 },
      days: [
        { day: '2026-03-02', cause: 'definition', entered: 1, left: 0 },
        { day: '2026-03-04', cause: 'time', entered: 0, left: 1 },
        { day: '2026-03-05', cause: 'data', entered: 2, left: 0 },
      ],
      changes: [
        { as_of: day(5), lead_id: 'a', change: 'entered', cause: 'data', version: 1, run_id: 4 },
        { as_of: day(5), lead_id: 'b', change: 'entered', cause: 'data', version: 1, run_id: 4 },
        { as_of: day(4), lead_id: 'a', change: 'left', cause: 'time', version: 1, run_id: 3 },
        { as_of: day(2), lead_id: 'a', change: 'entered', cause: 'definition', version: 1, run_id: 1 },
      ],
    })
  })

  test('the end is left out; the beginning is not', async () => {
    const found = await json('changes recent --from 2026-03-04T00:00Z --to 2026-03-05T00:00Z')
    expect(found.changes.map((each: { as_of: string }) => each.as_of)).toEqual([day(4)])
  })

  test('on a terminal', async () => {
    const { out } = await desk.type(`changes recent ${range} --limit 1 --format table`)
    expect(out).toBe(
      [
        'recent from 2026-03-02 00:00 until 2026-03-05 00:00:01 UTC',
        '2 entered, 1 left  ·  by definition, repair or backfill: 1 entered, 0 left',
        '',
        'DAY         CAUSE       ENTERED  LEFT',
        '2026-03-02  definition        1     0',
        '2026-03-04  time              0     1',
        '2026-03-05  data              2     0',
        '',
        'AS OF             LEAD  CHANGE   CAUSE  RUN',
        '2026-03-05 00:00  a     entered  data     4',
        '',
        '1 of 4 changes; --limit N names more.',
        '',
      ].join('\n'),
    )
    const none = await desk.type('changes recent --from 2026-03-06 --to 2026-03-07 --format table')
    expect(none.out).toContain('nobody came or went')
  })

  test('a range that ends before it begins', async () => {
    const said = await desk.type('changes recent --from 2026-03-06 --to 2026-03-02')
    expect(said.code).toBe(2)
    expect(errorOf(said).code).toBe('BAD_RANGE')
  })
})

describe('views', () => {
  test('intervals, and entries and exits per day and cause', async () => {
    const stays = await database.query(
      `select segment, lead_id, entered_as_of = '2026-03-02Z' as first, left_as_of is null as open
       from membership_intervals where lead_id = 'a' and segment = 'recent' order by entered_as_of`,
    )
    expect(stays).toEqual([
      { segment: 'recent', lead_id: 'a', first: true, open: false },
      { segment: 'recent', lead_id: 'a', first: false, open: true },
    ])
    const days = await database.query(
      `select segment, day::text, cause, entered::int, "left"::int from segment_changes_daily
       where segment = 'recent' order by day`,
    )
    expect(days).toEqual((await json(`changes recent ${range()}`)).days.map(withSegment))
  })
})

const range = () => '--from 2026-03-01 --to 2026-04-01'
const withSegment = (day: object) => ({ segment: 'recent', ...day })
