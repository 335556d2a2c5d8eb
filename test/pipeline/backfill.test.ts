import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { type BackfillRange, backfill, backfillSlots } from '../../pipeline/runs/backfill.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf } from '../support/definitions.ts'

const day = (n: number) => `2026-03-${String(n).padStart(2, '0')}T00:00:00.000000Z`
const fill = (from: string, to: string, segments?: string[]) =>
  backfill(database, { from, to, all: true, owner: 'test', segments })
let database: Database
beforeEach(async () => {
  database = await testDatabase()
  await addLead(database, 'a', { events: [['login', '2026-03-02T12:00:00Z']] })
  await addLead(database, 'b', { events: [['login', '2026-03-01T12:00:00Z']] })
})
afterEach(() => database.close())
const withoutCause = (lines: string[]) =>
  lines.map((line) => line.replace(/ (data|time|backfill|definition|manual) /, ' '))

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
  expect(await history(database, 'recent')).toEqual(daily)
  await fill(day(2), day(4))
  expect(await history(database, 'recent')).toEqual(daily)
})

test('what is found again stays as it is recorded: cause, version, run, and who came and went in the figures', async () => {
  const recorded = async () => ({
    changes: await database.query('select * from membership_change order by segment_id, lead_id, as_of'),
    // A backfill also writes the figures of instants at which nothing changed.
    moved: await database.query(
      'select * from segment_trend where entered + "left" > 0 order by segment, as_of',
    ),
    daily: await database.query('select * from segment_changes_daily order by segment, day, cause'),
  })
  await apply(
    database,
    { recent: 'did login within 2 days', others: 'not did login' },
    { points: { login: 5 } },
  )
  for (const n of [1, 2, 3, 4, 5]) await runAsOf(database, day(n))
  const before = await recorded()
  expect(before.moved.length).toBeGreaterThan(3)
  expect(await fill(day(2), day(4))).toMatchObject({ entered: 2, left: 3, written: 0, removed: 0 })
  expect(await recorded()).toEqual(before)

  // By another definition, which finds two of them elsewhere.
  await apply(
    database,
    { recent: 'did login within 1 day', others: 'not did login' },
    { points: { login: 5 } },
  )
  await runAsOf(database, day(6))
  const edited = await recorded()
  expect(await fill(day(1), day(5))).toMatchObject({ written: 2, removed: 2 })
  const after = await recorded()
  const same = (rows: readonly object[], others: readonly object[]) => {
    const lines = new Set(others.map((row) => JSON.stringify(row)))
    return rows.filter((row) => lines.has(JSON.stringify(row))).length
  }
  expect(same(after.changes, edited.changes)).toBe(edited.changes.length - 2)
  expect(await history(database, 'recent')).toEqual([
    'b entered data 2026-03-02T00:00Z',
    'a entered data 2026-03-03T00:00Z',
    'b left backfill 2026-03-03T00:00Z',
    'a left backfill 2026-03-04T00:00Z',
  ])
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
    'a entered definition 2026-03-04T00:00Z',
    'a left time 2026-03-05T00:00Z',
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
    'a entered definition 2026-03-04T00:00Z',
    'a left time 2026-03-05T00:00Z',
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

describe('what is done is not done again', () => {
  const open = async (range: Partial<BackfillRange> = {}) =>
    (await backfillSlots(database, { from: day(1), to: day(6), ...range })).map(
      ({ as_of, recorded, segments }) => `${as_of.slice(5, 13)} ${recorded ? 'run' : 'grain'} ${segments}`,
    )

  test('by a run with the same version, or by a backfill', async () => {
    await apply(database, { recent: 'did login within 2 days' })
    for (const n of [3, 6]) await runAsOf(database, day(n))
    await apply(database, { recent: 'did login within 1 day', all: 'everyone' })
    expect(await open()).toHaveLength(6)
    await runAsOf(database, '2026-03-06T12:00:00.000000Z')
    expect(await open()).toEqual([
      '03-01T00 grain all,recent',
      '03-02T00 grain all,recent',
      '03-03T00 run all,recent',
      '03-04T00 grain all,recent',
      '03-05T00 grain all,recent',
      '03-06T00 run all,recent',
    ])
    await backfill(database, { from: day(2), to: day(3), segments: ['all'], owner: 'test' })
    expect(await open({ to: day(4) })).toEqual([
      '03-01T00 grain all,recent',
      '03-02T00 grain recent',
      '03-03T00 run recent',
      '03-04T00 grain all,recent',
    ])
    const range = { from: day(1), to: day(6), owner: 'test' }
    expect(await backfill(database, range)).toMatchObject({ instants: 6, segments: 2 })
    expect(await backfill(database, range)).toMatchObject({ runId: null, instants: 0 })
    expect(await open()).toEqual([])
    expect(await open({ all: true })).toHaveLength(6)
    expect(await history(database, 'all')).toEqual([
      'a entered backfill 2026-03-01T00:00Z',
      'b entered backfill 2026-03-01T00:00Z',
    ])
    expect(await history(database, 'recent')).toEqual([
      'b entered backfill 2026-03-02T00:00Z',
      'a entered definition 2026-03-03T00:00Z',
      'b left backfill 2026-03-03T00:00Z',
      'a left backfill 2026-03-04T00:00Z',
    ])
  })

  test('where the scores that a segment reads meant what they mean now', async () => {
    const intent = (micropoints: string) => ({
      ...{ name: 'intent', rules: [{ event: 'login', micropoints }], levels: [] },
    })
    const rules = (points: number, micropoints: string) =>
      apply(
        database,
        { keen: 'intent score >= 2', warm: 'score >= 2', both: 'in segment "keen" and score >= 1' },
        { points: { login: points }, scores: [intent(micropoints)] },
      )
    const range = { from: day(3), to: day(5) }
    const instants = async () => (await open(range)).filter((line) => line.includes('run'))
    const [by, all] = [(n: number) => `03-0${n}T00 run `, 'both,keen,warm']
    await rules(1, '2000000')
    for (const n of [3, 4, 5]) await runAsOf(database, day(n))
    expect(await open(range)).toEqual([])
    await rules(2, '2000000')
    expect(await instants()).toEqual([3, 4, 5].map((n) => `${by(n)}both,warm`))
    await rules(2, '1000000')
    await backfill(database, { ...range, to: day(4), owner: 'test' })
    expect(await instants()).toEqual([`${by(5)}${all}`])
    // Runs saw it by these very rules, and a backfill has written it anew since, by others.
    await rules(1, '2000000')
    expect(await open(range)).toEqual([`${by(3)}${all}`, '03-03T23 grain ', `${by(4)}${all}`])
  })

  test('a gap is filled between what stands before and after it', async () => {
    await apply(database, { recent: 'did login within 2 days', early: 'not did login' })
    for (const n of [1, 5]) await runAsOf(database, day(n))
    await backfill(database, { from: day(3), to: day(3), owner: 'test' })
    expect(await open({ to: day(5) })).toEqual(['03-02T00 grain early,recent', '03-04T00 grain early,recent'])
    await backfill(database, { from: day(1), to: day(5), owner: 'test' })
    expect(await history(database, 'recent')).toEqual([
      'b entered backfill 2026-03-02T00:00Z',
      'a entered backfill 2026-03-03T00:00Z',
      'b left backfill 2026-03-04T00:00Z',
      'a left backfill 2026-03-05T00:00Z',
    ])
    expect(await history(database, 'early')).toEqual([
      'a entered definition 2026-03-01T00:00Z',
      'b entered definition 2026-03-01T00:00Z',
      'b left backfill 2026-03-02T00:00Z',
      'a left backfill 2026-03-03T00:00Z',
    ])
  })

  test('a grain that would lose what is recorded has to be said', async () => {
    await apply(database, { recent: 'did login within 2 hours' })
    await runAsOf(database, day(6))
    const hourly = await backfill(database, { from: day(1), to: day(3), grain: 'hour', owner: 'test' })
    expect(hourly).toMatchObject({ instants: 49, entered: 2, left: 2 })
    const again = { from: day(1), to: day(3), all: true, owner: 'test' }
    await expect(backfill(database, again)).rejects.toMatchObject({ code: 'GRAIN_TOO_COARSE' })
    expect(await backfill(database, { ...again, grain: 'hour' })).toMatchObject({ entered: 2, left: 2 })
    expect(await backfill(database, { ...again, grain: 'day' })).toMatchObject({ entered: 0, left: 0 })
    expect(await history(database, 'recent')).toEqual([])
  })
})

describe('killed', () => {
  const script = fileURLToPath(new URL('../support/backfill-process.ts', import.meta.url))
  const range = { from: day(1), to: day(4), all: true }
  const results = async () => ({
    history: await database.query(
      'select segment_id, lead_id, as_of, change, cause, version from membership_change order by 1, 2, 3',
    ),
    membership: await database.query('select segment_id, lead_id, since from membership order by 1, 2'),
    scores: await database.query(
      'select lead_id, score, day, value, level from score_history order by 1, 2, 3',
    ),
    figures: await database.query(
      'select segment_id, as_of, members, leads, entered, "left", score_sum from segment_stats order by 1, 2',
    ),
  })
  const kill = async (step: string) => {
    const child = spawn(process.execPath, [script, database.url, JSON.stringify(range), step], {
      stdio: 'inherit',
    })
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    const sessions = 'select from backfills join pg_stat_activity on pid = backend_pid'
    while ((await database.query(sessions)).length > 0) await sleep(20)
  }
  const staged = async () => (await database.query('select from backfill_instant where done')).length

  beforeEach(async () => {
    await apply(
      database,
      { recent: 'did login within 2 days', other: 'not did login' },
      { points: { login: 1 } },
    )
    for (const n of [3, 5, 6]) await runAsOf(database, day(n))
  })

  test.each([
    // The scores at the ends of three days besides, and of the one after.
    [day(1), 0, 0],
    [day(3), 2, 4],
    ['claim', 4, 8],
    ['write', 4, 8],
    ['commit', 4, 8],
  ])('before "%s" and started again, it goes on where it was', async (step, instants, resumed) => {
    const before = await results()
    await kill(step)
    expect(await results()).toEqual(before)
    expect(await faults(database)).toEqual([])
    expect(await staged()).toBe(instants)
    await runAsOf(database, day(7))
    // Known only since it began: the horizon is that of the beginning.
    await addEvent(database, 'b', 'login', '2026-03-03T12:00:00Z')
    const done = await backfill(database, { ...range, owner: 'test' })
    expect(done).toMatchObject({ instants: 4, resumed })
    expect(await faults(database)).toEqual([])
    expect(await database.query('select from backfills')).toEqual([])
    const once = await results()
    expect(await history(database, 'recent')).toEqual([
      'b entered backfill 2026-03-02T00:00Z',
      'a entered definition 2026-03-03T00:00Z',
      'b left backfill 2026-03-04T00:00Z',
      'a left time 2026-03-05T00:00Z',
    ])
    const [run] = await database.query('select status, mode from runs where run_id = $1::bigint', [
      done.runId,
    ])
    expect(run).toEqual({ status: 'done', mode: 'backfill' })
    await database.query(
      'delete from events where event_id = (select event_id from events order by ingested_at desc limit 1)',
    )
    await backfill(database, { ...range, owner: 'test' })
    expect(await results()).toEqual(once)
  })

  test('and never again, what it had computed is thrown away', async () => {
    await kill(day(3))
    await database.query(`update backfills set seen_at = seen_at - interval '2 days'`)
    await runAsOf(database, day(7))
    expect(await database.query('select from backfills')).toEqual([])
    await kill(day(3))
    await apply(database, { recent: 'did login within 3 days', other: 'not did login' })
    expect(await backfill(database, { ...range, owner: 'test' })).toMatchObject({ resumed: 0 })
    expect(await database.query('select from backfills')).toEqual([])
  })
})

test('a run is not kept waiting, and what it did counts', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  await runAsOf(database, day(3))
  let ran = false
  await backfill(database, {
    ...{ from: day(1), to: day(3), all: true, owner: 'test' },
    onStep: async (step) => {
      if (step !== day(2)) return
      await runAsOf(database, day(4), { waitMilliseconds: 0 })
      const [running] = await database.query(`select status from runs where mode = 'backfill'`)
      ran = running?.status === 'running'
    },
  })
  expect(ran).toBe(true)
  expect(await history(database, 'recent')).toEqual([
    'b entered backfill 2026-03-02T00:00Z',
    'a entered definition 2026-03-03T00:00Z',
    'b left time 2026-03-04T00:00Z',
  ])
  expect(await faults(database)).toEqual([])
})

describe('a lead that is removed meanwhile', () => {
  const tables = ['membership', 'membership_change', 'lead_scores', 'score_history']
  const definitions = { recent: 'did login within 2 days', all: 'everyone' }
  const remove = (written: readonly string[]) =>
    database.transaction(async (client) => {
      await client.query('select from run_lease for update')
      for (const each of ['events', ...written])
        await client.query(
          `delete from ${each} where lead_id = (select lead_id from leads where external_id = 'a')`,
        )
      await client.query(`delete from leads where external_id = 'a'`)
    })
  const range = { from: day(1), to: day(3), all: true, owner: 'test' }
  const meanwhile = (at: string, written: readonly string[]) => ({
    ...range,
    onStep: (step: string) => (step === at ? remove(written) : undefined),
  })
  const left = (table: string) =>
    database.query(`select * from ${table} where lead_id not in (select lead_id from leads)`)
  const ofRemoval = /figures|counted other changes/
  const wrong = async () => (await faults(database)).filter(({ what }) => !ofRemoval.test(what))

  describe.each([true, false])('(runs before: %s)', (ran) => {
    beforeEach(async () => {
      await apply(database, definitions, { points: { login: 1 } })
      if (ran) for (const n of [2, 4]) await runAsOf(database, day(n))
    })

    test.each([day(2), 'claim', 'write'])('before "%s", with all that was written, is gone', async (step) => {
      await backfill(database, meanwhile(step, tables))
      for (const each of tables) expect(await left(each), each).toEqual([])
      expect(await history(database, 'all')).toHaveLength(1)
      await runAsOf(database, day(5))
      for (const each of tables) expect(await left(each), each).toEqual([])
      expect(await wrong()).toEqual([])
    })
  })

  test('alone, leaves a history that is whole', async () => {
    await apply(database, definitions, { points: { login: 1 } })
    for (const n of [2, 4]) await runAsOf(database, day(n))
    await backfill(database, meanwhile('claim', []))
    await runAsOf(database, day(5))
    expect(
      await database.query(
        `select key, change, c.as_of::date::text as day from membership_change c join segments using (segment_id)
         where lead_id = 1 order by key, c.as_of`,
      ),
    ).toEqual([
      { key: 'all', change: 'entered', day: '2026-03-01' },
      { key: 'all', change: 'left', day: '2026-03-05' },
      { key: 'recent', change: 'entered', day: '2026-03-03' },
      { key: 'recent', change: 'left', day: '2026-03-05' },
    ])
    expect(await wrong()).toEqual([])
  })
})

test('there is one at a time', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  const range = { from: day(1), to: day(2), owner: 'test' }
  const seen: unknown[] = []
  const first = backfill(database, {
    ...range,
    onStep: async (step) => {
      if (step !== day(2)) return
      const second = backfill(database, { ...range, waitMilliseconds: 0 })
      seen.push(await second.catch(({ code }) => code))
    },
  })
  expect(await first).toMatchObject({ instants: 2 })
  expect(seen).toEqual(['BACKFILL_IN_PROGRESS'])
  expect(await backfill(database, range)).toMatchObject({ runId: null })
})

