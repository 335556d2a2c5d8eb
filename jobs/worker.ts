import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '../pipeline/errors.ts'
import { pendingMigrations } from '../pipeline/migrate.ts'
import { Stopped } from '../pipeline/stop.ts'
import { openBackend } from './backend.ts'
import { checkConnections } from './connections.ts'
import { type Crew, crewOf } from './crew.ts'
import { failureOf } from './failure.ts'
import { type BullQueue, openBullQueue } from './queue.ts'
import { checkSlots } from './schedule.ts'
import { type SlotSettings, type Slots, slotsOf } from './slots.ts'
import { keepTicking } from './ticks.ts'

/** How long a run may go on when the worker is to stop, unless something else is said. */
export const graceSeconds = 20

export type WorkerOptions = SlotSettings & {
  /** The queue is in Redis if one is named, and else in the database. */
  readonly redisUrl?: string | undefined
  /** How often it looks whether all is well, and whether a slot is due that no tick announced. */
  readonly watchSeconds?: number
  /** How long a job is its worker's without a word from it. */
  readonly lockSeconds?: number
  /** After so long a job is tried again that had to give way to another one. */
  readonly postponeSeconds?: number
}

export type RunningWorker = {
  /** Where the jobs are kept. */
  readonly described: string
  /** Takes no more work. What it is at may go on for so long, and is cancelled then; says whether all of it ended. */
  stop(options?: { graceSeconds?: number }): Promise<{ finished: boolean }>
}

/**
 * Keeps segments fresh: runs every slot that is due, and does what is put on the queue. Resolves once it is at work;
 * throws if database or queue can't be reached by then. Later outages it sits out.
 */
export async function startWorker(given: Omit<WorkerOptions, 'signal'>): Promise<RunningWorker> {
  const cancel = new AbortController()
  const options = { ...given, signal: cancel.signal }
  const pattern = checkSlots(options.settings.slots)
  const { database, log } = options
  if ((await pendingMigrations(database)).length > 0) throw notMigrated()
  await checkConnections(database, { queue: options.redisUrl === undefined })
  const backend = await openBackend(options)
  const queue = await openBullQueue(backend)
  queue.on('error', (error) => log.warn(failureOf(error), 'queue'))
  const slots = slotsOf(options)
  const crew = crewOf({ ...options, clock: Date.now }, backend, slots)
  try {
    await crew.keep()
    await keepTicking(database, queue, { pattern, renew: true })
  } catch (error) {
    await Promise.allSettled([crew.close(), queue.close()])
    throw error
  }
  log.info({ owner: options.owner, slots: pattern, queue: backend.described }, 'worker started')
  const watching = watch(options, { pattern, queue, slots, crew })
  return { described: backend.described, stop: stopping({ log, queue, slots, crew, watching, cancel }) }
}

type Parts = { readonly queue: BullQueue; readonly slots: Slots; readonly crew: Crew }

/**
 * What ticks are for, done without them: they may be lost with the queue, late, or stuck behind other jobs. Returns how
 * to end that, which has to be awaited before the queue is closed: what is asked of a closed one never settles.
 */
function watch(
  options: WorkerOptions,
  { pattern, queue, slots, crew }: Parts & { pattern: string },
): () => Promise<void> {
  const stop = new AbortController()
  const milliseconds = (options.watchSeconds ?? 10) * 1000
  const go = async () => {
    while (!stop.signal.aborted) {
      // Not awaited: a long run must not keep the queue from being looked after.
      void slots.wake()
      await sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => {})
      if (stop.signal.aborted) return
      try {
        await crew.keep()
        await keepTicking(options.database, queue, { pattern, renew: false })
      } catch (error) {
        options.log.warn(failureOf(error), 'the queue does not answer; slots are run without it')
      }
    }
  }
  const going = go()
  return () => {
    stop.abort()
    return going
  }
}

/** What is cancelled ends at once, unless the database no longer answers. */
const cancelSeconds = 5

type Stopping = Parts & {
  readonly log: SlotSettings['log']
  readonly watching: () => Promise<void>
  readonly cancel: AbortController
}

function stopping({ queue, slots, crew, log, watching, cancel }: Stopping): RunningWorker['stop'] {
  let stopped: Promise<{ finished: boolean }> | undefined
  const stop = async (graceSeconds: number) => {
    const closing = Promise.allSettled([watching(), slots.stop(), crew.close()]).then(() => queue.close())
    let finished = await within(graceSeconds, closing)
    if (!finished) {
      log.info('what is still being done is cancelled')
      cancel.abort(new Stopped())
      finished = await within(cancelSeconds, closing)
    }
    log.info({ finished }, 'worker stopped')
    return { finished }
  }
  return ({ graceSeconds: seconds = graceSeconds } = {}) => {
    stopped ??= stop(seconds)
    return stopped
  }
}

async function within(seconds: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController()
  const timeout = sleep(seconds * 1000, false, { signal: over.signal }).catch(() => false)
  return Promise.race([work.then(() => true), timeout]).finally(() => over.abort())
}

const notMigrated = (): UserError =>
  new UserError({
    code: 'NOT_MIGRATED',
    message: 'The database is not prepared for this version of Tideline.',
    hint: 'Run `tideline migrate`.',
  })
