import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  addEvents,
  contents,
  editManifest,
  horizonOf,
  lakeWorld,
  readStored,
  sync,
  writeElsewhere,
} from '../support/lake.ts'

const world = lakeWorld()
afterEach(() => world.close())

/** Steps of a write that takes up late events of two months. */
const steps: readonly [string, number][] = [
  ['check', 1],
  ['copy', 1],
  ['write', 1],
  ['write', 2],
  ['manifest', 1],
  ['rename', 1],
  ['note', 1],
  ['tidy', 1],
  ['end', 1],
]

test.each(steps)('killed before "%s" %i, a write is ended by the next one', async (step, time) => {
  const opened = await world.open()
  const { database, lake } = opened
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  const before = await horizonOf(database)
  await sync(database, lake, { horizon: before })
  await addEvents(database, { from: '2025-01-30', days: 4, each: 3, name: 'late' })
  const after = await horizonOf(database)
  const [, signal] = await once(writeElsewhere(opened, after, { step, time }), 'exit')
  expect(signal).toBe('SIGKILL')
  // Whoever reads sees one of the two, whole.
  const written = ['note', 'tidy', 'end'].includes(step)
  expect(await contents(database, lake, written ? after : before)).toEqual([])
  expect(await sync(database, lake, { horizon: after })).toMatchObject({
    ...{ rebuilt: null, events: 432, healed: [] },
    written: written ? [] : ['2025-01', '2025-02'],
  })
  expect(await contents(database, lake, after)).toEqual([])
  await expectTidy(lake.folder)
})

test.each(['copy', 'write', 'note'])(
  'killed before "%s", the first write leaves nothing that is in the way',
  async (step) => {
    const opened = await world.open()
    const { database, lake } = opened
    await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
    const horizon = await horizonOf(database)
    const [, signal] = await once(writeElsewhere(opened, horizon, { step }), 'exit')
    expect(signal).toBe('SIGKILL')
    const rebuilt = step === 'note' ? null : 'missing'
    expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt, events: 420 })
    expect(await contents(database, lake, horizon)).toEqual([])
    await expectTidy(lake.folder)
  },
)

/** What somebody did to the events in Postgres by hand, which no transaction's number tells. */
const byHand = {
  // A row fewer: the numbers of rows are compared, day by day, and what differs is written.
  compare: `delete from events where event_id like 'event 2-%'`,
  // Another value: a file that was not compared for a week is, row by row.
  verify: `update events set properties = '{"page": "/by hand"}' where event_id like 'event 2-%'`,
}

test.each<[keyof typeof byHand, string, number]>([
  ['compare', 'compare', 1],
  ['compare', 'write', 2],
  ['verify', 'verify', 1],
  ['verify', 'copy', 2],
  ['verify', 'write', 2],
])(
  'killed where it mends by "%s", before "%s" %i, a write is ended by the next one',
  async (found, step, time) => {
    const opened = await world.open()
    const { database, lake } = opened
    await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
    const before = await horizonOf(database)
    await sync(database, lake, { horizon: before })
    await editManifest(lake.folder, ({ files }) => {
      for (const file of files) if (file.period === '2025-01') file.verified_at = '2020-01-01T00:00:00Z'
    })
    await addEvents(database, { from: '2025-02-05', days: 4, each: 3, name: 'late' })
    await database.query(byHand[found])
    const after = await horizonOf(database)
    const [, signal] = await once(writeElsewhere(opened, after, { step, time }), 'exit')
    expect(signal).toBe('SIGKILL')
    expect((await readStored(lake.folder)).manifest).toMatchObject({ horizon: before })
    expect((await sync(database, lake, { horizon: after })).healed).not.toEqual([])
    expect(await contents(database, lake, after)).toEqual([])
    await expectTidy(lake.folder)
  },
)

/** Nothing lies there but the manifest and the files that it names. */
async function expectTidy(folder: string): Promise<void> {
  const { manifest } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
  expect(readdirSync(folder).sort()).toEqual(['events', 'manifest.json'])
  const named = [...manifest.files, ...manifest.retired].map(({ file }: { file: string }) => file)
  expect(
    readdirSync(join(folder, 'events'))
      .map((name) => `events/${name}`)
      .sort(),
  ).toEqual(named.sort())
}

test('a writer that was stopped, lost its session and goes on later changes nothing', async () => {
  const opened = await world.open()
  const { database, lake } = opened
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  await sync(database, lake, { horizon: await horizonOf(database) })
  await addEvents(database, { from: '2025-01-30', days: 4, each: 3, name: 'late' })
  const earlier = await horizonOf(database)
  const child = writeElsewhere(opened, earlier, { step: 'manifest', signal: 'SIGSTOP' })
  await once(child.stdout, 'data')
  // As long as its session lives, nobody else writes.
  const busy = sync(database, lake, { horizon: earlier, waitMilliseconds: 300 })
  await expect(busy).rejects.toMatchObject({ code: 'LAKE_BUSY' })
  await database.query(`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`)
  await addEvents(database, { from: '2025-02-02', days: 1, each: 3, name: 'later' })
  const later = await horizonOf(database)
  expect(await sync(database, lake, { horizon: later })).toMatchObject({ events: 435 })
  child.kill('SIGCONT')
  const [code] = await once(child, 'exit')
  expect(code).toBe(3)
  expect(await contents(database, lake, later)).toEqual([])
  expect(await sync(database, lake, { horizon: later })).toMatchObject({ rebuilt: null, written: [] })
})

test('a writer that lost its session and still renames is found out by the next one', async () => {
  const opened = await world.open()
  const { database, lake } = opened
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  await sync(database, lake, { horizon: await horizonOf(database) })
  await addEvents(database, { from: '2025-01-30', days: 4, each: 3, name: 'late' })
  const horizon = await horizonOf(database)
  const child = writeElsewhere(opened, horizon, { step: 'rename', signal: 'SIGSTOP' })
  await once(child.stdout, 'data')
  await database.query(`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`)
  expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt: null, events: 432 })
  child.kill('SIGCONT')
  await once(child, 'exit')
  expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt: 'restored', events: 432 })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('readers see whole states while the lake is written again and again', async () => {
  const { database, lake } = await world.open()
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  const horizons = [await horizonOf(database)]
  await sync(database, lake, { horizon: horizons[0]! })
  let writing = true
  let reads = 0
  const reader = async () => {
    while (writing) {
      const horizon = horizons.at(-1)!
      const found = await contents(database, lake, horizon).catch((error: { code?: string }) => error.code)
      // Between two writes the reader may be one behind, and is told so.
      if (found !== 'LAKE_BEHIND') expect(found).toEqual([])
      reads++
    }
  }
  const readers = [reader(), reader()]
  for (let round = 0; round < 6; round++) {
    await addEvents(database, { from: '2025-02-01', days: 2, each: 3, name: `round ${round}` })
    const horizon = await horizonOf(database)
    await sync(database, lake, { horizon, rebuild: round === 3 })
    horizons.push(horizon)
  }
  writing = false
  await Promise.all(readers)
  expect(reads).toBeGreaterThan(3)
})

test('several writers at once wait for each other', async () => {
  const { database, lake } = await world.open()
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  const horizon = await horizonOf(database)
  const results = await Promise.all([1, 2, 3].map(() => sync(database, lake, { horizon })))
  expect(results.map(({ rebuilt }) => rebuilt).sort()).toEqual(['missing', null, null])
  expect(await contents(database, lake, horizon)).toEqual([])
})
