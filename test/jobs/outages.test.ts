import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startServer, stopServer } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { migrate } from '../../pipeline/migrate.ts'
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
  })

  test('stopping gives up on a run that takes too long', async () => {
    let steps = 0
    const worker = await jobs.worker(database, {
      onStep: async (step) => {
        if (step !== 'evaluate') return
        steps += 1
        await sleep(3000)
      },
    })
    await jobs.eventually(
      async () => steps,
      (count) => count === 1,
    )
    expect(await worker.stop({ withinSeconds: 0.2 })).toEqual({ finished: false })
    await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length === 1,
    )
  })
})