test('a night that passes meanwhile is joined to the days that are another now', async () => {
  await addLead(database, 'c', { events: [['visit', '2026-03-01T12:00:00Z']] })
  await apply(database, { all: 'everyone' }, { points: { visit: 10, down: -5 }, levels: { cold: 0 } })
  await runAsOf(database, '2026-03-01T13:00:00.000000Z')
  await runAsOf(database, '2026-03-03T13:00:00.000000Z')
  const recorded = () =>
    database.query<{ day: string; value: number }>(
      'select day::text, value::float8 from score_history where lead_id = 3 order by day',
    )
  expect(await recorded()).toEqual([{ day: '2026-03-01', value: 10 }])
  // Late: it was down on the 2nd, and up again on the 3rd, where the night finds what is recorded already.
  await addEvent(database, 'c', 'down', '2026-03-02T10:00:00Z')
  await addEvent(database, 'c', 'visit', '2026-03-03T10:00:00Z')
  const range = { from: day(1), to: '2026-03-03T13:00:00.000000Z', all: true, owner: 'test' }
  await backfill(database, {
    ...range,
    onStep: async (step) => {
      if (step !== 'claim') return
      // Known to the runs that pass the night, and not to the backfill.
      await addEvent(database, 'c', 'down', '2026-03-03T11:00:00Z')
      await runAsOf(database, '2026-03-04T01:00:00.000000Z')
      await runAsOf(database, '2026-03-05T01:00:00.000000Z')
    },
  })
  const days = [10, 5, 10].map((value, n) => ({ day: `2026-03-0${n + 1}`, value }))
  expect(await recorded()).toEqual(days)
  await backfill(database, range)
  expect(await recorded()).toEqual(days)
  await runAsOf(database, '2026-03-05T02:00:00.000000Z')
  expect(await faults(database)).toEqual([])
})

