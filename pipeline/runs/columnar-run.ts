import { agendaEnd, type Instant } from '../../compiler/index.ts'
import { columnarExport } from '../columnar.ts'
import type { Client, Database, Duckdb } from '../engine.ts'
import { type Lake, syncLake, viewLake, withoutFiles } from '../lake/lake.ts'
import { statement } from '../sql.ts'
import { chunksOf, divideLater, usualChunk } from './columnar-chunks.ts'
import { copyOut } from './columnar-copy.ts'
import { daysInColumns } from './columnar-days.ts'
import { inDuckdb, lakeFailure, type Relate, shownIn } from './columnar-duckdb.ts'
import { type Columnar, fullPlan, stageFromColumns } from './columnar-evaluate.ts'
import type { PinnedDefinitions } from './definitions.ts'
import { type Staged, stagePlan } from './evaluate.ts'
import type { Chosen } from './mode.ts'
import { stageScoreDays } from './score-days.ts'
import type { Steps } from './steps.ts'

export type InLake = {
  readonly definitions: PinnedDefinitions
  readonly asOf: Instant
  readonly horizon: string
  /** As of the run before, if there was one: the days that ended since are recorded. */
  readonly from: Instant | null
  readonly lake: Lake
  /** Where files may be put that are not needed later. */
  readonly temporary: string
  readonly steps: Steps
  /** How many leads are evaluated at a time. */
  readonly chunk?: number
  /** How much DuckDB may take, such as `1GB`. */
  readonly memory?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * All that a full run does before it looks for causes: the ends of days since the run before, what is dated later, and
 * the leads themselves. Where the lake can't be used it says why: Postgres has to do all of it then.
 */
export async function stageInLake(
  database: Database,
  client: Client,
  run: InLake,
): Promise<Staged | { readonly failed: Chosen }> {
  const { definitions, horizon, lake, steps } = run
  const watch = <T extends object>(connection: T): T =>
    steps.watch(connection, (text) => withoutFiles(text, lake.folder))
  try {
    const { properties } = fullPlan(definitions)
    await steps.step(
      'copy events to the lake',
      () => syncLake(database, lake, { horizon, properties, watch }),
      ({ copied, written, healed, rebuilt }) => ({
        rows: copied,
        lake: { files: written.length, healed, rebuilt },
      }),
    )
    return await evaluateColumns(client, run, (duckdb, folder, queryPlan) =>
      viewLake(steps.within(database), duckdb, lake, { plan: queryPlan, horizon, folder }),
    )
  } catch (error) {
    const failed = lakeFailure(error)
    if (!failed) throw error
    await client.query('drop table if exists pg_temp.later')
    return { failed }
  }
}

/**
 * Evaluates all leads in DuckDB over relations that hold what is known at the horizon, and fills the staging tables of
 * the session with what differs; it has `held_member` by now.
 */
export async function evaluateColumns(
  client: Client,
  asked: Omit<InLake, 'lake'> & { readonly lake?: Lake },
  relate: Relate,
): Promise<Staged> {
  const { definitions, asOf, horizon, from, steps, chunk = usualChunk } = asked
  const { segments, scores, failing } = definitions
  const work = async (opened: Duckdb, folder: string): Promise<Staged> => {
    const duckdb = steps.watch(opened, shownIn(folder, asked.lake))
    const queryPlan = fullPlan(definitions)
    const chunks = await steps.step('read the lake', async () => {
      await stagePlan(client, definitions)
      await relate(duckdb, folder, queryPlan)
      return chunksOf(duckdb, queryPlan, { folder, size: chunk })
    })
    const columnar = { duckdb, folder, queryPlan, chunks }
    await steps.step('stage score days', () =>
      stageScoreDays(client, { scores, from, asOf, horizon }, daysInColumns(columnar)),
    )
    await steps.step('stage later', () =>
      client.query(statement('runs/stage_later'), [asOf, agendaEnd(asOf), horizon]),
    )
    const leads = await steps.step('evaluate', async () => {
      await viewScoreDays(client, columnar)
      return stageFromColumns(client, columnar, definitions, { asOf, horizon })
    })
    await client.query('analyze difference; analyze staged_score; analyze planned')
    return { segments, failing, engine: 'duckdb', leads }
  }
  return inDuckdb(asked.temporary, work, asked)
}

/** Ends of days that this run records are seen by its own session only. */
async function viewScoreDays(client: Client, { duckdb, folder, queryPlan, chunks }: Columnar): Promise<void> {
  const read = columnarExport(queryPlan, '0').tables.find(({ table }) => table === 'score_day')
  if (!read) return
  const { rows } = await client.query<{ staged: boolean }>(
    `select to_regclass('pg_temp.score_history') is not null as staged`,
  )
  if (rows[0]?.staged) await copyOut(client, duckdb, folder, { name: 'score_day', ...read })
  await divideLater(duckdb, chunks, 'score_day')
}
