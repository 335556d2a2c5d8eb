import { type Job as BullJob, DelayedError } from 'bullmq'
import { UserError } from '../pipeline/errors.ts'

/** Nothing went wrong then: it was not the job's turn, or its worker had to go. None of its attempts is used up. */
const notItsTurn = new Set(['RUN_IN_PROGRESS', 'BACKFILL_IN_PROGRESS', 'STOPPED'])
/** The only limit that holds for every job that ends its process each time. */
const maxStarts = 6

export type Postponable = Pick<
  BullJob<unknown, unknown, string>,
  'attemptsStarted' | 'progress' | 'updateProgress' | 'moveToDelayed'
>
type Postponement = {
  readonly code: string
  /** When it is to be tried again, in milliseconds of the clock by which the queue goes. */
  readonly until: number
  readonly token: string | undefined
}

/**
 * Puts a job off that could not be done yet. It waits in the queue, so that others have its worker's place meanwhile;
 * how often it did, and for what, is kept with its progress. Returns what is to be thrown then; nothing if the job has
 * failed.
 */
export async function postpone(
  job: Postponable,
  { code, until, token }: Postponement,
): Promise<DelayedError | undefined> {
  if (!notItsTurn.has(code)) return undefined
  await job.updateProgress({ postponed: postponedSoFar(job) + 1, waitsFor: code })
  await job.moveToDelayed(until, token)
  return new DelayedError()
}

/** How often a job was put off. */
export const postponedSoFar = ({ progress }: Pick<Postponable, 'progress'>): number =>
  Number((progress as { postponed?: unknown } | null)?.postponed ?? 0)

/** What a job waits for that was put off: the code that it ended with. */
export function waitsFor({ progress }: Pick<Postponable, 'progress'>): string | undefined {
  const code = (progress as { waitsFor?: unknown } | null)?.waitsFor
  return typeof code === 'string' ? code : undefined
}

/** BullMQ has such a limit, which counts how often a job was put off as well. */
export function checkStarts(job: Postponable): void {
  if (job.attemptsStarted - postponedSoFar(job) <= maxStarts) return
  throw new UserError({
    code: 'JOB_STARTED_TOO_OFTEN',
    message: `The job was begun ${maxStarts} times, and its worker did not outlive it.`,
    hint: 'See why the worker ended, for want of memory perhaps; then put it on the queue again.',
  })
}
