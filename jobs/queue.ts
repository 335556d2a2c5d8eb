import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../pipeline/engine.ts'
import { UserError } from '../pipeline/errors.ts'
import { chooseAsOf, readLastApplied } from '../pipeline/runs/instants.ts'
import { type Backend, type Backing, openBackend, ready } from './backend.ts'
import { pools } from './connections.ts'
import { fromJobError } from './failure.ts'
import { type Asked, jobId, kinds, type Payload, type Results } from './kinds.ts'
import { waitsFor } from './postpone.ts'

export const queueName = 'tideline'

/** `added`: false if the same was asked before and is still to be done. */
export type Enqueued<K extends Asked = Asked> = {
  readonly kind: K
  readonly id: string
  readonly added: boolean
}

export type Waiting = {
  readonly state: string
  readonly progress: { readonly done: number; readonly total: number } | undefined
  /** Why it is put off for the moment, as a code such as `RUN_IN_PROGRESS`. */
  readonly waitsFor: string | undefined
  /** How many workers there are to do it. None: start one with `tideline worker`. */
  readonly workers: number
}

export type JobQueue = {
  readonly described: string
  /** Puts ad-hoc work on the queue. Refuses what the work itself would refuse at once. */
  enqueue<K extends Asked>(kind: K, payload: Payload<K>): Promise<Enqueued<K>>
  /** Waits for the end of a job; throws what it failed with. */
  wait<K extends Asked>(
    job: Enqueued<K>,
    options?: { seconds?: number; onState?: (waiting: Waiting) => void },
  ): Promise<Results[K]>
  workers(): Promise<number>
  close(): Promise<void>
}

const days = 86_400
const jobOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 5000 },
  removeOnComplete: { age: 7 * days, count: 1000 },
  removeOnFail: { age: 30 * days, count: 5000 },
  sizeLimit: 65_536,
}

export async function openQueue(backing: Backing): Promise<JobQueue> {
  const backend = await openBackend(backing)
  return queueOf(backing, backend, await openBullQueue(backend))
}

export type BullQueue = InstanceType<Backend['Queue']>

export function openBullQueue(backend: Backend): Promise<BullQueue> {
  const queue: BullQueue = new backend.Queue(queueName, {
    connection: { pool: pools.queue },
    defaultJobOptions: jobOptions,
  })
  return ready(queue, backend.described)
}

function queueOf({ database }: Backing, backend: Backend, queue: BullQueue): JobQueue {
  // Calls on an instance that was closed would never settle.
  let open = true
  const usable = (): BullQueue => {
    if (!open) throw new Error('This queue was closed.')
    return queue
  }
  const workers = async () =>
    (await usable().getWorkers()).filter(({ rawname }) => rawname?.endsWith(`:w:${backend.installation}`))
      .length
  return {
    described: backend.described,
    workers,
    enqueue: async (kind, payload) => enqueue(database, usable(), kind, payload),
    async wait(job, { seconds = Number.POSITIVE_INFINITY, onState } = {}) {
      const start = performance.now()
      // Asking again and again outlives lost notifications, which waiting for an event does not.
      for (let pause = 100; performance.now() - start < seconds * 1000; pause = Math.min(pause * 1.5, 1000)) {
        const look = await lookAt<Results[typeof job.kind]>(usable(), job.id)
        if ('result' in look) return look.result
        onState?.({ ...look, workers: await workers() })
        await sleep(pause)
      }
      throw notDone(job.id, seconds)
    },
    async close() {
      open = false
      await queue.close()
    },
  }
}

async function enqueue<K extends Asked>(
  database: Database,
  queue: BullQueue,
  kind: K,
  payload: Payload<K>,
): Promise<Enqueued<K>> {
  const data = kinds[kind].parse(payload)
  const last = await database.session(readLastApplied)
  if (kind === 'run') chooseAsOf(last, (data as Payload<'run'>).asOf)
  const id = jobId(data, last.now)
  const before = await queue.getJob(id)
  const state = await before?.getState()
  // A job that has ended makes room: what is asked for again is done again.
  if (state === 'completed' || state === 'failed') await before?.remove()
  else if (before) return { kind, id, added: false }
  await queue.add(kind, data, { jobId: id })
  return { kind, id, added: true }
}

async function lookAt<T>(queue: BullQueue, id: string): Promise<{ result: T } | Omit<Waiting, 'workers'>> {
  const found = await queue.getJob(id)
  if (!found) throw gone(id)
  const state = await found.getState()
  // Read again: the job may have ended between the two questions.
  if (state === 'completed') return { result: (await queue.getJob(id))?.returnvalue as T }
  if (state === 'failed') throw fromJobError((await queue.getJob(id))?.failedReason ?? 'It failed.')
  const why = state === 'delayed' ? waitsFor(found) : undefined
  return { state, progress: progressOf(found.progress), waitsFor: why }
}

function progressOf(progress: unknown): Waiting['progress'] {
  const { done, total } = (progress ?? {}) as { done?: unknown; total?: unknown }
  return typeof done === 'number' && typeof total === 'number' ? { done, total } : undefined
}

const notDone = (id: string, seconds: number): UserError =>
  new UserError({
    code: 'JOB_NOT_DONE',
    message: `Job ${id} did not end within ${seconds} seconds.`,
    hint: 'It goes on without you; `tideline runs` shows what was applied.',
  })

const gone = (id: string): UserError =>
  new UserError({
    code: 'JOB_GONE',
    message: `Job ${id} is no longer in the queue.`,
    hint: 'The queue was emptied, or the job ended long ago. What was applied stands in `tideline runs`.',
  })