test('scores changed meanwhile are left as they were', async () => {
  await apply(database, { all: 'everyone' }, { points: { login: 1 } })
  await runAsOf(database, day(4))
  const done = await backfill(database, {
    ...{ from: day(1), to: day(3), owner: 'test' },
    onStep: async (step) => {
      if (step === 'claim') await apply(database, { all: 'everyone' }, { points: { login: 2 } })
    },
  })
  expect(done).toMatchObject({ instants: 3, days: 2, superseded: ['scoring.yaml'] })
  expect(await database.query('select from score_history')).toEqual([])
  expect(await backfill(database, { from: day(1), to: day(3), owner: 'test' })).toMatchObject({
    instants: 0,
    days: 2,
  })
  expect(
    await database.query('select lead_id, day::text, value::float8, level from score_history order by 1, 2'),
  ).toEqual([
    { lead_id: '1', day: '2026-03-01', value: 0, level: 'cold' },
    { lead_id: '1', day: '2026-03-02', value: 2, level: 'cold' },
    { lead_id: '2', day: '2026-03-01', value: 2, level: 'cold' },
  ])
})

test('a segment that is changed meanwhile is left as it was', async () => {
  await apply(database, { recent: 'did login within 2 days', all: 'everyone' })
  await runAsOf(database, day(4))
  const done = await backfill(database, {
    ...{ from: day(1), to: day(3), owner: 'test' },
    onStep: async (step) => {
      if (step === 'claim') await apply(database, { recent: 'did login within 3 days', all: 'everyone' })
    },
  })
  expect(done).toMatchObject({ segments: 1, superseded: ['recent'] })
  expect(await history(database, 'recent')).toEqual(['a entered definition 2026-03-04T00:00Z'])
  expect(
    (await history(database, 'all')).every((line) => line.includes(' entered backfill 2026-03-01')),
  ).toBe(true)
})

