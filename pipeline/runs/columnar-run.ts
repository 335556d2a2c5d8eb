import { agendaEnd, type Instant, type QueryPlan } from '../../compiler/index.ts'
import { columnarExport } from '../columnar.ts'
import type { Client, Database, Duckdb } from '../engine.ts'
import { type Lake, syncLake, viewLake, withoutFiles } from '../lake/lake.ts'
import { statement } from '../sql.ts'
import { usualChunk } from './columnar-chunks.ts'
import { copyOut } from './columnar-copy.ts'
import { daysInColumns } from './columnar-days.ts'
import { inDuckdb, lakeFailure, type Relate, shownIn } from './columnar-duckdb.ts'
import { fullPlan, stageFromColumns } from './columnar-evaluate.ts'
import type { PinnedDefinitions } from './definitions.ts'
import { type Staged, stagePlan } from './evaluate.ts'
import type { Chosen } from './mode.ts'
import { stageScoreDays } from './score-days.ts'
import type { Steps } from './steps.ts'

export type InLake = {
  readonly definitions: PinnedDefinitions
  readonly asOf: Instant
  readonly horizon: string
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
 * All that a full run does before it looks for causes: the ends of days since the run before (`from`), what is dated
 * later, and the leads themselves. Where the lake can't be used it says why: Postgres has to do all of it then.
 */
export async function stageInLake(
  database: Database,
  client: Client,
  run: InLake & { readonly from: Instant | null },
): Promise<Staged | { readonly failed: Chosen }> {
  const { definitions, asOf, horizon, lake, from, steps } = run
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
    const evaluateDays = daysInColumns(run, (duckdb, folder, queryPlan) =>
      viewLake(steps.within(database), duckdb, lake, { plan: queryPlan, horizon, folder }),
    )
    await steps.step('stage score days', () =>
      stageScoreDays(client, { scores: definitions.scores, from, asOf, horizon }, evaluateDays),
    )
    await steps.step('stage later', () =>
      client.query(statement('runs/stage_later'), [asOf, agendaEnd(asOf), horizon]),
    )
    return await evaluateInLake(database, client, run)
  } catch (error) {
    const failed = lakeFailure(error)
    if (!failed) throw error
    await client.query('drop table if exists pg_temp.later')
    return { failed }
  }
}

/**
 * Evaluates all leads in DuckDB over the lake, which holds all events up to the horizon, and fills the staging tables
 * of the session with what differs; the session has `held_member` and `later` by now.
 */
export function evaluateInLake(database: Database, client: Client, asked: InLake): Promise<Staged> {
  const { lake, horizon, steps } = asked
  return evaluateColumns(client, asked, async (duckdb, folder, queryPlan) => {
    await viewLake(steps.within(database), duckdb, lake, { plan: queryPlan, horizon, folder })
    await viewStagedDays(client, duckdb, folder, queryPlan)
  })
}

/** Ends of days that this run records are seen by its own session only. */
async function viewStagedDays(
  client: Client,
  duckdb: Duckdb,
  folder: string,
  queryPlan: QueryPlan,
): Promise<void> {
  const { rows } = await client.query<{ staged: boolean }>(
    `select to_regclass('pg_temp.score_history') is not null as staged`,
  )
  const read = columnarExport(queryPlan, '0').tables.find(({ table }) => table === 'score_day')
  if (rows[0]?.staged && read) await copyOut(client, duckdb, folder, { name: 'score_day', ...read })
}

export async function evaluateColumns(
  client: Client,
  asked: Omit<InLake, 'lake'> & { readonly lake?: Lake },
  relate: Relate,
): Promise<Staged> {
  const { definitions, asOf, horizon, steps, chunk = usualChunk } = asked
  const work = async (opened: Duckdb, folder: string): Promise<Staged> => {
    const duckdb = steps.watch(opened, shownIn(folder, asked.lake))
    await steps.step('read the lake', async () => {
      await stagePlan(client, definitions)
      await relate(duckdb, folder, fullPlan(definitions))
    })
    const leads = await steps.step('evaluate', () =>
      stageFromColumns(client, { duckdb, folder, chunk }, definitions, { asOf, horizon }),
    )
    await client.query('analyze difference; analyze staged_score; analyze planned')
    const { segments, failing } = definitions
    return { segments, failing, engine: 'duckdb', leads }
  }
  return inDuckdb(asked.temporary, work, asked)
}
