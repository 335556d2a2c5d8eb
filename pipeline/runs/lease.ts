import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, Database } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import type { Steps } from './steps.ts'

const usualSeconds = 60
/** How often at least, in milliseconds, the ledger is told how far its holder has come. */
const tellingEvery = 5_000

/** What the holder has done and is at: with every beat the ledger is told, which outlives a process that is killed. */
type Told = Pick<Steps, 'soFar'>

type Claiming = {
  readonly owner: string
  readonly waitMilliseconds: number
  readonly leaseSeconds?: number | undefined
  readonly steps?: Told
}

export type Lease = {
  readonly fence: string
  /** How long its holder may stand still until it is taken from them. */
  readonly seconds: number
  /** Stops the heartbeat and gives the lease back. */
  release(): Promise<void>
}

/**
 * Claims the right to write, waiting for whoever holds it. The lease counts on the database's clock; a holder
 * whose session is gone (a killed process) is replaced at once.
 */
export async function claim(database: Database, client: Client, options: Claiming): Promise<Lease> {
  const { owner, leaseSeconds = usualSeconds, steps } = options
  const attempts = Math.max(1, Math.ceil(options.waitMilliseconds / 250))
  for (let attempt = 1; ; attempt++) {
    database.signal?.throwIfAborted()
    const { rows } = await client.query<{ fence: string }>(statement('runs/claim'), [owner, leaseSeconds])
    if (rows[0]) return hold({ database, client, steps }, rows[0].fence, leaseSeconds)
    if (attempt >= attempts) throw await busy(client)
    await sleep(250)
  }
}

type Holder = { readonly database: Database; readonly client: Client; readonly steps: Told | undefined }

function hold({ database, client, steps }: Holder, fence: string, seconds: number): Lease {
  // On another connection, since the run's own is busy with its statements. A lost beat is no harm: the commit checks.
  const beat = setInterval(
    () => {
      const soFar = steps ? JSON.stringify(steps.soFar()) : null
      database.query(statement('runs/heartbeat'), [fence, seconds, soFar]).catch(() => {})
    },
    Math.min(tellingEvery, seconds * 250),
  )
  beat.unref()
  return {
    fence,
    seconds,
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

/** The first thing of a transaction that applies something: it holds or falls with the fence. */
export async function checkFence(client: Client, { fence, seconds }: Lease): Promise<void> {
  const { rowCount } = await client.query(statement('runs/check_fence'), [fence, seconds])
  if (rowCount === 0) throw new FencedOff()
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
