import type { Instant } from '../../compiler/index.ts'
import { type Reader, rows } from '../catalog.ts'
import { statement } from '../sql.ts'
import type { BackfillRange } from './backfill-slots.ts'

/** What a backfill was asked to do: whoever asks for the same goes on with one that was interrupted. */
export type BackfillAsked = {
  readonly from: Instant
  readonly to: Instant
  readonly grain: 'day' | 'hour' | null
  readonly segments: readonly string[] | null
  readonly all: boolean
  /** By the versions of then. */
  readonly ofThen: boolean
}

/** One that was interrupted, and that can be gone on with. */
export type BackfillLeft = {
  readonly run_id: string
  readonly asked: BackfillAsked
  readonly from: Instant
  /** Excluded. */
  readonly to: Instant
  /** Of so many instants, and ends of days. */
  readonly done: number
  readonly total: number
  /** When what it has computed is thrown away. */
  readonly until: Instant
}

export const readBackfillsLeft = (reader: Reader): Promise<BackfillLeft[]> =>
  rows(reader, statement('reads/backfills_left'))

/** As it is kept, so that the same is known again. */
export const askedFor = ({ from, to, grain, segments, all, versions }: BackfillRange): BackfillAsked => ({
  ...{ from, to, grain: grain ?? null },
  segments: segments ? [...segments].sort() : null,
  ...{ all: all ?? false, ofThen: versions === 'then' },
})

/** The command that goes on with it. */
export function commandOf({ asked, from, to }: BackfillLeft): string {
  return [
    `tideline backfill --from ${short(from)} --to ${short(to)}`,
    ...(asked.segments ?? []).map((key) => `--segment ${key}`),
    ...(asked.grain ? [`--grain ${asked.grain}`] : []),
    ...(asked.ofThen ? ['--versions then'] : []),
    ...(asked.all ? ['--all'] : []),
  ].join(' ')
}

const short = (instant: Instant): string => instant.replace('.000000Z', 'Z')
