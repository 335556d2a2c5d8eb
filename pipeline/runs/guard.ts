import { rows } from '../catalog.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { Failing, Pinned, PinnedDefinitions } from './definitions.ts'
import { blockedBy, standingOf } from './held.ts'

/**
 * A segment is parked if more than this share of its members, and at least so many leads, would come and go by data, by
 * a repair, or by a definition that nobody was shown.
 */
export type GuardLimits = 'none' | { readonly maxChange: number; readonly atLeast: number }

export const usualLimits: GuardLimits = { maxChange: 0.3, atLeast: 1000 }

export type Guarded = {
  /** Parked, and those that refer to them: this run writes nothing of them. */
  readonly failing: readonly Failing[]
  /** Time alone moved as much: that is what a window is for, so it is written and told. */
  readonly warnings: readonly Warned[]
}

export type Warned = {
  readonly segmentId: string
  readonly key: string
  readonly version: number
  readonly code: 'LARGE_CHANGE'
  readonly message: string
}

type Suspect = {
  segment_id: string
  members: string
  entered: string
  left: string
  unexpected: string
  by_time: string
  causes: string
  approved_for: string | null
  parks: boolean
}

/**
 * Holds back what no one may have meant: an import that lost a column, a rule with one zero too many. To be called once
 * changes and their causes are staged; what it parks is no longer staged afterwards.
 */
export async function guard(
  client: Client,
  definitions: PinnedDefinitions,
  limits: GuardLimits = usualLimits,
): Promise<Guarded> {
  if (limits === 'none') return { failing: [], warnings: [] }
  const { maxChange, atLeast } = limits
  const scoring = definitions.scoringVersion
  const suspects = await rows<Suspect>(client, statement('runs/guard'), [String(maxChange), atLeast, scoring])
  const bySegment = new Map(definitions.segments.map((each) => [each.segmentId, each]))
  const parked: Failing[] = []
  const warnings: Warned[] = []
  for (const suspect of suspects) {
    const segment = bySegment.get(suspect.segment_id)
    if (!segment) continue
    if (!suspect.parks) warnings.push(warned(segment, suspect))
    else if (suspect.approved_for !== standingOf(segment)) parked.push(park(segment, suspect, maxChange))
  }
  const failing = [...parked, ...blockedBy(parked, definitions)]
  if (failing.length > 0) {
    await client.query(statement('runs/park'), [failing.map(({ segmentId }) => segmentId)])
  }
  const gone = new Set(failing.map(({ segmentId }) => segmentId))
  return { failing, warnings: warnings.filter(({ segmentId }) => !gone.has(segmentId)) }
}

function park(segment: Pinned, suspect: Suspect, maxChange: number): Failing {
  const { segmentId, key, version } = segment
  const { causes } = suspect
  const [members, entered, left] = [suspect.members, suspect.entered, suspect.left].map(Number)
  return {
    ...{ segmentId, key, version },
    outcome: 'needs_approval',
    code: 'NEEDS_APPROVAL',
    message: `${movesOf(suspect)} (${causes}): more than ${percent(maxChange)} of its members.`,
    details: {
      ...{ standing: standingOf(segment), version, causes },
      ...{ members: members!, entered: entered!, left: left! },
    },
  }
}

const warned = ({ segmentId, key, version }: Pinned, suspect: Suspect): Warned => ({
  ...{ segmentId, key, version, code: 'LARGE_CHANGE' },
  message: `${movesOf(suspect)}, most of them because time went by.`,
})

const movesOf = ({ members, entered, left }: Suspect): string =>
  moves({ members: Number(members), enter: Number(entered), leave: Number(left) })

/** `4,900 of 5,000 members leave, 12 leads enter`; `12 leads enter, 5,000 are in it`. */
export function moves({ members, enter, leave }: { members: number; enter: number; leave: number }): string {
  const [all, come, go] = [members, enter, leave].map((count) => count.toLocaleString('en-US'))
  const entering = `${come} ${enter === 1 ? 'lead enters' : 'leads enter'}`
  if (leave === 0) return `${entering}, ${members === 0 ? 'nobody is' : `${all} are`} in it`
  const leaving = `${go} of ${all} members ${leave === 1 ? 'leaves' : 'leave'}`
  return enter === 0 ? leaving : `${leaving}, ${entering}`
}

const percent = (share: number): string => `${Number((share * 100).toFixed(4))} %`
