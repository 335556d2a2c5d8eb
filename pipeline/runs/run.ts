import type { Instant } from '../../compiler/index.ts'
import { untilNobodyInTheWay } from '../conflicts.ts'
import { type Client, type Database, inTransaction } from '../engine.ts'
import { describeError, UserError } from '../errors.ts'
import { drainInboxes } from '../import/inbox.ts'
import { refused } from '../import/report.ts'
import type { Lake, LakeTold } from '../lake/lake.ts'
import { rollUp } from '../rollup.ts'
import { statement } from '../sql.ts'
import { reasonOf, stoppable, stoppableClient } from '../stop.ts'
import { applyRun } from './apply.ts'
import type { Candidates } from './candidates.ts'
import { checkCluster } from './cluster.ts'
import { type Decided, decide } from './decide.ts'
import type { Failing } from './definitions.ts'
import { type GuardLimits, guard, type Warned } from './guard.ts'
import { chooseAsOf, type LastApplied, readLastApplied } from './instants.ts'
import { claim, type Lease } from './lease.ts'
import { type Chosen, passesMidnight, scoresMeaning } from './mode.ts'
import { keptFrom } from './score-days.ts'
import { stageRun } from './stage.ts'
import { type OnStep, type RunStep, Steps } from './steps.ts'

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
  /** How long it may stand still until others take its place; the lease is prolonged as long as it goes on. */
  readonly leaseSeconds?: number
  /** Once it is aborted, what is being executed is cancelled, and the run fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Whether a nightly run is rolled up; it is, if left out. */
  readonly rollUp?: boolean
  /** For how many days the course of scores is kept; for good, if left out. Nightly runs remove what is older. */
  readonly scoreHistoryDays?: number | undefined
  /** Whether all leads are looked at, whatever changed. */
  readonly full?: boolean
  /** Of more than this share of the leads a full run is made, which costs less then. */
  readonly fullShare?: number
  readonly guard?: GuardLimits | undefined
  /** Over which full runs evaluate, in DuckDB; undefined: none is wanted, Postgres does it. */
  readonly lake?: Lake | undefined
  /** With fewer events it isn't used: Postgres is as fast then. */
  readonly lakeFrom?: number | undefined
  /** How much DuckDB may take, such as `1GB`; beyond that it goes to disk. */
  readonly memory?: string | undefined
  /** Told before each step begins. Crash tests end the process here. */
  readonly onStep?: OnStep
}

export type RunResult = {
  /** `unchanged`: a run as of this instant was applied before. */
  readonly status: 'done' | 'unchanged'
  readonly runId: string | null
  readonly asOf: Instant
  readonly mode: 'incremental' | 'full'
  /** Why in this mode; null if nothing was to be done. */
  readonly chosen: Chosen | null
  /** How many leads can have changed, and why. Not known of a run before which there was none. */
  readonly candidates: Candidates | undefined
  readonly engine: 'postgres' | 'duckdb' | null
  readonly leads: number
  readonly segments: number
  readonly entered: number
  readonly left: number
  readonly failing: readonly Failing[]
  readonly warnings: readonly Warned[]
  readonly superseded: number
  /** Differences that the runs before should have found; null where that can't be said. */
  readonly drift: number | null
  readonly nightly: boolean
  /** What was taken out of the inboxes before; null if nothing waited there. */
  readonly inbox: {
    readonly import_id: string
    readonly rows: number
    readonly quarantined: number
  } | null
  /** What was written of the lake; null if it was not brought up to date. */
  readonly lake: LakeTold | null
  readonly steps: readonly RunStep[]
}

/**
 * The one way in which segments are brought up to date: by hand, on schedule and from the queue. Evaluates all
 * segments and scores as of one instant, writes only what differs, and all of it in one transaction.
 */
export async function run(given: Database, options: RunOptions): Promise<RunResult> {
  const database = stoppable(given, options.signal)
  const steps = new Steps(options.onStep)
  try {
    let inbox: RunResult['inbox'] = null
    await steps.step('drain inboxes', async () => {
      const report = await drainInboxes(steps.within(database), { timezone: options.timezone })
      if (report) inbox = { import_id: report.importId, rows: report.read, quarantined: refused(report) }
      return report?.read ?? 0
    })
    return { ...(await runOnce(given, database, options, steps)), inbox }
  } catch (error) {
    const reason = reasonOf(error, options.signal)
    // On a connection of its own: that of the run may be what failed.
    await recordFailure(given, options, steps, reason).catch(() => {})
    throw reason
  }
}

function runOnce(given: Database, database: Database, options: RunOptions, steps: Steps): Promise<RunResult> {
  // Not stopped itself: what is left of the run is cleared up on it.
  return given.session(async (session) => {
    const { owner, waitMilliseconds = 60_000, leaseSeconds } = options
    const lease = await steps.step('claim', () =>
      claim(database, steps.watch(session), { owner, waitMilliseconds, leaseSeconds, steps }),
    )
    try {
      const client = steps.watch(await stoppableClient(database, session))
      await client.query(statement('runs/interrupt'))
      await client.query(statement('backfill/clean_up'), [null, null])
      const restored = await checkCluster(client)
      const last = await readLastApplied(client)
      const owing = await rollUpIfDue(database, last, options, steps)
      const asOf = chooseAsOf(last, options.asOf)
      if (asOf === undefined) return unchanged({ ...last, as_of: last.as_of ?? last.now })
      return await runAsOf(database, session, lease, { ...options, asOf, last, restored, owing, steps })
    } finally {
      await lease.release().catch(() => {})
      // The connection is used again, and would keep on the disk what was staged.
      await session.query('discard temp').catch(() => {})
    }
  })
}

