import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'

/** One writer at a time. The lock is the session's: it goes with it, however the process ends. */
export async function asWriter<T>(
  client: Client,
  folder: string,
  waitMilliseconds: number,
  work: () => Promise<T>,
): Promise<T> {
  for (let waited = 0; !(await tryLock(client, folder)); waited += 200) {
    if (waited >= waitMilliseconds) throw busy(folder)
    await sleep(200)
  }
  const result = await work()
  // After a failure the session is closed, and the lock with it.
  await client.query(statement('lake/unlock'), [folder])
  return result
}

async function tryLock(client: Client, folder: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(statement('lake/lock'), [folder])
  return rows[0]!.locked
}

const busy = (folder: string): UserError =>
  new UserError({
    code: 'LAKE_BUSY',
    message: 'Another process is writing the lake.',
    hint: 'Repeat the command when it is done.',
    where: folder,
  })
