import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { problemsOf } from '../../pipeline/problems.ts'
import { readStatus } from '../../pipeline/status.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase({ max: 6 })
  desk = deskOf(database.url)
  desk.file('tideline.yaml', 'slots: "0 0 1 1 *"\n')
  desk.file('segments/a.yaml', 'all:\n  where: everyone\nidle:\n  status: draft\n  where: everyone\n')
  await addLead(database, 'a')
  expect(await desk.type('apply')).toMatchObject({ code: 0, err: '' })
})
afterEach(() => database.close())

const asked = async () => {
  const { code, out } = await desk.type('status')
  return { code, ...(JSON.parse(out) as Told) }
}
type Told = {
  stale: boolean
  problems: { code: string; message: string; hint: string; stale: boolean }[]
  segments: Record<string, unknown>[]
  events: Record<string, unknown>[]
  horizon: Record<string, unknown>
  runs: Record<string, unknown>
  waits: Record<string, unknown> | null
}
const codes = (told: Told) => told.problems.map((problem) => problem.code)

/** Events of one type in hours before now. */
const events = (type: string, hours: number[]) =>
  database.query(`insert into event_types (type) values ($1) on conflict do nothing`, [type]).then(() =>
    database.query(
      `insert into events (event_id, lead_id, type, occurred_at)
     select $1 || h, 1, $1, clock_timestamp() - make_interval(hours => h) from unnest($2::int[]) h`,
      [type, hours],
    ),
  )
const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step)

