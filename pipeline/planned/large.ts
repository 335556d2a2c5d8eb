import { intend } from '../apply.ts'
import { Asking } from '../ask.ts'
import { rows } from '../catalog.ts'
import type { Client, Database } from '../engine.ts'
import { UserError } from '../errors.ts'
import { readSeen } from '../preview.ts'
import type { Sources } from '../project/sources.ts'
import type { GuardLimits } from '../runs/guard.ts'
import { readOnly, tally } from '../tally.ts'
import { Counting } from './counting.ts'
import { type Foreseen, foresee } from './segments.ts'
import { sideAfter, sideBefore } from './sides.ts'

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
 * What applying these files would move that somebody should see first: segments that are evaluated already, by the
 * definitions as they are and as they will be, at one instant. Nobody is counted where there are too few leads.
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
  const intended = await intend(client, sources, zone)
  // Whoever applies is told of these, and nothing is applied.
  if (intended.findings.some(({ severity }) => severity === 'error')) return []
  const scoring = intended.scoring === 'change'
  const sides = {
    before: await sideBefore(client, scoring),
    after: await sideAfter(client, intended, sources, zone),
  }
  const evaluated = await readEvaluated(client)
  const concerned = foresee(intended, { ...sides, scoring, events: false, zone }).filter((each) =>
    isConcerned(each, evaluated),
  )
  if (concerned.length === 0) return []
  const asking = new Asking()
  const counting = new Counting(asking, sides)
  const reading = concerned.map((each) => ({ key: each.key, read: counting.segment(each) }))
  const { predicates, questions } = asking
  const { now: asOf, horizon } = await readSeen(client)
  const counted = await tally(client, {
    ...{ predicates, questions, asOf, horizon, sample: 0 },
    references: new Map([...sides.before.references, ...sides.after.references]),
    scores: scoring ? [...sides.after.scores, ...sides.before.scores] : sides.after.scores,
  })
  return reading.flatMap(({ key, read }) => {
    const { now, enter, leave } = read(counted)!
    return [{ key, members: now ?? 0, enter: enter.count, leave: leave.count }]
  })
}

/** A first evaluation moves whoever it moves; what comes back from the archive is left to the guard. */
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
