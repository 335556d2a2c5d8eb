import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openQueue } from '../../jobs/queue.ts'
import { startServer, stopServer } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { migrate } from '../../pipeline/migrate.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { apply } from '../support/definitions.ts'
import { serverFolder } from '../support/server.ts'
import * as jobs from './support.ts'

afterEach(() => jobs.stopAll())

test('a worker sits out an outage of the database, and then makes up what it missed', async () => {
  const folder = serverFolder()
  const database = openPostgres((await startServer({ folder, idleMinutes: 5 })).url, { max: 8 })
  await migrate(database)
  await apply(database, { all: 'everyone' })
  const worker = await jobs.worker(database)
  await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= 2,
  )
  await stopServer(folder)
  await sleep(3000)
  await startServer({ folder, idleMinutes: 5 })
  const before = (await jobs.done(database)).length
  const slots = await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= before + 5,
  )
  const instants = slots.map((slot) => Date.parse(slot.as_of) / 1000)
  expect(instants).toEqual(instants.map((_, position) => instants[0]! + position))
  expect(worker.lines.filter((line) => JSON.stringify(line).includes('password'))).toEqual([])
  expect(await worker.stop()).toEqual({ finished: true })
  await database.close()
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
        const worker = await jobs.worker(database, { settings: { ...jobs.never, slots: '0 0 29 2 *' } })
        await untilWaiting()
        expect(await worker.stop({ graceSeconds: 0.2 })).toEqual({ finished: true })
        expect(worker.lines.filter((line) => line.level > 30)).toEqual([])
      })
      await jobs.worker(database, { settings: { ...jobs.never, slots: '0 0 29 2 *' } })
      expect(await queue.wait(job, { seconds: 30 })).toMatchObject({ status: 'done' })
      await queue.close()
      await jobs.stopAll()
      expect(await faults(database)).toEqual([])
    })
  })
})
