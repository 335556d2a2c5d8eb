import type { Instant } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import { untilNobodyInTheWay } from '../conflicts.ts'
import { type Client, type Database, inTransaction } from '../engine.ts'
import { describeError, UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { reasonOf, stoppable, stoppableClient } from '../stop.ts'
import { begin } from './backfill-begin.ts'
import { definitionsAt } from './backfill-eras.ts'
import { lockBackfills, unlockBackfills } from './backfill-lock.ts'
import { oneDay, seamSince, stagePresent } from './backfill-scores.ts'
import { type BackfillRange, prepare } from './backfill-slots.ts'
import { type Going, settleSeams, writeBackfill } from './backfill-write.ts'
import { checkClusterOnce } from './cluster.ts'
import { type Failing, mainScore } from './definitions.ts'
import { evaluate } from './evaluate.ts'
import { readLastApplied } from './instants.ts'
import { claim } from './lease.ts'
import { endOfDay } from './score-days.ts'
import { stageCauses } from './stage.ts'
import type { OnStep } from './steps.ts'

export { type BackfillRange, backfillSlots, type Slot } from './backfill-slots.ts'

export type BackfillOptions = BackfillRange & {
  readonly origin?: 'command' | 'queue'
  readonly owner: string
  /** For another backfill to end. */
  readonly waitMilliseconds?: number
  /** Once it is aborted, what is being executed is cancelled; asked for again, it goes on from there. */
  readonly signal?: AbortSignal | undefined
  readonly onStep?: OnStep
  readonly onProgress?: (progress: BackfillProgress) => void
}

export type BackfillProgress = {
  readonly done: number
  readonly total: number
  readonly asOf: Instant
  /** An estimate, from how long the instants took so far. */
  readonly secondsLeft: number
}

export type BackfillResult = {
  /** Null: nothing was to be done. */
  readonly runId: string | null
  readonly from: Instant
  readonly to: Instant
  readonly instants: number
  /** At the ends of so many days scores were evaluated. */
  readonly days: number
  /** So many of both had been computed before it was interrupted. */
  readonly resumed: number
  readonly segments: number
  /** Keys of segments whose definition changed meanwhile, or scoring.yaml: their history is as it was. */
  readonly superseded: readonly string[]
  /** Segments that can't be evaluated by one of the versions: theirs is as it was. */
  readonly failing: readonly Pick<Failing, 'key' | 'version' | 'message'>[]
  /** Keys of segments that look at the history of those that were asked for: theirs is as it was. */
  readonly looking: readonly string[]
  /** Backfills that were interrupted, by their runs: what they had computed is thrown away. */
  readonly discarded: readonly string[]
  /** In the range, whoever recorded it first. */
  readonly entered: number
  readonly left: number
  /** Rows of history that were not there, and such that were and are not to be. */
  readonly written: number
  readonly removed: number
}

/** For a run to end; above all once everything is computed, whatever else one is ready to wait for. */
const claimMilliseconds = 600_000

/**
 * Recomputes the history of a range by the current definitions, or those of then, as a function of what is known now.
 * It writes rows in the range only, and at the seams: the first later instant at which a segment was looked at, whose
 * state stays as recorded. A row that is recorded already and found again is left alone. Computing needs no lease,
 * since it reads what lies below a fixed horizon and is kept aside, instant by instant; one that was killed goes on
 * from there. All becomes visible in one transaction, which needs the fence.
 */
export function backfill(given: Database, options: BackfillOptions): Promise<BackfillResult> {
  const database = stoppable(given, options.signal)
  return given.session(async (session) => {
    const client = await stoppableClient(database, session)
    await lockBackfills(client, options.waitMilliseconds ?? 60_000)
    try {
      await client.query('discard temp')
      await client.query(statement('backfill/interrupted'), [null])
      const { owner, waitMilliseconds = claimMilliseconds } = options
      await checkClusterOnce(database, { client, session }, { owner, waitMilliseconds })
      const prepared = await prepare(client, options)
      const { failing, looking } = prepared.pinning
      const { going, discarded } = await begin(client, options, prepared)
      if (going === undefined) return { ...nothing(options), failing, discarded }
      try {
        await recompute(client, options, going)
        const written = await write(database, { client, session }, options, going)
        return { ...written, failing, looking, discarded: [...discarded, ...written.discarded] }
      } catch (error) {
        const reason = reasonOf(error, options.signal)
        await session
          .query(statement('runs/fail'), [
            going.runId,
            JSON.stringify(describeError(reason)),
            JSON.stringify(going.steps.done),
          ])
          .catch(() => {})
        throw reason
      }
    } finally {
      // The next one on this connection must see the history that stands.
      await session.query('discard temp').catch(() => {})
      await unlockBackfills(session)
    }
  })
}

const nothing = ({ from, to }: BackfillOptions): BackfillResult => ({
  ...{ runId: null, from, to, superseded: [], failing: [], looking: [], discarded: [] },
  ...{ instants: 0, days: 0, resumed: 0, segments: 0, entered: 0, left: 0, written: 0, removed: 0 },
})

/** Instants and ends of days, one after the other: what is evaluated at one may be read at the next. */
async function recompute(client: Client, options: BackfillOptions, going: Going): Promise<void> {
  const { runId, instants, days, steps } = going
  const all = [
    ...instants.map(({ as_of, done }) => ({ asOf: as_of, done, day: undefined })),
    ...days.map((day) => ({ asOf: endOfDay(day.day), done: day.done, day })),
  ]
  const open = all.filter(({ done }) => !done).sort((a, b) => (a.asOf < b.asOf ? -1 : 1))
  const first = instants.find(({ done }) => !done)
  const started = performance.now()
  // From here on, whatever reads the history reads what this backfill has computed in its place.
  await client.query(statement('backfill/view_changes'))
  await client.query(statement('backfill/view_scores'))
  await client.query(statement('backfill/hold'), [runId, first?.as_of ?? 'infinity', false])
  for (const [index, { asOf, day }] of open.entries()) {
    await steps.step(asOf, () => (day ? oneDay(client, going, day) : oneInstant(client, going, asOf)))
    // They grow from nothing, and are read at every instant.
    if (index % 16 === 15 || index === open.length - 1)
      await client.query('analyze backfill_change, backfill_score')
    const seconds = (performance.now() - started) / 1000
    options.onProgress?.({
      done: all.length - open.length + index + 1,
      total: all.length,
      asOf,
      secondsLeft: (seconds / (index + 1)) * (open.length - index - 1),
    })
  }
  await client.query('drop view pg_temp.membership_change, pg_temp.score_history')
}

async function oneInstant(client: Client, going: Going, asOf: Instant): Promise<void> {
  const { runId, horizon, pinning } = going
  const definitions = definitionsAt(pinning, asOf)
  await inTransaction(client, () => settleSeams(client, runId, asOf))
  await client.query(statement('backfill/hold'), [runId, asOf, true])
  await client.query('analyze held_member')
  const found = await rows<{ segment_id: string }>(client, statement('backfill/active'), [runId, asOf])
  const active = new Set(found.map(({ segment_id }) => segment_id))
  const segments = definitions.segments.filter(({ segmentId }) => active.has(segmentId))
  const result = await evaluate(client, { ...definitions, segments, failing: [] }, { asOf, horizon })
  const failing = result.failing[0]
  if (failing) {
    throw new UserError({ code: failing.code, message: `"${failing.key}" as of ${asOf}: ${failing.message}` })
  }
  await client.query(statement('runs/stage_differences'))
  const before = await rows<{ segment_id: string; as_of: Instant }>(
    client,
    statement('backfill/looked_before'),
    [runId, asOf],
  )
  await stageCauses(client, { asOf, horizon, lastAsOf: null, before })
  await inTransaction(client, async () => {
    await client.query(statement('backfill/keep_changes'), [runId, asOf])
    await client.query(statement('backfill/step_left'))
    await client.query(statement('backfill/step_entered'))
    await client.query(statement('backfill/keep_stats'), [runId, asOf, mainScore(definitions)])
    await client.query(statement('backfill/keep_done'), [runId, asOf])
  })
}

async function write(
  database: Database,
  { client, session }: { client: Client; session: Client },
  options: BackfillOptions,
  going: Going,
): Promise<Omit<BackfillResult, 'failing' | 'looking'>> {
  const { owner, from, to } = options
  await going.steps.begin('claim')
  const lease = await claim(database, session, { owner, waitMilliseconds: claimMilliseconds })
  try {
    await client.query(statement('runs/interrupt'))
    const last = await readLastApplied(client)
    const first = last.run_id === null
    await seamSince(client, options, { ...going, last })
    const presentAsOf = await stagePresent(client, options, { ...going, last })
    const written = await going.steps.step('write', () =>
      untilNobodyInTheWay(() =>
        inTransaction(client, () => writeBackfill(client, { ...going, to, first, presentAsOf, lease })),
      ),
    )
    await going.steps.begin('end')
    const { instants, days, runId } = going
    const resumed = [...instants, ...days].filter(({ done }) => done).length
    const evaluated = { instants: instants.length, days: days.filter(({ seam }) => !seam).length }
    return { runId, from, to, ...evaluated, resumed, ...written }
  } finally {
    await lease.release().catch(() => {})
  }
}
