import {
  canonical,
  dialects,
  emit,
  type Instant,
  micropoints,
  plan,
  type Score,
} from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import type { Client, Parameter } from '../engine.ts'
import { type Recorded, readRecorded } from '../score-past.ts'
import type { Side } from './sides.ts'

/** What other rules or levels of a score do to the leads. */
export type PlannedScore = {
  readonly score: string
  readonly action: 'create' | 'change' | 'drop'
  /** How many leads get other points, and how many come to another level. */
  readonly points_change: number
  readonly level_change: number
  /** Names of levels, rising; none: it has no levels, or is not there. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** How many leads go from which level to which. */
  readonly levels: readonly Move[]
}
export type Move = { readonly from: string | null; readonly to: string | null; readonly leads: number }

export type PlannedScores = {
  readonly leads: number
  readonly scores: readonly PlannedScore[]
  /** The past that could be rebuilt. */
  readonly recorded: Recorded | null
}

type Pair = { readonly name: string; readonly was?: Score | undefined; readonly is?: Score | undefined }

/** Points and levels of all leads at one instant, by the rules as they are and as they will be: one statement. */
export async function foreseeScores(
  client: Client,
  { before, after }: { before: Side; after: Side },
  seen: { asOf: Instant; horizon: string },
): Promise<PlannedScores> {
  const changed = changedScores(before, after)
  const pairs = pairsOf(before, after).filter(({ name }) => changed.has(name))
  const recorded = await readRecorded(client)
  if (pairs.length === 0) return { leads: 0, scores: [], recorded }
  const all = [...after.scores, ...before.scores]
  const references = new Map([...before.references, ...after.references])
  const query = emit(plan([], all, references), dialects.postgres, seen)
  const parameters: Parameter[] = [...query.parameters] as Parameter[]
  const value = (each: string, type: string) => `$${parameters.push(each)}::${type}`
  const points = (score: Score | undefined) => (score ? `s${all.indexOf(score)}` : 'null::numeric')
  const level = (score: Score | undefined) => {
    const [lowest, ...higher] = score?.levels ?? []
    if (!lowest) return 'null::text'
    const reached = higher.toReversed().map(({ name, from }) => {
      return `when ${points(score)} >= ${value(micropoints(from), 'numeric')} then ${value(name, 'text')}`
    })
    const rest = value(lowest.name, 'text')
    return reached.length > 0 ? `case ${reached.join(' ')} else ${rest} end` : rest
  }
  const counts = pairs.map(
    (
      { was, is },
      pair,
    ) => `select ${pair} as pair, ${level(was)} as "from", ${level(is)} as "to", count(*) as leads,
      count(*) filter (where ${points(was)} is distinct from ${points(is)}) as moved from evaluated group by 2, 3`,
  )
  const columns = all.map((_, index) => `s${index}`).join(', ')
  type Counted = { pair: number; from: string | null; to: string | null; leads: string; moved: string }
  const found = await rows<Counted>(
    client,
    `with evaluated as materialized (select ${columns} from (${query.sql}) as features)
     ${counts.join('\nunion all\n')}`,
    parameters,
  )
  const ofPair = (pair: number) => found.filter((each) => each.pair === pair)
  return {
    leads: sum(ofPair(0), ({ leads }) => leads),
    scores: pairs.map((pair, index) => scoreOf(pair, ofPair(index))).filter((each) => each !== undefined),
    recorded,
  }
}

/** The scores that are new, gone or mean something else; one of accounts also where that of their leads does. */
function changedScores(before: Side, after: Side): Set<string> {
  const own = pairsOf(before, after).filter(({ was, is }) => !was || !is || meaning(was) !== meaning(is))
  const changed = new Set(own.map(({ name }) => name))
  for (const { name, ofLeads } of after.scores) if (ofLeads && changed.has(ofLeads.score)) changed.add(name)
  return changed
}

/** The rules as they are stand under other names beside those that will be. */
function pairsOf(before: Side, after: Side): Pair[] {
  const old = new Map(before.scores.map((score) => [plainName(score.name), score]))
  const names = new Set([...after.scores.map(({ name }) => name), ...old.keys()])
  return [...names].map((name) => ({
    ...{ name, was: old.get(name), is: after.scores.find((score) => score.name === name) },
  }))
}

const plainName = (name: string): string => name.replace(/^before:/, '')

function scoreOf(
  { name, was, is }: Pair,
  found: readonly (Pick<Move, 'from' | 'to'> & { leads: string; moved: string })[],
): PlannedScore | undefined {
  const place = (of: Score | undefined, level: string | null) =>
    of?.levels.findIndex((each) => each.name === level) ?? -1
  const levels = found
    .map(({ from, to, leads }): Move => ({ from, to, leads: Number(leads) }))
    .sort((a, b) => place(was, a.from) - place(was, b.from) || place(is, a.to) - place(is, b.to))
  const planned = {
    score: name,
    points_change: sum(found, ({ moved }) => moved),
    level_change: sum(
      levels.filter(({ from, to }) => from !== to),
      ({ leads }) => leads,
    ),
    before: was?.levels.map((level) => level.name) ?? [],
    after: is?.levels.map((level) => level.name) ?? [],
    levels,
  }
  if (!is) return { ...planned, action: 'drop' }
  if (!was) return { ...planned, action: 'create' }
  const stays = planned.points_change === 0 && meaning(was) === meaning(is)
  return stays ? undefined : { ...planned, action: 'change' }
}

const meaning = ({ rules, levels, ofLeads }: Score): string =>
  canonical([rules, levels, ofLeads && [ofLeads.by, plainName(ofLeads.score)]])

const sum = <Each>(all: readonly Each[], of: (each: Each) => string | number): number =>
  all.reduce((total, each) => total + Number(of(each)), 0)
