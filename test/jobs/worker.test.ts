import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nextSlots } from '../../jobs/schedule.ts'
import { startWorker } from '../../jobs/worker.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { faults } from '../support/checker.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'
import { addLead, apply, members, runAsOf } from '../support/definitions.ts'
import * as jobs from './support.ts'

let database: Database
beforeEach(async () => {
  database = await testDatabase({ max: 30 })
})
afterEach(async () => {
  await jobs.stopAll()
  await database.close()
})

const changes = () =>
  database.query<{ lead: string; change: string; cause: string }>(
    `select l.external_id as lead, c.change, c.cause from membership_change c join leads l using (lead_id) order by c.as_of`,
  )
const happens = (lead: string) =>
  database.query(
    `insert into inbox_events (lead_id, type, occurred_at)
     values ($1, 'login', to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))`,
    [lead],
  )

describe.each(jobs.backends)('a worker with its queue in $name', ({ skip, url }) => {
  test.skipIf(skip)(
    'lets a lead enter by an event and leave by time alone, with no command typed',
    async () => {
      await addLead(database, 'a')
      await apply(database, { 'just-here': 'last activity within 3 seconds' })
      // It looks by itself only at the start, and then once an hour: the ticks of the queue must do.
      const worker = await jobs.worker(database, { redisUrl: await url(), watchSeconds: 3600 })
      await jobs.eventually(
        () => jobs.done(database),
        (done) => done.length >= 2,
      )
      expect(await members(database, 'just-here')).toEqual([])
      await happens('a')
      await jobs.eventually(
        () => members(database, 'just-here'),
        (now) => now.includes('a'),
      )
      await jobs.eventually(
        () => members(database, 'just-here'),
        (now) => now.length === 0,
      )
      expect(await changes()).toEqual([
        { lead: 'a', change: 'entered', cause: 'data' },
        { lead: 'a', change: 'left', cause: 'time' },
      ])
      expect(await worker.stop()).toEqual({ finished: true })
      expect(worker.lines.filter((line) => line.level > 30)).toEqual([])
      const slots = await jobs.runs(database)
      expect(slots.every((slot) => slot.origin === 'schedule' && slot.as_of.endsWith('.000000Z'))).toBe(true)
    },
  )

  test.skipIf(skip)('two at once apply no slot twice, and leave none out', async () => {
    await apply(database, { all: 'everyone' })
    const redisUrl = await url()
    const workers = await Promise.all([
      jobs.worker(database, { redisUrl }),
      jobs.worker(database, { redisUrl }),
    ])
    await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length >= 5,
    )
    await Promise.all(workers.map((worker) => worker.stop()))
    const slots = (await jobs.done(database)).map((slot) => slot.as_of)
    expect(slots).toEqual([slots[0], ...nextSlots('* * * * * *', slots[0]!, slots.length - 1)])
    expect(workers.flatMap((worker) => worker.lines).filter((line) => line.level >= 50)).toEqual([])
  })

  test.skipIf(skip)('killed after a run was applied, it is not done once more', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    const redisUrl = await url()
    const { child } = jobs.workerProcess(database.url, { redisUrl, failpoint: 'end' })
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    expect((await jobs.runs(database)).map((run) => run.status)).toEqual(['done'])
    await jobs.worker(database, { redisUrl })
    const done = await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length >= 2,
    )
    expect(new Set(done.map((run) => run.as_of)).size).toBe(done.length)
    expect(await database.query('select change from membership_change')).toEqual([{ change: 'entered' }])
    expect(await faults(database)).toEqual([])
  })

  test.skipIf(skip)('killed in the middle of a run, its slot is run by another', async () => {
    await addLead(database, 'a')
    await apply(database, { all: 'everyone' })
    const redisUrl = await url()
    const { child } = jobs.workerProcess(database.url, { redisUrl, failpoint: 'apply changes' })
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    expect((await jobs.runs(database)).map((run) => run.status)).toEqual(['running'])
    const slot = (await jobs.runs(database))[0]!.as_of
    await jobs.worker(database, { redisUrl })
    await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length >= 2,
    )
    const all = await jobs.runs(database)
    expect(all.slice(0, 2).map((run) => run.status)).toEqual(['failed', 'done'])
    expect(all[1]!.as_of >= slot).toBe(true)
    expect(await members(database, 'all')).toEqual(['a'])
    expect(await faults(database)).toEqual([])
  })

  test.skipIf(skip)('goes on when the queue is emptied, and puts the schedule back', async () => {
    await apply(database, { all: 'everyone' })
    const redisUrl = await url()
    await jobs.worker(database, { redisUrl })
    await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length >= 1,
    )
    await jobs.obliterate({ database, redisUrl })
    const before = (await jobs.done(database)).length
    await jobs.eventually(
      () => jobs.done(database),
      (done) => done.length >= before + 3,
    )
    await jobs.eventually(
      () => jobs.schedulers({ database, redisUrl }),
      (count) => count === 1,
    )
  })

  test.skipIf(skip)('ten that start at once make one schedule', async () => {
    const redisUrl = await url()
    const settings = jobs.never
    const workers = await Promise.all(
      Array.from({ length: 10 }, () => jobs.worker(database, { redisUrl, settings })),
    )
    expect(await jobs.schedulers({ database, redisUrl })).toBe(1)
    await Promise.all(workers.map((worker) => worker.stop()))
  })
})

