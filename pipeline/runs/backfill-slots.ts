import type { Instant } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import type { Client, Database } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { type Pinning, pinEras, versionsOf } from './backfill-eras.ts'
import { type Day, findDays } from './backfill-scores.ts'
import { type LastApplied, readLastApplied } from './instants.ts'
import { endOfDay } from './score-days.ts'

export type BackfillRange = {
  /** Closed at both ends. */
  readonly from: Instant
  readonly to: Instant
  /** Where no runs are recorded. A day if left out; but then it is refused where that would lose what is finer. */
  readonly grain?: 'day' | 'hour' | undefined
  /** Keys; all active segments if left out. */
  readonly segments?: readonly string[] | undefined
  /** By which versions: those of the present if left out, or at each instant those that were current then. */
  readonly versions?: 'then' | undefined
  /** Also what a run or an earlier backfill has done with the same versions. */
  readonly all?: boolean | undefined
}

export type Slot = {
  readonly as_of: Instant
  /** A run was recorded there; else it is one of the grain's. */
  readonly recorded: boolean
  /** Keys of the segments that are evaluated there. */
  readonly segments: readonly string[]
  /** The end of a day: what is evaluated there are the scores. */
  readonly scores?: true
}

const instantsMax = 10_000

/** What a backfill would do, oldest first; nothing is written. */
export function backfillSlots(database: Database, range: BackfillRange): Promise<Slot[]> {
  return database.session(async (client) => {
    await client.query('discard temp')
    const { slots, days } = await findSlots(client, range, await prepare(client, range))
    await client.query('discard temp')
    const scored = days
      .filter(({ seam }) => !seam)
      .map(({ day }) => ({ as_of: endOfDay(day), recorded: false, segments: [], scores: true }) as const)
    return [...slots, ...scored].sort((a, b) => (a.as_of < b.as_of ? -1 : 1))
  })
}

export type Prepared = { readonly last: LastApplied; readonly pinning: Pinning }

export async function prepare(client: Client, range: BackfillRange): Promise<Prepared> {
  const last = await readLastApplied(client)
  checkRange(range, last)
  return { last, pinning: await pinEras(client, range) }
}

/** Fills the temporary table `slot`; finds at the ends of which days scores are to be evaluated. */
export async function findSlots(
  client: Client,
  range: BackfillRange,
  { pinning }: Prepared,
): Promise<{ slots: Slot[]; days: Day[] }> {
  await client.query(statement('backfill/create_slots'))
  await client.query(statement('backfill/slots'), [
    range.from,
    range.to,
    range.grain ?? 'day',
    ...versionsOf(pinning),
    pinning.ofThen,
    range.all ?? false,
  ])
  await client.query('analyze slot')
  const slots = await rows<Slot>(client, statement('backfill/open_slots'))
  const days = await findDays(client, range, pinning)
  if (slots.length + days.length > instantsMax) {
    throw new UserError({
      code: 'RANGE_TOO_LONG',
      message: `The range holds ${slots.length + days.length} instants; at most ${instantsMax} are done at a time.`,
      hint: 'Take a shorter range, or --grain day.',
    })
  }
  if (range.grain === undefined) await refuseCoarser(client, range)
  return { slots, days }
}

function checkRange({ from, to }: BackfillRange, last: LastApplied): void {
  if (from > to) {
    throw new UserError({ code: 'BAD_RANGE', message: `The range begins (${from}) after it ends (${to}).` })
  }
  if (last.as_of !== null && to > last.as_of) {
    throw new UserError({
      code: 'BACKFILL_AFTER_LAST_RUN',
      message: `A backfill rewrites what lies before the last run, as of ${last.as_of}; ${to} lies after it.`,
      hint: `Choose --to ${last.as_of.slice(0, 10)} or earlier, or do a run first.`,
    })
  }
  if (last.as_of === null && to > last.now) {
    throw new UserError({
      code: 'BACKFILL_AFTER_LAST_RUN',
      message: `A backfill computes what is over, and the database's clock says ${last.now}; ${to} lies after it.`,
      hint: `Choose --to ${last.now.slice(0, 10)} or earlier; no run was applied yet.`,
    })
  }
}

async function refuseCoarser(client: Client, { from, to }: BackfillRange): Promise<void> {
  const [found] = await rows<{ instants: number }>(client, statement('backfill/finer'), [from, to])
  if (!found || found.instants === 0) return
  throw new UserError({
    code: 'GRAIN_TOO_COARSE',
    message: `An earlier backfill went hour by hour here: day by day, ${found.instants} instants would be lost.`,
    hint: 'Say --grain hour to keep them, or --grain day to have days instead.',
  })
}
