import { type Instant, readsOtherLeads } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { PinnedDefinitions } from './definitions.ts'

/** How many leads a run has to look at, by the first reason that holds for each. */
export type Candidates = {
  readonly leads: number
  readonly reasons: Readonly<Record<string, number>>
}

/**
 * Fills `candidate` with the leads that can differ from what the last applied run left: whose sources it did not know,
 * who are due, and where definitions look at accounts all who ever shared one with them.
 */
export async function findCandidates(
  client: Client,
  definitions: PinnedDefinitions,
  seen: { from: string; horizon: string; asOf: Instant },
): Promise<Candidates> {
  await client.query(statement('runs/find_candidates'), [seen.from, seen.horizon, seen.asOf])
  await client.query('analyze candidate')
  if (readsMates(definitions)) {
    await client.query(statement('runs/add_mates'))
    await client.query('analyze candidate')
  }
  const found = await rows<{ reason: string; leads: number }>(client, statement('runs/count_candidates'))
  return {
    leads: found.reduce((sum, { leads }) => sum + leads, 0),
    reasons: Object.fromEntries(found.map(({ reason, leads }) => [reason, leads])),
  }
}

/** Adds those whom the choice came too early for, so that what the run found of them doesn't count as drift. */
export async function addLateCandidates(
  client: Client,
  definitions: PinnedDefinitions,
  horizon: string,
): Promise<void> {
  const { rowCount } = await client.query(statement('runs/add_late_candidates'), [horizon])
  if (rowCount && readsMates(definitions)) await client.query(statement('runs/add_mates'))
}

/** Whether any segment or score hangs on the other leads of a lead's account. */
const readsMates = ({ segments, scores, references }: PinnedDefinitions): boolean =>
  scores.some(({ ofLeads }) => ofLeads) ||
  segments.some(({ predicate }) => readsOtherLeads(predicate, references, scores))
