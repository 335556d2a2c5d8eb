import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../engine.ts'
import { statement } from '../sql.ts'

/**
 * Waits until a run would see all that is committed now. A run's horizon stops at the oldest transaction that is still
 * open, anywhere on the server: somebody's, or autovacuum's. Not for long: what is missed comes with the next run.
 */
export async function untilSeen(database: Database, waitMilliseconds = 2000): Promise<void> {
  const { begun } = await reached(database)
  for (let waited = 0; waited < waitMilliseconds; waited += 50) {
    if (BigInt((await reached(database)).ended) >= BigInt(begun)) return
    await sleep(50)
  }
}

async function reached(database: Database): Promise<{ begun: string; ended: string }> {
  const [row] = await database.query<{ begun: string; ended: string }>(statement('runs/horizon_reached'))
  return row!
}
