import { referencesOf } from '../../compiler/index.ts'
import { type Reader, rows } from '../catalog.ts'
import { statement } from '../sql.ts'
import type { Failing, Pinned, PinnedDefinitions } from './definitions.ts'

/** A segment that is not to be tried by this run, with what stands of it. */
export type Held = {
  readonly failing: Failing
  /** Parked: a full run tries it once more, since the data may have come back. */
  readonly parked: boolean
}

type Stored = {
  segment_id: string
  error: Record<string, string | number>
  standing: string
  parked: boolean
  due: boolean
}

/**
 * The segments that wait: parked ones that nobody let through, and those whose evaluation failed a short while ago. Who
 * means something else by now waits no longer. Those that failed together are tried again by halves: so one of them
 * does not keep the others back.
 */
export async function readHeld(reader: Reader, definitions: PinnedDefinitions): Promise<Held[]> {
  const bySegment = new Map(definitions.segments.map((each) => [each.segmentId, each]))
  const stored = await rows<Stored>(reader, statement('runs/held_segments'), [[...bySegment.keys()]])
  const standing = stored.filter((each) => {
    return each.standing === standingOf(bySegment.get(each.segment_id)!)
  })
  const due = standing.filter((each) => each.due)
  const tried = new Set(due.slice(0, Math.ceil(due.length / 2)))
  return standing
    .filter((each) => !tried.has(each))
    .map(
      (each): Held => ({ failing: stillFailing(bySegment.get(each.segment_id)!, each), parked: each.parked }),
    )
}

function stillFailing({ segmentId, key, version }: Pinned, { error, parked }: Stored): Failing {
  const { code, message, ...details } = error
  return {
    ...{ segmentId, key, version, details },
    outcome: parked ? 'needs_approval' : 'broken',
    code: String(code),
    message: String(message),
    untried: true,
  }
}

/** The definitions as if these segments, and what refers to them, could not be evaluated. */
export function leaveOut(definitions: PinnedDefinitions, held: readonly Held[]): PinnedDefinitions {
  if (held.length === 0) return definitions
  const waiting = held.map(({ failing }) => failing)
  const blocked = blockedBy(waiting, definitions).map((each) => ({ ...each, untried: true as const }))
  const gone = new Set([...waiting, ...blocked].map(({ segmentId }) => segmentId))
  return {
    ...definitions,
    segments: definitions.segments.filter(({ segmentId }) => !gone.has(segmentId)),
    failing: [...definitions.failing, ...waiting, ...blocked],
  }
}

/** Segments that refer to one of these, themselves or through others: what they mean hangs on it. */
export function blockedBy(
  failing: readonly Pick<Failing, 'segmentId' | 'key' | 'outcome'>[],
  { segments, compiled }: Pick<PinnedDefinitions, 'segments' | 'compiled'>,
): Failing[] {
  const reasons = new Map(failing.map((each) => [each.key, each]))
  const blocked: Failing[] = []
  const referring = [...compiled].map(([key, { definition }]) => ({
    key,
    refersTo: definition ? referencesOf(definition) : [],
  }))
  // A map goes on over what is added on the way.
  for (const [key, reason] of reasons) {
    for (const other of referring) {
      if (!other.refersTo.includes(key) || reasons.has(other.key)) continue
      reasons.set(other.key, reason)
      const segment = segments.find((each) => each.key === other.key)
      if (segment) blocked.push(blockedOne(segment, reason))
    }
  }
  return blocked
}

function blockedOne({ segmentId, key, version }: Pinned, by: Pick<Failing, 'key' | 'outcome'>): Failing {
  const parked = by.outcome === 'needs_approval'
  return {
    ...{ segmentId, key, version, outcome: 'blocked', code: parked ? 'SEGMENT_PARKED' : 'SEGMENT_BROKEN' },
    details: { blocked_by: by.key },
    message: `It refers to "${by.key}", which ${parked ? 'waits for somebody to approve its change' : 'could not be evaluated'}.`,
  }
}

/** All that decides what a segment means: as long as it stays, trying again is trying the same. */
export const standingOf = ({ version, meaning }: Pick<Pinned, 'version' | 'meaning'>): string =>
  `${version}/${meaning}`
