import { afterEach, beforeEach, expect, test } from 'vitest'
import { applySources } from '../../pipeline/apply.ts'
import type { Database } from '../../pipeline/engine.ts'
import { type BackfillRange, backfill, backfillSlots } from '../../pipeline/runs/backfill.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf, sources } from '../support/definitions.ts'

/** Backfills by the versions that were current at each instant. */

const day = (n: number, hour = 0) => `2026-03-0${n}T${String(hour).padStart(2, '0')}:00:00.000000Z`
const then = (from: string, to: string, more: Partial<BackfillRange> = {}) =>
  backfill(database, { from, to, versions: 'then', owner: 'test', ...more })

let database: Database
beforeEach(async () => {
  database = await testDatabase()
  await addLead(database, 'a', { events: [['login', '2026-03-02T12:00:00Z']] })
  await addLead(database, 'b', { events: [['login', '2026-03-01T12:00:00Z']] })
})
afterEach(() => database.close())

const versions = async (segment: string) =>
  database.query(
    `select to_char(as_of, 'DD') as day, lead_id::int as lead, change, cause, c.version from membership_change c
     join segments using (segment_id) where key = $1::text order by as_of, lead_id`,
    [segment],
  )
const runs = async (...days: number[]) => {
  for (const n of days) await runAsOf(database, day(n))
}

test('each instant is computed by the version that its run evaluated, and the rows carry it', async () => {
  await apply(database, { recent: 'did login within 1 day' })
  await runs(1, 2, 3)
  await apply(database, { recent: 'did login within 3 days' })
  await runs(4, 5, 6)
  const before = await history(database, 'recent')
  expect(await then(day(1), day(6), { all: true })).toMatchObject({ written: 0, removed: 0, instants: 6 })
  expect(await history(database, 'recent')).toEqual(before)

  await addEvent(database, 'b', 'login', '2026-03-02T18:00:00Z')
  await addEvent(database, 'b', 'login', '2026-03-03T06:00:00Z')
  expect(await then(day(1), day(6), { all: true })).toMatchObject({ written: 0, removed: 3 })
  expect(await versions('recent')).toEqual([
    { day: '02', lead: 2, change: 'entered', cause: 'data', version: 1 },
    { day: '03', lead: 1, change: 'entered', cause: 'data', version: 1 },
    { day: '06', lead: 1, change: 'left', cause: 'time', version: 2 },
  ])
  expect(await members(database, 'recent')).toEqual(['b'])

  // By the current one it would always have been three days.
  await backfill(database, { from: day(1), to: day(6), all: true, owner: 'test' })
  expect((await versions('recent')).map(({ version }) => version)).toEqual([1, 1, 2])
})

test('what it has done is done; what the current ones have done since is not', async () => {
  const open = async (more: Partial<BackfillRange>) =>
    (await backfillSlots(database, { from: day(1), to: day(5), ...more })).map(({ as_of }) =>
      as_of.slice(8, 10),
    )
  await apply(database, { recent: 'did login within 1 day' }, { points: { login: 1 } })
  await runs(2, 4)
  await apply(database, { recent: 'did login within 2 days' }, { points: { login: 2 } })
  await runs(5)
  // At the end of the fourth the first rules held; the run after it recorded that day by the others.
  expect(await open({ versions: 'then' })).toEqual(['03', '04'])
  await then(day(1), day(5))
  expect(await open({ versions: 'then' })).toEqual([])
  expect(await open({})).toEqual(['01', '01', '02', '02', '03', '03', '04', '04'])
  await backfill(database, { from: day(1), to: day(5), owner: 'test' })
  expect(await open({})).toEqual([])
  expect(await open({ versions: 'then' })).toEqual(['02', '02', '03', '03', '04', '04'])
})

test('a version is current since it was applied, where no run was; before the first there is no segment', async () => {
  await apply(database, { all: 'everyone' })
  await runs(1)
  await apply(database, { all: 'everyone', recent: 'did login within 1 day' })
  await apply(database, { all: 'everyone', recent: 'did login within 2 days' })
  await runs(6)
  const applied = (version: number, at: string) =>
    database.query(
      `update segment_versions v set applied_at = $2::timestamptz from segments s
       where s.segment_id = v.segment_id and key = 'recent' and v.version = $1::int`,
      [version, at],
    )
  await applied(1, day(2, 6))
  await applied(2, day(3, 18))
  const slots = await backfillSlots(database, { from: day(1), to: day(5), versions: 'then' })
  expect(slots.map(({ as_of, segments }) => `${as_of.slice(8, 10)} ${segments}`)).toEqual([
    '02 all',
    '03 all,recent',
    '04 all,recent',
    '05 all,recent',
  ])
  await then(day(1), day(5))
  expect(await versions('recent')).toEqual([
    { day: '03', lead: 1, change: 'entered', cause: 'backfill', version: 1 },
    { day: '05', lead: 1, change: 'left', cause: 'backfill', version: 2 },
  ])
  expect(await faults(database)).toEqual([])
})

