import type { Instant } from '../compiler/index.ts'
import { type SourceOf, sourcesAt } from './asof.ts'
import type { Database } from './engine.ts'
import { type Cause, causes, ownCauses } from './history.ts'
import { statement } from './sql.ts'

/** A beginning and an end, both of which belong to it. */
export type FlowRange = {
  readonly from: Instant
  readonly to: Instant
  /** Counts entries that an edit, a repair or a backfill caused as well. */
  readonly allCauses?: boolean | undefined
}

/** How many leads moved from one segment to another. */
export type Moved = {
  readonly from: string
  readonly to: string
  readonly moved: number
  /** Leads that were in `from` at the beginning or entered it within the time. */
  readonly inFrom: number
  /** Leads that entered `to` within the time. */
  readonly enteredTo: number
}

export type Flow = {
  /** Every pair, a segment with itself included: those who came back. */
  readonly pairs: readonly Moved[]
  /** Segments of which nothing is recorded at the beginning, and since when it is (null: never). */
  readonly later: ReadonlyMap<string, Instant | null>
  /** How many leads entered a segment within the time by causes that don't count; where nobody did it is left out. */
  readonly otherwise: ReadonlyMap<string, number>
}

type FlowRow = { from_id: string; to_id: string; moved: string; in_from: string; entered_to: string }

/** The matrix of all pairs among these segments, in the order in which they are named. */
export async function readFlow(database: Database, keys: readonly string[], range: FlowRange): Promise<Flow> {
  const { ids, later } = await identify(database, keys, range)
  const found = await database.query<FlowRow>(statement('reads/flow'), [
    [...ids.values()],
    range.from,
    range.to,
    causesOf(range),
  ])
  const pairs = keys.flatMap((from) =>
    keys.map((to): Moved => {
      const row = found.find((each) => each.from_id === ids.get(from) && each.to_id === ids.get(to))
      return {
        ...{ from, to, moved: Number(row?.moved ?? 0) },
        ...{ inFrom: Number(row?.in_from ?? 0), enteredTo: Number(row?.entered_to ?? 0) },
      }
    }),
  )
  return { pairs, later, otherwise: await readOtherwise(database, ids, range) }
}

export type Path = {
  /** How many leads got as far as each of the segments, in their order. */
  readonly steps: readonly { readonly segment: string; readonly leads: number }[]
  /** Some of those that went all the way: the first ones. */
  readonly named: readonly string[]
  readonly later: Flow['later']
  readonly otherwise: Flow['otherwise']
}

/** The leads that went from the first of these segments to the last, in this order. */
export async function readPath(
  database: Database,
  keys: readonly string[],
  range: FlowRange & { readonly limit: number },
): Promise<Path> {
  const { ids, later } = await identify(database, keys, range)
  const found = await database.query<{ step: number; leads: string; named: string[] }>(
    statement('reads/flow_path'),
    [keys.map((key) => ids.get(key) ?? null), range.from, range.to, causesOf(range), range.limit],
  )
  return {
    steps: keys.map((segment, index) => ({ segment, leads: Number(found[index]?.leads ?? 0) })),
    named: found.at(-1)?.named ?? [],
    later,
    otherwise: await readOtherwise(database, ids, range),
  }
}

async function readOtherwise(
  database: Database,
  ids: ReadonlyMap<string, string>,
  { from, to, allCauses }: FlowRange,
): Promise<Map<string, number>> {
  if (allCauses) return new Map()
  const found = await database.query<{ segment_id: string; leads: string }>(
    statement('reads/flow_otherwise'),
    [[...ids.values()], from, to],
  )
  return new Map(
    [...ids].flatMap(([key, id]) => {
      const row = found.find(({ segment_id }) => segment_id === id)
      return row ? [[key, Number(row.leads)] as const] : []
    }),
  )
}

const causesOf = ({ allCauses }: FlowRange): Cause[] => [...(allCauses ? causes : ownCauses)]

async function identify(database: Database, keys: readonly string[], { from }: FlowRange) {
  const found = await sourcesAt(database, { keys, asOf: from, evaluate: true })
  const since = ({ source }: SourceOf) => (source.kind === 'evaluated' ? source.recorded_since : null)
  const late = found.filter((each) => (since(each) ?? '~') > from)
  return {
    ids: new Map(found.map(({ segment, segmentId }) => [segment, segmentId])),
    later: new Map(late.map((each) => [each.segment, since(each)])),
  }
}
