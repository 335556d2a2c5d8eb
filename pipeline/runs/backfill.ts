import type { Instant } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import { type Client, type Database, inTransaction } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { type PinnedDefinitions, pinDefinitions } from './definitions.ts'
import { evaluate } from './evaluate.ts'
import { type LastApplied, readLastApplied } from './instants.ts'
import { claim, FencedOff } from './lease.ts'
import { describeError, type OnStep, Steps } from './run.ts'

export type BackfillOptions = {
  /** Closed at both ends. */
  readonly from: Instant
  readonly to: Instant
  readonly grain: 'day' | 'hour'
  /** Keys; all active segments if left out. */
  readonly segments?: readonly string[]
  readonly origin?: 'command' | 'queue'
  readonly owner: string
  readonly waitMilliseconds?: number
  readonly onStep?: OnStep
  readonly onProgress?: (progress: { done: number; total: number; asOf: Instant }) => void
}

export type BackfillResult = {
  readonly runId: string
  readonly from: Instant
  readonly to: Instant
  readonly instants: number
  readonly segments: number
  readonly entered: number
  readonly left: number
}

const instantsMax = 10_000

/**
 * Recomputes the history of a range with the current definitions, as a function of what is known now. It writes rows
 * in the range only, and at the seam: the first later run of each segment, whose state stays as recorded.
 */
export function backfill(database: Database, options: BackfillOptions): Promise<BackfillResult> {
  return database.session(async (client) => {
    const waitMilliseconds = options.waitMilliseconds ?? 60_000
    const lease = await claim(database, client, { owner: options.owner, waitMilliseconds })
    try {
      await client.query(statement('runs/interrupt'))
      const last = await readLastApplied(client)
      checkRange(options, last)
      const definitions = await selectSegments(client, options.segments)
      const instants = await readInstants(client, options)
      const runId = await start(client, options, { last, definitions, fence: lease.fence, instants })
      try {
        return await recompute(client, options, { last, definitions, instants, runId, fence: lease.fence })
      } catch (error) {
        await client
          .query(statement('runs/fail'), [runId, JSON.stringify(describeError(error))])
          .catch(() => {})
        throw error
      }
    } finally {
      await lease.release().catch(() => {})
    }
  })
}

function checkRange({ from, to }: BackfillOptions, last: LastApplied): void {
  if (from > to) {
    throw new UserError({ code: 'BAD_RANGE', message: `The range begins (${from}) after it ends (${to}).` })
  }
  const end = last.as_of ?? last.now
  if (to > end) {
    throw new UserError({
      code: 'BACKFILL_AFTER_LAST_RUN',
      message: `A backfill rewrites what lies before the last run, as of ${end}; ${to} lies after it.`,
      hint: `Choose --to ${end.slice(0, 10)} or earlier, or do a run first.`,
    })
  }
}

async function selectSegments(
  client: Client,
  keys: readonly string[] | undefined,
): Promise<PinnedDefinitions> {
  const all = await pinDefinitions(client)
  if (!keys) return all
  for (const key of keys) {
    const failing = all.failing.find((each) => each.key === key)
    if (failing || !all.segments.some((each) => each.key === key)) {
      throw new UserError({
        code: failing ? failing.code : 'UNKNOWN_SEGMENT',
        message: failing ? failing.message : `There is no active segment "${key}".`,
        hint: '`tideline segments` lists them.',
      })
    }
  }
  return { ...all, segments: all.segments.filter((each) => keys.includes(each.key)), failing: [] }
}

async function readInstants(client: Client, { from, to, grain }: BackfillOptions): Promise<Instant[]> {
  const found = await rows<{ as_of: Instant }>(client, statement('backfill/instants'), [from, to, grain])
  if (found.length > instantsMax) {
    throw new UserError({
      code: 'RANGE_TOO_LONG',
      message: `The range holds ${found.length} instants; at most ${instantsMax} are done at a time.`,
      hint: 'Take a shorter range, or --grain day.',
    })
  }
  return found.map((each) => each.as_of)
}

type Backfilling = {
  readonly last: LastApplied
  readonly definitions: PinnedDefinitions
  readonly instants: readonly Instant[]
  readonly fence: string
}

async function start(client: Client, options: BackfillOptions, going: Backfilling): Promise<string> {
  const { from, to, grain, segments } = options
  const { rows: started } = await client.query<{ run_id: string }>(statement('runs/start'), [
    'backfill',
    options.origin ?? 'command',
    to,
    going.last.next_horizon,
    going.fence,
    going.definitions.scoringVersion,
    JSON.stringify({ from, to, grain, segments: segments ?? null, instants: going.instants.length }),
  ])
  return started[0]!.run_id
}

async function recompute(
  client: Client,
  options: BackfillOptions,
  going: Backfilling & { runId: string },
): Promise<BackfillResult> {
  const { definitions, instants, last, runId } = going
  const steps = new Steps(options.onStep)
  const ids = definitions.segments.map((each) => each.segmentId)
  const mainScore = definitions.scores.findIndex((score) => score.name === 'engagement')
  await client.query('discard temp')
  await client.query(statement('backfill/stage'))
  await client.query(statement('backfill/start_state'), [options.from, ids])
  for (const [index, asOf] of instants.entries()) {
    await steps.step(asOf, async () => {
      const seen = { asOf, horizon: last.next_horizon }
      const { wordCount } = await evaluate(client, definitions, seen)
      await client.query(statement('runs/stage_changes'), [seen.horizon, asOf, null, null, wordCount])
      await client.query(statement('backfill/keep_changes'), [asOf])
      await client.query(statement('backfill/step_left'))
      await client.query(statement('backfill/step_entered'))
      return client.query(statement('backfill/keep_stats'), [asOf, mainScore < 0 ? null : mainScore + 1])
    })
    options.onProgress?.({ done: index + 1, total: instants.length, asOf })
  }
  const counts = await inTransaction(client, () => write(client, options, { ...going, ids, steps }))
  const { from, to } = options
  return { runId, from, to, instants: instants.length, segments: ids.length, ...counts }
}

/** The range becomes visible at once, or not at all. */
async function write(
  client: Client,
  { from, to }: BackfillOptions,
  going: Backfilling & { runId: string; ids: readonly string[]; steps: Steps },
): Promise<{ entered: number; left: number }> {
  const { runId, ids, fence, steps, definitions, last } = going
  if ((await client.query(statement('runs/check_fence'), [fence])).rowCount === 0) throw new FencedOff()
  const versions = definitions.segments.map((each) => each.version)
  await client.query(statement('backfill/find_seams'), [to, ids])
  await client.query(statement('backfill/seam_changes'), [runId, ids, versions])
  await client.query(statement('backfill/replace_changes'), [from, to, ids])
  await client.query(statement('backfill/write_changes'), [runId])
  await client.query(statement('backfill/replace_stats'), [from, to, ids])
  await client.query(statement('backfill/write_stats'), [runId])
  await client.query(statement('backfill/write_membership'), [to, runId])
  await client.query(statement('backfill/correct_since'), [ids])
  // Where nothing was ever run, the next run goes on from here as from any other.
  if (last.run_id === null && ids.length > 0) {
    await client.query(statement('runs/apply_state'), [runId, definitions.scoringVersion])
  }
  await steps.begin('commit')
  const { rows: finished } = await client.query<{ entered: string; left: string }>(
    statement('backfill/finish'),
    [runId, fence, JSON.stringify(steps.done)],
  )
  if (!finished[0]) throw new FencedOff()
  return { entered: Number(finished[0].entered), left: Number(finished[0].left) }
}
