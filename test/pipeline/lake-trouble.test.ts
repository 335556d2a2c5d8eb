import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openLake } from '../../pipeline/lake/lake.ts'
import {
  addEvents,
  contents,
  editManifest,
  horizonOf,
  lakeWorld,
  type Opened,
  readStored,
  sync,
  writeElsewhere,
} from '../support/lake.ts'

const world = lakeWorld()
let mounted: string | undefined
afterEach(async () => {
  if (mounted) execFileSync('umount', ['-l', mounted])
  mounted = undefined
  await world.close()
})

test('a lake whose files are as they were written, but can not be read, is written anew', async () => {
  const { database, lake } = await world.open()
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  await sync(database, lake, { horizon: await horizonOf(database) })
  const name = readdirSync(join(lake.folder, 'events')).find((each) => each.startsWith('2025-02'))!
  const path = join(lake.folder, 'events', name)
  await writeFile(path, 'no Parquet at all')
  const checksum = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  const { size } = await stat(path)
  await editManifest(lake.folder, ({ files }) => {
    Object.assign(files.find(({ period }) => period === '2025-02')!, { bytes: size, checksum })
  })
  await addEvents(database, { from: '2025-02-03', days: 2, each: 3, name: 'late' })
  const horizon = await horizonOf(database)
  expect(await sync(database, lake, { horizon })).toMatchObject({ rebuilt: 'failed', events: 426 })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('each write compares with Postgres the file that was compared longest ago', async () => {
  const { database, lake } = await world.open()
  await addEvents(database, { from: '2025-01-15', days: 120, each: 7 })
  const horizon = await horizonOf(database)
  await sync(database, lake, { horizon })
  await database.query(`update events set properties = '{"page": "/by hand"}' where event_id like 'event 2%'`)
  expect(await sync(database, lake, { horizon })).toMatchObject({ healed: [] })
  const compared = async () => {
    const { manifest } = await readStored(lake.folder)
    return manifest.files.filter(({ verified_at }) => verified_at > '2021').map(({ period }) => period)
  }
  await editManifest(lake.folder, ({ files }) => {
    for (const file of files) file.verified_at = `20${file.period === '2025-03' ? 19 : 20}-01-01T00:00:00Z`
  })
  expect(await sync(database, lake, { horizon })).toMatchObject({ healed: [], written: [] })
  expect(await compared()).toEqual(['2025-03'])
  expect(await sync(database, lake, { horizon })).toMatchObject({
    healed: [{ period: '2025-01', damage: 'different' }],
    written: ['2025-01'],
  })
  expect(await compared()).toEqual(['2025-01', '2025-03'])
  expect(await sync(database, lake, { horizon })).toMatchObject({ written: ['2025-02'] })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('where the folder can not be made, the lake says so', async () => {
  const { database, folder } = await world.open()
  await writeFile(join(folder, 'file'), '')
  const blocked = sync(database, openLake(join(folder, 'file/lake')), { horizon: await horizonOf(database) })
  await expect(blocked).rejects.toMatchObject({ code: 'LAKE_NOT_WRITABLE' })
})

/** A disk of so many megabytes at a folder; undefined where this user may not mount one. */
function smallDisk(folder: string, megabytes: number): string | undefined {
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  mounted = folder
  return folder
}

test('a disk that can only be read is named as the reason, by whatever meets it first', async ({ skip }) => {
  const { database, folder } = await world.open()
  const disk = smallDisk(join(folder, 'disk'), 16)
  if (disk === undefined) return skip()
  const lake = openLake(join(disk, 'lake'))
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  const before = await horizonOf(database)
  await sync(database, lake, { horizon: before })
  await addEvents(database, { from: '2025-01-15', days: 2, each: 3, name: 'late' })
  const after = await horizonOf(database)
  execFileSync('mount', ['-o', 'remount,ro', disk])
  const refused = {
    code: 'LAKE_NOT_WRITABLE',
    message: "The lake's folder can't be written: its file system is read-only.",
  }
  await expect(sync(database, lake, { horizon: after })).rejects.toMatchObject(refused)
  const other = openLake(join(disk, 'another/lake'))
  await expect(sync(database, other, { horizon: after })).rejects.toMatchObject(refused)
  expect(await contents(database, lake, before)).toEqual([])
})

describe('a full disk leaves the lake as it was, and once there is room it goes on', () => {
  const many = `insert into events (event_id, lead_id, type, occurred_at, properties)
    select 'large ' || i, i % 50, 'order', timestamptz '2025-02-01' + i * interval '1 minute',
      jsonb_build_object('page', md5(i::text) || md5((i * 7)::text)) from generate_series(1, 20000) i`
  const one = `insert into events (event_id, lead_id, type, occurred_at) values ('one', 1, 'order', '2025-02-01')`

  /** A lake, and what came since. */
  async function crowded(folder: string, { database }: Opened, first = 'select', then = many) {
    const lake = openLake(join(folder, 'lake'))
    await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
    await database.query(first)
    const before = await horizonOf(database)
    await sync(database, lake, { horizon: before })
    await database.query(then)
    return { lake, before, after: await horizonOf(database) }
  }

  async function expectAsItWas({ database }: Opened, { lake, before }: Awaited<ReturnType<typeof crowded>>) {
    expect(await contents(database, lake, before)).toEqual([])
  }
  async function expectGoesOn({ database }: Opened, { lake, after }: Awaited<ReturnType<typeof crowded>>) {
    expect(await sync(database, lake, { horizon: after })).toMatchObject({ rebuilt: null, healed: [] })
    expect(await contents(database, lake, after)).toEqual([])
    expect(readdirSync(lake.folder).sort()).toEqual(['events', 'manifest.json'])
  }

  // The first fails in Node, the second in DuckDB.
  test.each([
    ['what is copied out of Postgres', 'select', many],
    ['the file of a month', many, one],
  ])('where %s would be larger than a file may become', async (_, first, then) => {
    const opened = await world.open()
    const written = await crowded(opened.folder, opened, first, then)
    const child = writeElsewhere({ ...opened, lake: written.lake }, written.after, { fileLimit: 1000 })
    let said = ''
    child.stdout.on('data', (text) => {
      said += text
    })
    expect((await once(child, 'close'))[0]).toBe(3)
    expect(said).toBe('LAKE_DISK_FULL')
    await expectAsItWas(opened, written)
    await expectGoesOn(opened, written)
  })

  test('where the disk is small (only root may mount one)', async ({ skip }) => {
    const opened = await world.open()
    const disk = smallDisk(join(opened.folder, 'disk'), 4)
    if (!disk) return skip()
    const written = await crowded(disk, opened)
    const ballast = join(disk, 'ballast')
    await writeFile(ballast, Buffer.alloc(2_500_000))
    const full = sync(opened.database, written.lake, { horizon: written.after })
    await expect(full).rejects.toMatchObject({ code: 'LAKE_DISK_FULL' })
    await expectAsItWas(opened, written)
    execFileSync('mount', ['-o', 'remount,size=64m', disk])
    rmSync(ballast)
    await expectGoesOn(opened, written)
  })
})
