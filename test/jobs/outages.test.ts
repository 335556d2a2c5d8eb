import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openQueue } from '../../jobs/queue.ts'
import { removeServer, startServer, stopServer } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { migrate } from '../../pipeline/migrate.ts'
import { statement } from '../../pipeline/sql.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, history, runAsOf } from '../support/definitions.ts'
import * as jobs from './support.ts'

afterEach(() => jobs.stopAll())

const quiet = { ...jobs.never, slots: '0 0 29 2 *' }

describe("S7: no database for longer than a job is its worker's", () => {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-outages-'))
  let database: Database
  const start = async (name: string) => {
    const url = new URL((await startServer({ folder, idleMinutes: 5, settings: { fsync: 'off' } })).url)
    url.pathname = `/${name}`
    return openPostgres(url.href, { max: 8 })
  }
  beforeAll(async () => {
    // As root the server runs as another user, who has to get in.
    chmodSync(folder, 0o755)
  })
  afterAll(async () => {
    await removeServer(folder)
    rmSync(folder, { recursive: true, force: true })
  })
  let databases = 0
  beforeEach(async () => {
    const name = `scenario_${++databases}`
    const postgres = await start('postgres')
    await postgres.query(`create database ${name}`)
    await postgres.close()
    database = await start(name)
    await migrate(database)
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
  })
  afterEach(async () => {
    await jobs.stopAll()
    await database.close()
  })
  /** Long enough for every lock. */
  const lockSeconds = 2
  const outage = async () => {
    await stopServer(folder)
    await sleep(lockSeconds * 1500)
    await startServer({ folder, idleMinutes: 5 })
  }

  test('a worker sits it out, and then makes up what it missed', async () => {
    const worker = await jobs.worker(database)
    await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length >= 2,
    )
    await outage()
    const before = (await jobs.done(database)).length
    const slots = await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length >= before + 5,
    )
    const instants = slots.map((slot) => Date.parse(slot.as_of) / 1000)
    expect(instants).toEqual(instants.map((_, position) => instants[0]! + position))
    expect(worker.lines.filter((line) => JSON.stringify(line).includes('password'))).toEqual([])
    expect(await worker.stop()).toEqual({ finished: true })
    expect(await faults(database)).toEqual([])
  })

  // With "end" the first execution had applied it, and could not say so any more.
  test.each(['evaluate', 'end'])(
    'a job that is at "%s" then is executed twice, and counts once',
    async (step) => {
      await runAsOf(database, await jobs.secondsAgo(database, 9))
      await addLead(database, 'b')
      let begun = 0
      await jobs.worker(database, {
        settings: quiet,
        lockSeconds,
        onStep: async (each) => {
          if (each === 'claim') begun += 1
          if (each !== step || begun > 1) return
          await outage()
          // The other one is there before this one goes on.
          await jobs.eventually(
            async () => begun,
            (times) => times > 1,
          )
        },
      })
      const queue = await openQueue({ database })
      const job = await queue.enqueue('run', { asOf: await jobs.secondsAgo(database, 1) })
      const result = await jobs.eventually(
        () => queue.wait(job, { seconds: 60 }).catch(({ message }: Error) => message),
        (answer) => typeof answer === 'object',
        60,
      )
      expect(begun).toBeGreaterThan(1)
      expect(result).toMatchObject({ status: step === 'end' ? 'unchanged' : 'done' })
      await queue.close()
      await jobs.stopAll()
      expect((await jobs.done(database)).length).toBe(2)
      expect(await history(database, 'all')).toEqual([
        expect.stringContaining('a entered'),
        expect.stringContaining('b entered'),
      ])
      expect(await faults(database)).toEqual([])
    },
    90_000,
  )
})

