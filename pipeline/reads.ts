import { type Instant, nearest } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Database, Parameter, Row } from './engine.ts'
import { UserError } from './errors.ts'
import type { Candidates } from './runs/candidates.ts'
import type { RunStep } from './runs/steps.ts'
import { statement } from './sql.ts'

/** What commands and API ask of an installation. Each is one statement of `sql/reads/`, whose header says what comes. */

export type Standing = {
  readonly now: Instant
  readonly last_run: string | null
  readonly last_as_of: Instant | null
  readonly last_mode: string | null
  readonly leads: boolean
}

export async function readStanding(reader: Reader): Promise<Standing> {
  const [row] = await rows<Standing>(reader, statement('reads/installation'))
  return row!
}

export type SegmentStanding = {
  readonly segment: string
  readonly name: string
  readonly owner: string | null
  readonly origin: SegmentKey['origin']
  /** How many leads hands have put in, and out, now. */
  readonly added_by_hand: string
  readonly removed_by_hand: string
  readonly status: SegmentKey['status']
  readonly archived_at: Instant | null
  /** Null: never evaluated. */
  readonly state: 'ok' | 'broken' | 'blocked' | 'needs_approval' | null
  readonly good_as_of: Instant | null
  readonly error_code: string | null
  readonly error: string | null
  readonly members: string | null
  readonly leads: string | null
  readonly share: string | null
  readonly entered: string | null
  readonly left: string | null
  /** By definition, repair or backfill: not among those. */
  readonly otherwise_entered: string | null
  readonly otherwise_left: string | null
  readonly mean_score: string | null
  readonly trend: readonly (number | null)[] | null
}

export function readSegments(
  database: Reader,
  options: {
    flowSeconds: number
    trendDays: number
    keys?: readonly string[]
    /** Those archived since then are among them. */
    archivedSince?: Instant
  },
): Promise<SegmentStanding[]> {
  const { flowSeconds, trendDays, keys = null, archivedSince = null } = options
  return read(database, 'segments', [flowSeconds, trendDays, keys, archivedSince])
}

export type SegmentKey = {
  readonly segment: string
  readonly origin: 'files' | 'api' | 'snapshot'
  readonly status: 'draft' | 'active' | 'paused' | 'archived'
  readonly state: 'ok' | 'broken' | 'blocked' | 'needs_approval' | null
  readonly error: string | null
  readonly good_as_of: Instant | null
  readonly archived_at: Instant | null
}

export const readSegmentKeys = (database: Database): Promise<SegmentKey[]> => read(database, 'segment_keys')

/** The segment of this key, or an error that says since when it is archived, or names the nearest one. */
export async function findSegment(database: Database, key: string): Promise<SegmentKey> {
  const found = await findEver(database, key)
  if (found.archived_at !== null) throw archived(key, found.archived_at)
  return found
}

/** The same for whoever asks about the past, in which one that is archived by now has its place. */
export async function findEver(database: Database, key: string): Promise<SegmentKey> {
  const segments = await readSegmentKeys(database)
  const found = segments.find((each) => each.segment === key)
  if (found) return found
  if (key === 'everyone') {
    throw new UserError({
      code: 'UNKNOWN_SEGMENT',
      message: '"everyone" is no segment but a definition, which holds for all leads.',
      hint: 'Name a segment that is defined so; `tideline segments` lists them.',
    })
  }
  const near = nearest(
    key,
    segments.flatMap((each) => (each.archived_at === null ? [each.segment] : [])),
  )
  throw new UserError({
    code: 'UNKNOWN_SEGMENT',
    message: `There is no segment "${key}".${near ? ` Did you mean "${near}"?` : ''}`,
    hint: '`tideline segments` lists them; `tideline apply` brings in what the files define.',
  })
}

export const archived = (key: string, since: Instant): UserError =>
  new UserError({
    code: 'SEGMENT_ARCHIVED',
    message: `The segment "${key}" is archived since ${since.replace('T', ' ').slice(0, 16)} UTC: it is evaluated no more.`,
    hint: `What was recorded stays: \`tideline members ${key} --as-of ${since.slice(0, 10)}\`, \`changes ${key}\`, \`history LEAD --segment ${key}\`, \`versions ${key}\`. Put back into a file, it is evaluated again.`,
  })

export type Member = {
  readonly lead_id: string
  readonly since: Instant
  readonly score: string | null
  readonly level: string | null
  readonly total: string
}

export const readMembers = (database: Database, key: string, limit: number): Promise<Member[]> =>
  read(database, 'members', [key, limit])

export type RunRecord = {
  readonly run_id: string
  readonly as_of: Instant
  readonly mode: 'incremental' | 'full' | 'backfill'
  /** Null: of a run before there were two. */
  readonly engine: 'postgres' | 'duckdb' | null
  readonly chosen: { readonly code: string; readonly message: string } | null
  /** How many leads an incremental run looked at, and how many of them for which reason. */
  readonly candidates: Candidates | null
  readonly drift: string | null
  readonly origin: string
  /** `interrupted`: its process is gone. The ledger says `running` until the next run finds that out. */
  readonly status: 'running' | 'done' | 'failed' | 'interrupted'
  readonly leads: string | null
  readonly entered: string | null
  readonly left: string | null
  readonly milliseconds: string | null
  readonly started_at: Instant
  readonly rollup_due: boolean
  readonly options: Row
  readonly steps: readonly RunStep[]
  readonly error_code: string | null
  readonly error: string | null
}