/** The first run of a day in UTC is the nightly one: its figures are rolled up. Usually its slot is 00:00. */
const isNightly = (asOf: Instant, lastAsOf: Instant | null): boolean =>
  asOf.endsWith('T00:00:00.000000Z') || (lastAsOf !== null && passesMidnight(lastAsOf, asOf))

/**
 * Rolls up after a nightly run; and before the next run, if that failed or the process was killed between the two:
 * membership is still as of that night then. Returns whether it is still owing.
 */
async function rollUpIfDue(
  database: Database,
  last: LastApplied,
  options: RunOptions,
  steps: Steps,
): Promise<boolean> {
  if (last.run_id === null || last.as_of === null || last.horizon === null || !last.rollup_due) return false
  const { run_id: runId, as_of: asOf, horizon } = last
  const { temporary, lake, memory } = options
  const rolled = { runId, asOf, horizon, temporary, lake, memory, steps }
  return (await steps.step('roll up', () => rollUp(database, rolled))) === null
}

type Going = RunOptions & {
  readonly asOf: Instant
  readonly last: LastApplied
  readonly restored: boolean
  /** Whether the figures of the nightly run before could not be rolled up so far. */
  readonly owing: boolean
  readonly steps: Steps
}

/** Of a run that has its lease: decides, stages, and applies all of it in one transaction. */
export async function runAsOf(
  database: Database,
  session: Client,
  lease: Lease,
  going: Going,
): Promise<RunResult> {
  const { asOf, last, steps } = going
  const client = steps.watch(await stoppableClient(database, session))
  const horizon = last.next_horizon
  await client.query('discard temp')
  const decided = await decide(client, going, horizon)
  const { definitions, mode, chosen, candidates, midnight } = decided
  await client.query(statement(mode === 'full' ? 'runs/look_at_all' : 'runs/look_at_candidates'))
  await client.query(statement(mode === 'full' ? 'runs/hold_membership' : 'runs/hold_candidates'))
  const nightly = isNightly(asOf, last.as_of)
  const rollsUp = nightly && going.rollUp !== false
  const keptDays = nightly ? going.scoreHistoryDays : undefined
  const scoresKeptFrom = keptDays === undefined ? undefined : keptFrom(definitions, asOf, keptDays)
  const runId = await startRun(client, { asOf, horizon, fence: lease.fence, going, decided, scoresKeptFrom })
  const seen = { asOf, horizon, last, midnight }
  const staged = await stageRun(database, client, { ...seen, definitions, mode, candidates, going })
  if (staged.failed) await client.query(statement('full/fell_back'), [runId, JSON.stringify(staged.failed)])
  const { failing, warnings } = await steps.step('guard', () => guard(client, definitions, going.guard))
  const evaluation = { ...staged, failing: [...staged.failing, ...failing] }
  const applyOnce = () =>
    applyRun(client, {
      ...{ runId, asOf, horizon, lease, definitions, evaluation, candidates, midnight, warnings, steps },
      judged: staged.judged,
      full: mode === 'full',
      rollUp: rollsUp || going.owing,
      lastAsOf: last.as_of,
      scoresKeptFrom,
    })
  // What was staged outlives a rollback.
  const applied = await untilNobodyInTheWay(() => inTransaction(client, applyOnce))
  // What is merely owing was tried before, and is tried again by the next run.
  if (rollsUp) await rollUpIfDue(database, await readLastApplied(client), going, steps)
  await steps.begin('end')
  return {
    chosen: { ...chosen, ...(staged.failed ? { lake: staged.failed } : {}) },
    ...{ status: 'done', runId, asOf, mode, candidates, engine: staged.engine, ...applied },
    ...{ warnings, segments: staged.segments.length - failing.length, failing: evaluation.failing },
    ...{ nightly, inbox: null, lake: steps.lake(), steps: steps.done },
  }
}

/** Whoever has to wait, or asked for an instant that can't be, did not run: nothing of it is kept. */
async function recordFailure(
  database: Database,
  { origin = 'command', asOf }: RunOptions,
  steps: Steps,
  error: unknown,
): Promise<void> {
  const failed = [JSON.stringify(describeError(error)), JSON.stringify(steps.done)]
  if (steps.runId !== undefined) {
    await database.query(statement('runs/fail'), [steps.runId, ...failed])
    await steps.keepStatements(database)
  } else if (!(error instanceof UserError)) {
    await database.query(statement('runs/fail_early'), [origin, asOf ?? null, ...failed])
  }
}

async function startRun(
  client: Client,
  run: {
    asOf: Instant
    horizon: string
    fence: string
    going: Going
    decided: Decided
    scoresKeptFrom: string | undefined
  },
): Promise<string> {
  const { definitions, mode, chosen } = run.decided
  const { rows } = await client.query<{ run_id: string }>(statement('runs/start'), [
    mode,
    run.going.origin ?? 'command',
    run.asOf,
    run.horizon,
    run.fence,
    definitions.scoringVersion,
    JSON.stringify({ scores: scoresMeaning(definitions), scores_kept_from: run.scoresKeptFrom }),
    JSON.stringify(chosen),
  ])
  const runId = rows[0]!.run_id
  run.going.steps.runId = runId
  await client.query('update run_lease set run_id = $1::bigint where fence = $2::bigint', [runId, run.fence])
  return runId
}

export const unchanged = (last: { run_id: string | null; as_of: Instant }): RunResult => ({
  status: 'unchanged',
  runId: last.run_id,
  asOf: last.as_of,
  mode: 'incremental',
  chosen: null,
  candidates: undefined,
  engine: null,
  leads: 0,
  segments: 0,
  entered: 0,
  left: 0,
  failing: [],
  warnings: [],
  superseded: 0,
  drift: null,
  nightly: false,
  lake: null,
  inbox: null,
  steps: [],
})
