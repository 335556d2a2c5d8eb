import { closest, distance } from 'fastest-levenshtein'
import type { EventTypes, Filter, Predicate, ScalarType } from './ir.ts'

/** What a definition may name, with types. A value of the database, or of a committed file. */
export type Catalog = {
  readonly leads: ReadonlyMap<string, CatalogType>
  readonly accounts: ReadonlyMap<string, CatalogType>
  readonly events: ReadonlyMap<string, EventType>
  readonly scores: readonly CatalogScore[]
  /** Names of events.yaml that stand for events with a filter. */
  readonly aliases: ReadonlyMap<string, Alias>
  /** The meaning of another segment, by its key. */
  readonly segments: Pick<ReadonlyMap<string, SegmentMeaning>, 'get' | 'has' | 'keys'>
}
/** A score by its name, with its levels in rising order. `broken`: why it can't be computed. */
export type CatalogScore = {
  readonly name: string
  readonly levels: readonly { readonly name: string; readonly from: string }[]
  readonly broken?: string | undefined
}
/** A `range` ("501-1000", "10,000+") is stored as the number it begins with, and compared as one. */
export type CatalogType = ScalarType | 'json' | 'range'
/** What an alias stands for; which properties its events have follows from the types. `broken`: why it does not. */
export type Alias = {
  readonly types: EventTypes
  readonly where: Filter
  readonly broken?: string | undefined
}
/** Without a predicate it is broken, or part of a cycle: what refers to it can't be evaluated either. */
export type SegmentMeaning = {
  readonly predicate?: Predicate | undefined
  readonly fingerprint?: string | undefined
  /** The way from the segment that asks back to itself: `a`, `b`, `a`. */
  readonly cycle?: readonly string[] | undefined
}
export type EventType = {
  readonly activity: boolean
  readonly conversion: boolean
  readonly channel?: string | undefined
  readonly properties: ReadonlyMap<string, CatalogType>
}

export const emptyCatalog: Catalog = {
  leads: new Map(),
  accounts: new Map(),
  events: new Map(),
  scores: [],
  aliases: new Map(),
  segments: new Map(),
}

/** The known name nearest to a wrong one, if it is near enough to be meant. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const names = [...known]
  if (names.length === 0) return undefined
  const folded = name.toLowerCase()
  const candidate = names.find((each) => each.toLowerCase() === folded) ?? closest(name, names)
  if (candidate.toLowerCase() === folded) return candidate
  const apart = distance(name, candidate)
  // Short names that have nothing in common are not near each other.
  return apart <= Math.max(2, Math.floor(name.length / 3)) && apart < name.length ? candidate : undefined
}
