import { type Instant, plan } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import { type Client, inTransaction } from '../engine.ts'
import { statement } from '../sql.ts'
import { applyScores } from './apply.ts'
import { definitionsAt, lastOf, type Pinning } from './backfill-eras.ts'
import type { PinnedDefinitions } from './definitions.ts'
import { evaluate } from './evaluate.ts'
import type { LastApplied } from './instants.ts'
import { scoresMeaning } from './mode.ts'
import { endOfDay, stageDay } from './score-days.ts'
import { stageScores } from './stage.ts'

/** A day at whose end scores are evaluated anew; at a seam, to see what is missing there now. */
export type Day = { readonly day: string; readonly seam: boolean }

type Range = {
  readonly from: Instant
  readonly to: Instant
  readonly segments?: readonly string[] | undefined
  readonly all?: boolean | undefined
}

/**
 * The days of the range whose scores are to be recorded, in order. Scores belong to all leads and segments: where only
 * some segments are asked for, they are left alone, unless one of those looks at how a score stood. Days of which a
 * retention has removed rows are done again only then.
 */
export async function findDays(
  client: Client,
  { from, to, segments, all }: Range,
  pinning: Pinning,
): Promise<Day[]> {
  const { eras, ofThen } = pinning
  const looksBack = eras.some(({ definitions }) => readsScoreHistory(definitions))
  if (segments && !looksBack) return []
  const found = await rows<Found>(client, statement('backfill/days'), [
    ...[from, to],
    eras.map(({ definitions }) => scoresMeaning(definitions)),
    eras.map((era) => era.from),
    ofThen,
  ])
  const scored = (day: string) => definitionsAt(pinning, endOfDay(day)).scores.length > 0
  // The last one is the day after.
  const open = found.map(({ day, done, whole }, index) => {
    return index < found.length - 1 && (all || !done || (looksBack && !whole)) && scored(day)
  })
  return found.flatMap(({ day, done }, index): Day[] => {
    if (open[index]) return [{ day, seam: false }]
    return open[index - 1] && done ? [{ day, seam: true }] : []
  })
}

type Found = { readonly day: string; readonly done: boolean; readonly whole: boolean }

function readsScoreHistory({ segments, scores, references }: PinnedDefinitions): boolean {
  const { derived } = plan(segments, scores, references)
  return derived.flat().some(({ kind }) => kind === 'score_max' || kind === 'level_entered')
}

type Scored = { readonly runId: string; readonly pinning: Pinning; readonly horizon: string }

/** To be called before the views that stand in front of what is recorded. */
export const prepareScores = (client: Client) => client.query(statement('runs/stage_scores'))

export async function oneDay(client: Client, { runId, pinning, horizon }: Scored, day: Day): Promise<void> {
  const definitions = definitionsAt(pinning, endOfDay(day.day))
  await client.query(statement('backfill/empty_scores'))
  await stageDay(client, day.day, { scores: definitions.scores, horizon })
  await inTransaction(client, async () => {
    await client.query(statement('backfill/keep_scores'), [runId, day.seam])
    for (const [index, { name }] of day.seam ? definitions.scores.entries() : []) {
      await client.query(statement('backfill/drop_seam'), [runId, day.day, name, index + 1])
    }
    await client.query(statement('backfill/keep_day'), [runId, day.day])
  })
}

/**
 * The day after the range may be over only since the backfill began: a run has recorded then what it found to differ
 * from days that are about to be others. It saw no more than the last run did. To be called under the lease, when no
 * view stands in front of what is recorded any more.
 */
export async function seamSince(
  client: Client,
  range: Range,
  going: Scored & { readonly days: readonly Day[]; readonly last: LastApplied },
): Promise<void> {
  const { runId, pinning, days, last } = going
  if (last.horizon === null) return
  const known = new Set(days.map(({ day }) => day))
  const since = (await findDays(client, range, pinning)).find(({ day, seam }) => seam && !known.has(day))
  if (!since) return
  await client.query(statement('backfill/begin_days'), [runId, [since.day], [true]])
  await client.query(statement('backfill/view_scores'))
  await oneDay(client, { runId, pinning, horizon: last.horizon }, since)
  await client.query('drop view pg_temp.score_history')
}

/**
 * Where the range ends with what is true now (nothing was ever run, or the last run had other rules): how scores stand
 * there is how they stand. Returns as of when.
 */
export async function stagePresent(
  client: Client,
  { to, segments }: Range,
  going: Scored & { readonly days: readonly Day[]; readonly last: LastApplied },
): Promise<Instant | undefined> {
  const { pinning, horizon, days, last } = going
  const definitions = lastOf(pinning)
  const isOther = segments === undefined && last.scores !== scoresMeaning(definitions)
  if (last.as_of === null ? days.length === 0 : to < last.as_of || !isOther) return undefined
  await evaluate(client, { ...definitions, segments: [], failing: [] }, { asOf: to, horizon })
  await stageScores(client, definitions.scores)
  return to
}

/** Within the transaction. Returns whether the rules were changed meanwhile: then scores are left as they were. */
export async function writeScores(
  client: Client,
  { runId, pinning, presentAsOf }: Scored & { readonly presentAsOf: Instant | undefined },
): Promise<boolean> {
  const { eras, ofThen } = pinning
  const definitions = lastOf(pinning)
  const pinnedTo = [runId, definitions.scoringVersion, ofThen]
  const gone = await rows(client, statement('backfill/supersede_scores'), pinnedTo)
  if (gone.length > 0) return true
  const names = [...new Set(eras.flatMap((era) => era.definitions.scores.map(({ name }) => name)))]
  await client.query(statement('backfill/replace_scores'), [runId, names])
  await client.query(statement('backfill/remove_scores'), [runId])
  await client.query(statement('backfill/write_scores'), [runId])
  if (presentAsOf !== undefined) {
    await client.query(statement('backfill/drop_removed_present'))
    await applyScores(client, { runId, asOf: presentAsOf, definitions })
  }
  await client.query(statement('backfill/write_score_max'), [runId, names])
  return false
}
