import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { leadSetAt } from '../../pipeline/asof.ts'
import type { Database, Parameter } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
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
  await addLead(database, 'a', { events: [['login', '2026-03-02T12:00:00Z']] })
  await addLead(database, 'b', { events: [['login', '2026-03-01T12:00:00Z']] })
  await apply(database, { recent: 'did login within 2 days' })
  for (const n of [3, 4, 5]) await runAsOf(database, day(n))
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)
const ids = async (line: string) => (await json(line)).map((row: { lead_id: string }) => row.lead_id)

describe('members --as-of', () => {
  test('who was in then, as recorded, and by which run', async () => {
    expect(await json('members recent --as-of 2026-03-03')).toEqual([
      {
        ...{ lead_id: 'a', since: day(3), score: null, level: null },
        ...{ as_of: day(3), answered: 'recorded', run_id: 1, run_as_of: day(3), version: null },
      },
      expect.objectContaining({ lead_id: 'b' }),
    ])
    expect(await ids('members recent --as-of 2026-03-04T00:00Z')).toEqual(['a'])
    const [between] = await json('members recent --as-of 2026-03-04T17:00Z')
    expect(between).toMatchObject({ lead_id: 'a', since: day(3), run_id: 2, run_as_of: day(4) })
    expect((await desk.type('members recent --as-of 2026-03-04T17:00Z --format table')).out).toBe(
      [
        'as of 2026-03-04 17:00 UTC  ·  as recorded by run 2, as of 2026-03-04 00:00 UTC',
        '',
        'LEAD  SINCE             SCORE  LEVEL',
        'a     2026-03-03 00:00      –  –',
        '',
      ].join('\n'),
    )
    expect((await desk.type('members recent --as-of 2026-03-05 --format table')).out).toContain(
      'Nobody was in recent then.',
    )
  })

  test('what was not known yet is not in what was recorded, but in what is evaluated', async () => {
    await addEvent(database, 'b', 'login', '2026-03-02T18:00:00Z')
    expect(await ids('members recent --as-of 2026-03-04')).toEqual(['a'])
    expect(await ids('members recent --as-of 2026-03-04 --evaluate')).toEqual(['a', 'b'])
    const [first] = await json('members recent --as-of 2026-03-04 --evaluate')
    expect(first).toMatchObject({ answered: 'evaluated', run_id: null, version: 1, since: null })
  })

  test('what is recorded is evaluated where somebody asks for it, and says so', async () => {
    const shown = (await desk.type('members recent --as-of 2026-03-04 --evaluate --format table')).out
    expect(shown).toContain(
      'evaluated, as asked: version 1 on what is known now (recorded since 2026-03-03 00:00 UTC)',
    )
    const before = (await desk.type('members recent --as-of 2026-03-02 --evaluate --format table')).out
    expect(before).toContain('not recorded but evaluated: version 1')
  })

  test('before the first run it is evaluated, and says so', async () => {
    expect(await json('members recent --as-of 2026-03-02')).toMatchObject([
      { lead_id: 'b', answered: 'evaluated', version: 1 },
    ])
    expect((await desk.type('members recent --as-of 2026-03-02 --format table')).out).toContain(
      'not recorded but evaluated: version 1 on what is known now (recorded since 2026-03-03 00:00 UTC)',
    )
  })

  test('a segment that came later is evaluated, until a backfill gave it a past', async () => {
    await apply(database, { recent: 'did login within 2 days', ever: 'did login' })
    await runAsOf(database, day(6))
    const source = async (at: string) => (await json(`members ever --as-of ${at}`))[0]
    expect(await source('2026-03-04')).toMatchObject({ answered: 'evaluated' })
    expect(await source('2026-03-06')).toMatchObject({ answered: 'recorded', run_id: 4 })
    await backfill(database, {
      ...{ from: day(2), to: day(4), grain: 'day', owner: 'test', segments: ['ever'] },
    })
    expect(await source('2026-03-03')).toMatchObject({ answered: 'recorded', run_id: 5, run_as_of: day(3) })
    expect(await ids('members ever --as-of 2026-03-02')).toEqual(['b'])
    expect(await source('2026-03-06')).toMatchObject({ answered: 'recorded', run_id: 4 })
    expect(await source('2026-03-01T13:00Z')).toMatchObject({ answered: 'evaluated' })
  })

  test('with scores: those of that instant', async () => {
    await apply(database, { recent: 'did login within 2 days' }, { points: { login: 30 } })
    const [a] = await json('members recent --as-of 2026-03-03')
    expect(a).toMatchObject({ lead_id: 'a', score: 30, level: 'warm', answered: 'recorded' })
    const [b] = await json('members recent --as-of 2026-03-03 --evaluate')
    expect(b).toMatchObject({ score: 30, level: 'warm', answered: 'evaluated' })
  })

  test('neither the future nor --evaluate alone', async () => {
    expect(errorOf(await desk.type('members recent --as-of 2999-01-01')).code).toBe('AS_OF_IN_FUTURE')
    expect(await json('members recent --as-of 2999-01-01 --evaluate')).toEqual([])
    const alone = await desk.type('members recent --evaluate')
    expect(alone.code).toBe(2)
    expect(errorOf(await desk.type('members recnt --as-of 2026-03-03')).message).toContain('"recent"')
  })

  test('a set to read from: for whoever wants the leads themselves', async () => {
    for (const evaluate of [false, true]) {
      const { statement } = await leadSetAt(database, 'recent', { asOf: day(3), evaluate })
      const found = await database.query(statement.sql, statement.parameters as Parameter[])
      expect(found).toHaveLength(2)
    }
  })
})

