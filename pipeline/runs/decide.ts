import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import { type Candidates, findCandidates } from './candidates.ts'
import { type PinnedDefinitions, pinForRun } from './definitions.ts'
import { leaveOut, readHeld } from './held.ts'
import type { LastApplied } from './instants.ts'
import { type Chosen, incremental, passesMidnight, reasonForFull, reasonOfShare } from './mode.ts'
import type { Steps } from './steps.ts'

type Asking = {
  readonly asOf: string
  readonly last: LastApplied
  readonly restored: boolean
  readonly full?: boolean
  readonly fullShare?: number
  readonly steps: Steps
}

/** What a run is going to do, and why. */
export type Decided = {
  readonly mode: 'incremental' | 'full'
  readonly chosen: Chosen
  readonly definitions: PinnedDefinitions
  /** Undefined where there is no run before, to which anything could have changed. */
  readonly candidates: Candidates | undefined
  readonly midnight: boolean
}

const usualShare = 0.2

/** Pins the definitions, finds who can have changed, and chooses how to go about it. Writes nothing. */
export async function decide(
  client: Client,
  { asOf, last, restored, full = false, fullShare = usualShare, steps }: Asking,
  horizon: string,
): Promise<Decided> {
  const pinned = await steps.step('pin definitions', () => pinForRun(client))
  const held = await readHeld(client, pinned)
  const others = leaveOut(pinned, held)
  const reason = reasonForFull({ last, asOf, definitions: others, asked: full, restored })
  await client.query(statement('runs/stage_candidates'))
  const from = last.mode === 'backfill' || restored ? null : last.horizon
  const candidates =
    from === null
      ? undefined
      : await steps.step('find candidates', () => findCandidates(client, others, { from, horizon, asOf }))
  const chosen = reason ?? (candidates && reasonOfShare(candidates.leads, last, fullShare))
  const midnight = last.as_of !== null && passesMidnight(last.as_of, asOf)
  if (!chosen) return { mode: 'incremental', chosen: incremental, definitions: others, candidates, midnight }
  // A parked segment is tried once more: the data may have come back.
  const waiting = held.filter(({ parked }) => !parked)
  return { mode: 'full', chosen, definitions: leaveOut(pinned, waiting), candidates, midnight }
}
