import { createHash } from 'node:crypto'
import { canonical, type Instant } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import { type Client, inTransaction } from '../engine.ts'
import { statement } from '../sql.ts'
import type { BackfillOptions } from './backfill.ts'
import { lastOf, type Pinning } from './backfill-eras.ts'
import { askedFor, type BackfillAsked } from './backfill-left.ts'
import { type Day, prepareScores } from './backfill-scores.ts'
import { findSlots, type Prepared } from './backfill-slots.ts'
import type { Going } from './backfill-write.ts'
import { scoresMeaning } from './mode.ts'
import { Steps } from './steps.ts'

/**
 * Goes on with the same one that was interrupted, or begins a new one; `going` is undefined if there is nothing to do.
 * `discarded`: runs whose backfills were the same, but by other definitions; what they had computed is thrown away.
 */
export async function begin(
  client: Client,
  options: BackfillOptions,
  prepared: Prepared,
): Promise<{ going: Going | undefined; discarded: string[] }> {
  const asked = askedFor(options)
  const meaning = meaningOf(prepared.pinning)
  const [resumed] = await rows<{ run_id: string; horizon: string }>(client, statement('backfill/resume'), [
    JSON.stringify(asked),
    meaning,
  ])
  const dropped = await rows<{ run_id: string }>(client, statement('backfill/clean_up'), [
    JSON.stringify(asked),
    resumed?.run_id ?? null,
  ])
  const discarded = dropped.map(({ run_id }) => run_id)
  if (resumed) {
    await client.query(statement('backfill/take'), [resumed.run_id])
    const going = await goOn(client, options, prepared, { runId: resumed.run_id, horizon: resumed.horizon })
    return { going, discarded }
  }
  const { slots, days } = await findSlots(client, options, prepared)
  if (slots.length + days.length === 0) return { going: undefined, discarded }
  const runId = await inTransaction(client, () =>
    keepPlan(client, options, prepared, { asked, meaning, instants: slots.length, days }),
  )
  const going = await goOn(client, options, prepared, { runId, horizon: prepared.last.next_horizon })
  return { going, discarded }
}

/** It is gone on with only while this is the same. */
const meaningOf = ({ eras }: Pinning): string =>
  createHash('sha256')
    .update(
      canonical(
        eras.map(({ from, definitions: { segments, scores } }) => [
          from,
          segments.map(({ key, version, predicate }) => ({ key, version, predicate })),
          scores,
        ]),
      ),
    )
    .digest('hex')

type Planned = {
  readonly asked: BackfillAsked
  readonly meaning: string
  readonly instants: number
  readonly days: readonly Day[]
}

async function keepPlan(
  client: Client,
  options: BackfillOptions,
  { pinning, last }: Prepared,
  { asked, meaning, instants, days }: Planned,
): Promise<string> {
  const [started] = await rows<{ run_id: string }>(client, statement('runs/start'), [
    'backfill',
    options.origin ?? 'command',
    options.to,
    last.next_horizon,
    '0',
    // By the rules of then there is not one version of them.
    pinning.ofThen ? null : lastOf(pinning).scoringVersion,
    JSON.stringify({
      ...{ ...asked, instants, days: days.flatMap(({ day, seam }) => (seam ? [] : [day])) },
      ...(pinning.ofThen ? {} : { scores: scoresMeaning(lastOf(pinning)) }),
    }),
    null,
  ])
  const runId = started!.run_id
  await client.query(statement('backfill/begin'), [runId, JSON.stringify(asked), meaning])
  await client.query(statement('backfill/begin_chunks'), [runId, options.from, options.to])
  await client.query(statement('backfill/begin_instants'), [runId])
  await client.query(statement('backfill/begin_days'), [
    runId,
    days.map(({ day }) => day),
    days.map(({ seam }) => seam),
  ])
  return runId
}

async function goOn(
  client: Client,
  options: BackfillOptions,
  { pinning }: Prepared,
  { runId, horizon }: { runId: string; horizon: string },
): Promise<Going> {
  const instants = await rows<{ as_of: Instant; done: boolean }>(client, statement('backfill/instants'), [
    runId,
  ])
  const days = await rows<Day & { done: boolean }>(client, statement('backfill/open_days'), [runId])
  await prepareScores(client)
  await client.query(statement('backfill/view_recorded'))
  await client.query(statement('backfill/view_recorded_scores'))
  await client.query(`select set_config('tideline.backfill', $1::text, false)`, [runId])
  await client.query(statement('backfill/create_held'))
  await client.query(statement('runs/stage_candidates'))
  return { runId, horizon, pinning, instants, days, steps: new Steps(options.onStep) }
}
