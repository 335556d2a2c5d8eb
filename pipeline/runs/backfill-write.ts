import type { Instant } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import { lastOf, type Pinning } from './backfill-eras.ts'
import { type Day, writeScores } from './backfill-scores.ts'
import { checkFence, FencedOff, type Lease } from './lease.ts'
import type { Steps } from './steps.ts'

/** A backfill that is under way. */
export type Going = {
  readonly runId: string
  readonly horizon: string
  readonly pinning: Pinning
  readonly instants: readonly { readonly as_of: Instant; readonly done: boolean }[]
  readonly days: readonly (Day & { readonly done: boolean })[]
  readonly steps: Steps
}

type Writing = Going & {
  readonly to: Instant
  readonly lease: Lease
  /** Nothing was ever run: what is true at the end of the range is true now. */
  readonly first: boolean
  /** As of when the scores were staged that are those of now; undefined: they stay. */
  readonly presentAsOf: Instant | undefined
}

export type Written = {
  segments: number
  superseded: string[]
  discarded: string[]
  entered: number
  left: number
  written: number
  removed: number
}

/**
 * Makes what was computed true: the ranges become visible at once, or not at all. To be called inside one transaction,
 * which holds or falls with the fence.
 */
export async function writeBackfill(client: Client, run: Writing): Promise<Written> {
  const { runId, horizon, lease, steps, pinning, to, first } = run
  await checkFence(client, lease)
  // Whoever changes a definition from here on waits until this is over.
  await client.query('lock table segments in share mode')
  await client.query(statement('backfill/drop_removed'), [runId, horizon])
  const gone = await rows<Gone>(client, statement('backfill/supersede'), [runId, pinning.ofThen])
  await settleSeams(client, runId, 'infinity')
  const segments = await countSegments(client, runId)
  const replaced = await client.query(statement('backfill/replace_changes'), [runId])
  const changed = await client.query(statement('backfill/write_changes'), [runId])
  await client.query(statement('backfill/replace_stats'), [runId])
  await client.query(statement('backfill/write_stats'), [runId])
  await client.query(statement('backfill/count_moved'), [runId])
  await client.query(statement('backfill/write_membership'), [to, runId])
  await client.query(statement('backfill/correct_since'), [runId])
  const rulesGone = await writeScores(client, run)
  if (first) await client.query(statement('backfill/write_state'), [runId, lastOf(pinning).scoringVersion])
  await recordGone(client, runId, gone)
  await steps.begin('commit')
  const keys = gone.map(({ key }) => key)
  const [finished] = await rows<{ entered: string; left: string }>(client, statement('backfill/finish'), [
    runId,
    lease.fence,
    JSON.stringify(steps.done),
    keys,
    rulesGone,
  ])
  if (!finished) throw new FencedOff()
  const dropped = await rows<{ run_id: string }>(client, statement('backfill/drop_staged'))
  const superseded = rulesGone ? [...keys, 'scoring.yaml'] : keys
  const [written, removed] = [changed.rowCount ?? 0, replaced.rowCount ?? 0]
  return {
    ...{ segments, superseded, written, removed },
    discarded: dropped.map(({ run_id }) => run_id).filter((each) => each !== runId),
    ...{ entered: Number(finished.entered), left: Number(finished.left) },
  }
}

type Gone = { segment_id: string; version: number; key: string }

/** What is to stand where ranges end that lie before an instant. */
export async function settleSeams(client: Client, runId: string, asOf: Instant): Promise<void> {
  await client.query(statement('backfill/find_seams'), [runId, asOf])
  await client.query(statement('backfill/seam_changes'), [runId, asOf])
  await client.query(statement('backfill/seam_stats'), [runId, asOf])
  await client.query(statement('backfill/settle_held'), [runId, asOf])
  await client.query(statement('backfill/settle'), [runId, asOf])
}

async function countSegments(client: Client, runId: string): Promise<number> {
  const [row] = await rows<{ segments: number }>(
    client,
    'select count(distinct segment_id)::int as segments from backfill_chunk where run_id = $1::bigint',
    [runId],
  )
  return row!.segments
}

async function recordGone(client: Client, runId: string, gone: readonly Gone[]): Promise<void> {
  if (gone.length === 0) return
  await client.query(statement('runs/record_segments'), [
    runId,
    gone.map((each) => each.segment_id),
    gone.map((each) => each.version),
    gone.map(() => 'superseded'),
    gone.map(() => null),
    gone.map(() => null),
  ])
}
