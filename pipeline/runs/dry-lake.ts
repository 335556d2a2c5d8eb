import type { Instant } from '../../compiler/index.ts'
import { statement } from '../sql.ts'
import { evaluation, fullPlan } from './columnar-evaluate.ts'
import type { PinnedDefinitions } from './definitions.ts'
import type { DryStep } from './dry.ts'

/** What Postgres does alone and DuckDB as part of evaluating. */
const compared = new Set(['compare members', 'compare scores', 'compare states', 'count figures'])

/** The steps of a full run in Postgres as they are over the lake, which a dry run neither reads nor writes. */
export function overLake(
  steps: readonly DryStep[],
  definitions: PinnedDefinitions,
  seen: { asOf: Instant; horizon: string },
): DryStep[] {
  const evaluated = [
    evaluation(fullPlan(definitions), undefined, seen).sql,
    ...['difference', 'score', 'state', 'figure'].map((name) => statement(`full/${name}`)),
  ]
  const first = steps.findIndex(({ name }) => name === 'stage score days' || name === 'stage later')
  const planned = steps
    .find(({ name }) => name === 'evaluate')!
    .sql.filter((text) => !text.includes('temporary table evaluated'))
  const before = [
    { name: 'copy events to the lake', sql: [], sql_after: [] },
    { name: 'read the lake', sql: planned, sql_after: [] },
  ]
  return steps.flatMap((step, position) => {
    if (compared.has(step.name)) return []
    const told = step.name === 'evaluate' ? { ...step, sql: evaluated } : step
    return position === first ? [...before, told] : [told]
  })
}
