import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf } from '../support/definitions.ts'

const day = (n: number) => `2026-03-${String(n).padStart(2, '0')}T00:00:00.000000Z`
const fill = (from: string, to: string, segments?: string[]) =>
  backfill(database, { from, to, grain: 'day', owner: 'test', ...(segments ? { segments } : {}) })
let database: Database
beforeEach(async () => {
  database = await testDatabase()
  await addLead(database, 'a', { events: [['login', '2026-03-02T12:00:00Z']] })
  await addLead(database, 'b', { events: [['login', '2026-03-01T12:00:00Z']] })
})
afterEach(() => database.close())
const withoutCause = (lines: string[]) =>
  lines.map((line) => line.replace(/ (data|time|backfill|definition) /, ' '))

test('a segment created today is given its past, joined without a seam', async () => {
  await apply(database, { all: 'everyone' })
  await runAsOf(database, day(4))
  await apply(database, { all: 'everyone', recent: 'did login within 2 days' })
  await runAsOf(database, day(5))
  expect(await history(database, 'recent')).toEqual([])
  const result = await fill(day(1), day(4), ['recent'])
  expect(result).toMatchObject({ instants: 4, segments: 1, entered: 2, left: 1 })
  expect(await history(database, 'recent')).toEqual([
    'b entered backfill 2026-03-02T00:00Z',
    'a entered backfill 2026-03-03T00:00Z',
    'b left backfill 2026-03-04T00:00Z',
    'a left backfill 2026-03-05T00:00Z',
  ])
  expect(await members(database, 'recent')).toEqual([])
  const figures = await database.query(
    `select members::int, entered::int, "left"::int from segment_trend
     where segment = 'recent' and as_of < '2026-03-05' order by as_of`,
  )
  // What a backfill wrote counts as nobody's entry or exit.
  expect(figures).toEqual([0, 1, 2, 1].map((count) => ({ members: count, entered: 0, left: 0 })))
})

test('backfilling equals having run every day, and twice equals once', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  for (const n of [1, 2, 3, 4, 5]) await runAsOf(database, day(n))
  const daily = await history(database, 'recent')
  await fill(day(2), day(4))
  const filled = await history(database, 'recent')
  expect(withoutCause(filled)).toEqual(withoutCause(daily))
  await fill(day(2), day(4))
  expect(await history(database, 'recent')).toEqual(filled)
})

test('a late event changes the past only by a backfill, and nothing after the seam', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  for (const n of [4, 5, 6, 7, 8]) await runAsOf(database, day(n))
  await addEvent(database, 'b', 'login', '2026-03-04T12:00:00Z')
  const before = await history(database, 'recent')
  await runAsOf(database, day(9))
  expect(await history(database, 'recent')).toEqual(before)
  await fill(day(4), day(7))
  expect(await history(database, 'recent')).toEqual([
    'a entered backfill 2026-03-04T00:00Z',
    'a left backfill 2026-03-05T00:00Z',
    'b entered backfill 2026-03-05T00:00Z',
    'b left backfill 2026-03-07T00:00Z',
  ])
  expect(await members(database, 'recent')).toEqual([])
})

test('a seam keeps what was recorded after it', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  for (const n of [4, 5, 6]) await runAsOf(database, day(n))
  await addEvent(database, 'b', 'login', '2026-03-04T12:00:00Z')
  await fill(day(4), day(5))
  expect(await history(database, 'recent')).toEqual([
    'a entered backfill 2026-03-04T00:00Z',
    'a left backfill 2026-03-05T00:00Z',
    'b entered backfill 2026-03-05T00:00Z',
    'b left backfill 2026-03-06T00:00Z',
  ])
})

test('before any run, a backfill leaves its last state as the present one', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  await fill(day(1), day(3))
  expect(await members(database, 'recent')).toEqual(['a', 'b'])
  await expect(runAsOf(database, day(3))).rejects.toMatchObject({ code: 'AS_OF_NOT_AFTER_LAST_RUN' })
  await runAsOf(database, day(4))
  expect(await history(database, 'recent')).toEqual([
    'b entered backfill 2026-03-02T00:00Z',
    'a entered backfill 2026-03-03T00:00Z',
    'b left time 2026-03-04T00:00Z',
  ])
})

test('ranges that make no sense are refused', async () => {
  await apply(database, { all: 'everyone' })
  await runAsOf(database, day(4))
  await expect(fill(day(3), day(1))).rejects.toMatchObject({ code: 'BAD_RANGE' })
  await expect(fill(day(3), day(6))).rejects.toMatchObject({ code: 'BACKFILL_AFTER_LAST_RUN' })
  await expect(fill(day(1), day(2), ['nobody'])).rejects.toMatchObject({ code: 'UNKNOWN_SEGMENT' })
})