test('scores are those of the rules of then', async () => {
  await apply(database, { hot: 'score >= 2' }, { points: { login: 1 } })
  await runs(1, 3)
  await apply(database, { hot: 'score >= 2' }, { points: { login: 3 } })
  await runs(5)
  await addEvent(database, 'a', 'login', '2026-03-01T18:00:00Z')
  await then(day(1), day(5), { all: true })
  expect(await history(database, 'hot')).toEqual([
    'a entered backfill 2026-03-03T00:00Z',
    'b entered definition 2026-03-05T00:00Z',
  ])
  const days = await database.query(
    `select lead_id::int as lead, to_char(day, 'DD') as day, value::int from score_history order by 1, 2`,
  )
  expect(days).toEqual([
    { lead: 1, day: '01', value: 1 },
    { lead: 1, day: '02', value: 2 },
    { lead: 2, day: '01', value: 1 },
  ])
})

test('segments that are archived by now, or called otherwise, are there', async () => {
  const before = { recent: 'did login within 1 day', others: 'not in segment "recent"', gone: 'did login' }
  await apply(database, before)
  await runs(1, 2, 3)
  const { segments, ...rest } = sources({
    lately: before.recent,
    others: 'not in segment "lately"',
  })
  const renamed = segments.map((each) => (each.key === 'lately' ? { ...each, renamedFrom: 'recent' } : each))
  await applySources(database, { ...rest, segments: renamed }, 'UTC')
  await runs(4, 5)
  await addEvent(database, 'b', 'login', '2026-03-01T06:00:00Z')
  await addEvent(database, 'a', 'login', '2026-02-28T12:00:00Z')
  const done = await then(day(1), day(5), { all: true })
  expect(done).toMatchObject({ failing: [], segments: 3 })
  expect(await history(database, 'gone')).toEqual([
    'a entered backfill 2026-03-01T00:00Z',
    'b entered data 2026-03-02T00:00Z',
    'a left definition 2026-03-04T00:00Z',
    'b left definition 2026-03-04T00:00Z',
  ])
  expect((await history(database, 'others')).slice(0, 3)).toEqual([
    'b entered definition 2026-03-01T00:00Z',
    'a entered backfill 2026-03-02T00:00Z',
    'b left data 2026-03-02T00:00Z',
  ])
  expect(await members(database, 'gone')).toEqual([])
  expect(await faults(database)).toEqual([])
  const only = await then(day(1), day(5), { all: true, segments: ['gone'] })
  expect(only).toMatchObject({ segments: 1, written: 0, removed: 0 })
})

test('a segment one of whose versions means nothing any more is left as it is', async () => {
  await addLead(database, 'c', { attributes: { plan: 'pro' } })
  await apply(database, { pro: 'plan = "pro"', all: 'everyone' })
  await runs(1, 2)
  await apply(database, { pro: 'did login', all: 'everyone' })
  await runs(3)
  await database.query(`delete from catalog where name = 'plan'`)
  const before = await history(database, 'pro')
  const done = await then(day(1), day(3), { all: true })
  expect(done).toMatchObject({ segments: 1, failing: [{ key: 'pro', version: 1 }] })
  expect(await history(database, 'pro')).toEqual(before)
  await expect(then(day(1), day(3), { segments: ['pro'] })).rejects.toMatchObject({
    code: 'UNKNOWN_ATTRIBUTE',
    message: expect.stringMatching(/^Version 1 of "pro" can't be evaluated: /),
  })
  await expect(then(day(1), day(2), { segments: ['later'] })).rejects.toMatchObject({
    code: 'UNKNOWN_SEGMENT',
  })
})

test('an edit meanwhile changes nothing of what was current then', async () => {
  await apply(database, { recent: 'did login within 1 day' })
  await runs(3, 4)
  const done = await then(day(1), day(4), {
    ...{ all: true },
    onStep: async (step: string) => {
      if (step === 'claim') await apply(database, { recent: 'did login' })
    },
  } as Partial<BackfillRange>)
  expect(done).toMatchObject({ superseded: [], segments: 1 })
})
