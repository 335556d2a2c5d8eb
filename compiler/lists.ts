import { type ListedFeature, not, type Predicate, test } from './ir.ts'
import { fingerprint, normalize } from './normalize.ts'

/** What a hand put on a list. */
const listed = (segment: string, list: ListedFeature['list']): Predicate =>
  test({ kind: 'listed', segment, list }, { op: '=', to: { type: 'boolean', value: true } })

/** A static segment: its definition is its list, another one with each version. */
export const staticMeaning = (key: string, version: number) => ({
  predicate: listed(key, 'members'),
  fingerprint: fingerprint({ list: key, version }),
})

/** Whom a hand put in is in, whom it took out is out, whatever the definition says. */
export const withOverrides = (key: string, predicate: Predicate): Predicate =>
  normalize({
    kind: 'any',
    of: [{ kind: 'all', of: [predicate, not(removedFrom(key))] }, addedTo(key)],
  })

export const addedTo = (key: string): Predicate => listed(key, 'added')
export const removedFrom = (key: string): Predicate => listed(key, 'removed')