describe('status', () => {
  test('all is well after a run: each segment with its run, age, state and next slot', async () => {
    await desk.type('run')
    const told = await asked()
    expect(told).toMatchObject({ code: 0, stale: false, problems: [] })
    expect(told.segments).toEqual([
      expect.objectContaining({
        segment: 'idle',
        status: 'draft',
        state: null,
        good_as_of: null,
        next_due: null,
      }),
      expect.objectContaining({ segment: 'all', state: 'ok', good_run: 1, error: null }),
    ])
    expect(told.segments[1]!.age).toBeLessThan(60)
    expect(told.segments[1]!.next_due).toMatch(/-01-01T00:00:00/)
    const { out } = await desk.typeAtTerminal('status')
    expect(out).toContain('All is as it should be.')
    expect(out).toMatch(/all +ok +1 /)
  })

  test('nothing was ever run: stale, and says what to do', async () => {
    const told = await asked()
    expect(told.code).toBe(3)
    expect(told.problems).toEqual([expect.objectContaining({ code: 'NEVER_RUN', stale: true })])
  })

  test('a slot that nobody ran is late', async () => {
    desk.file('tideline.yaml', 'slots: "* * * * *"\n')
    await desk.type('run --as-of 2026-03-01')
    const told = await asked()
    expect(told.code).toBe(3)
    expect(codes(told)).toEqual(['SLOT_LATE'])
  })

  /** A session that holds a table, while `run` waits for it. */
  async function whileLocked(table: string, work: (pid: number) => Promise<void>): Promise<void> {
    await database.session(async (client) => {
      await client.query(`set application_name = 'the loader'`)
      await client.query('begin')
      await client.query(`lock table ${table} in access exclusive mode`)
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      const going = desk.type('run')
      await expect.poll(async () => (await asked()).waits, { timeout: 10_000 }).not.toBeNull()
      await work(rows[0]!.pid)
      await client.query('rollback')
      expect((await going).code).toBe(0)
    })
  }

  test('a run that takes longer than is usual while slots wait is late, and says whom it waits for', async () => {
    desk.file('tideline.yaml', 'slots: "* * * * *"\n')
    await desk.type('run --as-of 2026-03-01')
    await whileLocked('lead_scores', async (pid) => {
      const usual = await asked()
      expect(usual).toMatchObject({ code: 0, problems: [], runs: { running: 2, usual: expect.any(Number) } })
      expect(usual.waits).toMatchObject({ pid, application: 'the loader', state: 'idle in transaction' })
      await database.query(`update runs set started_at = started_at - interval '5 minutes' where run_id = 2`)
      const told = await asked()
      expect([told.code, codes(told)]).toEqual([3, ['SLOT_LATE']])
      const [problem] = told.problems
      expect(problem!.message).toMatch(
        /should have been run by now, but run 2 has been going on for 5 min; \d+ s are usual\. It waits for "the loader" \(pid \d+, .*idle in transaction\), whose transaction has been open for \d+ s\.$/,
      )
      expect(problem!.hint).toContain(`select pg_terminate_backend(${pid})`)
      const { out } = await desk.typeAtTerminal('status')
      expect(out).toMatch(/\nrunning +2 as of .*; it\s+waits\s+for\s+"the\s+loader" \(pid/)
    })
    expect((await asked()).waits).toBeNull()
  })

  test('so is one that has not begun since it waits', async () => {
    desk.file('tideline.yaml', 'slots: "* * * * *"\n')
    await desk.type('run --as-of 2026-03-01')
    await whileLocked('membership', async (pid) => {
      const { code, problems } = await asked()
      expect([code, problems.map((each) => each.code)]).toEqual([3, ['SLOT_LATE']])
      expect(problems[0]!.message).toMatch(
        /, process \d+ has begun, and is not at a run yet\. It waits for "the/,
      )
      expect(problems[0]!.hint).toContain(`${pid}`)
    })
  })

  test('a broken segment: since when its members are true, and why', async () => {
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'plan', 'text')`)
    desk.file('segments/b.yaml', 'pro:\n  where: plan = "pro"\nkin:\n  where: in segment "pro"\n')
    await desk.type('apply')
    await desk.type('run')
    await database.query(`delete from catalog where name = 'plan'`)
    await desk.type('run')
    const told = await asked()
    expect(told.code).toBe(3)
    expect(codes(told)).toEqual(['SEGMENT_BROKEN', 'UNKNOWN_ATTRIBUTE'])
    expect(told.problems[1]!.message).toMatch(
      /^pro is broken and keeps its members as of 20.* UTC\. There is no attribute/,
    )
    expect(told.segments[2]).toMatchObject({ segment: 'pro', state: 'broken', good_run: 1 })
    expect((await desk.typeAtTerminal('status')).out).toContain('stale    pro is broken')
  })

  test('an event type that is silent for much longer than it is used to be is a warning', async () => {
    await events('hourly', range(20, 600))
    await events('weekly', range(120, 1200, 168))
    await events('rare', [700])
    await desk.type('run')
    const told = await asked()
    expect(told).toMatchObject({ code: 0, stale: false })
    expect(told.problems).toEqual([
      expect.objectContaining({ code: 'SILENT', message: expect.stringMatching(/^No hourly for (19|20) h/) }),
    ])
    expect(told.events.map((each) => [each.type, each.habitual])).toEqual([
      ['hourly', false],
      ['weekly', true],
      ['rare', true],
    ])
  })

  test('its habit is what it does most of the time: waves, working days, an outage', async () => {
    const day = 24
    const wave = (ago: number) => range(ago * day, (ago + 7) * day)
    await events('waves', [...wave(9), ...wave(75), ...wave(150)])
    await events('first-wave', wave(9))
    // Now it is the second day of a weekend.
    const works = range(0, 56 * day).filter((hour) => Math.floor(hour / day) % 7 >= 2)
    await events('working-days', works)
    await events('late-on-monday', works.slice(60))
    await events(
      'once-out',
      range(20, 40 * day).filter((hour) => hour < 300 || hour > 360),
    )
    await desk.type('run')
    const told = await asked()
    expect(told.problems.map(({ message }) => message.replace(/ for .*;/, ';'))).toEqual([
      'No once-out; its pauses last 60 min at most as a rule.',
      'No late-on-monday; its pauses last 2 d at most as a rule.',
    ])
    const habit = (type: string) => told.events.find((each) => each.type === type)!.habit
    expect(habit('first-wave')).toBeNull()
    expect(habit('waves')).toBeGreaterThan(50 * day * 3600)
  })

  test('one that has ended is told of as long as somebody counts on it', async () => {
    const daily = range(70 * 24, 130 * 24, 24)
    for (const type of ['wanted', 'scored', 'drafted', 'forgotten']) await events(type, daily)
    desk.file('scoring.yaml', 'scores:\n  engagement:\n    points: { scored: 10 }\n')
    desk.file('segments/b.yaml', 'who:\n  where: did wanted\nsoon:\n  status: draft\n  where: did drafted\n')
    await desk.type('apply --yes')
    await desk.type('run')
    const told = await asked()
    expect(told).toMatchObject({ code: 0, stale: false })
    expect(told.problems.map(({ code, message }) => [code, message])).toEqual([
      ['SILENT', expect.stringMatching(/^No scored for 7\d d; .*rule\. It is named by engagement\.$/)],
      ['SILENT', expect.stringMatching(/^No wanted for 7\d d; .*rule\. It is named by who\.$/)],
    ])
    expect((await desk.typeAtTerminal('status')).out).toMatch(
      /\nforgotten +0 +20\S+ 00:00 +7\d d +up to 24 h *\n/,
    )
  })

  test('who keeps new data from being seen, without what they execute', async () => {
    await desk.type('run')
    await database.session(async (client) => {
      await client.query(`set application_name = 'the loader'`)
      await client.query('begin')
      await client.query(`insert into leads (external_id) values ('secret')`)
      const { horizon } = await asked()
      expect(horizon).toMatchObject({ open: true, application: 'the loader', state: 'idle in transaction' })
      expect(JSON.stringify(horizon)).not.toContain('secret')
      await client.query('rollback')
    })
  })

  test('a run says what has arrived that it may not see, and by whom; the next one sees it', async () => {
    await desk.type('run')
    await database.session(async (client) => {
      await client.query(`set application_name = 'the loader'`)
      await client.query('begin')
      await client.query('select pg_current_xact_id()')
      await events('visit', [1, 2, 3])
      const { out } = await desk.typeAtTerminal('run')
      expect(out).toContain('no lead: nothing that is seen has changed for any of 1.')
      expect(out).toMatch(
        /\n {2}unseen {3}3 rows have arrived that a transaction of "the loader" \(pid \d+, .*\), open for \d+ s, keeps from being seen; they come with a later run\.\n/,
      )
      expect(JSON.parse((await desk.type('run')).out)).toMatchObject({
        candidates: { leads: 0 },
        unseen: { rows: 3, application: 'the loader', state: 'idle in transaction' },
      })
      await client.query('rollback')
    })
    expect(JSON.parse((await desk.type('run')).out)).toMatchObject({
      candidates: { reasons: { events: 1 } },
      unseen: null,
    })
  })

  test('a transaction that has been open for long makes all stale', async () => {
    await desk.type('run')
    const found = await readStatus(database)
    const session = {
      pid: 4711,
      application: 'psql',
      role: 'ana',
      database: 'shop',
      state: 'idle in transaction',
    }
    const horizon = { ...found.horizon, ...session, open: true, held: '7300', kind: 'client backend' }
    expect(problemsOf({ ...found, horizon }, [])).toEqual([
      expect.objectContaining({
        code: 'HORIZON_HELD',
        stale: true,
        message:
          'Nothing that arrived in the last 2 h is seen by runs: "psql" (pid 4711, user ana, database shop, idle in transaction) has had a transaction open since then.',
      }),
    ])
    expect(problemsOf({ ...found, horizon: { ...horizon, held: '60' } }, [])).toEqual([])
  })

  test('a parked segment waits for somebody, and then for the next run', async () => {
    await desk.type('run')
    const park = (by: string | null) =>
      database.query(
        `update segment_state set state = 'needs_approval', approved_by = $1, good_as_of = clock_timestamp(),
           error = '{"code": "NEEDS_APPROVAL", "message": "All 5,000 would leave."}'`,
        [by],
      )
    await park(null)
    const [problem] = (await asked()).problems
    expect(problem).toMatchObject({ code: 'NEEDS_APPROVAL', stale: true })
    expect(problem!.message).toContain('All 5,000 would leave.')
    expect(problem!.hint).toContain('tideline approve all')
    await park('ana')
    expect((await asked()).problems[0]!.hint).toBe('ana let it through: the next run applies it.')
  })

  test('a run that failed, until one is applied', async () => {
    await desk.type('run')
    await database.query(
      `insert into runs (mode, origin, status, as_of, horizon, fence, started_at, finished_at, error)
       values ('full', 'schedule', 'failed', clock_timestamp(), '3', 1, clock_timestamp(), clock_timestamp(),
         '{"code": "53100", "message": "no space left"}')`,
    )
    const told = await asked()
    expect(codes(told)).toEqual(['RUN_FAILED'])
    expect(told.problems[0]!.message).toMatch(/no space left\.$/)
    await desk.type('run')
    expect(codes(await asked())).toEqual([])
  })

  test('what a full run repaired', async () => {
    await desk.type('run')
    await database.query(`update runs set drift = 1`)
    await database.query(
      `insert into run_drift (run_id, segment_id, leads, sample)
       select 1, segment_id, 1, array[1] from segments where key = 'all'`,
    )
    const told = await asked()
    expect(told.code).toBe(0)
    expect(codes(told)).toEqual(['DRIFT'])
    expect((await desk.typeAtTerminal('status')).out).toMatch(/drift +1 in run 1 as of .*: all 1 \(a\)/)
  })
})
