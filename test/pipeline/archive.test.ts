import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applySources } from '../../pipeline/apply.ts'
import type { Database } from '../../pipeline/engine.ts'
import { openLake } from '../../pipeline/lake/lake.ts'
import { override } from '../../pipeline/override.ts'
import { takeSnapshot } from '../../pipeline/snapshot.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, history, members, runAsOf, sources } from '../support/definitions.ts'

const at = (day: number, hour = 0) => `2026-03-0${day}T${String(hour).padStart(2, '0')}:00:00.000000Z`
const all = { recent: 'did login within 2 days', others: 'not did login', everyone: 'everyone' }
const { recent: _, ...rest } = all
const scoring = { points: { login: 5 } }

let database: Database
beforeEach(async () => {
  database = await testDatabase()
  await addLead(database, 'a', { events: [['login', '2026-02-27T12:00:00Z']] })
  await addLead(database, 'b', { events: [['login', '2026-02-28T12:00:00Z']] })
  await addLead(database, 'c')
  await apply(database, all, scoring)
  await runAsOf(database, at(1))
})
afterEach(() => database.close())

const figures = () =>
  database.query(
    `select to_char(as_of, 'DD HH24') as at, members::int, entered::int, "left"::int, score_sum::float8 as sum
     from segment_stats join segments using (segment_id) where key = 'recent' order by as_of`,
  )
const stays = () =>
  database.query<{ lead_id: string; open: boolean }>(
    `select lead_id, left_as_of is null as open from membership_intervals where segment = 'recent' order by 1, entered_as_of`,
  )
const left = ['a left definition 2026-03-01T01:00Z', 'b left definition 2026-03-01T01:00Z']

