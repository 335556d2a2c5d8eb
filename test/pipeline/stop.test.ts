import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Client, type Database, openDuckdb } from '../../pipeline/engine.ts'
import { openLake } from '../../pipeline/lake/lake.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { Stopped } from '../../pipeline/stop.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf } from '../support/definitions.ts'
import { eventually } from '../support/eventually.ts'

/** Somebody wants a run to end while an engine is at a statement that may take for ever. */

const at = (hour: number) => `2026-03-01T${String(hour).padStart(2, '0')}:00:00.000000Z`
let database: Database

beforeEach(async () => {
  database = await testDatabase({ max: 8 })
  for (const id of ['a', 'b']) await addLead(database, id, { events: [['click', at(1)]] })
  await apply(database, { clicked: 'did click within 2 hours', hot: 'score >= 2' }, { points: { click: 1 } })
  await runAsOf(database, at(2))
  await addEvent(database, 'a', 'click', at(3))
})
afterEach(() => database.close())

/** Who waits for a lock that another session holds. */
const waiting = () =>
  database.query<{ query: string }>(
    `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
const isWaiting = () => eventually(waiting, (found) => found.length > 0)

/** Works with a lock that a session of somebody else's holds until the end of it. */
const locked = (lock: string, work: () => Promise<void>) =>
  database.session(async (other: Client) => {
    await other.query('begin')
    await other.query(lock)
    await work()
    await other.query('rollback')
  })

/** What stopped it is gone: nothing is executed or held any more. */
async function expectNothingHeld(): Promise<void> {
  expect(await waiting()).toEqual([])
  expect(await database.query('select owner, backend_pid, lease_until from run_lease')).toEqual([
    { owner: null, backend_pid: null, lease_until: null },
  ])
}

const lastRun = async () =>
  (
    await database.query<{ status: string; code: string; step: string }>(
      `select status, error ->> 'code' as code, steps -> -1 ->> 'name' as step from runs order by run_id desc limit 1`,
    )
  )[0]

describe('S19: a run that is stopped while Postgres executes', () => {
  test.each([
    ['lock table events in access exclusive mode', 'find candidates'],
    ['lock table membership_change in share mode', 'apply changes'],
    ['select from lead_scores for update', 'apply scores'],
  ])('and waits for "%s": it ends at once, and holds nothing', async (lock, step) => {
    const stop = new AbortController()
    await locked(lock, async () => {
      const run = runAsOf(database, at(4), { signal: stop.signal }).catch((error: unknown) => error)
      await isWaiting()
      stop.abort(new Stopped())
      expect(await run).toMatchObject({ code: 'STOPPED' })
      await expectNothingHeld()
    })
    // Who can have changed it asks before it is recorded as begun.
    expect(await lastRun()).toMatchObject(
      step === 'find candidates' ? { status: 'done' } : { status: 'failed', code: 'STOPPED', step },
    )
    expect(await faults(database, { sources: true })).toEqual([])
    expect((await runAsOf(database, at(4), { waitMilliseconds: 0 })).status).toBe('done')
    expect(await members(database, 'clicked')).toEqual(['a'])
    expect(await faults(database, { sources: true })).toEqual([])
  })

  test('and waits for another run to end: it gives up', async () => {
    const [stop, holding] = [new AbortController(), Promise.withResolvers<void>()]
    const other = runAsOf(database, at(4), {
      onStep: (step) => (step === 'guard' ? holding.promise : undefined),
    })
    await eventually(lastRun, (run) => run?.status === 'running')
    const run = runAsOf(database, at(5), { signal: stop.signal }).catch((error: unknown) => error)
    setTimeout(() => stop.abort(new Stopped()), 300)
    expect(await run).toMatchObject({ code: 'STOPPED' })
    holding.resolve()
    expect((await other).status).toBe('done')
    await expectNothingHeld()
    expect(await faults(database, { sources: true })).toEqual([])
  })

  test('and drains an inbox: what waits there is left to the next one', async () => {
    const stop = new AbortController()
    await database.query(
      `insert into inbox_events (lead_id, type, occurred_at) values ('c', 'click', '2026-03-01T03:00:00Z')`,
    )
    await locked('lock table inbox_events in access exclusive mode', async () => {
      const run = runAsOf(database, at(4), { signal: stop.signal }).catch((error: unknown) => error)
      await isWaiting()
      stop.abort(new Stopped())
      expect(await run).toMatchObject({ code: 'STOPPED' })
      await expectNothingHeld()
    })
    expect((await runAsOf(database, at(4))).status).toBe('done')
    expect(await members(database, 'clicked')).toEqual(['a', 'c'])
    expect(await faults(database, { sources: true })).toEqual([])
  })

  test('before it began: nothing is begun', async () => {
    await expect(runAsOf(database, at(4), { signal: AbortSignal.abort(new Stopped()) })).rejects.toThrow(
      Stopped,
    )
    expect(await lastRun()).toMatchObject({ status: 'done' })
  })
})

describe('S19: a run that is stopped while DuckDB executes', () => {
  test('a statement without an end is interrupted', async () => {
    const stop = new AbortController()
    const duckdb = await openDuckdb({ signal: stop.signal })
    setTimeout(() => stop.abort(new Stopped()), 100)
    const endless =
      'select count(*) from range(1000000000) a, range(1000000000) b where a.range % 7 = b.range % 11'
    await expect(duckdb.rows(endless)).rejects.toThrow(Stopped)
    await expect(duckdb.run('select 1')).rejects.toThrow(Stopped)
    duckdb.close()
  })

  test.each(['copy events to the lake', 'read the lake', 'evaluate', 'roll up'])(
    'in the step "%s": Postgres does not do it in its place, and the next run does',
    async (step) => {
      const folder = mkdtempSync(join(tmpdir(), 'tideline-stop-'))
      const options = { lake: openLake(join(folder, 'lake')), temporary: join(folder, 'work'), full: true }
      const stop = new AbortController()
      const midnight = '2026-03-02T00:00:00.000000Z'
      const run = runAsOf(database, midnight, {
        ...options,
        signal: stop.signal,
        onStep: (each) => {
          if (each === step) setTimeout(() => stop.abort(new Stopped()), 5)
        },
      })
      await expect(run).rejects.toThrow(Stopped)
      await expectNothingHeld()
      const applied = step === 'roll up'
      expect(await lastRun()).toMatchObject(
        applied ? { status: 'done' } : { status: 'failed', code: 'STOPPED', step },
      )
      if (applied) expect(await faults(database)).toEqual([])
      const again = await runAsOf(database, midnight, options)
      expect(again).toMatchObject(applied ? { status: 'unchanged' } : { status: 'done', engine: 'duckdb' })
      expect(await database.query('select from runs where rollup_due')).toEqual([])
      expect(await faults(database)).toEqual([])
      rmSync(folder, { recursive: true })
    },
  )
})

test('S19: a backfill that is stopped goes on where it was', async () => {
  const stop = new AbortController()
  const range = { from: at(0), to: at(2), grain: 'hour', all: true, owner: 'test' } as const
  await locked('lock table membership_change in share mode', async () => {
    const first = backfill(database, { ...range, signal: stop.signal }).catch((error: unknown) => error)
    await isWaiting()
    stop.abort(new Stopped())
    expect(await first).toMatchObject({ code: 'STOPPED' })
    await expectNothingHeld()
  })
  expect(await lastRun()).toMatchObject({ status: 'failed', code: 'STOPPED' })
  expect(await backfill(database, range)).toMatchObject({ instants: 3, resumed: 3 })
  expect(await history(database, 'clicked')).toContain('a entered backfill 2026-03-01T01:00Z')
  await runAsOf(database, at(4))
  expect(await faults(database)).toEqual([])
})
