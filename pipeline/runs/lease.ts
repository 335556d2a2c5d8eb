import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Database } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import type { Steps } from './steps.ts'

const leaseSeconds = 60
const heartbeatMilliseconds = 5_000

/** What the holder has done and is at: with every beat the ledger is told, which outlives a process that is killed. */
type Told = Pick<Steps, 'soFar'>

export type Lease = {
  readonly fence: string
  /** Stops the heartbeat and gives the lease back. */
  release(): Promise<void>
}

/**
 * Claims the right to write, waiting for whoever holds it. The lease counts on the database's clock; a holder
 * whose session is gone (a killed process) is replaced at once.
 */
export async function claim(
  database: Database,
  client: Client,
  options: { owner: string; waitMilliseconds: number; steps?: Told },
): Promise<Lease> {
  const attempts = Math.max(1, Math.ceil(options.waitMilliseconds / 250))
  for (let attempt = 1; ; attempt++) {
    const { rows } = await client.query<{ fence: string }>(statement('runs/claim'), [
      options.owner,
      leaseSeconds,
    ])
    if (rows[0]) return hold(database, client, rows[0].fence, options.steps)
    if (attempt >= attempts) throw await busy(client)
    await sleep(250)
  }
}

function hold(database: Database, client: Client, fence: string, steps: Told | undefined): Lease {
  // On another connection, since the run's own is busy with its statements. A lost beat is no harm: the commit checks.
  const beat = setInterval(() => {
    const soFar = steps ? JSON.stringify(steps.soFar()) : null
    database.query(statement('runs/heartbeat'), [fence, leaseSeconds, soFar]).catch(() => {})
  }, heartbeatMilliseconds)
  beat.unref()
  return {
    fence,
    async release() {
      clearInterval(beat)
      await client.query(statement('runs/release'), [fence])
    },
  }
}

async function busy(client: Client): Promise<UserError> {
  const { rows } = await client.query<{ run_id: string | null; owner: string; lease_until: string }>(
    'select run_id, owner, lease_until from run_lease',
  )
  return new UserError({
    code: 'RUN_IN_PROGRESS',
    message: `Another run is being applied (by ${rows[0]?.owner ?? 'somebody'}, lease until ${rows[0]?.lease_until ?? '?'}).`,
    hint: 'Wait for it to end; `tideline runs` shows it. A killed one is replaced by itself.',
  })
}

/** Thrown when a run finds that its lease was taken over: whatever it staged is thrown away. */
export class FencedOff extends UserError {
  constructor() {
    super({
      code: 'FENCED_OFF',
      message: 'This run lost its lease to another one and was not applied.',
      hint: 'Nothing is lost: the other run sees the same data.',
    })
  }
}
