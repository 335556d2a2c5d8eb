import { createHash } from 'node:crypto'
import { canonical, type Instant, nextDay } from '../../compiler/index.ts'
import type { PinnedDefinitions } from './definitions.ts'
import type { LastApplied } from './instants.ts'

/** Why a run is made in the mode it is made in. */
export type Chosen = {
  readonly code: string
  readonly message: string
  /** Why a full run could not evaluate over the lake, and did it in Postgres. */
  readonly lake?: { readonly code: string; readonly message: string }
}

export type Asking = {
  readonly last: LastApplied
  readonly asOf: Instant
  readonly definitions: PinnedDefinitions
  /** Somebody wants all leads to be looked at. */
  readonly asked: boolean
  /** The transaction ids that are stored were given by another cluster. */
  readonly restored: boolean
}

/** Why all leads have to be looked at; undefined if those that changed will do. */
export function reasonForFull({ last, asOf, definitions, asked, restored }: Asking): Chosen | undefined {
  const { segments, scoringVersion } = definitions
  if (last.run_id === null || last.as_of === null)
    return { code: 'FIRST_RUN', message: 'No run was applied before.' }
  if (restored) return { code: 'RESTORED', message: 'The database was restored from another cluster.' }
  if (last.mode === 'backfill' || last.backfilled)
    return { code: 'BACKFILLED', message: 'A backfill has rewritten what is recorded.' }
  if (passesMidnight(last.as_of, asOf))
    return { code: 'NIGHTLY', message: 'A day has begun in UTC: points fade, windows of days move on.' }
  if (last.scoring_version !== scoringVersion || last.scores !== scoresMeaning(definitions))
    return { code: 'SCORES_CHANGED', message: 'The rules for scores have changed.' }
  const changed = segments.filter((each) => each.first).map(({ key }) => key)
  if (changed.length > 0)
    return {
      code: 'DEFINITIONS_CHANGED',
      message: `New, archived, or meaning something else: ${some(changed)}.`,
    }
  const rested = segments.filter((each) => each.rested).map(({ key }) => key)
  if (rested.length > 0)
    return { code: 'SEGMENTS_BACK', message: `Not evaluated by the run before: ${some(rested)}.` }
  return asked ? { code: 'ASKED', message: 'It was asked for.' } : undefined
}

/** Of so many leads an incremental run costs more than a full one; below the number it does not matter. */
const fewest = 1000

export function reasonOfShare(candidates: number, last: LastApplied, share: number): Chosen | undefined {
  const leads = last.leads ?? 0
  if (candidates <= Math.max(fewest, share * leads)) return undefined
  const percent = Math.min(100, Math.round((candidates / Math.max(1, leads)) * 100))
  return {
    code: 'MANY_CANDIDATES',
    message: `${candidates.toLocaleString('en')} leads have changed or are due, ${percent} % of ${leads.toLocaleString('en')}.`,
  }
}

export const incremental: Chosen = {
  code: 'CHANGES_ONLY',
  message: 'Nothing else can differ from what the run before left.',
}

/** Whether a day begins in UTC after the one instant and no later than the other. */
export const passesMidnight = (from: Instant, to: Instant): boolean =>
  (nextDay(`${from.slice(0, 10)}T00:00:00.000000Z`, 'UTC') ?? '9999') <= to

/** Rules mean something else when an alias does: their version stays the same then. */
export const scoresMeaning = ({ scores }: Pick<PinnedDefinitions, 'scores'>): string =>
  createHash('sha256').update(canonical(scores)).digest('hex').slice(0, 16)

const some = (keys: readonly string[]): string =>
  keys.length > 5 ? `${keys.slice(0, 5).join(', ')} and ${keys.length - 5} more` : keys.join(', ')
