import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { openLake } from '../../pipeline/lake/lake.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, members, runAsOf } from '../support/definitions.ts'
import { seeds, times } from '../support/seed.ts'
import { outcome } from '../support/sequence-check.ts'
import { begin, play } from '../support/sequence-play.ts'
import { sequences } from '../support/sequences.ts'

let inPostgres: Database
let overLake: Database
beforeAll(async () => {
  inPostgres = await testDatabase()
  overLake = await testDatabase()
})
afterAll(async () => {
  await inPostgres.close()
  await overLake.close()
})

test(
  'full runs over the lake write what full runs in Postgres write',
  async () => {
    for (const seed of seeds(1)) {
      const [sequence] = fc.sample(sequences, { seed, numRuns: 1 })
      const folder = await mkdtemp(join(tmpdir(), 'tideline-lake-'))
      await begin(inPostgres)
      await begin(overLake)
      for (const [index, { asOf }] of sequence!.steps.entries()) {
        const expected = await play(inPostgres, sequence!, index, { allFull: true })
        const found = await play(overLake, sequence!, index, { allFull: true, lake: openLake(folder) })
        const step = { seed, index, asOf }
        expect({ ...step, engine: found.engine, chosen: found.chosen }).toEqual({
          ...step,
          engine: found.status === 'unchanged' ? null : 'duckdb',
          chosen: expected.chosen,
        })
        expect({ ...step, ...(await outcome(overLake)) }).toEqual({ ...step, ...(await outcome(inPostgres)) })
      }
      await rm(folder, { recursive: true })
    }
  },
  times * 300_000,
)

const day = (number: number, hour = 0) => `2026-03-0${number}T${String(hour).padStart(2, '0')}:00:00.000000Z`

/** Three leads, two segments and a score, and a folder for files. */
async function small(): Promise<{ database: Database; folder: string }> {
  const database = await testDatabase()
  await addLead(database, 'a', {
    events: [
      ['visit', day(1)],
      ['order', day(1, 5)],
    ],
  })
  await addLead(database, 'b', {
    events: [
      ['visit', day(2, 3)],
      ['visit', day(2, 4)],
    ],
  })
  await addLead(database, 'c')
  await database.query(`update event_types set conversion = true where type = 'order'`)
  const segments = { visited: 'did visit', ordered: 'did order' }
  await apply(database, segments, { points: { visit: 10, order: 20 } })
  return { database, folder: await mkdtemp(join(tmpdir(), 'tideline-lake-')) }
}

async function rolledUp(database: Database) {
  return {
    events: await database.query('select * from segment_top_events order by segment_id, rank'),
    conversion: await database.query('select * from segment_conversion order by segment_id'),
  }
}

test('roll-ups over the lake are those over what Postgres hands out', async () => {
  const { database, folder } = await small()
  const found = await runAsOf(database, day(3), { lake: openLake(folder) })
  expect({ engine: found.engine, nightly: found.nightly }).toEqual({ engine: 'duckdb', nightly: true })
  const overLake = await rolledUp(database)
  expect(overLake.events).toHaveLength(4)
  await database.query('truncate segment_top_events, segment_conversion')
  await database.query('update runs set rollup_due = true')
  await addEvent(database, 'c', 'visit', day(3, 1))
  await runAsOf(database, day(3, 2))
  expect(await rolledUp(database)).toEqual(overLake)
  await database.close()
})

test('where the lake cannot be used, Postgres does all of it, and the run says so', async () => {
  const { database, folder } = await small()
  const file = join(folder, 'file')
  await writeFile(file, '')
  const first = await runAsOf(database, day(3), { lake: openLake(join(file, 'lake')) })
  expect(first).toMatchObject({
    engine: 'postgres',
    leads: 3,
    chosen: { lake: { code: 'LAKE_NOT_WRITABLE' } },
  })
  await addEvent(database, 'c', 'visit', day(3, 1))
  const lake = openLake(join(folder, 'lake'))
  const damaged = await runAsOf(database, day(3, 2), {
    ...{ lake, full: true },
    onStep: async (step) => {
      if (step !== 'read the lake') return
      const events = join(lake.folder, 'events')
      for (const name of await readdir(events)) await truncate(join(events, name), 100)
    },
  })
  expect(damaged).toMatchObject({ engine: 'postgres', entered: 1, chosen: { lake: { code: 'LAKE_FAILED' } } })
  const [told] = await database.query('select chosen, engine from runs order by run_id desc limit 1')
  expect(told).toMatchObject({ engine: 'postgres', chosen: { code: 'ASKED', lake: { code: 'LAKE_FAILED' } } })
  // Healed by the next one.
  await addEvent(database, 'c', 'order', day(3, 3))
  const healed = await runAsOf(database, day(3, 4), { lake, full: true })
  expect(healed).toMatchObject({ engine: 'duckdb', entered: 1 })
  expect(healed.chosen?.lake).toBeUndefined()
  expect(await members(database, 'ordered')).toEqual(['a', 'c'])
  await database.close()
})

test('a folder that another database has written meanwhile is not read', async () => {
  const [ours, theirs] = [await small(), await small()]
  const lake = openLake(ours.folder)
  await addEvent(theirs.database, 'c', 'visit', day(2, 5))
  // Of two databases of one server, as long as anybody writes there, the horizons are the same.
  await ours.database.transaction(async (client) => {
    await client.query('select pg_current_xact_id()')
    let written = false
    const found = await runAsOf(ours.database, day(3), {
      lake,
      onStep: async (step) => {
        if (step !== 'read the lake' || written) return
        written = true
        expect((await runAsOf(theirs.database, day(3), { lake })).engine).toBe('duckdb')
      },
    })
    expect(found).toMatchObject({ engine: 'postgres', chosen: { lake: { code: 'LAKE_BEHIND' } } })
  })
  expect(await members(ours.database, 'visited')).toEqual(['a', 'b'])
  expect(await members(theirs.database, 'visited')).toEqual(['a', 'b', 'c'])
  await ours.database.close()
  await theirs.database.close()
})

test('points are exact beyond what a float holds', async () => {
  const database = await testDatabase()
  const most = '1234567890123456789'
  const rules = [
    { event: 'order', micropoints: most },
    { event: 'return', micropoints: '-1000000' },
  ]
  await addLead(database, 'a', {
    events: [
      ['order', day(1, 5)],
      ['return', day(2, 5)],
    ],
  })
  const segments = { most: 'max score >= 1234567890123.456789', more: 'max score >= 1234567890123.45679' }
  await apply(database, segments, { scores: [{ name: 'engagement', rules, levels: [] }] })
  const lake = openLake(await mkdtemp(join(tmpdir(), 'tideline-lake-')))
  for (const asOf of [day(1, 6), day(2, 6), day(3, 6)]) {
    expect((await runAsOf(database, asOf, { lake, full: true })).engine).toBe('duckdb')
  }
  expect(await members(database, 'most')).toEqual(['a'])
  expect(await members(database, 'more')).toEqual([])
  const [score] = await database.query('select value, max_value from lead_scores')
  expect(score).toEqual({ value: '1234567890122.456789', max_value: '1234567890123.456789' })
  await database.close()
})
