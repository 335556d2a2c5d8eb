import { closest, distance } from 'fastest-levenshtein'
import type { ValueType } from './ir.ts'

/** What a definition may name, with types. A value of the database, or of a committed file. */
export type Catalog = {
  readonly leads: ReadonlyMap<string, CatalogType>
  readonly accounts: ReadonlyMap<string, CatalogType>
  readonly events: ReadonlyMap<string, EventType>
  readonly scores: readonly string[]
}
export type CatalogType = ValueType
export type EventType = {
  readonly activity: boolean
  readonly conversion: boolean
  readonly channel?: string | undefined
  readonly properties: ReadonlyMap<string, CatalogType>
}

export const emptyCatalog: Catalog = { leads: new Map(), accounts: new Map(), events: new Map(), scores: [] }

/** The known name nearest to a wrong one, if it is near enough to be meant. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const names = [...known]
  if (names.length === 0) return undefined
  const candidate = closest(name, names)
  return distance(name, candidate) <= Math.max(2, Math.floor(name.length / 3)) ? candidate : undefined
}
