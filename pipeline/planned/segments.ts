import { type Compiled, print } from '../../compiler/index.ts'
import type { Intended } from '../apply.ts'
import type { Decision } from '../decide.ts'
import type { Otherwise } from './otherwise.ts'
import type { Side } from './sides.ts'

/** What is going to happen with a segment, before anybody is counted. */
export type Foreseen = {
  readonly key: string
  /** The key it has now; undefined: it is there under no key. */
  readonly before: string | undefined
  readonly decision: Decision
  /** Why other leads may be in it than now: what changed; empty: none may. */
  readonly because: readonly Reason[]
}

/** `text`: its own definition; `types`: those of the names in it. */
export type Reason =
  | { readonly what: 'new' | 'archived' | 'text' | 'time zone' | 'scoring.yaml' | 'events.yaml' | 'types' }
  | { readonly what: 'segment'; readonly key: string }

export type Circumstances = {
  readonly before: Side
  readonly after: Side
  /** Whether scoring.yaml changes. */
  readonly scoring: boolean
  readonly otherwise: Otherwise
}

/** Every segment that apply does anything with, or whose members may change because of what it refers to. */
export function foresee(intended: Intended, around: Circumstances): Foreseen[] {
  const oldKeys = new Map(intended.renames.map(({ from, to }) => [to, from]))
  return intended.decisions.flatMap((decision) => {
    const { key, stored } = decision
    const before = stored && stored.status !== 'archived' ? (oldKeys.get(key) ?? key) : undefined
    const because = reasons(decision, before, intended, around)
    const nothing = decision.action === 'keep' && because.length === 0 && !oldKeys.has(key)
    return nothing ? [] : [{ key, before, decision, because }]
  })
}

function reasons(
  { key, action, source, stored }: Decision,
  oldKey: string | undefined,
  { renames }: Intended,
  { before, after, scoring, otherwise }: Circumstances,
): Reason[] {
  if (action === 'archive') return [{ what: 'archived' }]
  if (oldKey === undefined) return [{ what: 'new' }]
  const [was, is] = [before.compiled.get(oldKey), after.compiled.get(key)]
  const scored: Reason[] =
    scoring && before.scored(oldKey) !== after.scored(key) ? [{ what: 'scoring.yaml' }] : []
  // Evaluated anew after an update of Tideline, say: what counts is what the two mean today.
  if (was?.fingerprint === is?.fingerprint) return scored
  if (written(was) !== written(is)) return [{ what: 'text' }, ...scored]
  const others = after
    .refersTo(key)
    .filter((other) => {
      const old = renames.find(({ to }) => to === other)?.from ?? other
      return before.compiled.get(old)?.fingerprint !== after.compiled.get(other)?.fingerprint
    })
    .map((other) => ({ what: 'segment' as const, key: other }))
  const around = source && stored ? otherwise(source, stored.zone, is?.fingerprint) : []
  const own: Reason[] = [...others, ...around.map((what) => ({ what }))]
  return [...(own.length > 0 ? own : [{ what: 'types' as const }]), ...scored]
}

const written = (compiled: Compiled | undefined): string =>
  compiled?.definition ? print(compiled.definition) : ''
