import { Asking } from '../ask.ts'
import { rows } from '../catalog.ts'
import type { Client, Database } from '../engine.ts'
import { UserError } from '../errors.ts'
import type { Sources } from '../project/sources.ts'
import type { GuardLimits } from '../runs/guard.ts'
import { readSeen } from '../seen.ts'
import { readOnly, tally } from '../tally.ts'
import { lookAhead } from './outlook.ts'
import type { Foreseen } from './segments.ts'

/** A segment of which a definition moves more than the guard lets pass unseen. */
export type LargeChange = {
  readonly key: string
  readonly members: number
  readonly enter: number
  readonly leave: number
}

/** `counted`: false if it took longer than it was given; then nobody knows, and the guard decides. */
export type Large = { readonly counted: boolean; readonly changes: readonly LargeChange[] }

const none: Large = { counted: true, changes: [] }

/**
 * What applying these files would move that somebody should see first: segments that are evaluated already, by who is
 * in them and who will be. What is applied and parked, or not evaluated yet, doesn't count: nobody came or went by it.
 * Nobody is counted where there are too few leads.
 */
export async function foreseeLarge(
  database: Database,
  sources: Sources,
  zone: string,
  asked: { limits: GuardLimits; limitSeconds: number },
): Promise<Large> {
  const { limits, limitSeconds } = asked
  if (limits === 'none') return none
  try {
    return await readOnly(database, limitSeconds, async (client) => {
      if (!(await hasLeads(client, limits.atLeast))) return none
      const found = await countChanges(client, sources, zone)
      return { counted: true, changes: found.filter((change) => isLarge(change, limits)) }
    })
  } catch (error) {
    if (error instanceof UserError && error.code === 'TIME_LIMIT') return { counted: false, changes: [] }
    throw error
  }
}

/** Whether so many come and go that the guard would park it, had nobody agreed. */
export function isLarge({ members, enter, leave }: Omit<LargeChange, 'key'>, limits: GuardLimits): boolean {
  if (limits === 'none') return false
  return enter + leave >= limits.atLeast && enter + leave > limits.maxChange * members
}

async function hasLeads(client: Client, atLeast: number): Promise<boolean> {
  const [found] = await rows<{ leads: string }>(
    client,
    'select count(*) as leads from (select from leads limit $1::bigint) as few',
    [atLeast],
  )
  return Number(found!.leads) >= atLeast
}

async function countChanges(client: Client, sources: Sources, zone: string): Promise<LargeChange[]> {
  const { intended, after, segments } = await lookAhead(client, sources, zone)
  // Whoever applies is told of these, and nothing is applied.
  if (intended.findings.some(({ severity }) => severity === 'error')) return []
  const evaluated = await readEvaluated(client)
  const asking = new Asking()
  const reading = segments
    .filter((each) => isConcerned(each, evaluated))
    .map(({ key, decision }) => {
      const will = asking.add(after.meaning(key)!)
      const member = decision.stored!.segment_id
      const [members, enter, leave] = [
        asking.ask({ all: [], member }),
        asking.ask({ all: [will], noMember: member }),
        asking.ask({ all: [], none: [will], member }),
      ]
      return { key, members, enter, leave }
    })
  if (reading.length === 0) return []
  const { predicates, questions } = asking
  const { now: asOf, horizon } = await readSeen(client)
  const counted = await tally(client, {
    ...{ predicates, questions, asOf, horizon, sample: 0 },
    ...{ references: after.references, scores: after.scores },
  })
  return reading.map(({ key, members, enter, leave }) => ({
    ...{ key, members: members(counted).count, enter: enter(counted).count, leave: leave(counted).count },
  }))
}

/** A first evaluation moves whoever it moves; so does one that comes back from the archive. */
export const isConcerned = (
  { before, because, decision }: Foreseen,
  evaluated: ReadonlySet<string>,
): boolean =>
  because.length > 0 &&
  before !== undefined &&
  evaluated.has(before) &&
  decision.source?.status === 'active' &&
  decision.action !== 'archive'

/** Keys of the segments that were evaluated at least once. */
export async function readEvaluated(client: Client): Promise<Set<string>> {
  const found = await rows<{ key: string }>(
    client,
    'select key from segments join segment_state st using (segment_id) where st.version is not null',
  )
  return new Set(found.map(({ key }) => key))
}
