import { finished } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { applySources } from '../../pipeline/apply.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf, sources } from '../support/definitions.ts'
import { eventually } from '../support/eventually.ts'

const day = (n: number) => `2026-03-${String(n).padStart(2, '0')}T00:00:00.000000Z`
let database: Database
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.close())

const dump = (table: string) => database.query(`select * from ${table} t order by t::text`)
const results = [
  'membership',
  'membership_change',
  'lead_scores',
  'score_history',
  'segment_stats',
  'segment_state',
  'run_segments',
]
const everything = async () =>
  Object.fromEntries(await Promise.all(results.map(async (t) => [t, await dump(t)])))

describe('a run', () => {
  test('51 points enters hot-leads at the next run', async () => {
    await addLead(database, 'a', { events: [['demo', '2026-02-01T00:00:00Z']] })
    await addLead(database, 'b', { events: [['demo', '2026-02-01T00:00:00Z']] })
    await apply(database, { 'hot-leads': 'score >= 50' }, { points: { demo: 49, click: 2 } })
    await runAsOf(database, day(1))
    expect(await members(database, 'hot-leads')).toEqual([])
    await addEvent(database, 'a', 'click', '2026-03-01T12:00:00Z')
    await runAsOf(database, day(2))
    expect(await members(database, 'hot-leads')).toEqual(['a'])
    expect(await history(database, 'hot-leads')).toEqual(['a entered data 2026-03-02T00:00Z'])
    const scores = await database.query('select value, level from lead_scores order by lead_id')
    expect(scores).toEqual([
      { value: '51.000000', level: 'hot' },
      { value: '49.000000', level: 'warm' },
    ])
  })

  test('a week without events leaves recent-activity with cause time', async () => {
    await addLead(database, 'a', { events: [['login', '2026-03-01T00:00:00Z']] })
    await apply(database, { 'recent-activity': 'last activity within 7 days' })
    await runAsOf(database, day(2))
    expect(await members(database, 'recent-activity')).toEqual(['a'])
    await runAsOf(database, day(8))
    expect(await members(database, 'recent-activity')).toEqual(['a'])
    await runAsOf(database, '2026-03-08T00:00:00.000001Z')
    expect(await members(database, 'recent-activity')).toEqual([])
    expect(await history(database, 'recent-activity')).toEqual([
      'a entered definition 2026-03-02T00:00Z',
      'a left time 2026-03-08T00:00Z',
    ])
  })

  test('running again changes nothing', async () => {
    await addLead(database, 'a', { events: [['login', '2026-02-01T00:00:00Z']] })
    await apply(database, { known: 'did login', all: 'everyone' }, { points: { login: 3 } })
    await runAsOf(database, day(1))
    // Here the first day is over: from now on there is a greatest score at the end of a day.
    await runAsOf(database, day(2))
    const before = await everything()
    expect((await runAsOf(database, day(2))).status).toBe('unchanged')
    const again = await runAsOf(database, day(3))
    expect(again).toMatchObject({ status: 'done', entered: 0, left: 0 })
    expect(await everything()).toEqual(before)
  })

  test('figures say members, share, entries, exits and mean score', async () => {
    await addLead(database, 'a', { events: [['click', '2026-02-01T00:00:00Z']] })
    await addLead(database, 'b')
    await addLead(database, 'later', { firstSeen: '2026-03-01T12:00:00Z' })
    await apply(database, { clicked: 'did click' }, { points: { click: 10 } })
    await runAsOf(database, day(1))
    await addEvent(database, 'b', 'click', '2026-03-01T10:00:00Z')
    await addEvent(database, 'b', 'click', '2026-03-01T11:00:00Z')
    await runAsOf(database, day(2))
    expect(await database.query('select * from segment_trend order by as_of')).toEqual([
      expect.objectContaining({
        members: '1',
        leads: '2',
        share: '0.500000',
        entered: '0',
        left: '0',
        mean_score: '10.000000',
      }),
      expect.objectContaining({
        members: '2',
        leads: '3',
        share: '0.666667',
        entered: '1',
        left: '0',
        mean_score: '15.000000',
      }),
    ])
  })

  test('an edit changes members with cause definition, also through a score', async () => {
    await addLead(database, 'a', { events: [['click', '2026-02-01T00:00:00Z']] })
    await apply(database, { hot: 'score >= 50', clicked: 'not did click' }, { points: { click: 10 } })
    await runAsOf(database, day(1))
    await apply(database, { hot: 'score >= 50', clicked: 'did click' }, { points: { click: 60 } })
    await addEvent(database, 'a', 'login', '2026-03-01T12:00:00Z')
    await runAsOf(database, day(2))
    expect(await history(database, 'clicked')).toEqual(['a entered definition 2026-03-02T00:00Z'])
    expect(await history(database, 'hot')).toEqual(['a entered definition 2026-03-02T00:00Z'])
  })

  test('an event that was dated after the last run counts as data, not as time', async () => {
    await addLead(database, 'a', { events: [['login', '2026-03-01T06:00:00Z']] })
    await apply(database, { known: 'did login' })
    await runAsOf(database, day(1))
    await runAsOf(database, day(2))
    expect(await history(database, 'known')).toEqual(['a entered data 2026-03-02T00:00Z'])
  })

  test('an attribute set by plain SQL is seen from then on', async () => {
    await addLead(database, 'a', { attributes: { plan: 'free' } })
    await apply(database, { pro: 'plan = "Pro"' })
    await runAsOf(database, day(1))
    await database.query(`update leads set attributes = '{"plan": "pro"}'`)
    await runAsOf(database)
    expect((await history(database, 'pro')).map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'a entered data',
    ])
  })

  test('a definition that can no longer be compiled keeps its members and stops nobody else', async () => {
    await addLead(database, 'a', { attributes: { plan: 'pro' } })
    await apply(database, { pro: 'plan = "pro"', all: 'everyone' })
    await runAsOf(database, day(1))
    await database.query(`delete from catalog where name = 'plan'`)
    await addLead(database, 'b', { firstSeen: '2026-03-01T12:00:00Z' })
    const result = await runAsOf(database, day(2))
    expect(result.failing).toMatchObject([{ key: 'pro', code: 'UNKNOWN_ATTRIBUTE' }])
    expect(await members(database, 'pro')).toEqual(['a'])
    expect(await members(database, 'all')).toEqual(['a', 'b'])
    const [fresh] = await database.query(`select * from freshness where segment = 'pro'`)
    expect(fresh).toMatchObject({
      state: 'broken',
      good_as_of: '2026-03-01 00:00:00+00',
      error_code: 'UNKNOWN_ATTRIBUTE',
    })
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'plan', 'text')`)
    await runAsOf(database, day(3))
    expect((await database.query(`select state from freshness where segment = 'pro'`))[0]).toEqual({
      state: 'ok',
    })
    expect(await history(database, 'pro')).toHaveLength(1)
  })

  test('a paused segment keeps its members and says as of when they were true', async () => {
    await addLead(database, 'a')
    const [on, paused] = [sources({ all: 'everyone' }), sources({ all: 'everyone' })]
    const resting = {
      ...paused,
      segments: paused.segments.map((each) => ({ ...each, status: 'paused' as const })),
    }
    const good = async () => (await database.query('select good_as_of from freshness'))[0]?.good_as_of
    await applySources(database, on, 'UTC')
    await runAsOf(database, day(1))
    await applySources(database, resting, 'UTC')
    await addLead(database, 'b', { firstSeen: '2026-03-01T12:00:00Z' })
    await runAsOf(database, day(2))
    expect(await members(database, 'all')).toEqual(['a'])
    expect(await good()).toBe('2026-03-01 00:00:00+00')
    await applySources(database, on, 'UTC')
    expect(await good()).toBe('2026-03-01 00:00:00+00')
    await runAsOf(database, day(3))
    expect(await members(database, 'all')).toEqual(['a', 'b'])
    expect(await good()).toBe('2026-03-03 00:00:00+00')
  })

  test('what new segments break in the shared statement breaks them alone', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    await runAsOf(database, day(1))
    await addLead(database, 'b', { firstSeen: '2026-03-01T12:00:00Z' })
    // More figures than Postgres can hold in one row.
    const counts = (from: number) =>
      Array.from({ length: 450 }, (_, n) => `did e${from + n} at least 2 times`).join(' or ')
    const many = Object.fromEntries([0, 450, 900, 1350].map((from) => [`many-${from}`, counts(from)]))
    await apply(database, { all: 'everyone', ...many })
    const { failing } = await runAsOf(database, day(2))
    expect(failing.map(({ key, code }) => `${key} ${code}`).sort()).toEqual(
      Object.keys(many)
        .map((key) => `${key} TOO_LARGE`)
        .sort(),
    )
    expect(await members(database, 'all')).toEqual(['a', 'b'])
  })

  test('what takes longer than a statement may, in a new segment, breaks that alone', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    await runAsOf(database, day(1))
    await addLead(database, 'b', { firstSeen: '2026-03-01T12:00:00Z' })
    await apply(database, { all: 'everyone', was: 'was in segment "all" within 3 days' })
    await database.query(`do $$ begin
      execute format('alter database %I set statement_timeout = ''3s''', current_database()); end $$`)
    const hurried = openPostgres(database.url)
    onTestFinished(() => hurried.close())
    let released: Promise<unknown> | undefined
    const { failing } = await runAsOf(hurried, day(2), {
      onStep: async (step) => {
        if (step !== 'evaluate') return
        // Nobody else reads the history before it is written; and until then it is free again.
        const locked = Promise.withResolvers<void>()
        released = database.transaction(async (client) => {
          await client.query('lock table membership_change in access exclusive mode')
          locked.resolve()
          const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
          await eventually(
            () => database.query(waits),
            (found) => found.length > 0,
          )
          await eventually(
            () => database.query(waits),
            (found) => found.length === 0,
          )
        })
        await locked.promise
      },
    })
    await released
    expect(failing.map(({ key, code }) => `${key} ${code}`)).toEqual(['was TIMEOUT'])
    expect(await members(database, 'all')).toEqual(['a', 'b'])
    expect(await faults(database)).toEqual([])
  })

  test('runs go forward: an asOf in the future or before the last run is refused', async () => {
    await apply(database, { all: 'everyone' })
    await runAsOf(database, day(2))
    await expect(runAsOf(database, day(1))).rejects.toMatchObject({ code: 'AS_OF_NOT_AFTER_LAST_RUN' })
    await expect(runAsOf(database, '2999-01-01T00:00:00.000000Z')).rejects.toMatchObject({
      code: 'AS_OF_IN_FUTURE',
    })
  })

  test('a segment edited while a run is going is left out, and the rest is applied', async () => {
    await addLead(database, 'a')
    await apply(database, { one: 'everyone', two: 'everyone' })
    await runAsOf(database, day(1))
    await addLead(database, 'b')
    const result = await runAsOf(database, day(2), {
      onStep: async (step) => {
        if (step === 'compare members') await apply(database, { one: 'not everyone', two: 'everyone' })
      },
    })
    expect(result.superseded).toBe(1)
    expect(await members(database, 'one')).toEqual(['a'])
    expect(await members(database, 'two')).toEqual(['a', 'b'])
    await runAsOf(database, day(3))
    expect(await members(database, 'one')).toEqual([])
    expect(await faults(database)).toEqual([])
  })

  test('a COPY into inbox_events while runs are going is neither waited for nor lost', async () => {
    await addLead(database, 'a')
    await apply(database, { clicked: 'did click' })
    await runAsOf(database, day(1))
    await database.session(async (other) => {
      await other.query('begin')
      const copy = other.query(
        copyFrom('copy inbox_events (lead_id, type, occurred_at) from stdin (format csv)'),
      )
      copy.write('a,click,2026-03-01T06:00:00Z\n')
      await runAsOf(database, day(2))
      copy.end('b,click,2026-03-01T07:00:00Z\n')
      await finished(copy)
      await runAsOf(database, day(3))
      await other.query('commit')
    })
    expect(await members(database, 'clicked')).toEqual([])
    await runAsOf(database, day(4))
    expect(await members(database, 'clicked')).toEqual(['a', 'b'])
    expect(await database.query('select from inbox_events')).toEqual([])
  })

  test('two at once: one waits for the other, and nothing is done twice', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    const both = await Promise.all([runAsOf(database, day(1)), runAsOf(database, day(1))])
    expect(both.map((each) => each.status).sort()).toEqual(['done', 'unchanged'])
    expect(await history(database, 'all')).toHaveLength(1)
  })
})

describe('what gets in the way of a run', () => {
  const ledger = () => database.query(`select status, error, rollup_error from runs order by run_id`)

  test('a segment paused while it is applied waits for that, and lacks nothing when it comes back', async () => {
    const on = sources({ clicked: 'did click', all: 'everyone' })
    const paused = on.segments.map((each) =>
      each.key === 'clicked' ? { ...each, status: 'paused' as const } : each,
    )
    await addLead(database, 'a', { events: [['click', day(1)]] })
    await addLead(database, 'b')
    await applySources(database, on, 'UTC')
    await runAsOf(database, day(2))
    let pausing: Promise<unknown> | undefined
    await runAsOf(database, '2026-03-02T01:00:00.000000Z', {
      onStep: async (step) => {
        if (step !== 'apply left') return
        pausing = applySources(database, { ...on, segments: paused }, 'UTC')
        await new Promise((resolve) => setTimeout(resolve, 300))
      },
    })
    await pausing
    await addEvent(database, 'b', 'click', '2026-03-02T01:30:00Z')
    await runAsOf(database, '2026-03-02T02:00:00.000000Z')
    const standing = `select state, good_as_of = '2026-03-02T01:00:00Z' as since from segment_state
      join segments using (segment_id) where key = 'clicked'`
    expect(await database.query(standing)).toEqual([{ state: 'ok', since: true }])
    await applySources(database, on, 'UTC')
    await runAsOf(database, '2026-03-02T03:00:00.000000Z')
    expect(await members(database, 'clicked')).toEqual(['a', 'b'])
    expect((await history(database, 'clicked')).at(-1)).toBe('b entered data 2026-03-02T03:00Z')
  })

  test('a clock of the database that went back: nothing is written into the past', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    await runAsOf(database)
    await database.query(`update runs set as_of = as_of + interval '10 minutes'`)
    await expect(runAsOf(database)).rejects.toMatchObject({ code: 'CLOCK_BEHIND' })
    expect(await ledger()).toHaveLength(1)
  })

  test('a failure before it begins is in the ledger as well', async () => {
    await apply(database, { all: 'everyone' })
    await database.query(`alter table events add constraint mine check (type <> 'bad')`)
    await database.query(
      `insert into inbox_events (lead_id, type, occurred_at) values ('a', 'bad', '2026-03-01T01:30:00Z')`,
    )
    await expect(runAsOf(database, day(2))).rejects.toMatchObject({ code: '23514' })
    expect(await ledger()).toMatchObject([{ status: 'failed', error: { code: '23514' } }])
    await database.query('alter table events drop constraint mine')
    expect((await runAsOf(database, day(2))).leads).toBe(1)
    // Whoever only has to wait, or asks for what can't be, did not fail.
    await expect(runAsOf(database, day(1))).rejects.toMatchObject({ code: 'AS_OF_NOT_AFTER_LAST_RUN' })
    expect(await ledger()).toHaveLength(2)
  })

  test('a roll-up that fails stays due, says why, and keeps no run from being made', async () => {
    await addLead(database, 'a', { events: [['click', day(1)]] })
    await apply(database, { clicked: 'did click' })
    await database.query(`alter table segment_top_events add constraint mine check (rank = 0)`)
    await runAsOf(database, day(2))
    const next = await runAsOf(database, '2026-03-02T01:00:00.000000Z')
    // Tried once in each run.
    expect(next.steps.filter(({ name }) => name === 'roll up')).toHaveLength(1)
    // Membership has gone on: it is owed as of the later run now.
    expect(await ledger()).toMatchObject([
      { status: 'done', rollup_error: null },
      { status: 'done', rollup_error: { code: '23514' } },
    ])
    await database.query('alter table segment_top_events drop constraint mine')
    await runAsOf(database, '2026-03-02T02:00:00.000000Z')
    expect(await database.query('select rollup_due, rollup_error from runs order by run_id')).toEqual(
      Array(3).fill({ rollup_due: false, rollup_error: null }),
    )
    expect(await database.query('select members from segment_top_events')).toEqual([{ members: '1' }])
  })

  test('the first run of a day is the nightly one, whenever it is made', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    const nightly = []
    for (const asOf of ['01T23:00', '02T00:07', '02T01:00', '03T06:00'])
      nightly.push((await runAsOf(database, `2026-03-${asOf}:00.000000Z`)).nightly)
    expect(nightly).toEqual([false, true, false, true])
  })
})

describe('segments that look at others', () => {
  const mates = async () => {
    await database.query(`insert into accounts (external_id) values ('acme')`)
    for (const id of ['a', 'b', 'c']) await addLead(database, id)
    await database.query(`update leads set account_id = 1 where external_id in ('a', 'b')`)
    await database.query(`update attribute_change set from_at = '2026-01-01' where attribute = '@account'`)
  }

  test('what another lead of the account did is data, for those who look at it', async () => {
    await mates()
    await apply(database, {
      demo: 'any lead of account did demo_request',
      together: 'account did demo_request at least 2 times',
      own: 'did demo_request within 1 day',
    })
    await runAsOf(database, day(1))
    await addEvent(database, 'a', 'demo_request', '2026-03-01T12:00:00Z')
    await addEvent(database, 'b', 'demo_request', '2026-02-01T12:00:00Z')
    await runAsOf(database, day(2))
    const entered = (leads: string) => [...leads].map((lead) => `${lead} entered data 2026-03-02T00:00Z`)
    expect(await history(database, 'demo')).toEqual(entered('ab'))
    expect(await history(database, 'together')).toEqual(entered('ab'))
    expect(await history(database, 'own')).toEqual(entered('a'))
    await addEvent(database, 'b', 'login', '2026-03-03T00:00:00Z')
    await runAsOf(database, day(4))
    expect((await history(database, 'own')).at(-1)).toBe('a left time 2026-03-04T00:00Z')
  })

  test('a segment follows the one it refers to in the same run, and blocked is not broken', async () => {
    for (const id of ['a', 'b']) await addLead(database, id, { attributes: { size: id === 'a' ? 5 : 50 } })
    const large = (than: number) => ({
      large: `size > ${than}`,
      rest: 'not in segment "large"',
      both: 'in segment "large" or in segment "rest"',
    })
    await apply(database, large(10))
    await runAsOf(database, day(1))
    expect(await members(database, 'rest')).toEqual(['a'])
    expect(await members(database, 'both')).toEqual(['a', 'b'])
    await apply(database, large(1))
    await runAsOf(database, day(2))
    expect(await members(database, 'rest')).toEqual([])
    expect((await history(database, 'rest')).at(-1)).toBe('a left definition 2026-03-02T00:00Z')
    await database.query(`update catalog set type = 'text' where name = 'size'`)
    const { failing } = await runAsOf(database, day(3))
    expect(failing.map(({ key, outcome, code }) => `${key} ${outcome} ${code}`)).toEqual([
      'large broken TYPE_MISMATCH',
      'rest blocked SEGMENT_BROKEN',
      'both blocked SEGMENT_BROKEN',
    ])
    const states = await database.query(
      'select key, state from segments join segment_state using (segment_id) order by segment_id',
    )
    expect(states.map(({ key, state }) => `${key} ${state}`)).toEqual([
      'large broken',
      'rest blocked',
      'both blocked',
    ])
    expect(await members(database, 'both')).toEqual(['a', 'b'])
  })

  test('a cycle is refused with its path', async () => {
    const cycle = { a: 'in segment "b"', b: 'not in segment "c"', c: 'in segment "a"', d: 'in segment "a"' }
    const refused = await apply(database, cycle).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'INVALID_DEFINITIONS' })
    const { findings } = refused as { findings: { code: string; message: string }[] }
    expect(findings.map(({ code }) => code).sort()).toEqual([
      'SEGMENT_BROKEN',
      'SEGMENT_CYCLE',
      'SEGMENT_CYCLE',
      'SEGMENT_CYCLE',
    ])
    expect(findings[0]?.message).toContain('"a" → "b" → "c" → "a"')
  })
})