test('missed slots are run oldest first', async () => {
  await apply(database, { all: 'everyone' })
  const last = await jobs.secondsAgo(database, 5)
  await runAsOf(database, last)
  await jobs.worker(database)
  await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= 7,
  )
  const slots = (await jobs.done(database)).map((slot) => slot.as_of)
  expect(slots).toEqual([last, ...nextSlots('* * * * * *', last, slots.length - 1)])
  expect(await faults(database)).toEqual([])
})

test('slots older than the catch-up window are left out', async () => {
  await apply(database, { all: 'everyone' })
  await runAsOf(database, await jobs.secondsAgo(database, 60))
  await jobs.worker(database, { settings: { ...jobs.everySecond, catchUpSeconds: 3 } })
  const slots = await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= 4,
  )
  expect(Date.parse(slots[1]!.as_of) - Date.parse(slots[0]!.as_of)).toBeGreaterThan(50_000)
  expect(await faults(database)).toEqual([])
})

test('a slot that fails is tried again later, left in the end to the next one, which does its work', async () => {
  await apply(database, { all: 'everyone' })
  const slot = await jobs.secondsAgo(database, 2)
  await runAsOf(database, await jobs.secondsAgo(database, 3))
  await database.query(
    `insert into runs (mode, origin, status, as_of, horizon, fence, started_at, finished_at, error)
     select 'full', 'schedule', 'failed', $1::timestamptz, '3', 1, clock_timestamp(), clock_timestamp(), '{"code": "XX000"}'
     from generate_series(1, 4)`,
    [slot],
  )
  const worker = await jobs.worker(database)
  await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= 3,
  )
  expect((await jobs.done(database)).map((run) => run.as_of)).not.toContain(slot)
  await worker.stop()
})

test('the newest slot is never given up: after a pause that no longer grows it is tried again', async () => {
  await apply(database, { all: 'everyone' })
  const failed = (times: number, minutesAgo: number) =>
    database.query(
      `insert into runs (mode, origin, status, as_of, horizon, fence, started_at, finished_at, error)
       select 'full', 'schedule', 'failed', date_trunc('year', clock_timestamp()), '3', 1,
         clock_timestamp(), clock_timestamp() - make_interval(mins => $2), '{"code": "53100"}'
       from generate_series(1, $1)`,
      [times, minutesAgo],
    )
  await failed(20, 9)
  await jobs.worker(database, { settings: jobs.never })
  await new Promise((resolve) => setTimeout(resolve, 3000))
  expect(await jobs.done(database)).toEqual([])
  await database.query(`update runs set finished_at = finished_at - interval '2 minutes'`)
  const [run] = await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= 1,
  )
  expect(run!.as_of).toMatch(/-01-01T00:00:00/)
})