test('segments --as-of: each as recorded by the run before, the others evaluated', async () => {
  await apply(database, { recent: 'did login within 2 days', ever: 'did login' }, { points: { login: 30 } })
  const [ever, recent] = await json('segments --as-of 2026-03-04')
  expect(ever).toMatchObject({
    ...{ segment: 'ever', members: 2, share: 1, mean_score: 30, entered: null },
    ...{ answered: 'evaluated', as_of: day(4), run_id: null, version: 1 },
  })
  expect(recent).toMatchObject({
    ...{ segment: 'recent', members: 1, entered: 0, left: 1 },
    ...{ answered: 'recorded', as_of: day(4), run_id: 2, run_as_of: day(4) },
  })
  expect((await json('segments --as-of 2026-03-02 --evaluate'))[1]).toMatchObject({ members: 1, share: 0.5 })
  const { out } = await desk.type('segments --as-of 2026-03-04T12:00Z --format table')
  expect(out).toMatch(/^as of 2026-03-04 12:00 UTC {2}· {2}as recorded by run 2; evaluated: ever on what/)
})

describe('a segment that is archived', () => {
  const when = /is archived since \d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC/
  beforeEach(async () => {
    await apply(database, { other: 'everyone' })
    await runAsOf(database, day(6))
  })

  test('answers about its past, and says that it is', async () => {
    expect(await ids('members recent --as-of 2026-03-03')).toEqual(['a', 'b'])
    expect((await json('members recent --as-of 2026-03-03'))[0]).toMatchObject({
      answered: 'recorded',
      run_id: 1,
    })
    expect(await json('changes recent --from 2026-03-01 --to 2026-04-01')).toMatchObject({
      segment: 'recent',
      archived_at: expect.stringMatching(/^2/),
      changes: [{ change: 'left' }, { change: 'left' }, { change: 'entered' }, { change: 'entered' }],
    })
    expect(await json('flow recent other --as-of 2026-03-06 --all-causes')).toMatchObject({
      moves: expect.arrayContaining([expect.objectContaining({ from: 'recent', to: 'other', moved: 2 })]),
    })
    expect(await json('history a --segment recent')).toMatchObject([
      { left_as_of: day(5), left_cause: 'time' },
    ])
    expect(await json('versions recent')).toMatchObject([{ version: 1, current: false }])
    for (const line of [
      'members recent --as-of 2026-03-03',
      'changes recent --from 2026-03-01 --to 2026-04-01',
      'flow recent other --as-of 2026-03-06',
      'history a --segment recent',
      'versions recent',
      'segments --as-of 2026-03-04',
    ]) {
      const { out } = await desk.type(`${line} --format table`)
      expect(out).toMatch(when)
    }
  })

  test('is among those of an instant at which it was there', async () => {
    const at = async (asOf: string) =>
      (await json(`segments --as-of ${asOf}`)).map((each: { segment: string }) => each.segment)
    expect(await at('2026-03-04')).toEqual(['other', 'recent'])
    expect((await json('segments --as-of 2026-03-04'))[1]).toMatchObject({
      ...{ status: 'archived', members: 1, answered: 'recorded', run_id: 2 },
    })
    expect(await at('2026-03-01')).toEqual(['other'])
    expect((await json('segments')).map((each: { segment: string }) => each.segment)).toEqual(['other'])
    await database.query(`update segments set updated_at = '2026-03-05' where key = 'recent'`)
    expect(await at('2026-03-05')).toEqual(['other'])
  })

  test('can be frozen as it was, and not as it is', async () => {
    const taken = await json('snapshot recent --as-of 2026-03-03 --name Then --no-run')
    expect(taken).toMatchObject({ members: 2, from: { kind: 'recorded', run_id: 1 } })
    expect(errorOf(await desk.type('snapshot recent --name Now --no-run')).code).toBe('SEGMENT_ARCHIVED')
  })

  test.each([
    'members recent',
    'members recent --as-of 2026-03-01',
    'members recent --as-of 2026-03-03 --evaluate',
    'why a recent',
    'why a recent --as-of 2026-03-03',
    'report recent',
    'override add recent a',
    'apply recent --to 1',
  ])('has no present: %s', async (line) => {
    const { code, message, hint } = errorOf(await desk.type(line))
    expect(code).toBe('SEGMENT_ARCHIVED')
    expect(message).toMatch(when)
    expect(hint).toContain('`tideline members recent --as-of')
  })
})
