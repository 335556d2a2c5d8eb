import * as fc from 'fast-check'
import type { Instant } from '../../compiler/index.ts'
import type { Client, Database, Row } from '../../pipeline/engine.ts'
import { bitsOf, type PinnedDefinitions } from '../../pipeline/runs/definitions.ts'
import type { Question } from './engines.ts'
import { instantOf, microsOf } from './reference/time.ts'
import { catalog, type World } from './world.ts'

/** Segments of nobody's project: what is asked of a world, as a run would be pinned to it. */
export function pinnedTo(world: World, questions: readonly Question[]): PinnedDefinitions {
  return {
    segments: questions.map(({ predicate }, index) => ({
      segmentId: String(1000 + index),
      key: `asked-${index}`,
      version: 1,
      predicate,
      zone: world.zone,
      meaning: String(index),
      first: index % 3 === 0,
      rested: false,
      status: 'active',
    })),
    failing: [],
    stated: new Map(),
    compiled: new Map(),
    references: world.segments ?? new Map(),
    catalog,
    scores: world.scores,
    scoringVersion: 1,
  }
}

/** How everything might have stood before: members, scores and states; the former also of leads that are not there. */
export type Standing = {
  readonly members: readonly { segment: string; lead: number }[]
  readonly scores: readonly { lead: number; score: string; micropoints: string; level: string | null }[]
  readonly states: readonly { lead: number; present: boolean; due: Instant | null }[]
}

export function standingIn(world: World, segments: number): fc.Arbitrary<Standing> {
  const lead = fc.integer({ min: 1, max: 12 })
  const due = fc
    .integer({ min: -1, max: 86_400 })
    .map((seconds) => instantOf(microsOf(world.asOf) + BigInt(seconds) * 1_000_000n))
  const score = fc.constantFrom(...world.scores).chain(({ name, levels }) =>
    fc.record({
      lead,
      score: fc.constant(name),
      micropoints: fc.constantFrom('0', '0', '-5000000', '25000000', '1'),
      level: fc.constantFrom(null, ...levels.map((level) => level.name)),
    }),
  )
  const member = fc.record({
    segment: fc.integer({ min: 0, max: segments - 1 }).map((index) => String(1000 + index)),
    lead,
  })
  // Who is no lead was seen by no run.
  const known = fc.constantFrom(...world.leads.map(({ id }) => id))
  const state = fc.record({ lead: known, present: fc.boolean(), due: fc.option(due) })
  return fc.record({
    members: fc.uniqueArray(member, {
      selector: (each) => `${each.segment} ${each.lead}`,
      maxLength: segments * 4,
      size: 'max',
    }),
    scores: fc.uniqueArray(score, {
      selector: (each) => `${each.score} ${each.lead}`,
      maxLength: 30,
      size: 'max',
    }),
    states: fc.uniqueArray(state, { selector: (each) => each.lead, maxLength: 10 }),
  })
}

export async function loadStanding(database: Database, { members, scores, states }: Standing): Promise<void> {
  await database.query('truncate membership, lead_scores, lead_state')
  await database.query(
    `insert into membership (segment_id, lead_id, since, run_id)
     select segment, lead, '2020-01-01', 1 from jsonb_to_recordset($1::jsonb) as row(segment bigint, lead bigint)`,
    [JSON.stringify(members)],
  )
  await database.query(
    `insert into lead_scores (lead_id, score, value, level, changed_as_of, run_id)
     select lead, score, micropoints / 1000000, level, '2020-01-01', 1
     from jsonb_to_recordset($1::jsonb) as row(lead bigint, score text, micropoints numeric, level text)`,
    [JSON.stringify(scores)],
  )
  await database.query(
    `insert into lead_state (lead_id, present, due_at)
     select lead, present, due from jsonb_to_recordset($1::jsonb) as row(lead bigint, present boolean, due timestamptz)`,
    [JSON.stringify(states)],
  )
}

const tables = {
  difference: 'segment_id, lead_id, change',
  staged_score: 'lead_id, position, micropoints::numeric(60,6) as micropoints',
  staged_state: 'lead_id, present, due_at',
  staged_figure: 'segment_id, members, score_sum::numeric(60,6) as score_sum',
  staged_score_day: 'lead_id, score, day, value, level',
  staged_score_max: 'lead_id, score, value, day',
} as const

/** All that was staged, each table in order. */
export async function staged(client: Client): Promise<Record<string, Row[]>> {
  const found: Record<string, Row[]> = {}
  for (const [table, columns] of Object.entries(tables)) {
    found[table] = (await client.query<Row>(`select ${columns} from ${table} order by 1, 2, 3`)).rows
  }
  return found
}

export const wordsOf = ({ segments }: PinnedDefinitions): number => bitsOf(segments.length).wordCount
