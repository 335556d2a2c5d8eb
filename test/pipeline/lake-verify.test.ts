import { createHash } from 'node:crypto'
import { readdirSync, truncateSync } from 'node:fs'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Database, openDuckdb } from '../../pipeline/engine.ts'
import { repairLake, verifyLake } from '../../pipeline/lake/lake.ts'
import { addEvents, contents, horizonOf, lakeWorld, properties, sync } from '../support/lake.ts'

const world = lakeWorld()
afterEach(() => world.close())

async function written() {
  const opened = await world.open()
  await addEvents(opened.database, { from: '2025-01-15', days: 120, each: 7 })
  const horizon = await horizonOf(opened.database)
  await sync(opened.database, opened.lake, { horizon })
  const temporary = join(opened.folder, 'temporary')
  const verify = () => verifyLake(opened.database, opened.lake, { temporary })
  const repair = () => repairLake(opened.database, opened.lake, { properties, temporary })
  return { ...opened, horizon, verify, repair }
}

const well = { unusable: null, events: 840, files: 5, wrong: [] }

test('nothing is found where nothing is wrong, late and rewritten rows included', async () => {
  const { database, verify, horizon } = await written()
  expect(await verify()).toEqual({ ...well, horizon })
  await addEvents(database, { from: '2025-02-01', days: 3, each: 5, name: 'late' })
  await database.query(`update events set properties = '{"page": "/new"}', ingest_xid = pg_current_xact_id()
    where occurred_at >= '2025-02-10' and occurred_at < '2025-02-12'`)
  expect(await verify()).toEqual({ ...well, horizon })
})

/** A file with other rows, whole as the others: only a comparison with Postgres finds it out. */
async function rewrite(folder: string, period: string, select: string): Promise<void> {
  const name = readdirSync(join(folder, 'events')).find((each) => each.startsWith(period))!
  const path = join(folder, 'events', name)
  const duckdb = await openDuckdb()
  await duckdb.run(
    `copy (${select.replaceAll('FILE', `read_parquet('${path}')`)}) to '${path}.new' (format parquet)`,
  )
  const [counted] = await duckdb.rows<{ rows: string }>(
    `select count(*) as rows from read_parquet('${path}.new')`,
  )
  duckdb.close()
  await writeFile(path, await readFile(`${path}.new`))
  await rm(`${path}.new`)
  const manifest = join(folder, 'manifest.json')
  const stored = JSON.parse(await readFile(manifest, 'utf8'))
  const file = stored.manifest.files.find((each: { file: string }) => each.file === `events/${name}`)
  file.rows = Number(counted!.rows)
  file.bytes = (await stat(path)).size
  file.checksum = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  stored.checksum = createHash('sha256').update(JSON.stringify(stored.manifest)).digest('hex')
  await writeFile(manifest, JSON.stringify(stored))
}

test('rows that differ are counted, file by file, and repaired', async () => {
  const { database, lake, horizon, verify, repair } = await written()
  const events = join(lake.folder, 'events')
  const fileOf = (period: string) =>
    join(events, readdirSync(events).find((name) => name.startsWith(period))!)
  await rewrite(lake.folder, '2025-01', 'select * replace (lead_id + 1 as lead_id) from FILE limit 118')
  await rewrite(
    lake.folder,
    '2025-02',
    `from FILE union all select * replace ('x' as event_id) from FILE limit 197`,
  )
  truncateSync(fileOf('2025-03'), 10)
  await rm(fileOf('2025-04'))
  expect((await verify()).wrong).toEqual([
    { period: '2025-01', damage: 'different', onlyLake: 0, onlyPostgres: 1, unlike: 118 },
    { period: '2025-02', damage: 'different', onlyLake: 1, onlyPostgres: 0, unlike: 0 },
    { period: '2025-03', damage: 'truncated' },
    { period: '2025-04', damage: 'missing' },
  ])
  const repaired = await repair()
  expect(repaired.healed.map(({ period }) => period).sort()).toEqual([
    '2025-01',
    '2025-02',
    '2025-03',
    '2025-04',
  ])
  expect(await verify()).toEqual({ ...well, horizon })
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('values that were changed in Postgres by hand, under the same transaction, are found', async () => {
  const { database, lake, horizon, verify, repair } = await written()
  await database.query(`update events set properties = '{"page": "/by hand"}'
    where occurred_at >= '2025-02-10' and occurred_at < '2025-02-11'`)
  expect((await verify()).wrong).toMatchObject([{ period: '2025-02', unlike: 7 }])
  await repair()
  expect(await contents(database, lake, horizon)).toEqual([])
})

test('what a run adds while the lake is compared stays, and nothing is written anew for it', async () => {
  const { database, lake, folder, verify } = await written()
  await rewrite(lake.folder, '2025-01', 'select * replace (lead_id + 1 as lead_id) from FILE')
  let further: string | undefined
  const meanwhile: Database = {
    ...database,
    async session(work) {
      const result = await database.session(work)
      if (further === undefined) {
        await addEvents(database, { from: '2025-05-01', days: 1, each: 5, name: 'more' })
        further = await horizonOf(database)
        await sync(database, lake, { horizon: further })
      }
      return result
    },
  }
  const repaired = await repairLake(meanwhile, lake, { properties, temporary: join(folder, 'temporary') })
  expect(repaired).toMatchObject({ rebuilt: null, horizon: further, written: ['2025-01'], events: 845 })
  expect(await verify()).toMatchObject({ horizon: further, wrong: [] })
})

test('a lake without a manifest, or of another database, is written anew', async () => {
  const { database, lake, verify, repair } = await written()
  await database.query('update lakes set token = gen_random_uuid()')
  expect(await verify()).toMatchObject({ unusable: 'restored' })
  expect(await repair()).toMatchObject({ rebuilt: 'restored', events: 840 })
  expect(await verify()).toMatchObject(well)
  await rm(join(lake.folder, 'manifest.json'))
  expect(await verify()).toMatchObject({ unusable: 'missing' })
  expect(await repair()).toMatchObject({ rebuilt: 'missing', events: 840 })
  expect(await verify()).toMatchObject(well)
})
