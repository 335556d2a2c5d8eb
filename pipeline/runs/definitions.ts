import {
  bitsPerWord,
  type Catalog,
  type Compiled,
  compileAll,
  fingerprint,
  isError,
  meanings,
  nobody,
  type Predicate,
  type References,
  type Score,
  scoresMeant,
  withKeys,
} from '../../compiler/index.ts'
import { type Reader, readCatalog, rows } from '../catalog.ts'
import { scoredCatalog } from '../compiled.ts'
import { readScoring } from '../decide.ts'
import { readOverridden, withHands } from '../hands.ts'
import { statement } from '../sql.ts'

/** A segment with the version that a run is pinned to. */
export type Pinned = {
  readonly segmentId: string
  readonly key: string
  /** Archived since the last run: nobody is in it any more. */
  readonly status: 'active' | 'archived'
  readonly version: number
  readonly predicate: Predicate
  readonly zone: string
  /** Fingerprint of all that the members hang on: the definition, what it refers to, and the scores that are read. */
  readonly meaning: string
  /** This run is the first to apply what it means now: every change has the cause `definition`. */
  readonly first: boolean
  /** Its members are not those of the run before: it is new, or was broken, parked or paused meanwhile. */
  readonly rested: boolean
}

export type Failing = {
  readonly segmentId: string
  readonly key: string
  readonly version: number
  /** `blocked`: it refers to one that is broken or parked; `needs_approval`: it is parked. */
  readonly outcome: 'broken' | 'blocked' | 'needs_approval'
  readonly code: string
  readonly message: string
  /** What else is kept with the error, and shown to nobody but those who ask for it. */
  readonly details?: Readonly<Record<string, string | number>>
  /** This run did not try it: it stands as it stood. */
  readonly untried?: true
  /** Its evaluation failed: runs leave it alone for a while, each time longer. */
  readonly backoff?: true
}

export type PinnedDefinitions = {
  readonly segments: readonly Pinned[]
  readonly failing: readonly Failing[]
  /** Every segment that is not archived, active or not: how it stands, what it means, and what others mean by it. */
  readonly stated: ReadonlyMap<string, Stated>
  readonly compiled: ReadonlyMap<string, Compiled>
  readonly references: References
  readonly catalog: Catalog
  readonly scores: readonly Score[]
  readonly scoringVersion: number | null
}

export type Stated = {
  readonly status: 'draft' | 'active' | 'paused' | 'archived'
  readonly zone: string
}

type SegmentRow = Stated & {
  segment_id: string
  key: string
  origin: string
  version: number
  tree: unknown
  applied_version: number | null
  applied_meaning: string | null
  rested: boolean
}

/** Versions that were current at some instant: of segments by their ids, and of the rules of scores. */
export type Versions = {
  readonly segments: Readonly<Record<string, number>>
  /** Null: there were no rules. */
  readonly scoring: number | null
}

/**
 * The current versions of all active segments and of scoring, or those of then, in which segments that are archived by
 * now have their place. Compiled against the catalog as it is now.
 */
export async function pinDefinitions(client: Reader, then?: Versions): Promise<PinnedDefinitions> {
  const scoring = then?.scoring === null ? undefined : await readScoring(client, then?.scoring)
  const scoringVersion = scoring?.version ?? null
  const { catalog, scores } = scoredCatalog(scoring, await readCatalog(client, []))
  const stored = await readPinned(client, then)
  const isStatic = ({ origin }: SegmentRow) => origin === 'snapshot'
  // One that was made since the catalog was read waits for the next run.
  const found = stored.filter((row) => !isStatic(row) || catalog.segments.has(row.key))
  const texts = found.filter((row) => !isStatic(row))
  const compiled = withHands(
    compileAll(new Map(texts.map(({ key, tree, zone }) => [key, { source: tree, zone }])), catalog),
    catalog,
    await readOverridden(client),
  )
  const references = meanings(compiled)
  const segments: Pinned[] = []
  const failing: Failing[] = []
  const wanted = then ? ['active', 'archived'] : ['active']
  for (const row of found.filter(({ status }) => wanted.includes(status))) {
    const base = { segmentId: row.segment_id, key: row.key, version: row.version }
    const predicate = references.get(row.key)
    if (!predicate) {
      failing.push({ ...base, ...firstError(compiled.get(row.key)!) })
      continue
    }
    const said = compiled.get(row.key)?.fingerprint ?? ''
    const scored = scoresMeant(predicate, references, scores)
    const meaning = scored === undefined ? said : fingerprint([said, scored])
    const meant = row.applied_meaning === null || row.applied_meaning === meaning
    const first = row.applied_version !== row.version || !meant
    const { zone, rested } = row
    segments.push({ ...base, status: 'active', predicate, zone, meaning, first, rested })
  }
  const stated = new Map(found.map(({ key, status, zone }) => [key, { status, zone }]))
  return { segments, failing, stated, compiled, references, catalog, scores, scoringVersion }
}

async function readPinned(client: Reader, then: Versions | undefined): Promise<SegmentRow[]> {
  const stored = await rows<SegmentRow>(client, statement('runs/pinned_segments'), [
    then ? JSON.stringify(then.segments) : null,
  ])
  if (!then) return stored
  const keys = new Set(stored.map(({ key }) => key))
  const renames = await rows<{ segment: string; old_key: string }>(client, statement('reads/renames'))
  // What they refer to may be called otherwise since.
  const renamed = new Map(
    renames.flatMap(({ segment, old_key }) => (keys.has(old_key) ? [] : [[old_key, segment]])),
  )
  return stored.map((row) => ({ ...row, tree: withKeys(row.tree, renamed) }))
}

/** The same for a run, which also takes whoever is left out of segments that were archived since the last one. */
export async function pinForRun(client: Reader): Promise<PinnedDefinitions> {
  const pinned = await pinDefinitions(client)
  const archived = await rows<Pick<SegmentRow, 'segment_id' | 'key' | 'version'>>(
    client,
    statement('runs/archived_segments'),
  )
  const emptied = archived.map(
    ({ segment_id: segmentId, key, version }): Pinned => ({
      ...{ segmentId, key, status: 'archived', version, predicate: nobody },
      ...{ zone: 'UTC', meaning: '', first: true, rested: false },
    }),
  )
  return { ...pinned, segments: [...pinned.segments, ...emptied] }
}

function firstError({ diagnostics }: Compiled): Pick<Failing, 'outcome' | 'code' | 'message'> {
  const error = diagnostics.find(isError)
  if (!error) return { outcome: 'broken', code: 'SHAPE', message: 'The definition is not understood.' }
  return {
    outcome: error.code === 'SEGMENT_BROKEN' ? 'blocked' : 'broken',
    code: error.code,
    message: [error.message, error.hint].filter(Boolean).join(' '),
  }
}

/** The score whose mean a segment shows. */
export const mainScore = ({ scores }: Pick<PinnedDefinitions, 'scores'>): number | null => {
  const found = scores.findIndex(({ name }) => name === 'engagement')
  return found < 0 ? null : found + 1
}

/** Word (from 1) and bit of each segment in a lead's set, in the plan's order. */
export function bitsOf(count: number): { words: number[]; bits: string[]; wordCount: number } {
  const positions = Array.from({ length: count }, (_, position) => position)
  return {
    words: positions.map((position) => Math.floor(position / bitsPerWord) + 1),
    bits: positions.map((position) => String(2n ** BigInt(position % bitsPerWord))),
    wordCount: Math.max(1, Math.ceil(count / bitsPerWord)),
  }
}
