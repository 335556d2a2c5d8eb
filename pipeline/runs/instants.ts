import type { Instant } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'

export type LastApplied = {
  readonly run_id: string | null
  readonly mode: string | null
  readonly as_of: Instant | null
  readonly horizon: string | null
  readonly scoring_version: number | null
  readonly rollup_due: boolean | null
  /** How many leads it saw, and the fingerprint of what its scores meant. */
  readonly leads: number | null
  readonly scores: string | null
  /** Whether a backfill was applied since. */
  readonly backfilled: boolean
  readonly now: Instant
  readonly next_horizon: string
}

export async function readLastApplied(client: Pick<Client, 'query'>): Promise<LastApplied> {
  const { rows } = await client.query(statement('runs/last_applied'))
  return rows[0] as LastApplied
}

/**
 * The instant a run is as of: the one asked for, or the present one of the database's clock. (Not a rounded one: leads
 * loaded a moment ago would not exist yet.) Undefined if it is the last applied one: then nothing is to be done.
 */
export function chooseAsOf(last: LastApplied, asked: Instant | undefined): Instant | undefined {
  if (asked === undefined) {
    if (last.as_of !== null && last.now <= last.as_of) throw clockBehind(last.now, last.as_of)
    return last.now
  }
  if (asked > last.now) {
    throw new UserError({
      code: 'AS_OF_IN_FUTURE',
      message: `${asked} lies in the future; the database's clock says ${last.now}.`,
      hint: 'Leave --as-of out for a run as of now.',
    })
  }
  // Whoever repeats a run that was applied (a retried job, a command typed twice) is told that it is done.
  if (asked === last.as_of && last.mode !== 'backfill') return undefined
  if (last.as_of !== null && asked <= last.as_of) {
    throw new UserError({
      code: 'AS_OF_NOT_AFTER_LAST_RUN',
      message: `Runs go forward in time: run ${last.run_id} was applied as of ${last.as_of}, not before ${asked}.`,
      hint: `To rewrite the past: tideline backfill --from ${asked.slice(0, 10)} --to ${last.as_of.slice(0, 10)}.`,
    })
  }
  return asked
}

const clockBehind = (now: Instant, lastAsOf: Instant): UserError =>
  new UserError({
    code: 'CLOCK_BEHIND',
    message: `The database's clock says ${now}, and the last run was as of ${lastAsOf}: runs go forward in time.`,
    hint: 'Set the clock of the database server right, or wait until it has caught up.',
  })
