import { appendFileSync, existsSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { plan } from '../../compiler/plan.ts'
import {
  addEvents,
  contents,
  horizonOf,
  lakeWorld,
  type Opened,
  planOf,
  properties,
  sync,
} from '../support/lake.ts'
import { loadPostgres } from '../support/load.ts'
import { predicateCases } from '../support/predicates.ts'
import { seed } from '../support/seed.ts'

const world = lakeWorld()
afterEach(() => world.close())

test('whatever a world holds, the lake holds the same; even if the world is exchanged for another', async () => {
  const { database, lake } = await world.open()
  const started = performance.now()
  for (let round = 0; round < 12 && performance.now() - started < 8_000; round++) {
    const drawn = fc.sample(predicateCases(40), { seed: seed + round, numRuns: 1 })[0]!
    const horizon = await loadPostgres(database, drawn.world)
    const segments = drawn.questions.map(({ predicate }, index) => ({ key: `s${index}`, predicate }))
    const queryPlan = plan(segments, drawn.world.scores, drawn.world.segments)
    await sync(database, lake, { horizon, properties: queryPlan.properties })
    const found = await contents(database, lake, horizon, queryPlan)
    expect({ seed: seed + round, found }).toEqual({ seed: seed + round, found: [] })
  }
}, 60_000)

type Step = { readonly name: string; readonly day: number; readonly many: number }

const stepNames = [
  'arrive',
  'arrive',
  'late',
  'edit',
  'remove',
  'move',
  'harm',
  'delete',
  'forget',
  'property',
]
const steps: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom(...stepNames),
  day: fc.nat({ max: 100 }),
  many: fc.integer({ min: 1, max: 5 }),
})

/** What happens to database or lake between two writes. */
async function happen({ database, lake }: Opened, { name, day, many }: Step, index: number): Promise<void> {
  const date = `(date '2025-01-10' + ${day})`
  const some = `select event_id from events where occurred_at >= ${date} order by event_id limit ${many}`
  if (name === 'arrive' || name === 'late') {
    const from = await database.query<{ day: string }>(`select ${date}::text as day`)
    const days = name === 'late' ? 1 : many
    return addEvents(database, { from: from[0]!.day, days, each: many, name: `${index}` })
  }
  if (name === 'edit')
    await database.query(`update events set properties = '{"page": "/edited", "amount": ${index}}',
      ingest_xid = pg_current_xact_id() where event_id in (${some})`)
  if (name === 'remove') await database.query(`delete from events where event_id in (${some})`)
  if (name === 'move')
    await database.query(`update events set occurred_at = occurred_at + interval '40 days',
      ingest_xid = pg_current_xact_id() where event_id in (${some})`)
  const folder = join(lake.folder, 'events')
  const files = existsSync(folder) ? readdirSync(folder).sort() : []
  const file = files.length > 0 ? join(folder, files[(day + many) % files.length]!) : undefined
  if (name === 'harm' && file) many > 2 ? truncateSync(file, many * 40) : appendFileSync(file, 'x')
  if (name === 'delete' && file) rmSync(file)
  if (name === 'forget') rmSync(join(lake.folder, 'manifest.json'), { force: true })
}

test('whatever happens between two writes, the lake is what Postgres is, and no more is written than need be', async () => {
  const started = performance.now()
  for (let round = 0; round < 2 && performance.now() - started < 12_000; round++) {
    const opened = await world.open()
    const { database, lake } = opened
    await addEvents(database, { from: '2025-01-15', days: 80, each: 3 })
    const drawn = fc.sample(steps, { seed: seed + round, numRuns: 14 })
    let [read, month] = [1, 2]
    for (const [index, step] of drawn.entries()) {
      await happen(opened, step, index)
      if (step.name === 'property') read = Math.min(read + 1, properties.length)
      if (index % 4 === 3) month = Math.min(month + 1, 5)
      const horizon = await horizonOf(database)
      const asOf = `2025-0${month}-10T00:00:00.000000Z`
      const named = properties.slice(0, read)
      const result = await sync(database, lake, { horizon, asOf, properties: named })
      const found = await contents(database, lake, horizon, planOf(named))
      const told = { seed: seed + round, index, step }
      expect({ ...told, found }).toEqual({ ...told, found: [] })
      const again = await sync(database, lake, { horizon, asOf, properties: named })
      expect({ ...told, again }).toMatchObject({ ...told, again: { written: [], healed: [], rebuilt: null } })
      if (step.name === 'late' && result.rebuilt === null) expect(result.written.length).toBeLessThan(36)
    }
  }
}, 90_000)
