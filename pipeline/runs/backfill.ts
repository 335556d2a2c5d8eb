import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { canonical, type Instant } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import { untilNobodyInTheWay } from '../conflicts.ts'
import { type Client, type Database, inTransaction } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { reasonOf, stoppable, stoppableClient } from '../stop.ts'
import { type Day, endOf, evaluatePresent, oneDay, prepareScores } from './backfill-scores.ts'
import { type BackfillRange, findSlots, type Prepared, prepare } from './backfill-slots.ts'
import { type Going, settleSeams, writeBackfill } from './backfill-write.ts'
import { mainScore } from './definitions.ts'
import { evaluate } from './evaluate.ts'
import { readLastApplied } from './instants.ts'
import { claim } from './lease.ts'
import { describeError } from './run.ts'
import { stageCauses } from './stage.ts'
import { type OnStep, Steps } from './steps.ts'

export { type BackfillRange, backfillSlots, type Slot } from './backfill-slots.ts'

export type BackfillOptions = BackfillRange & {
  readonly origin?: 'command' | 'queue'
  readonly owner: string
  /** For another backfill to end; and in the end, for a run. */
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
  readonly entered: number
  readonly left: number
}

/**
 * Recomputes the history of a range with the current definitions, as a function of what is known now. It writes rows
 * in the range only, and at the seams: the first later instant at which a segment was looked at, whose state stays as
 * recorded. Computing needs no lease, since it reads what lies below a fixed horizon and is kept aside, instant by
 * instant; one that was killed goes on from there. All becomes visible in one transaction, which needs the fence.
 */
export function backfill(given: Database, options: BackfillOptions): Promise<BackfillResult> {
  const database = stoppable(given, options.signal)
  return given.session(async (session) => {
    const client = await stoppableClient(database, session)
    await lock(client, options.waitMilliseconds ?? 60_000)
    try {
      await client.query('discard temp')
      await client.query(statement('backfill/interrupted'), [null])
      const prepared = await prepare(client, options)
      const going = await begin(client, options, prepared)
      if (going === undefined) return nothing(options)
      try {
        await recompute(client, options, going)
        return await write(database, { client, session }, options, going)
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
      await session.query(statement('backfill/unlock')).catch(() => {})
    }
  })
}

async function lock(client: Client, waitMilliseconds: number): Promise<void> {
  const attempts = Math.max(1, Math.ceil(waitMilliseconds / 250))
  for (let attempt = 1; ; attempt++) {
    const [row] = await rows<{ locked: boolean }>(client, statement('backfill/lock'))
    if (row?.locked) return
    if (attempt >= attempts) break
    await sleep(250)
  }
  throw new UserError({
    code: 'BACKFILL_IN_PROGRESS',
    message: 'Another backfill is under way; there is one at a time.',
    hint: 'Wait for it to end; `tideline runs` shows it.',
  })
}

const nothing = ({ from, to }: BackfillOptions): BackfillResult => ({
  ...{ runId: null, from, to, superseded: [] },
  ...{ instants: 0, days: 0, resumed: 0, segments: 0, entered: 0, left: 0 },
})

/** Goes on with the same one that was interrupted, or begins a new one; undefined if there is nothing to do. */
async function begin(
  client: Client,
  options: BackfillOptions,
  prepared: Prepared,
): Promise<Going | undefined> {
  const { definitions } = prepared
  const { from, to, grain = null, all = false } = options
  const asked = { from, to, grain, segments: options.segments ? [...options.segments].sort() : null, all }
  const meaning = createHash('sha256')
    .update(
      canonical([
        definitions.segments.map(({ key, version, predicate }) => ({ key, version, predicate })),
        definitions.scores,
      ]),
    )
    .digest('hex')
  const [resumed] = await rows<{ run_id: string; horizon: string }>(client, statement('backfill/resume'), [
    JSON.stringify(asked),
    meaning,
  ])
  await client.query(statement('backfill/clean_up'), [JSON.stringify(asked), resumed?.run_id ?? null])
  if (resumed) {
    await client.query(statement('backfill/take'), [resumed.run_id])
    return going(client, options, prepared, { runId: resumed.run_id, horizon: resumed.horizon })
  }
  const { slots, days } = await findSlots(client, options, prepared)
  if (slots.length + days.length === 0) return undefined
  const runId = await inTransaction(client, () =>
    keepPlan(client, options, prepared, { asked, meaning, instants: slots.length, days }),
  )
  return going(client, options, prepared, { runId, horizon: prepared.last.next_horizon })
}

async function keepPlan(
  client: Client,
  options: BackfillOptions,
  { definitions, last }: Prepared,
  {
    asked,
    meaning,
    instants,
    days,
  }: { asked: object; meaning: string; instants: number; days: readonly Day[] },
): Promise<string> {
  const [started] = await rows<{ run_id: string }>(client, statement('runs/start'), [
    'backfill',
    options.origin ?? 'command',
    options.to,
    last.next_horizon,
    '0',
    definitions.scoringVersion,
    JSON.stringify({ ...asked, instants, days: days.flatMap(({ day, seam }) => (seam ? [] : [day])) }),
    null,
  ])
  const runId = started!.run_id
  await client.query(statement('backfill/begin'), [runId, JSON.stringify(asked), meaning])
  await client.query(statement('backfill/begin_chunks'), [
    runId,
    options.from,
    options.to,
    definitions.segments.map((each) => each.segmentId),
    definitions.segments.map((each) => each.version),
  ])
  await client.query(statement('backfill/begin_instants'), [runId])
  await client.query(statement('backfill/begin_days'), [
    runId,
    days.map(({ day }) => day),
    days.map(({ seam }) => seam),
  ])
  return runId
}

async function going(
  client: Client,
  options: BackfillOptions,
  { definitions }: Prepared,
  { runId, horizon }: { runId: string; horizon: string },
): Promise<Going> {
  const instants = await rows<{ as_of: Instant; done: boolean }>(client, statement('backfill/instants'), [
    runId,
  ])
  const days = await rows<Day & { done: boolean }>(client, statement('backfill/open_days'), [runId])
  await prepareScores(client)
  await client.query(statement('backfill/view_recorded'))
  await client.query(statement('backfill/view_recorded_scores'))
  await client.query(`select set_config('tideline.backfill', $1::text, false)`, [runId])
  await client.query(statement('backfill/create_held'))
  await client.query(statement('runs/stage_candidates'))
  return { runId, horizon, definitions, instants, days, steps: new Steps(options.onStep) }
}

/** Instants and ends of days, one after the other: what is evaluated at one may be read at the next. */
async function recompute(client: Client, options: BackfillOptions, going: Going): Promise<void> {
  const { runId, instants, days, steps } = going
  const all = [
    ...instants.map(({ as_of, done }) => ({ asOf: as_of, done, day: undefined })),
    ...days.map((day) => ({ asOf: endOf(day), done: day.done, day })),
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
  const { runId, horizon, definitions } = going
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
  await client.query(statement('runs/stage_differences'), [result.wordCount])
  await stageCauses(client, { asOf, horizon, lastAsOf: null })
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
): Promise<BackfillResult> {
  const { owner, waitMilliseconds = 600_000, from, to } = options
  await going.steps.begin('claim')
  const lease = await claim(database, session, { owner, waitMilliseconds })
  try {
    await client.query(statement('runs/interrupt'))
    const first = (await readLastApplied(client)).run_id === null
    if (first && going.days.length > 0) await evaluatePresent(client, going, to)
    const written = await going.steps.step('write', () =>
      untilNobodyInTheWay(() =>
        inTransaction(client, () => writeBackfill(client, { ...going, to, first, lease })),
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