test('whoever changes a segment while what was found is written waits until it stands', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  await runAsOf(database, day(4))
  const order: string[] = []
  let editing: Promise<unknown> | undefined
  const done = await backfill(database, {
    ...{ from: day(1), to: day(3), owner: 'test' },
    onStep: async (step) => {
      if (step !== 'commit') return
      editing = apply(database, { recent: 'did login within 3 days' }).then(() => order.push('edited'))
      const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      while (order.length === 0 && (await database.query(waiting)).length === 0) await sleep(20)
      order.push('written')
    },
  })
  await editing
  expect(order).toEqual(['written', 'edited'])
  expect(done).toMatchObject({ superseded: [] })
})

test('figures after the range stay as they were recorded', async () => {
  await apply(database, { recent: 'did login within 2 days' })
  for (const n of [2, 3, 4]) await runAsOf(database, day(n))
  const trend = () =>
    database.query(
      `select members::int from segment_trend where segment = 'recent' and as_of >= $1::timestamptz
      order by as_of`,
      [day(4)],
    )
  const recorded = await trend()
  await addLead(database, 'c', {
    events: [
      ['login', '2026-03-01T12:00:00Z'],
      ['login', '2026-03-02T12:00:00Z'],
    ],
  })
  await fill(day(2), day(3))
  expect((await trend())[0]).toEqual(recorded[0])
})

