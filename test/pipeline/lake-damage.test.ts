import { existsSync, readdirSync, truncateSync } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { addEvents, contents, horizonOf, lakeWorld, sync } from '../support/lake.ts'

const world = lakeWorld()
afterEach(() => world.close())

/** A lake of five months and 840 events, written and whole. */
async function written() {
  const opened = await world.open()
  await addEvents(opened.database, { from: '2025-01-15', days: 120, each: 7 })
  const horizon = await horizonOf(opened.database)
  await sync(opened.database, opened.lake, { horizon })
  const events = join(opened.lake.folder, 'events')
  const fileOf = (period: string) =>
    join(events, readdirSync(events).find((name) => name.startsWith(`${period}.`))!)
  return { ...opened, horizon, fileOf, manifest: join(opened.lake.folder, 'manifest.json') }
}

test.each<[string, (path: string) => Promise<void> | void, string]>([
  ['deleted', (path) => rm(path), 'missing'],
  ['cut off', (path) => truncateSync(path, 1000), 'truncated'],
  ['emptied', (path) => truncateSync(path, 0), 'truncated'],
  ['changed in one byte', flip, 'changed'],
])('a file that is %s is written anew, and no other', async (_, harm, damage) => {
  const { database, lake, horizon, fileOf } = await written()
  await addEvents(database, { from: '2025-03-03', days: 2, each: 3, name: 'late' })
  await harm(fileOf('2025-02'))
  await harm(fileOf('2025-03'))
  const later = await horizonOf(database)
  expect(await sync(database, lake, { horizon: later })).toMatchObject({
    rebuilt: null,
    events: 846,
    written: ['2025-02', '2025-03'],
    healed: [
      { period: '2025-02', damage },
      { period: '2025-03', damage },
    ],
  })
  expect(await contents(database, lake, later)).toEqual([])
  expect(horizon).not.toBe(later)
})

async function flip(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 500)
  await file.write(Buffer.from([buffer[0]! ^ 1]), 0, 1, 500)
  await file.close()
}

test.each<[string, (manifest: string) => Promise<void>, string]>([
  ['deleted', (path) => rm(path), 'missing'],
  ['half written', async (path) => truncateSync(path, 700), 'unreadable'],
  ['no JSON', (path) => writeFile(path, 'null'), 'unreadable'],
  ['changed by hand', (path) => edit(path, /"rows": \d+/, '"rows": 1'), 'unreadable'],
  ['of another version', (path) => edit(path, /"format": 1/, '"format": 2'), 'format'],
])('a lake whose manifest is %s is written anew', async (_, harm, rebuilt) => {
  const { database, lake, horizon, manifest } = await written()
  await harm(manifest)
  expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt, events: 840 })
  expect(await contents(database, lake, horizon)).toEqual([])
})

async function edit(path: string, pattern: RegExp, by: string): Promise<void> {
  await writeFile(path, (await readFile(path, 'utf8')).replace(pattern, by))
}

test('a lake that is gone altogether is made again', async () => {
  const { database, lake, horizon } = await written()
  await rm(lake.folder, { recursive: true })
  expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt: 'missing', events: 840 })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('a lake that goes beyond what is asked for is written anew', async () => {
  const { database, lake, horizon } = await written()
  await addEvents(database, { from: '2025-02-03', days: 2, each: 3, name: 'late' })
  await sync(database, lake, { horizon: await horizonOf(database) })
  expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt: 'ahead', events: 840 })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('a lake is written anew when the database was put back, even to the same horizon and number of rows', async () => {
  const { database, lake, horizon } = await written()
  const [before] = await database.query<{ token: string }>('select token from lakes')
  await addEvents(database, { from: '2025-02-03', days: 2, each: 3, name: 'lost' })
  await sync(database, lake, { horizon: await horizonOf(database) })
  // As a file system that is put back does it: the rows are gone, and others come in under their numbers.
  await database.query(`delete from events where event_id like 'lost%'`)
  await database.query('update lakes set token = $1::uuid, pending = null, horizon = $2::text::xid8', [
    before!.token,
    horizon,
  ])
  await addEvents(database, { from: '2025-04-03', days: 2, each: 3, name: 'new' })
  const later = await horizonOf(database)
  expect(await sync(database, lake, { horizon: later })).toMatchObject({ rebuilt: 'restored', events: 846 })
  expect(await contents(database, lake, later)).toEqual([])
})

