import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkStarts } from '../../jobs/postpone.ts'
import { type JobQueue, openQueue, type Waiting } from '../../jobs/queue.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { statement } from '../../pipeline/sql.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, history, members, runAsOf } from '../support/definitions.ts'
import * as jobs from './support.ts'

let database: Database
let queue: JobQueue | undefined
const open = async (redisUrl?: string) => {
  queue = await openQueue({ database, redisUrl })
  return queue
}
beforeEach(async () => {
  database = await testDatabase({ max: 8 })
})
afterEach(async () => {
  await jobs.stopAll()
  await queue?.close()
  queue = undefined
  await database.close()
})

const midnight = (day: number) => `2026-03-${String(day).padStart(2, '0')}T00:00:00.000000Z`

describe.each(jobs.backends)('the queue in $name', ({ skip, url }) => {
  test.skipIf(skip)('a run that is put there is done by a worker, and its result comes back', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    const redisUrl = await url()
    const queue = await open(redisUrl)
    const job = await queue.enqueue('run', { asOf: midnight(1) })
    expect(job).toEqual({ kind: 'run', id: 'run-20260301T000000Z', added: true })
    expect(await queue.enqueue('run', { asOf: midnight(1) })).toEqual({ ...job, added: false })
    const states: Waiting[] = []
    const result = queue.wait(job, { onState: (state) => states.push(state) })
    await jobs.eventually(
      async () => states.length,
      (count) => count > 0,
    )
    expect(states[0]).toMatchObject({ state: 'waiting', workers: 0 })
    await jobs.worker(database, { redisUrl, settings: { ...jobs.never, slots: '0 0 29 2 *' } })
    expect(await queue.workers()).toBe(1)
    expect(await result).toMatchObject({
      status: 'done',
      asOf: midnight(1),
      segments: 1,
      entered: 1,
      failing: [],
    })
    expect(await members(database, 'all')).toEqual(['a'])
    expect(await queue.enqueue('run', { asOf: midnight(1) })).toEqual(job)
    expect(await queue.wait(job)).toMatchObject({ status: 'unchanged' })
  })

  test.skipIf(skip)('a run as of now sees what came a moment ago', async () => {
    await apply(database, { all: 'everyone' })
    const redisUrl = await url()
    const queue = await open(redisUrl)
    await jobs.worker(database, { redisUrl, settings: jobs.never })
    await database.query(`insert into inbox_leads (lead_id) values ('new')`)
    await queue.wait(await queue.enqueue('run', {}))
    expect(await members(database, 'all')).toEqual(['new'])
  })

  test.skipIf(skip)('what could not be evaluated comes back with its code and its reason', async () => {
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'plan', 'text')`)
    await apply(database, { pro: 'plan = "pro"' })
    await database.query(`delete from catalog where name = 'plan'`)
    const redisUrl = await url()
    const queue = await open(redisUrl)
    await jobs.worker(database, { redisUrl, settings: jobs.never })
    expect((await queue.wait(await queue.enqueue('run', {}))).failing).toEqual([
      { key: 'pro', code: 'UNKNOWN_ATTRIBUTE', message: expect.stringContaining('"plan"') },
    ])
  })

  test.skipIf(skip)('a backfill that is put there rewrites the past', async () => {
    await addLead(database, 'a', { events: [['login', '2026-03-02T12:00:00Z']] })
    await apply(database, { recent: 'did login within 1 day' })
    await runAsOf(database, midnight(10))
    const redisUrl = await url()
    const queue = await open(redisUrl)
    await jobs.worker(database, { redisUrl, settings: jobs.never })
    const job = await queue.enqueue('backfill', {
      from: midnight(1),
      to: midnight(5),
      grain: 'day',
      segments: ['recent'],
    })
    expect(job.id).toMatch(/^backfill-20260301T000000Z-20260305T000000Z-day-[0-9a-f]{8}$/)
    expect(await queue.wait(job, { seconds: 30 })).toMatchObject({ entered: 1, left: 1 })
    expect(await history(database, 'recent')).toEqual([
      expect.stringContaining('a entered backfill 2026-03-03'),
      expect.stringContaining('a left backfill 2026-03-04'),
    ])
  })

  test.skipIf(skip)('what a job failed with is told to the one who waits, once and for all', async () => {
    await runAsOf(database, midnight(10))
    const redisUrl = await url()
    const queue = await open(redisUrl)
    const { lines } = await jobs.worker(database, { redisUrl, settings: jobs.never })
    const job = await queue.enqueue('backfill', {
      from: midnight(1),
      to: midnight(2),
      grain: 'day',
      segments: ['nobody'],
    })
    await expect(queue.wait(job, { seconds: 10 })).rejects.toMatchObject({
      message: expect.stringContaining('nobody'),
    })
    expect(lines.filter((line) => line.msg === 'job failed')).toHaveLength(1)
  })

  test.skipIf(skip)(
    'an error that no queue can store is stored all the same, and passing ones are tried again',
    async () => {
      await apply(database, { all: 'everyone' })
      const redisUrl = await url()
      const queue = await open(redisUrl)
      let tries = 0
      await jobs.worker(database, {
        redisUrl,
        settings: { ...jobs.never, slots: '0 0 29 2 *' },
        onStep: (step) => {
          if (step !== 'evaluate') return
          tries += 1
          if (tries === 2) throw new Error(`a \u0000 b \ud800 ${'x'.repeat(1e6)}`)
        },
      })
      await jobs.eventually(
        async () => tries,
        (count) => count === 1,
      )
      const result = await queue.wait(await queue.enqueue('run', {}), { seconds: 30 })
      expect(result).toMatchObject({ status: 'done' })
      expect(tries).toBe(3)
    },
  )

  test.skipIf(skip)(
    'a job behind another one waits for it as long as it takes, says so, and leaves its place to others',
    async () => {
      await addLead(database, 'a', { events: [['login', '2026-03-02T12:00:00Z']] })
      await apply(database, { recent: 'did login within 1 day' })
      await runAsOf(database, midnight(10))
      const redisUrl = await url()
      const queue = await open(redisUrl)
      const { lines } = await jobs.worker(database, { redisUrl, settings: jobs.never, postponeSeconds: 0.5 })
      const ends = await database.session(async (other) => {
        await other.query(statement('backfill/lock'))
        // As many as a worker has places.
        const both = await Promise.all(
          [1, 2].map((day) => queue.enqueue('backfill', { from: midnight(day), to: midnight(5) })),
        )
        const states: Waiting[] = []
        const results = both.map((job) => queue.wait(job, { onState: (state) => states.push(state) }))
        const putOff = () => lines.filter(({ code }) => code === 'BACKFILL_IN_PROGRESS')
        // More often than a job may be tried, or begun.
        const often = (seen: ReturnType<typeof putOff>) => seen.length > 2 * 7
        await jobs.eventually(async () => putOff(), often, 40)
        expect(await queue.wait(await queue.enqueue('run', {}), { seconds: 10 })).toMatchObject({
          status: 'done',
        })
        await jobs.eventually(
          async () => states.filter(({ state }) => state === 'delayed'),
          (seen) => seen.some((each) => each.waitsFor === 'BACKFILL_IN_PROGRESS'),
          20,
        )
        // Told once for each.
        expect(putOff().filter(({ level }) => level >= 30)).toHaveLength(2)
        await other.query(statement('backfill/unlock'))
        return results
      })
      // Whichever was first, the other one has what is left to do.
      const instants = (await Promise.all(ends)).reduce((sum, result) => sum + result.instants, 0)
      expect(instants).toBe(5)
      expect(lines.filter(({ level }) => level > 30)).toEqual([])
    },
    60_000,
  )

  test.skipIf(skip)('waiting can be given up', async () => {
    const queue = await open(await url())
    const job = await queue.enqueue('run', {})
    await expect(queue.wait(job, { seconds: 0.3 })).rejects.toMatchObject({ code: 'JOB_NOT_DONE' })
    await queue.close()
    await expect(queue.workers()).rejects.toThrow('closed')
  })
})

test('a job that ends its process each time is given up; one that was only put off is not', () => {
  const job = { updateProgress: async () => {}, moveToDelayed: async () => {} }
  expect(() => checkStarts({ ...job, attemptsStarted: 6, progress: 0 })).not.toThrow()
  expect(() => checkStarts({ ...job, attemptsStarted: 7, progress: {} })).toThrow('begun 6 times')
  expect(() => checkStarts({ ...job, attemptsStarted: 99, progress: { postponed: 93 } })).not.toThrow()
})

test('what a run would refuse is refused before it is put on the queue', async () => {
  await runAsOf(database, midnight(5))
  const queue = await open()
  await expect(queue.enqueue('run', { asOf: midnight(4) })).rejects.toMatchObject({
    code: 'AS_OF_NOT_AFTER_LAST_RUN',
  })
  await expect(queue.enqueue('run', { asOf: '2999-01-01T00:00:00.000000Z' })).rejects.toMatchObject({
    code: 'AS_OF_IN_FUTURE',
  })
})

test.skipIf(!jobs.hasRedis)(
  'several installations can share one Redis (skipped without redis-server)',
  async () => {
    const redisUrl = (await jobs.startRedis()).url
    const other = await testDatabase()
    const theirs = await openQueue({ database: other, redisUrl })
    const job = await (await open(redisUrl)).enqueue('run', { asOf: midnight(1) })
    await expect(theirs.wait({ ...job })).rejects.toMatchObject({ code: 'JOB_GONE' })
    await theirs.close()
    await other.close()
  },
)

test('a queue that can not be reached is told at once, and may be tried again', async () => {
  const port = await jobs.freePort()
  await expect(open(`redis://:secret@127.0.0.1:${port}`)).rejects.toMatchObject({
    code: 'QUEUE_UNREACHABLE',
    message: `The queue in Redis at 127.0.0.1:${port} can't be reached (ECONNREFUSED).`,
  })
  expect((await open()).described).toContain('tideline_queue')
})

test('a user who may not make the schema is told what to do', async () => {
  await database.query(`create role reader login password 'x'; grant usage on schema tideline to reader`)
  const url = new URL(database.url)
  url.username = 'reader'
  url.password = 'x'
  const limited = openPostgres(url.href)
  const error = await openQueue({ database: limited }).catch((reason: Error) => reason)
  expect(error).toMatchObject({
    code: 'QUEUE_REFUSED',
    hint: expect.stringContaining('create schema tideline_queue'),
  })
  await limited.close()
  await database.query('drop owned by reader; drop role reader')
})
