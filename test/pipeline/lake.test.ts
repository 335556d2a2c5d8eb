import { afterEach, expect, test } from 'vitest'
import { addEvents, contents, horizonOf, lakeWorld, properties, sync } from '../support/lake.ts'

const world = lakeWorld()
afterEach(() => world.close())

test('a lake holds what Postgres holds below the horizon, property by property', async () => {
  const { database, lake } = await world.open()
  await addEvents(database, { from: '2025-01-15', days: 120, each: 7 })
  const horizon = await horizonOf(database)
  await addEvents(database, { from: '2025-02-01', days: 3, each: 5, name: 'late' })
  const result = await sync(database, lake, { horizon })
  expect(result).toMatchObject({ events: 840, rebuilt: 'missing', healed: [], files: 5 })
  expect(await contents(database, lake, horizon)).toEqual([])
  const later = await horizonOf(database)
  expect(await sync(database, lake, { horizon: later })).toMatchObject({
    events: 855,
    rebuilt: null,
    written: ['2025-02'],
    healed: [],
  })
  expect(await contents(database, lake, later)).toEqual([])
  expect(await sync(database, lake, { horizon: later })).toMatchObject({ events: 855, written: [] })
})

test('a property named later becomes a column of every file', async () => {
  const { database, lake } = await world.open()
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  const horizon = await horizonOf(database)
  const [first] = properties
  await sync(database, lake, { horizon, properties: [first!] })
  expect(await sync(database, lake, { horizon })).toMatchObject({ events: 420 })
  expect(await contents(database, lake, horizon)).toEqual([])
  expect(await sync(database, lake, { horizon, properties: [first!] })).toMatchObject({ written: [] })
  expect(await contents(database, lake, horizon)).toEqual([])
})
