import { type Compiled, fingerprint, type ScoreDefinition } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'
import type { SegmentSource, Sources } from './project/sources.ts'

/** What becomes of a segment; `describe` changes names, notes and status, but not the meaning. */
export type Action = 'create' | 'change' | 'describe' | 'archive' | 'keep'

/** What is to be done with one segment. `apply` does it, `plan` says it: both ask here. */
export type Decision = {
  readonly key: string
  readonly action: Action
  /** Absent where no file holds it any more. */
  readonly source?: SegmentSource | undefined
  readonly stored?: StoredSegment | undefined
  /** The definition as it will stand. */
  readonly text?: string | undefined
  /** Which names and notes differ. */
  readonly redescribed: readonly Described[]
}

const described = ['name', 'owner', 'action', 'review', 'status'] as const
export type Described = (typeof described)[number]

/** What is said beside a definition, and will read otherwise. */
export type Description = {
  readonly field: Described
  readonly before: string | null
  readonly after: string | null
}

export type StoredSegment = {
  segment_id: string
  key: string
  name: string
  owner: string | null
  action: string | null
  review: string | null
  origin: string
  status: string
  version: number
  fingerprint: string
  definition: string
  zone: string
}

/** Segment by segment: first those of the files in their order, then those that the files no longer hold. */
export function decide(
  existing: ReadonlyMap<string, StoredSegment>,
  sources: Pick<Sources, 'segments'>,
  compiled: ReadonlyMap<string, Compiled>,
): Decision[] {
  const named = new Set(sources.segments.map((source) => source.key))
  const gone = [...existing.values()].filter(
    ({ key, origin, status }) => !named.has(key) && origin === 'files' && status !== 'archived',
  )
  return [
    ...sources.segments.map((source) =>
      decideOne(source, compiled.get(source.key)?.fingerprint, existing.get(source.key)),
    ),
    ...gone.map((stored) => ({ key: stored.key, action: 'archive' as const, stored, redescribed: [] })),
  ]
}

function decideOne(
  source: SegmentSource,
  meaning: string | undefined,
  stored: StoredSegment | undefined,
): Decision {
  const { key, where } = source
  const text = typeof where === 'string' ? where.trim() : JSON.stringify(where)
  if (!stored) return { key, action: 'create', source, text, redescribed: [] }
  if (stored.origin === 'snapshot') {
    throw new UserError({
      code: 'SEGMENT_IS_STATIC',
      message: `The segment "${key}" is static: its definition is a list of leads, and no file gives it another one.`,
      hint: 'Choose another key in the file.',
    })
  }
  if (stored.origin !== 'files') {
    throw new UserError({
      code: 'SEGMENT_OWNED_BY_API',
      message: `The segment "${key}" was created through the API, so files don't change it.`,
      hint: 'Choose another key, or archive it through the API first.',
    })
  }
  const redescribed = described.filter((field) => source[field] !== stored[field])
  const changed = stored.fingerprint !== meaning || stored.status === 'archived'
  const action = changed ? 'change' : redescribed.length > 0 ? 'describe' : 'keep'
  return { key, action, source, stored, text, redescribed }
}

/** Names, notes and status that will read otherwise. */
export function descriptions({ stored, source, redescribed }: Decision): Description[] {
  if (!stored || !source) return []
  return redescribed.map((field) => ({ field, before: stored[field], after: source[field] }))
}

export async function readSegments(reader: Database | Client): Promise<Map<string, StoredSegment>> {
  const found = await rows<StoredSegment>(
    reader,
    `select s.segment_id, s.key, s.name, s.owner, s.action, s.review, s.origin, s.status, s.version,
       v.fingerprint, v.definition, v.zone
     from segments s join segment_versions v using (segment_id, version)
     order by s.key`,
  )
  return new Map(found.map((segment) => [segment.key, segment]))
}

export type StoredScoring = {
  readonly version: number
  readonly fingerprint: string
  readonly scores: readonly ScoreDefinition[]
  /** In which days of its rules are meant. */
  readonly zone: string
  /** What was chosen for what is recorded: it stays, or follows these rules. */
  readonly history: 'from-now' | 'rebuild'
}

/** What scoring.yaml said when it was applied last, or in a version of it; undefined: never. */
export async function readScoring(reader: Reader, wanted?: number): Promise<StoredScoring | undefined> {
  const [current] = await rows<{
    version: number
    fingerprint: string
    definition: { scores: ScoreDefinition[]; zone?: string }
    history: StoredScoring['history']
  }>(
    reader,
    `select version, fingerprint, definition, history from scoring_versions
     where $1::int is null or version = $1::int order by version desc limit 1`,
    [wanted ?? null],
  )
  if (!current) return undefined
  const { definition, ...rest } = current
  return { ...rest, scores: definition.scores, zone: definition.zone ?? 'UTC' }
}

export function decideScoring(
  stored: StoredScoring | undefined,
  scores: readonly ScoreDefinition[],
  zone: string,
): 'change' | 'keep' {
  const same = stored ? stored.fingerprint === scoringFingerprint(scores, zone) : scores.length === 0
  return same ? 'keep' : 'change'
}

/** The time zone is part of the meaning where a rule names days. */
export function scoringFingerprint(scores: readonly ScoreDefinition[], zone: string): string {
  const dated = scores.some(({ rules }) =>
    rules.some((rule) => 'that' in rule || rule.where || rule.from || rule.until),
  )
  return fingerprint(dated ? { scores, zone } : scores)
}
