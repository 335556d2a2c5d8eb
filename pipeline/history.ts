import type { Instant } from '../compiler/index.ts'
import { sourcesAt } from './asof.ts'
import type { Database } from './engine.ts'
import { statement } from './sql.ts'

/** Why runs wrote a change; the first that applies. */
export const causes = ['definition', 'manual', 'repair', 'backfill', 'data', 'time'] as const
export type Cause = (typeof causes)[number]

/** What leads and hands did, as against what an edit or a backfill moved. */
export const ownCauses: readonly Cause[] = ['manual', 'data', 'time']

/** One stay of a lead in a segment; open while `left_as_of` is null. */
export type Stay = {
  readonly segment: string
  readonly entered_as_of: Instant
  readonly entered_cause: Cause
  readonly entered_version: number
  readonly entered_run: string
  readonly left_as_of: Instant | null
  readonly left_cause: Cause | null
  readonly left_version: number | null
  readonly left_run: string | null
  readonly days: string
}

/** `id` is the internal one. */
export const readHistory = (database: Database, id: string, keys?: readonly string[]): Promise<Stay[]> =>
  database.query(statement('reads/lead_history'), [id, keys ? [...keys] : null])

export type Change = {
  readonly as_of: Instant
  readonly lead_id: string
  readonly change: 'entered' | 'left'
  readonly cause: Cause
  readonly version: number
  readonly run_id: string
}

export type DayOfChanges = {
  readonly day: string
  readonly cause: Cause
  readonly entered: string
  readonly left: string
}

export type Changes = {
  readonly days: readonly DayOfChanges[]
  /** Newest first. */
  readonly changes: readonly Change[]
  readonly total: number
  /** Since when the segment is recorded; null: it is not. */
  readonly recordedSince: Instant | null
}

/** Who came and went from `from` until `to` (excluded). */
export async function readChanges(
  database: Database,
  key: string,
  range: { from: Instant; to: Instant; limit: number },
): Promise<Changes> {
  const { from, to, limit } = range
  const [found] = await sourcesAt(database, { keys: [key], asOf: to, evaluate: true })
  const id = found?.segmentId ?? null
  const days = await database.query<DayOfChanges>(statement('reads/changes_daily'), [id, from, to])
  const changes = await database.query<Change>(statement('reads/changes'), [id, from, to, limit])
  const total = days.reduce((sum, { entered, left }) => sum + Number(entered) + Number(left), 0)
  const recordedSince = found?.source.kind === 'evaluated' ? found.source.recorded_since : null
  return { days, changes, total, recordedSince }
}
