import { setTimeout as sleep } from 'node:timers/promises'
import { rows } from '../catalog.ts'
import type { Client } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'

/** Nobody computes history meanwhile: until it is given back, or the session ends. */
export async function lockBackfills(client: Client, waitMilliseconds: number): Promise<void> {
  const attempts = Math.max(1, Math.ceil(waitMilliseconds / 250))
  for (let attempt = 1; ; attempt++) {
    const [row] = await rows<{ locked: boolean }>(client, statement('backfill/lock'))
    if (row?.locked) return
    if (attempt >= attempts) throw inProgress()
    await sleep(250)
  }
}

export async function unlockBackfills(client: Client): Promise<void> {
  await client.query(statement('backfill/unlock')).catch(() => {})
}

const inProgress = (): UserError =>
  new UserError({
    code: 'BACKFILL_IN_PROGRESS',
    message: 'A backfill is under way; nothing was done.',
    hint: 'Wait for it to end; `tideline runs` shows it.',
  })
