import type { Instant } from '../../compiler/index.ts'
import { type Client, type Database, inTransaction } from '../engine.ts'
import { UserError } from '../errors.ts'
import { drainInboxes } from '../import/inbox.ts'
import { rollUp } from '../rollup.ts'
import { statement } from '../sql.ts'
import { applyRun } from './apply.ts'
import { type Failing, pinDefinitions } from './definitions.ts'
import { evaluate } from './evaluate.ts'
import { chooseAsOf, type LastApplied, readLastApplied } from './instants.ts'
import { claim, type Lease } from './lease.ts'
import { stageScoreDays } from './score-days.ts'

export type RunOptions = {
  /** Default: the present instant of the database's clock. */
  readonly asOf?: Instant | undefined
  readonly origin?: 'command' | 'schedule' | 'queue'
  /** Who runs, for whoever has to wait: host and process. */
  readonly owner: string
  /** The project's time zone, for instants in the inboxes that have none. */
  readonly timezone: string
  /** Where roll-ups may put files, and how long to wait for another run. */
  readonly temporary: string
  readonly waitMilliseconds?: number
  /** Whether a nightly run is rolled up. A replay of many nights leaves it out for all but the last. */
  readonly rollUp?: boolean
  /** For how many days the course of scores is kept; for good, if left out. Nightly runs remove what is older. */
  readonly scoreHistoryDays?: number | undefined
  /** Told before each step begins. Crash tests end the process here. */
  readonly onStep?: OnStep
}

export type OnStep = (step: string) => void | Promise<void>

export type RunStep = { readonly name: string; readonly rows: number | null; readonly milliseconds: number }

export type RunResult = {
  /** `unchanged`: a run as of this instant was applied before. */
  readonly status: 'done' | 'unchanged'
  readonly runId: string | null
  readonly asOf: Instant
  readonly leads: number
  readonly segments: number
  readonly entered: number
  readonly left: number
  readonly failing: readonly Failing[]
  readonly superseded: number
  readonly nightly: boolean
  readonly steps: readonly RunStep[]
}

/**
 * The one way in which segments are brought up to date: by hand, on schedule and from the queue. Evaluates all
 * segments and scores as of one instant, writes only what differs, and all of it in one transaction.
 */
export async function run(database: Database, options: RunOptions): Promise<RunResult> {
  const steps = new Steps(options.onStep)
  await steps.step('drain inboxes', async () => {
    const report = await drainInboxes(database, { timezone: options.timezone })
    return report?.read ?? 0
  })
  return database.session(async (client) => {
    const lease = await steps.step('claim', () =>
      claim(database, client, { owner: options.owner, waitMilliseconds: options.waitMilliseconds ?? 60_000 }),
    )
    try {
      await client.query(statement('runs/interrupt'))
      await client.query(statement('backfill/clean_up'), [null, null])
      const last = await readLastApplied(client)
      await rollUpIfDue(database, last, options, steps)
      const asOf = chooseAsOf(last, options.asOf)
      if (asOf === undefined) return unchanged(last)
      return await runAsOf(database, client, lease, { ...options, asOf, last, steps })
    } finally {
      await lease.release().catch(() => {})
    }
  })
}

/** The slot at 00:00 UTC is the nightly run: its figures are rolled up. */
const isNightly = (asOf: Instant): boolean => asOf.endsWith('T00:00:00.000000Z')

/**
 * Rolls up after a nightly run; and before the next run, if the process was killed between the two: membership is
 * still as of that night then.
 */
async function rollUpIfDue(
  database: Database,
  last: LastApplied,
  options: RunOptions,
  steps: Steps,
): Promise<void> {
  if (last.run_id === null || last.as_of === null || last.horizon === null || !last.rollup_due) return
  const { run_id: runId, as_of: asOf, horizon } = last
  await steps.step('roll up', () => rollUp(database, { runId, asOf, horizon, temporary: options.temporary }))
}

type Going = RunOptions & { readonly asOf: Instant; readonly last: LastApplied; readonly steps: Steps }

async function runAsOf(database: Database, client: Client, lease: Lease, going: Going): Promise<RunResult> {
  const { asOf, last, steps } = going
  const definitions = await steps.step('pin definitions', () => pinDefinitions(client))
  await client.query('discard temp')
  await client.query(statement('runs/hold_membership'))
  const horizon = last.next_horizon
  const runId = await startRun(client, {
    asOf,
    horizon,
    fence: lease.fence,
    going,
    scoring: definitions.scoringVersion,
  })
  try {
    await steps.step('stage score days', () =>
      stageScoreDays(client, { scores: definitions.scores, from: last.as_of, asOf, horizon }),
    )
    const evaluation = await steps.step('evaluate', () => evaluate(client, definitions, { asOf, horizon }))
    await steps.step('stage changes', () =>
      client.query(statement('runs/stage_changes'), [horizon, asOf, last.as_of, evaluation.wordCount]),
    )
    await client.query('analyze staged_change')
    const nightly = isNightly(asOf)
    const rollUp = nightly && going.rollUp !== false
    const applied = await inTransaction(client, () =>
      applyRun(client, {
        runId,
        asOf,
        fence: lease.fence,
        definitions,
        evaluation,
        lastAsOf: last.as_of,
        rollUp,
        scoreHistoryDays: nightly ? going.scoreHistoryDays : undefined,
        steps,
      }),
    )
    await rollUpIfDue(database, await readLastApplied(client), going, steps)
    await steps.begin('end')
    return {
      status: 'done',
      runId,
      asOf,
      ...applied,
      segments: evaluation.segments.length,
      failing: evaluation.failing,
      nightly,
      steps: steps.done,
    }
  } catch (error) {
    await client.query(statement('runs/fail'), [runId, JSON.stringify(describeError(error))]).catch(() => {})
    throw error
  }
}

async function startRun(
  client: Client,
  run: { asOf: Instant; horizon: string; fence: string; going: Going; scoring: number | null },
): Promise<string> {
  const { rows } = await client.query<{ run_id: string }>(statement('runs/start'), [
    'full',
    run.going.origin ?? 'command',
    run.asOf,
    run.horizon,
    run.fence,
    run.scoring,
    '{}',
  ])
  const runId = rows[0]!.run_id
  await client.query('update run_lease set run_id = $1::bigint where fence = $2::bigint', [runId, run.fence])
  return runId
}

/** A code and a sentence; values of rows, which Postgres puts into its details, are left out. */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message }
  const { code, message } = error as { code?: string; message?: string }
  return {
    code: code ?? 'FAILED',
    message: (message ?? String(error)).replaceAll('\u0000', '').slice(0, 2000),
  }
}

const unchanged = (last: LastApplied): RunResult => ({
  status: 'unchanged',
  runId: last.run_id,
  asOf: last.as_of ?? last.now,
  leads: 0,
  segments: 0,
  entered: 0,
  left: 0,
  failing: [],
  superseded: 0,
  nightly: false,
  steps: [],
})

/** Names what a run is doing, and keeps rows and time of each step for whoever asks later. */
export class Steps {
  readonly done: RunStep[] = []
  private readonly onStep: OnStep | undefined

  constructor(onStep?: OnStep) {
    this.onStep = onStep
  }

  async begin(name: string): Promise<void> {
    await this.onStep?.(name)
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.begin(name)
    const start = performance.now()
    const result = await work()
    const rows =
      typeof result === 'number' ? result : ((result as { rowCount?: number } | null)?.rowCount ?? null)
    this.done.push({ name, rows, milliseconds: Math.round(performance.now() - start) })
    return result
  }
}
