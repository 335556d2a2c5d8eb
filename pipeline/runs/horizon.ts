import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../engine.ts'
import { statement } from '../sql.ts'
import { type HorizonStanding, readHorizon } from '../status.ts'

/** Rows that have arrived, and whose transaction keeps them from being seen. */
export type Unseen = { readonly rows: number; readonly holder: HorizonStanding }

/** Who was in the way, and the transaction that was next then. */
export type Held = { readonly begun: string; readonly holder: HorizonStanding }

/**
 * Waits until a run would see all that is committed now. A run's horizon stops at the oldest transaction that is still
 * open, anywhere on the server: somebody's, or autovacuum's. Not for long: what is missed comes with the next run, and
 * whose transaction that is is returned.
 */
export async function untilSeen(database: Database, waitMilliseconds = 2000): Promise<Held | undefined> {
  const { begun } = await reached(database)
  for (let waited = 0; waited < waitMilliseconds; waited += 50) {
    if (BigInt((await reached(database)).ended) >= BigInt(begun)) return undefined
    await sleep(50)
  }
  return { begun, holder: await readHorizon(database) }
}

/** What a run did not see although it had arrived when it was asked for; undefined: it saw all there was. */
export async function readUnseen(
  database: Database,
  runId: string,
  { begun, holder }: Held,
): Promise<Unseen | undefined> {
  const [found] = await database.query<{ rows: string }>(statement('reads/unseen'), [runId, begun])
  const rows = Number(found?.rows ?? 0)
  return rows > 0 ? { rows, holder } : undefined
}

async function reached(database: Database): Promise<{ begun: string; ended: string }> {
  const [row] = await database.query<{ begun: string; ended: string }>(statement('runs/horizon_reached'))
  return row!
}
