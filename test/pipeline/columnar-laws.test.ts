import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agendaEnd } from '../../compiler/index.ts'
import { columnarExport } from '../../pipeline/columnar.ts'
import { type Client, type Database, inTransaction } from '../../pipeline/engine.ts'
import { copyOut } from '../../pipeline/runs/columnar-copy.ts'
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

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

type Seen = { readonly asOf: string; readonly horizon: string; readonly from: string | null }

async function begin(client: Client): Promise<void> {
  await client.query('discard temp')
  await client.query(statement('runs/hold_membership'))
  await client.query(statement('runs/look_at_all'))
}

async function inPostgres(client: Client, definitions: PinnedDefinitions, seen: Seen) {
  await begin(client)
  const { asOf, horizon } = seen
  await stageScoreDays(client, { scores: definitions.scores, ...seen })
  await client.query(statement('runs/stage_later'), [asOf, agendaEnd(asOf), horizon])
  await evaluate(client, definitions, { asOf, horizon, due: true })
  const leads = await stageEvaluated(client, {
    definitions,
    incremental: false,
    steps: new Steps(),
  })
  return { leads, staged: await staged(client) }
}

async function inColumns(client: Client, definitions: PinnedDefinitions, seen: Seen, chunk: number) {
  await begin(client)
  const asked = { definitions, ...seen, temporary, steps: new Steps(), chunk }
  const { leads } = await evaluateColumns(client, asked, relate(client, seen))
  return { leads, staged: await staged(client) }
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
  let [seenWorlds, seenDays] = [0, 0]
  for (let each = seed; seenWorlds < 3 || performance.now() - started < times * 9000; each++) {
    const [{ world, questions } = { world: undefined, questions: [] }] = fc.sample(definitionCases(80), {
      seed: each,
      numRuns: 1,
      unbiased: true,
    })
    const [standing] = fc.sample(standingIn(world!, questions.length), { seed: each, numRuns: 1 })
    const { asOf } = world!
    // Every third one records the ends of days as well.
    const from = seenWorlds % 3 === 0 ? instantOf(microsOf(asOf) - 2n * 86_400_000_000n) : null
    const seen = { asOf, from, horizon: await loadPostgres(database, world!) }
    await loadStanding(database, standing!)
    const definitions = pinnedTo(world!, questions)
    await database.session(async (client) => {
      const expected = await inPostgres(client, definitions, seen)
      seenDays += expected.staged.staged_score_day!.length
      for (const chunk of [100, 2 + (each % 4)]) {
        const found = await inColumns(client, definitions, seen, chunk)
        expect({ seed: each, chunk, ...found }).toEqual({ seed: each, chunk, ...expected })
      }
      // Views in front of the tables that the next world is loaded into.
      await client.query('discard temp')
    })
    seenWorlds++
  }
  expect(seenDays).toBeGreaterThan(0)
}, 120_000)