describe('with its own database', () => {
  let database: Database
  beforeEach(async () => {
    database = await testDatabase({ max: 8 })
    await apply(database, { all: 'everyone' })
  })
  afterEach(() => database.close())

  test.skipIf(!jobs.hasRedis)(
    'slots are run without Redis as long as it is away (skipped without redis-server)',
    async () => {
      const port = await jobs.freePort()
      const redis = await jobs.startRedis(port)
      await jobs.worker(database, { redisUrl: redis.url })
      await jobs.eventually(
        () => jobs.done(database),
        (done) => done.length >= 2,
      )
      await redis.stop()
      const before = (await jobs.done(database)).length
      await jobs.eventually(
        () => jobs.done(database),
        (done) => done.length >= before + 3,
      )
      const again = await jobs.startRedis(port)
      await jobs.eventually(
        () => jobs.schedulers({ database, redisUrl: again.url }),
        (count) => count === 1,
      )
      await jobs.stopAll()
      await again.stop()
    },
  )

  test('stopping waits for the slot that is being run, and starts no other', async () => {
    let steps = 0
    const worker = await jobs.worker(database, {
      onStep: async (step) => {
        if (step !== 'evaluate') return
        steps += 1
        await sleep(1500)
      },
    })
    await jobs.eventually(
      async () => steps,
      (count) => count === 1,
    )
    expect(await worker.stop()).toEqual({ finished: true })
    expect((await jobs.runs(database)).map((run) => run.status)).toEqual(['done'])
    await sleep(1500)
    expect(steps).toBe(1)
    expect(await faults(database)).toEqual([])
  })

  // One whose clock is ahead takes the locks of the others for over; and its own are, for them, if it is behind.
  test.each([4, -4])(
    'S4: a job is executed twice by workers whose clocks differ by %i seconds, and counts once',
    async (shiftSeconds) => {
      // So that no slot is due.
      await runAsOf(database, await jobs.secondsAgo(database, 9))
      await addLead(database, 'a')
      const queue = await openQueue({ database })
      const job = await queue.enqueue('run', { asOf: await jobs.secondsAgo(database, 1) })
      const [shifted, other] = [
        { settings: quiet, lockSeconds: 3, shiftSeconds },
        { settings: quiet, lockSeconds: 3 },
      ]
      const begins = ({ lines }: ReturnType<typeof jobs.workerProcess>, step: string) =>
        jobs.eventually(
          async () => lines.some((line) => line.step === step),
          (is) => is,
          30,
        )
      const first = jobs.workerProcess(database.url, {
        ...(shiftSeconds < 0 ? shifted : other),
        hold: 'evaluate',
      })
      await begins(first, 'evaluate')
      const second = jobs.workerProcess(database.url, shiftSeconds < 0 ? other : shifted)
      await begins(second, 'claim')
      first.child.kill('SIGUSR2')
      expect(await queue.wait(job, { seconds: 50 })).toMatchObject({ asOf: expect.any(String) })
      await jobs.eventually(
        () => jobs.runs(database),
        (runs) => runs.every(({ status }) => status !== 'running'),
      )
      expect((await jobs.done(database)).length).toBe(2)
      expect((await history(database, 'all')).length).toBe(1)
      expect(await faults(database)).toEqual([])
      await queue.close()
    },
  )

  test('stopping while the schedule is looked after leaves no transaction open', async () => {
    const sessions = (condition: string) =>
      database.query(
        `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${condition}`,
      )
    const worker = await jobs.worker(database, { settings: jobs.never })
    const stopped = await database.session(async (other) => {
      await other.query('begin')
      await other.query(statement('jobs/lock_schedule'), [database.schema])
      await jobs.eventually(
        () => sessions(`wait_event_type = 'Lock'`),
        (found) => found.length > 0,
      )
      const stopping = worker.stop()
      await sleep(300)
      await other.query('commit')
      return stopping
    })
    expect(stopped).toEqual({ finished: true })
    expect(await sessions(`state like 'idle in transaction%'`)).toEqual([])
  })

  describe('stopping cancels what takes too long', () => {
    /** Whoever holds it keeps every run from its end, as long as they like. */
    const whileLocked = (work: () => Promise<void>) =>
      database.session(async (other) => {
        await other.query('begin')
        await other.query('lock table membership_change in share mode')
        await work()
        await other.query('rollback')
      })
    const untilWaiting = () =>
      jobs.eventually(
        () =>
          database.query(
            `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
          ),
        (found) => found.length > 0,
      )

    test('a slot: the lease is free, and the next worker runs it at once', async () => {
      const settings = jobs.never
      const worker = await jobs.worker(database, { settings })
      await whileLocked(async () => {
        await untilWaiting()
        const asked = performance.now()
        expect(await worker.stop({ graceSeconds: 0.5 })).toEqual({ finished: true })
        expect(performance.now() - asked).toBeLessThan(5000)
        expect(await database.query('select owner from run_lease')).toEqual([{ owner: null }])
      })
      expect(worker.lines.filter((line) => line.level > 30)).toEqual([])
      const [stopped] = await database.query<{ as_of: string }>(
        `select as_of, error ->> 'code' as code from runs where status = 'failed'`,
      )
      expect(stopped).toMatchObject({ code: 'STOPPED' })
      const next = await jobs.worker(database, { settings })
      await jobs.eventually(
        () => jobs.done(database),
        (done) => done.length > 0,
        // Sooner than after the ten seconds that follow a failure.
        8,
      )
      await next.stop()
      expect(await faults(database)).toEqual([])
    })

    test('a job: the next worker takes it up', async () => {
      const queue = await openQueue({ database })
      const job = await queue.enqueue('run', {})
      await whileLocked(async () => {
        const worker = await jobs.worker(database, { settings: quiet })
        await untilWaiting()
        expect(await worker.stop({ graceSeconds: 0.2 })).toEqual({ finished: true })
        expect(worker.lines.filter((line) => line.level > 30)).toEqual([])
      })
      // Else a few restarts would be the end of a long backfill.
      expect(await jobs.attemptsOf({ database, redisUrl: undefined }, job.id)).toBe(0)
      await jobs.worker(database, { settings: quiet })
      expect(await queue.wait(job, { seconds: 30 })).toMatchObject({ status: 'done' })
      await queue.close()
      await jobs.stopAll()
      expect(await faults(database)).toEqual([])
    })
  })
})