describe('a segment that was archived', () => {
  test('is empty from the next run on, once; what came before stays', async () => {
    const before = await history(database, 'recent')
    await apply(database, rest, scoring)
    // Until a run has looked, all stands as the last one left it.
    expect(await members(database, 'recent')).toEqual(['a', 'b'])
    expect((await stays()).map(({ open }) => open)).toEqual([true, true])

    const result = await runAsOf(database, at(1, 1))
    expect(result).toMatchObject({
      mode: 'full',
      chosen: { code: 'DEFINITIONS_CHANGED' },
      entered: 0,
      left: 2,
    })
    expect(result).toMatchObject({ failing: [], superseded: 0 })
    expect(await history(database, 'recent')).toEqual([...before, ...left])
    expect(await members(database, 'recent')).toEqual([])
    expect((await stays()).map(({ open }) => open)).toEqual([false, false])
    expect(await figures()).toEqual([
      { at: '01 00', members: 2, entered: 0, left: 0, sum: 10 },
      { at: '01 01', members: 0, entered: 0, left: 0, sum: 0 },
    ])

    expect(await runAsOf(database, at(1, 2))).toMatchObject({ mode: 'incremental', entered: 0, left: 0 })
    expect(await runAsOf(database, at(2))).toMatchObject({ mode: 'full', left: 0, drift: 0 })
    expect(await history(database, 'recent')).toEqual([...before, ...left])
    expect(await faults(database)).toEqual([])
  })

  test('is no drift to a run that looks for it, over the lake as well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tideline-lake-'))
    await apply(database, rest, scoring)
    const result = await runAsOf(database, at(1, 1), { full: true, lake: openLake(folder) })
    await rm(folder, { recursive: true })
    expect(result).toMatchObject({ engine: 'duckdb', left: 2, drift: 0 })
    expect((await history(database, 'recent')).slice(2)).toEqual(left)
    expect((await figures()).at(-1)).toEqual({ at: '01 01', members: 0, entered: 0, left: 0, sum: 0 })
    expect(await faults(database)).toEqual([])
  })

  test('is never parked, though it loses everybody; nor is it when it comes back', async () => {
    const guard = { maxChange: 0.1, atLeast: 1 }
    await apply(database, rest, scoring)
    expect(await runAsOf(database, at(1, 1), { guard })).toMatchObject({ failing: [], warnings: [], left: 2 })
    await apply(database, all, scoring)
    expect(await runAsOf(database, at(1, 2), { guard })).toMatchObject({ failing: [], entered: 2 })
  })

  test('is new when it comes back: its leads enter again', async () => {
    await apply(database, rest, scoring)
    await runAsOf(database, at(1, 1))
    await apply(database, all, scoring)
    await runAsOf(database, at(2))
    expect((await history(database, 'recent')).slice(2)).toEqual([
      ...left,
      'b entered definition 2026-03-02T00:00Z',
    ])
    expect(await members(database, 'recent')).toEqual(['b'])
    expect(await faults(database)).toEqual([])
  })

  test('and came back before a run had looked, goes on from there', async () => {
    await apply(database, rest, scoring)
    await apply(database, all, scoring)
    await runAsOf(database, at(2))
    expect((await history(database, 'recent')).slice(2)).toEqual(['a left definition 2026-03-02T00:00Z'])
    expect(await members(database, 'recent')).toEqual(['b'])
  })

  test.each([
    ['parked', { recent: 'everyone' }, { guard: { maxChange: 0.1, atLeast: 1 } }],
    ['broken', { recent: 'plan = "pro"' }, {}],
  ])('while it was %s, is emptied all the same', async (state, edited, options) => {
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'plan', 'text')`)
    await apply(database, { ...all, ...edited }, scoring)
    await database.query(`delete from catalog where name = 'plan'`)
    expect((await runAsOf(database, at(1, 1), options)).failing).toHaveLength(1)
    await apply(database, rest, scoring)
    expect(await runAsOf(database, at(1, 2), options)).toMatchObject({ failing: [], left: 2 })
    expect([state, await members(database, 'recent')]).toEqual([state, []])
    expect(await database.query(`select state from freshness where segment = 'recent'`)).toEqual([
      { state: null },
    ])
  })

  test('is emptied of those whom hands put there, too', async () => {
    await override(database, { key: 'recent', hand: 'add', leads: ['c'] })
    await runAsOf(database)
    expect(await members(database, 'recent')).toEqual(['c'])
    await apply(database, rest, scoring)
    await runAsOf(database)
    expect(await members(database, 'recent')).toEqual([])
  })

  test('and is put back while a run is at it, is left to the next one', async () => {
    await apply(database, rest, scoring)
    const result = await runAsOf(database, at(1, 1), {
      onStep: async (step) => {
        if (step === 'evaluate') await apply(database, all, scoring)
      },
    })
    expect(result).toMatchObject({ left: 0, superseded: 1 })
    await runAsOf(database, at(1, 2))
    expect(await members(database, 'recent')).toEqual(['a', 'b'])
    expect(await history(database, 'recent')).toHaveLength(2)
  })

  test('is not taken out of use while another refers to it, or looks at its history', async () => {
    for (const where of ['in segment "recent"', 'was in segment "recent" within 3 days']) {
      const refused = apply(database, { ...rest, referring: where }, scoring)
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_DEFINITIONS' })
    }
    await runAsOf(database, at(1, 1))
    expect(await members(database, 'recent')).toEqual(['a', 'b'])
  })

  test('leaves a snapshot of it as it is', async () => {
    const from = { key: 'recent', asOf: at(1) }
    await takeSnapshot(database, { key: 'taken', how: 'new', from })
    await runAsOf(database, at(1, 1))
    await apply(database, rest, scoring)
    await runAsOf(database, at(1, 2))
    expect(await members(database, 'taken')).toEqual(['a', 'b'])
  })

  test('is not one that has another key now', async () => {
    const { segments, ...more } = sources({ ...rest, lately: all.recent }, scoring)
    const renamed = segments.map((each) =>
      each.key === 'lately' ? { ...each, renamedFrom: 'recent' } : each,
    )
    await applySources(database, { ...more, segments: renamed }, 'UTC')
    expect(await runAsOf(database, at(1, 1))).toMatchObject({ left: 0, mode: 'incremental' })
    expect(await members(database, 'lately')).toEqual(['a', 'b'])
  })
})