export const readRuns = (database: Database, limit: number): Promise<RunRecord[]> =>
  read(database, 'runs', [limit, null])

export async function readRun(database: Database, runId: string): Promise<RunRecord | undefined> {
  return (await read<RunRecord>(database, 'runs', [1, runId]))[0]
}

/** The texts of what a run executed, by their hashes. */
export async function readRunStatements(
  database: Database,
  runId: string,
): Promise<ReadonlyMap<string, string>> {
  const found = await read<{ hash: string; sql: string }>(database, 'run_statements', [runId])
  return new Map(found.map(({ hash, sql }) => [hash, sql]))
}

export type RunOutcome = {
  readonly segment: string
  readonly version: number | null
  readonly outcome: 'done' | 'broken' | 'blocked' | 'superseded' | 'needs_approval'
  readonly entered: string
  readonly left: string
  readonly causes: string | null
  readonly error_code: string | null
  readonly error: string | null
}

export const readRunOutcomes = (database: Database, runId: string): Promise<RunOutcome[]> =>
  read(database, 'run_segments', [runId])

export type Conversion = {
  readonly segment: string
  /** Null: nothing was rolled up yet. */
  readonly as_of: Instant | null
  readonly members: string | null
  readonly converted: string | null
  readonly rate: string | null
  readonly leads: string | null
  readonly leads_converted: string | null
  readonly base_rate: string | null
  readonly lift: string | null
}

/** As of the newest roll-up, or the newest by an instant. */
export const readConversion = (
  database: Database,
  keys?: readonly string[],
  asOf?: Instant,
): Promise<Conversion[]> => read(database, 'conversion', [keys ?? null, asOf ?? null])

export type Nightly = {
  /** The last one by the instant; null: there was none. */
  readonly run_id: string | null
  readonly as_of: Instant | null
  /** Of all of them, and of those that were rolled up. */
  readonly first_as_of: Instant | null
  readonly first_rolled_up: Instant | null
}

/** For whoever finds nothing rolled up by an instant: what there was instead. */
export async function readNightly(database: Database, asOf?: Instant): Promise<Nightly> {
  return (await read<Nightly>(database, 'nightly', [asOf ?? null]))[0]!
}

export type TopEvent = {
  readonly segment: string
  readonly rank: number
  readonly type: string
  /** False for what is done to a lead, or by a machine. */
  readonly activity: boolean
  readonly events: string
  readonly leads: string
  readonly members: string
  readonly share: string | null
}

export const readTopEvents = (
  database: Database,
  keys?: readonly string[],
  asOf?: Instant,
): Promise<TopEvent[]> => read(database, 'top_events', [keys ?? null, asOf ?? null])

export type KnownName = {
  readonly name: string
  readonly type: string
  readonly known: string
  readonly of: string
  /** How many different values there are, and the most common ones. */
  readonly different: string
  readonly values: readonly { readonly value: unknown; readonly count: number }[]
}

export const readAttributes = (
  database: Database,
  subject: 'lead' | 'account',
  values: number,
): Promise<KnownName[]> => read(database, 'catalog_attributes', [subject, values])

export const readProperties = (database: Database, eventType: string, values: number): Promise<KnownName[]> =>
  read(database, 'catalog_properties', [eventType, values])

/** What lies at a path within the json values of a name. `keys`: how many paths there are within it. */
export type NestedKey = KnownName & { readonly path: readonly string[]; readonly keys: string }

/** The most common keys of each name, so many and so deep. */
export const readNestedKeys = (
  database: Database,
  of: { subject: 'lead' | 'account' | 'event'; eventType?: string },
  limits: { values: number; keys: number; depth: number },
): Promise<NestedKey[]> =>
  read(database, 'catalog_nested', [
    ...[of.subject, of.eventType ?? '', limits.values, limits.keys, limits.depth],
  ])

export type KnownEventType = {
  readonly type: string
  readonly channel: string | null
  readonly activity: boolean
  readonly conversion: boolean
  readonly events: string
  readonly leads: string
  readonly of: string
  readonly properties: string
}

export const readEventTypes = (database: Database): Promise<KnownEventType[]> =>
  read(database, 'catalog_events')

export type StoredAlias = { readonly name: string; readonly definition: string; readonly zone: string }

export const readAliases = (database: Database): Promise<StoredAlias[]> => read(database, 'aliases')

export type StoredScore = { readonly name: string; readonly levels: string | null }

export const readScores = (database: Database): Promise<StoredScore[]> => read(database, 'scores')

export type StoredRename = {
  readonly segment: string
  readonly old_key: string
  readonly renamed_at: Instant
}

export const readRenames = (database: Database): Promise<StoredRename[]> => read(database, 'renames')

const read = <T extends Row>(
  database: Reader,
  name: string,
  parameters: readonly Parameter[] = [],
): Promise<T[]> => rows<T>(database, statement(`reads/${name}`), parameters)
