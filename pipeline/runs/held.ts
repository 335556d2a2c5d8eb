import { readsScore, referencesOf } from '../../compiler/index.ts'
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
}

/**
 * The segments that wait: parked ones that nobody let through, and those whose evaluation failed a short while ago. Who
 * means something else by now waits no longer.
 */
export async function readHeld(reader: Reader, definitions: PinnedDefinitions): Promise<Held[]> {
  const { segments } = definitions
  const ids = segments.map(({ segmentId }) => segmentId)
  const stored = await rows<Stored>(reader, statement('runs/held_segments'), [ids])
  const waiting = new Map(stored.map((each) => [each.segment_id, each]))
  return segments.flatMap((segment): Held[] => {
    const each = waiting.get(segment.segmentId)
    if (each?.standing !== standingOf(segment, definitions)) return []
    const { code, message, ...details } = each.error
    const { segmentId, key, version } = segment
    const failing: Failing = {
      ...{ segmentId, key, version, outcome: each.parked ? 'needs_approval' : 'broken' },
      ...{ code: String(code), message: String(message), details, untried: true },
    }
    return [{ failing, parked: each.parked }]
  })
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
export function standingOf(
  segment: Pick<Pinned, 'version' | 'meaning' | 'predicate'>,
  definitions: Pick<PinnedDefinitions, 'references' | 'scoringVersion'>,
): string {
  const scoring = scoringOf(segment, definitions)
  return [segment.version, segment.meaning, ...(scoring === null ? [] : [scoring])].join('/')
}

/** The version of the rules that a segment hangs on; null: it reads no score. */
export const scoringOf = (
  { predicate }: Pick<Pinned, 'predicate'>,
  { references, scoringVersion }: Pick<PinnedDefinitions, 'references' | 'scoringVersion'>,
): number | null => (readsScore(predicate, references) ? scoringVersion : null)
