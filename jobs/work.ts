import type { Instant } from '../compiler/index.ts'
import type { Database } from '../pipeline/engine.ts'
import { UserError } from '../pipeline/errors.ts'
import { lakeIn } from '../pipeline/lake/lake.ts'
import { backfill } from '../pipeline/runs/backfill.ts'
import { type RunResult, run, unchanged } from '../pipeline/runs/run.ts'
import { type Kind, kinds, type Payload, type Results } from './kinds.ts'
import type { SlotSettings, Slots } from './slots.ts'

/** A job that has to wait longer than this is put off, and leaves its place in the worker to others. */
const waitMilliseconds = 1000

type Progress = { readonly done: number; readonly total: number; readonly asOf: Instant }

export type Job = {
  readonly name: string
  readonly data: unknown
  readonly report: (progress: Progress) => void
}

/** What there is to do for each kind of job. What it returns is kept in the queue. */
type Handlers = { [K in Kind]: (payload: Payload<K>, job: Job) => Promise<unknown> }

export function workOf(settings: SlotSettings, slots: Slots): (job: Job) => Promise<unknown> {
  const handlers: Handlers = {
    // Not awaited: ticks must not take the places of other jobs while many slots are made up.
    tick: async () => void slots.wake(),
    run: (payload) => runNow(settings, payload),
    backfill: (payload, job) => backfillNow(settings, payload, job),
  }
  return async (job) => {
    const shape = Object.hasOwn(kinds, job.name) ? kinds[job.name as Kind] : undefined
    const payload = shape?.safeParse(job.data)
    if (!payload?.success) {
      throw new UserError({
        code: 'UNKNOWN_JOB',
        message: `This worker does not know what to do with a job "${job.name}" of this shape.`,
        hint: 'It was put there by another version of Tideline: let all workers run the same one.',
      })
    }
    return (handlers[job.name as Kind] as Handlers['tick'])(payload.data as Payload<'tick'>, job)
  }
}

async function runNow(settings: SlotSettings, { asOf }: Payload<'run'>): Promise<Results['run']> {
  const { database, owner, temporary, onStep, signal } = settings
  const { timezone, scoreHistoryDays, guard, lake, lakeFrom, memory } = settings.settings
  try {
    const options = {
      asOf,
      guard,
      lake: lakeIn(lake),
      lakeFrom,
      memory,
      origin: 'queue',
      owner,
      timezone,
      scoreHistoryDays,
      temporary,
      waitMilliseconds,
      signal,
      ...(onStep ? { onStep } : {}),
    } as const
    const { failing, ...result } = await run(database, options)
    const told = failing.map(({ key, code, message }) => ({ key, code, message }))
    return { ...withoutSteps(result), failing: told }
  } catch (error) {
    // A queue may run a job twice; the second time others may have gone on since.
    const late = error instanceof UserError && error.code === 'AS_OF_NOT_AFTER_LAST_RUN'
    const done = late && asOf !== undefined ? await appliedAs(database, asOf) : undefined
    if (!done) throw error
    return done
  }
}

const withoutSteps = <R extends Pick<RunResult, 'steps'>>({ steps: _, ...result }: R): Omit<R, 'steps'> =>
  result

async function appliedAs(database: Database, asOf: Instant): Promise<Results['run'] | undefined> {
  const [done] = await database.query<{ run_id: string }>(
    `select run_id from runs where as_of = $1::timestamptz and status = 'done' and mode <> 'backfill'`,
    [asOf],
  )
  return done && { ...withoutSteps(unchanged({ run_id: done.run_id, as_of: asOf })), failing: [] }
}

function backfillNow(
  settings: SlotSettings,
  payload: Payload<'backfill'>,
  job: Job,
): Promise<Results['backfill']> {
  const { database, owner, onStep, signal } = settings
  return backfill(database, {
    ...payload,
    ...(onStep ? { onStep } : {}),
    origin: 'queue',
    owner,
    waitMilliseconds,
    signal,
    onProgress: job.report,
  })
}
