import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../pipeline/engine.ts'
import { statement } from '../pipeline/sql.ts'
import { codeOf } from './failure.ts'
import type { BullQueue } from './queue.ts'

const scheduler = 'tick'
/** A tick this late will not come by itself any more. */
const lateMilliseconds = 60_000

/**
 * Sees to it that the queue ticks at every slot, once for all workers. `renew`: also if it ticks to another pattern.
 * Looks first, since writing the schedule anew puts off a tick that is about to come.
 */
export function keepTicking(
  database: Database,
  queue: BullQueue,
  options: { pattern: string; renew: boolean },
): Promise<void> {
  return database.transaction(async (client) => {
    await client.query(statement('jobs/lock_schedule'), [database.schema])
    const { rows } = await client.query<{ now: string }>(
      'select extract(epoch from clock_timestamp()) * 1000 as now',
    )
    const found = await queue.getJobScheduler(scheduler)
    const same = found !== undefined && (found.pattern === options.pattern || !options.renew)
    if (same && (found.next ?? 0) > Number(rows[0]!.now) - lateMilliseconds) return
    await upsert(queue, options.pattern)
  })
}

async function upsert(queue: BullQueue, pattern: string, attempt = 1): Promise<void> {
  try {
    // One attempt: a tick is only a wake-up, and the next one does what this one did not.
    const opts = {
      attempts: 1,
      removeOnComplete: { count: 20 },
      removeOnFail: { age: 7 * 86_400, count: 100 },
    }
    await queue.upsertJobScheduler(scheduler, { pattern, tz: 'UTC' }, { name: 'tick', data: {}, opts })
  } catch (error) {
    // A worker that takes a tick at this moment writes the schedule too: a deadlock, or "job ID already exists".
    const passing = codeOf(error) === '40P01' || /-10|already exists|deadlock/.test(String(error))
    if (!passing || attempt >= 5) throw error
    await sleep(50 * attempt)
    await upsert(queue, pattern, attempt + 1)
  }
}
