import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agendaEnd } from '../../compiler/index.ts'
import { columnarExport } from '../../pipeline/columnar.ts'
import { type Client, type Database, inTransaction } from '../../pipeline/engine.ts'
import { copyOut } from '../../pipeline/runs/columnar-copy.ts'
import { daysInColumns } from '../../pipeline/runs/columnar-days.ts'
import type { Relate } from '../../pipeline/runs/columnar-duckdb.ts'
import { evaluateColumns } from '../../pipeline/runs/columnar-run.ts'
import type { PinnedDefinitions } from '../../pipeline/runs/definitions.ts'
import { evaluate } from '../../pipeline/runs/evaluate.ts'
import { stageScoreDays } from '../../pipeline/runs/score-days.ts'
import { stageEvaluated } from '../../pipeline/runs/stage.ts'
import { Steps } from '../../pipeline/runs/steps.ts'
import { statement } from '../../pipeline/sql.ts'
import { loadStanding, pinnedTo, staged, standingIn } from '../support/columnar-worlds.ts'
import { testDatabase } from '../support/database.ts'
import { loadPostgres } from '../support/load.ts'
import { definitionCases } from '../support/questions.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'
import { seed, times } from '../support/seed.ts'
import { worlds } from '../support/world.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

type Seen = { readonly asOf: string; readonly horizon: string }

async function begin(client: Client, { asOf, horizon }: Seen): Promise<void> {
  await client.query('discard temp')
  await client.query(statement('runs/hold_membership'))
  await client.query(statement('runs/look_at_all'))
  await client.query(statement('runs/stage_later'), [asOf, agendaEnd(asOf), horizon])
}

async function inPostgres(client: Client, definitions: PinnedDefinitions, seen: Seen) {
  await begin(client, seen)
  const { wordCount } = await evaluate(client, definitions, { ...seen, due: true })
  const leads = await stageEvaluated(client, {
    definitions,
    wordCount,
    incremental: false,
    steps: new Steps(),
  })
  return { leads, ...(await staged(client)) }
}

async function inColumns(client: Client, definitions: PinnedDefinitions, seen: Seen, chunk: number) {
  await begin(client, seen)
  const steps = new Steps()
  const asked = { definitions, ...seen, temporary, steps, chunk }
  const { leads } = await evaluateColumns(client, asked, relate(client, seen))
  return { leads, ...(await staged(client)) }
}

const temporary = `/tmp/tideline-test-${process.pid}`

const relate =
  (client: Client, { horizon }: Pick<Seen, 'horizon'>): Relate =>
  (duckdb, folder, plan) =>
    inTransaction(client, async () => {
      const { settings, tables } = columnarExport(plan, horizon)
      await client.query(settings.sql, [...settings.parameters])
      for (const { table, query, columns } of tables) {
        await copyOut(client, duckdb, folder, { name: table, query, columns })
      }
    })

test('postgres and duckdb stage the same, all leads at once and in chunks', async () => {
  const started = performance.now()
  let seenWorlds = 0
  for (let each = seed; performance.now() - started < times * 9000; each++) {
    const [{ world, questions } = { world: undefined, questions: [] }] = fc.sample(definitionCases(80), {
      seed: each,
      numRuns: 1,
      unbiased: true,
    })
    const [standing] = fc.sample(standingIn(world!, questions.length), { seed: each, numRuns: 1 })
    const seen = { asOf: world!.asOf, horizon: await loadPostgres(database, world!) }
    await loadStanding(database, standing!)
    const definitions = pinnedTo(world!, questions)
    await database.session(async (client) => {
      const expected = await inPostgres(client, definitions, seen)
      for (const chunk of [100, 2 + (each % 4)]) {
        const found = await inColumns(client, definitions, seen, chunk)
        expect({ seed: each, chunk, ...found }).toEqual({ seed: each, chunk, ...expected })
      }
    })
    seenWorlds++
  }
  expect(seenWorlds).toBeGreaterThan(0)
}, 120_000)

test('postgres and duckdb record the same of the ends of days', async () => {
  const [world] = fc.sample(worlds, { seed, numRuns: 1, unbiased: true })
  const { asOf, scores } = world!
  const horizon = await loadPostgres(database, world!)
  const from = instantOf(microsOf(asOf) - 3n * 86_400_000_000n)
  const passed = { scores, from, asOf, horizon }
  await database.session(async (client) => {
    const recorded = async () => {
      const days = await client.query('select * from staged_score_day order by lead_id, score, day')
      const most = await client.query('select * from staged_score_max order by lead_id, score')
      return { days: days.rows, most: most.rows }
    }
    await stageScoreDays(client, passed)
    const expected = await recorded()
    for (const chunk of [100, 3]) {
      const options = { temporary, chunk, steps: new Steps() }
      await stageScoreDays(client, passed, daysInColumns(options, relate(client, passed)))
      expect({ seed, chunk, ...(await recorded()) }).toEqual({ seed, chunk, ...expected })
    }
  })
})