test('a lake copied from another cluster is written anew', async () => {
  const { database, lake, horizon, manifest } = await written()
  const stored = JSON.parse(await readFile(manifest, 'utf8'))
  stored.manifest.system_identifier = '7000000000000000001'
  const { createHash } = await import('node:crypto')
  stored.checksum = createHash('sha256').update(JSON.stringify(stored.manifest)).digest('hex')
  await writeFile(manifest, JSON.stringify(stored))
  expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt: 'cluster', events: 840 })
})

test('rows that were removed or moved in Postgres by hand are noticed by their number', async () => {
  const { database, lake } = await written()
  await database.query(`delete from events where event_id in (select event_id from events
    where occurred_at < '2025-02-01' limit 3)`)
  await database.query(`update events set occurred_at = '2025-07-07T00:00:00Z', ingest_xid = pg_current_xact_id()
    where event_id in (select event_id from events where occurred_at >= '2025-04-01' limit 2)`)
  const horizon = await horizonOf(database)
  expect(await sync(database, lake, { horizon })).toMatchObject({
    rebuilt: null,
    events: 837,
    healed: [
      { period: '2025-01', damage: 'different' },
      { period: '2025-04', damage: 'different' },
    ],
  })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('rows that get other values by a new transaction replace those that were there', async () => {
  const { database, lake } = await written()
  await database.query(`update events set properties = '{"page": "/new"}', ingest_xid = pg_current_xact_id()
    where occurred_at >= '2025-02-10' and occurred_at < '2025-02-12'`)
  const horizon = await horizonOf(database)
  expect(await sync(database, lake, { horizon })).toMatchObject({
    written: ['2025-02'],
    healed: [],
    events: 840,
  })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('the current month has a file a day, which are joined when it is over', async () => {
  const { database, lake } = await world.open()
  await addEvents(database, { from: '2025-01-28', days: 6, each: 4 })
  const horizon = await horizonOf(database)
  const at = (asOf: string) => sync(database, lake, { horizon, asOf })
  expect((await at('2025-01-30T00:00:00.000000Z')).written).toEqual([
    '2025-01-28',
    '2025-01-29',
    '2025-01-30',
    '2025-01-31',
    '2025-02',
  ])
  expect((await at('2025-02-01T00:00:00.000000Z')).written).toEqual(['2025-01'])
  expect(await contents(database, lake, horizon)).toEqual([])
  // The clock went back: what is a month stays one.
  await addEvents(database, { from: '2025-01-29', days: 1, each: 2, name: 'late' })
  const later = await horizonOf(database)
  const back = { horizon: later, asOf: '2025-01-30T00:00:00.000000Z' }
  expect(await sync(database, lake, back)).toMatchObject({ written: ['2025-01'], files: 2, healed: [] })
  expect(await contents(database, lake, later)).toEqual([])
})

test('an empty database has an empty lake, and an empty month no file', async () => {
  const { database, lake } = await world.open()
  const horizon = await horizonOf(database)
  expect(await sync(database, lake, { horizon })).toMatchObject({ events: 0, files: 0 })
  expect(await contents(database, lake, horizon)).toEqual([])
  await addEvents(database, { from: '2025-01-28', days: 2, each: 4 })
  await sync(database, lake, { horizon: await horizonOf(database) })
  await database.query('delete from events')
  expect(await sync(database, lake, { horizon: await horizonOf(database) })).toMatchObject({ files: 0 })
  expect(existsSync(join(lake.folder, 'manifest.json'))).toBe(true)
})