test('a run that takes longer than the time between two slots holds the next ones up, and none is lost', async () => {
  await apply(database, { all: 'everyone' })
  await runAsOf(database, await jobs.secondsAgo(database, 1))
  let slow = 0
  const onStep = async (step: string) => {
    if (step === 'pin definitions' && slow++ < 2) await new Promise((resolve) => setTimeout(resolve, 2500))
  }
  const workers = [await jobs.worker(database, { onStep }), await jobs.worker(database, { onStep })]
  await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= 9,
  )
  await Promise.all(workers.map((worker) => worker.stop()))
  const slots = (await jobs.done(database)).map((run) => run.as_of)
  expect(slots).toEqual([slots[0], ...nextSlots('* * * * * *', slots[0]!, slots.length - 1)])
  const [together] = await database.query(
    `select count(*)::int as runs from runs a join runs b on a.run_id < b.run_id and b.started_at < a.finished_at`,
  )
  expect(together).toEqual({ runs: 0 })
  expect(await faults(database)).toEqual([])
})

test('a slot that failed is left alone for a while', async () => {
  await apply(database, { all: 'everyone' })
  await runAsOf(database, await jobs.secondsAgo(database, 2))
  let failures = 0
  const worker = await jobs.worker(database, {
    onStep: (step) => {
      if (step !== 'evaluate') return
      failures += 1
      throw new Error('no\u0000 space')
    },
  })
  await jobs.eventually(
    async () => failures,
    (count) => count >= 1,
  )
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await worker.stop()
  expect(failures).toBe(1)
  const told = worker.lines.filter((line) => line.msg === 'slot failed')
  expect(told).toEqual([expect.objectContaining({ level: 50, message: 'no space' })])
})

test('it takes up the queue again after its schema was dropped', async () => {
  await apply(database, { all: 'everyone' })
  const worker = await jobs.worker(database)
  await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= 1,
  )
  await database.query(`drop schema ${database.schema}_queue cascade`)
  const before = (await jobs.done(database)).length
  await jobs.eventually(
    () => jobs.done(database),
    (done) => done.length >= before + 3,
  )
  await jobs.eventually(
    () => jobs.schedulers({ database, redisUrl: undefined }),
    (count) => count === 1,
  )
  expect(worker.lines.length).toBeLessThan(100)
})

describe('a worker that can not begin says why, and at once', () => {
  const begin = (given: Database, more: { redisUrl?: string; slots?: string } = {}) => {
    const { log } = jobs.listener()
    const settings = { ...jobs.everySecond, ...(more.slots ? { slots: more.slots } : {}) }
    return startWorker({ database: given, settings, owner: 'test', temporary: jobs.temporary, log, ...more })
  }

  test('the database is down', async () => {
    const down = openPostgres(`postgres://user:secret@127.0.0.1:${await jobs.freePort()}/nothing`)
    const error = await begin(down).catch((reason: Error) => reason)
    expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    expect(String(error)).not.toContain('secret')
    await down.close()
  })

  test('Redis is down', async () => {
    const redisUrl = `redis://:secret@127.0.0.1:${await jobs.freePort()}`
    const error = await begin(database, { redisUrl }).catch((reason: Error) => reason)
    expect(error).toMatchObject({
      code: 'QUEUE_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    expect(String(error)).not.toContain('secret')
  })

  test('the database is not prepared', async () => {
    const empty = await emptyDatabase()
    await expect(begin(empty)).rejects.toMatchObject({ code: 'NOT_MIGRATED' })
    await empty.close()
  })

  test('the slots are none', async () => {
    await expect(begin(database, { slots: 'hourly' })).rejects.toMatchObject({ code: 'BAD_SLOTS' })
  })
})
