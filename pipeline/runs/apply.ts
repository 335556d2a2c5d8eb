import { type Instant, micropoints } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { PinnedDefinitions } from './definitions.ts'
import type { Evaluation } from './evaluate.ts'
import { FencedOff } from './lease.ts'
import type { Steps } from './run.ts'
import { applyScoreDays } from './score-days.ts'

type Applying = {
  readonly runId: string
  readonly asOf: Instant
  readonly fence: string
  readonly definitions: PinnedDefinitions
  readonly evaluation: Evaluation
  readonly lastAsOf: Instant | null
  readonly rollUp: boolean
  readonly scoreHistoryDays: number | undefined
  readonly steps: Steps
}

export type Applied = { leads: number; entered: number; left: number; superseded: number }

/**
 * Makes what was staged true: membership, history, scores, figures, outcomes and the run's own row. To be called
 * inside one transaction, which holds or falls with the fence.
 */
export async function applyRun(client: Client, run: Applying): Promise<Applied> {
  const { runId, asOf, steps, evaluation, definitions } = run
  const fence = await client.query(statement('runs/check_fence'), [run.fence])
  if (fence.rowCount === 0) throw new FencedOff()
  const superseded = await client.query<{ segment_id: string; version: number }>(statement('runs/supersede'))
  await steps.step('apply left', () => client.query(statement('runs/apply_left')))
  await steps.step('apply entered', () => client.query(statement('runs/apply_entered'), [asOf, runId]))
  await steps.step('apply changes', () => client.query(statement('runs/apply_changes'), [asOf, runId]))
  await steps.step('apply scores', () => applyScores(client, run))
  await steps.step('apply score days', () => applyScoreDays(client, runId))
  const { scoreHistoryDays } = run
  if (scoreHistoryDays !== undefined) {
    await steps.step('prune score history', () =>
      client.query(statement('runs/prune_scores'), [asOf, scoreHistoryDays]),
    )
  }
  const mainScore = definitions.scores.findIndex((score) => score.name === 'engagement')
  await steps.step('apply figures', () =>
    client.query(statement('runs/apply_stats'), [asOf, runId, mainScore < 0 ? null : mainScore + 1]),
  )
  await recordOutcomes(client, run, superseded.rows)
  await client.query(statement('runs/apply_state'), [runId, definitions.scoringVersion])
  if (evaluation.failing.length > 0) {
    await client.query(statement('runs/mark_failing'), [
      runId,
      run.lastAsOf,
      evaluation.failing.map((each) => each.segmentId),
      evaluation.failing.map((each) => each.outcome),
      evaluation.failing.map(errorText),
    ])
  }
  await steps.begin('commit')
  const { rows } = await client.query<{ leads: string; entered: string; left: string }>(
    statement('runs/finish'),
    [runId, run.fence, JSON.stringify(steps.done), run.rollUp],
  )
  const finished = rows[0]
  if (!finished) throw new FencedOff()
  return {
    leads: Number(finished.leads),
    entered: Number(finished.entered),
    left: Number(finished.left),
    superseded: superseded.rowCount ?? 0,
  }
}

export async function applyScores(
  client: Client,
  run: Pick<Applying, 'runId' | 'asOf' | 'definitions'>,
): Promise<number> {
  let written = 0
  const { scores, catalog } = run.definitions
  for (const [index, score] of scores.entries()) {
    const result = await client.query(statement('runs/apply_scores'), [
      run.asOf,
      run.runId,
      score.name,
      index + 1,
      score.levels.map((level) => level.name),
      score.levels.map((level) => micropoints(level.from)),
    ])
    written += result.rowCount ?? 0
  }
  await client.query(statement('runs/drop_scores'), [catalog.scores.map((score) => score.name)])
  return written
}

async function recordOutcomes(
  client: Client,
  { runId, evaluation }: Applying,
  superseded: readonly { segment_id: string; version: number }[],
): Promise<void> {
  const gone = new Set(superseded.map((each) => each.segment_id))
  const outcomes = [
    ...evaluation.failing.map((each) => ({ ...each, error: errorText(each) })),
    ...evaluation.segments
      .filter((each) => each.first || gone.has(each.segmentId))
      .map((each) => ({ ...each, outcome: gone.has(each.segmentId) ? 'superseded' : 'done', error: null })),
  ]
  if (outcomes.length === 0) return
  await client.query(statement('runs/record_segments'), [
    runId,
    outcomes.map((each) => each.segmentId),
    outcomes.map((each) => each.version),
    outcomes.map((each) => each.outcome),
    outcomes.map((each) => each.error),
  ])
}

const errorText = (failing: { code: string; message: string }): string =>
  JSON.stringify({ code: failing.code, message: failing.message })
