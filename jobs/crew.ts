import type { Job as BullJob } from 'bullmq'
import { type Backend, type Backing, openBackend, ready } from './backend.ts'
import { pools } from './connections.ts'
import { failureOf, toJobError } from './failure.ts'
import { checkStarts, postpone, postponedSoFar } from './postpone.ts'
import { queueName } from './queue.ts'
import type { SlotSettings, Slots } from './slots.ts'
import { workOf } from './work.ts'

type Options = SlotSettings &
  Backing & {
    /** How long a job is its worker's without a word from it: one whose process was killed is taken up again then. */
    readonly lockSeconds?: number
    /** After so long a job is tried again that had to give way to another one. */
    readonly postponeSeconds?: number
    /** The clock by which the queue goes. */
    readonly clock: () => number
  }
type BullWorker = InstanceType<Backend['Worker']>

export type Crew = { keep(): Promise<void>; close(): Promise<void> }

/** More errors than this between two looks: the instance is beside itself, and only a new one will do. */
const maxErrors = 50

/** BullMQ's worker, replaced by a new one when it broke. */
export function crewOf(options: Options, backend: Backend, slots: Slots): Crew {
  let worker: BullWorker | undefined
  let errors = 0
  let closed = false
  const open = async (): Promise<BullWorker> => {
    // Brings the queue's schema back, should it have been dropped.
    const made = newWorker(options, errors === 0 ? backend : await openBackend(options), slots)
    made.on('error', (error) => {
      errors += 1
      if (errors <= 5) options.log.warn(failureOf(error), 'worker')
      if (errors <= maxErrors || worker !== made) return
      worker = undefined
      made.close(true).catch(() => {})
    })
    await ready(made, backend.described)
    made.run().catch((error) => options.log.error(failureOf(error), 'worker'))
    return made
  }
  return {
    async keep() {
      if (closed) return
      worker ??= await open()
      errors = 0
      // Closed in the meantime: this one came too late.
      if (closed) await worker.close(true)
    },
    async close() {
      closed = true
      await worker?.close()
    },
  }
}

const conditions = {
  autorun: false,
  // Two, so that a run that was asked for need not wait for a backfill's turn; the ledger keeps them apart.
  concurrency: 2,
  maxStalledCount: 2,
}

type Processed = BullJob<unknown, unknown, string>

function newWorker(options: Options, backend: Backend, slots: Slots): BullWorker {
  const { log, lockSeconds = 60 } = options
  const work = workOf(options, slots)
  const process = async (job: Processed, token?: string) => {
    const postponed = postponedSoFar(job)
    const report = seldom((progress: object) =>
      job.updateProgress({ ...progress, postponed }).catch(() => {}),
    )
    try {
      checkStarts(job)
      return await work({ name: job.name, data: job.data, report })
    } catch (error) {
      throw await giveBack(options, job, token, error)
    }
  }
  const connection = { pool: pools.worker }
  const worker: BullWorker = new backend.Worker(queueName, process, {
    name: backend.installation,
    connection,
    ...conditions,
    lockDuration: lockSeconds * 1000,
    stalledInterval: lockSeconds * 250,
  })
  worker.on('completed', (job) => {
    if (job.name !== 'tick') log.info({ job: job.id }, 'job done')
  })
  worker.on('stalled', (id) => log.warn({ job: id }, 'job was left by its worker and is taken up again'))
  worker.on('lockRenewalFailed', (ids) => log.warn({ jobs: ids }, 'lost the lock; the job may be done twice'))
  return worker
}

/** Returns what tells the queue what becomes of a job that was not done. */
async function giveBack(
  { log, clock, postponeSeconds = 5 }: Options,
  job: Processed,
  token: string | undefined,
  error: unknown,
): Promise<unknown> {
  const failure = failureOf(error)
  const { code } = failure
  const isFirst = postponedSoFar(job) === 0
  // Where the queue can't be told to put it off, it fails as others do, and is tried again at the cost of an attempt.
  const putOff = await postpone(job, { code, until: clock() + postponeSeconds * 1000, token }).catch(
    () => undefined,
  )
  if (putOff === undefined) {
    log.error({ job: job.id, ...failure }, 'job failed')
    return toJobError(error)
  }
  if (code === 'STOPPED') log.info({ job: job.id }, 'job stopped; it is taken up again')
  // Said once: every few seconds it is looked again.
  else log[isFirst ? 'info' : 'debug']({ job: job.id, code }, 'job waits for another one to end')
  return putOff
}

/** Calls at most twice a second: every instant of a long backfill would be a write to the queue. */
function seldom<T>(tell: (value: T) => unknown): (value: T) => void {
  let told = Number.NEGATIVE_INFINITY
  return (value) => {
    if (performance.now() - told < 500) return
    told = performance.now()
    tell(value)
  }
}
