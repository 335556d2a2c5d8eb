import type { Instant, Score } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { Candidates } from './candidates.ts'
import { mainScore, type PinnedDefinitions } from './definitions.ts'
import type { Staged } from './evaluate.ts'
import type { Warned } from './guard.ts'
import { checkFence, FencedOff, type Lease } from './lease.ts'
import { writeOutcomes } from './outcomes.ts'
import { applyScoreDays } from './score-days.ts'
import { levelsOf } from './stage.ts'
import type { Steps } from './steps.ts'

type Applying = {
  readonly runId: string
  readonly asOf: Instant
  readonly horizon: string
  readonly lease: Lease
  readonly definitions: PinnedDefinitions
  readonly evaluation: Staged
  readonly warnings: readonly Warned[]
  readonly lastAsOf: Instant | null
  /** Of an incremental run; and of a full one that looks for drift. */
  readonly candidates: Candidates | undefined
  /** Whether differences that no candidate explains are drift, and whether a midnight in UTC has passed. */
  readonly judged: boolean
  readonly midnight: boolean
  readonly full: boolean
  readonly rollUp: boolean
  /** From which day on it is kept how scores stood; undefined: nothing is removed. */
  readonly scoresKeptFrom: string | undefined
  readonly steps: Steps
}

export type Applied = {
  leads: number
  entered: number
  left: number
  superseded: number
  drift: number | null
}

/**
 * Makes what was staged true: membership, history, scores, figures, outcomes and the run's own row. To be called
 * inside one transaction, which holds or falls with the fence.
 */
export async function applyRun(client: Client, run: Applying): Promise<Applied> {
  const { runId, asOf, steps, evaluation, definitions, lease } = run
  await checkFence(client, lease)
  // Whoever changes a definition from here on waits until this is over.
  await client.query('lock table segments in share mode')
  const superseded = await client.query<{ segment_id: string; version: number }>(
    statement('runs/supersede'),
    [run.lastAsOf],
  )
  const position = mainScore(definitions)
  const main = [position, position && 'engagement']
  await client.query(statement('runs/drop_removed'), [run.horizon, ...main])
  await steps.step('apply left', () => client.query(statement('runs/apply_left')))
  await steps.step('apply entered', () => client.query(statement('runs/apply_entered'), [asOf, runId]))
  await steps.step('apply changes', () => client.query(statement('runs/apply_changes'), [asOf, runId]))
  await steps.step('apply scores', () => applyScores(client, run))
  // Looks through all of them; without a new set of rules there is nothing to be found.
  if (run.full)
    await client.query(statement('runs/drop_scores'), [definitions.catalog.scores.map(({ name }) => name)])
  await steps.step('apply score days', () => applyScoreDays(client, runId))
  const { scoresKeptFrom } = run
  if (scoresKeptFrom !== undefined) {
    await steps.step('prune score history', () =>
      client.query(statement('runs/prune_scores'), [scoresKeptFrom]),
    )
  }
  await steps.step('apply states', () => client.query(statement('runs/apply_states')))
  await client.query(statement('runs/remove_scores'))
  await steps.step('apply figures', () =>
    client.query(statement('runs/apply_stats'), [asOf, runId, evaluation.leads]),
  )
  const drift = run.judged ? await countDrift(client, run) : null
  await client.query(statement('runs/apply_state'), [runId, definitions.scoringVersion])
  await writeOutcomes(client, { ...run, superseded: superseded.rows })
  await steps.keepStatements(client)
  await steps.begin('commit')
  const { rows } = await client.query<{ leads: string; entered: string; left: string }>(
    statement('runs/finish'),
    [
      runId,
      lease.fence,
      JSON.stringify(steps.done),
      run.rollUp,
      evaluation.leads,
      run.candidates && JSON.stringify(run.candidates),
      evaluation.engine,
      drift,
    ],
  )
  const finished = rows[0]
  if (!finished) throw new FencedOff()
  return {
    leads: Number(finished.leads),
    entered: Number(finished.entered),
    left: Number(finished.left),
    superseded: superseded.rowCount ?? 0,
    drift,
  }
}

/** What a full run found that no change explains: the runs before should have found it. It is repaired, and told. */
async function countDrift(
  client: Client,
  { runId, definitions, midnight }: Pick<Applying, 'runId' | 'definitions' | 'midnight'>,
): Promise<number> {
  const fading = definitions.scores.flatMap((score, index) =>
    midnight && fades(score, definitions.scores) ? [index + 1] : [],
  )
  const found = [
    await client.query<{ leads: string }>(statement('runs/count_drift'), [runId]),
    await client.query<{ leads: string }>(statement('runs/count_score_drift'), [runId, fading]),
  ]
  return found.flatMap(({ rows }) => rows).reduce((sum, { leads }) => sum + Number(leads), 0)
}

function fades({ rules, ofLeads }: Score, scores: readonly Score[]): boolean {
  if (rules.some((rule) => rule.kind === 'events' && rule.fade !== undefined)) return true
  const summed = ofLeads && scores.find(({ name }) => name === ofLeads.score)
  return summed !== undefined && fades(summed, scores)
}

export async function applyScores(
  client: Client,
  run: Pick<Applying, 'runId' | 'asOf' | 'definitions'>,
): Promise<number> {
  let written = 0
  const { scores } = run.definitions
  for (const [index, score] of scores.entries()) {
    const result = await client.query(statement('runs/apply_scores'), [
      run.asOf,
      run.runId,
      score.name,
      index + 1,
      ...levelsOf(score),
    ])
    written += result.rowCount ?? 0
  }
  return written
}
