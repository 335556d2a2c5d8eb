import {
  type Feature,
  type Instant,
  type MomentTurn,
  type Predicate,
  readInstant,
  readsScore,
  type Turn,
  turnsAt,
  turnsOf,
} from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import { Looker, type Sight } from './look.ts'
import type { PinnedDefinitions } from './runs/definitions.ts'
import { statement } from './sql.ts'

/** How long a lead stays in a segment if nothing happens. */
export type Ending =
  | { readonly kind: 'at'; readonly at: Instant }
  /** Time alone does not end it. */
  | { readonly kind: 'open' }
  /** Not before this instant; no further was looked. */
  | { readonly kind: 'beyond'; readonly at: Instant }
  /** What it hangs on, of which nobody knows what it will be. */
  | { readonly kind: 'untold'; readonly because: string }

/** At how many instants to come it is looked whether a lead is still in: where points fade, so many midnights. */
const mostLooks = 60

type Stay = {
  readonly key: string
  readonly predicate: Predicate
  readonly turns: readonly MomentTurn[]
  /** When what hands say of the lead begins or ends, in their order. */
  readonly hands: readonly Instant[]
  looks: number
  next: Instant
}

/**
 * Of segments that a lead is in as of an instant: when it leaves each. Goes from one instant at which one of them may
 * turn to the next; each is looked at when it may turn itself, and as often as it needs, whatever the others do.
 */
export async function findEndings(
  reader: Reader,
  definitions: PinnedDefinitions,
  asked: { id: string; asOf: Instant; horizon: string; keys: readonly string[] },
): Promise<ReadonlyMap<string, Ending>> {
  const found = new Map<string, Ending>()
  const staying = new Set<Stay>()
  const { id, asOf, horizon } = asked
  const said = await rows<ListTurn>(reader, statement('reads/list_turns'), [id, asOf, horizon])
  for (const key of asked.keys) {
    const predicate = definitions.references.get(key)!
    const turns = turnsOf(predicate, definitions.references, definitions.scores)
    if ('because' in turns) found.set(key, { kind: 'untold', because: turns.because })
    else staying.add({ key, predicate, ...divided(turns, said), looks: 0, next: asOf })
  }
  const lookers = new Map<string, Looker>()
  const lookerFor = (stays: readonly Stay[]): Looker => {
    const name = JSON.stringify(stays.map(({ key }) => key))
    // Scores that none of them reads would be computed at every instant.
    const scored = stays.some(({ predicate }) => readsScore(predicate, definitions.references))
    const read = { ...definitions, scores: scored ? definitions.scores : [] }
    const looker = lookers.get(name) ?? new Looker(reader, read, { ...asked, predicates: readBy(stays) })
    lookers.set(name, looker)
    return looker
  }
  while (staying.size > 0) {
    const at = [...staying].map(({ next }) => next).sort()[0]!
    const due = [...staying].filter(({ next }) => next === at)
    const sight = await lookerFor(due).look(at)
    for (const stay of due) {
      const ending = goOn(stay, sight)
      if (!ending) continue
      found.set(stay.key, ending)
      staying.delete(stay)
    }
  }
  return found
}

type ListTurn = { segment: string; at: Instant }

function divided(turns: readonly Turn[], said: readonly ListTurn[]): Pick<Stay, 'turns' | 'hands'> {
  const lists = turns.flatMap((turn) => ('list' in turn ? [turn.list] : []))
  return {
    turns: turns.flatMap((turn) => ('list' in turn ? [] : [turn])),
    hands: said.flatMap(({ segment, at }) => (lists.includes(segment) ? [at] : [])),
  }
}

/** How it ends, if that is known by now. */
function goOn(stay: Stay, sight: Sight): Ending | undefined {
  if (!sight.holds(stay.predicate)) return { kind: 'at', at: sight.asOf }
  const value = (feature: Feature | undefined) => {
    const text = feature ? sight.value(feature) : null
    return text === null ? null : (readInstant(text, 'UTC') ?? null)
  }
  const [next] = [
    ...stay.turns.flatMap((turn) => turnsAt(turn, value(turn.feature), sight.asOf)),
    ...stay.hands.filter((at) => at > sight.asOf),
  ].sort()
  if (next === undefined) return { kind: 'open' }
  if (stay.looks >= mostLooks) return { kind: 'beyond', at: next }
  stay.looks++
  stay.next = next
  return undefined
}

/** Whether each is in, and the values that its turns go by. */
const readBy = (stays: readonly Stay[]): Predicate[] =>
  stays.flatMap(({ predicate, turns }) => [
    predicate,
    ...turns.flatMap(({ feature }) => (feature ? [known(feature)] : [])),
  ])

const known = (subject: Feature): Predicate => ({ kind: 'test', subject, is: { op: 'known' } })