test("a hand's adds and removes survive late events and a backfill", async () => {
  await apply(database, { recent: 'did login within 2 days', others: 'not in segment "recent"' })
  await runAsOf(database, day(1))
  await database.query(
    `insert into segment_list (segment_id, lead_id, list, from_at)
     select segment_id, lead_id, case external_id when 'a' then 'removed' else 'added' end, $1::timestamptz
     from segments, leads where key = 'recent'`,
    [day(2)],
  )
  for (const n of [2, 3, 4, 5, 6]) await runAsOf(database, day(n))
  const [recent, others] = [await history(database, 'recent'), await history(database, 'others')]
  expect(await members(database, 'recent')).toEqual(['b'])
  expect(await members(database, 'others')).toEqual(['a'])
  await addEvent(database, 'a', 'login', '2026-03-04T12:00:00Z')
  await fill(day(1), day(6))
  expect(withoutCause(await history(database, 'recent'))).toEqual(withoutCause(recent))
  expect(withoutCause(await history(database, 'others'))).toEqual(withoutCause(others))
  // What hands did is theirs, in what refers to it as well, and counts.
  const byHand = (lines: string[]) => lines.filter((line) => line.includes(' manual '))
  expect(byHand(recent)).toHaveLength(1)
  expect(byHand(await history(database, 'recent'))).toEqual(byHand(recent))
  expect(byHand(await history(database, 'others'))).toEqual(byHand(others))
  const figures = `select s.key, sum(f.entered + f."left")::int as moved,
      (select count(*)::int from membership_change c
       where c.segment_id = s.segment_id and c.cause in ('data', 'time', 'manual')) as found
    from segment_stats f join segments s using (segment_id) group by s.key, s.segment_id order by s.key`
  const counted = await database.query<{ moved: number; found: number }>(figures)
  expect(counted.map(({ moved }) => moved)).toEqual(counted.map(({ found }) => found))
  await runAsOf(database, day(7))
  expect(await members(database, 'recent')).toEqual(['b'])
})
