import * as fc from 'fast-check'
import { mayBeNow } from '../../compiler/agenda.ts'
import type { Predicate } from '../../compiler/ir.ts'
import { testsOf } from '../../compiler/plan.ts'
import type { Instant } from '../../compiler/time.ts'
import { instantOf, microsOf } from './reference/time.ts'
import { featureOf, leadsThatExist, members, scoreOf } from './reference.ts'
import type { World } from './world.ts'

const hour = 3_600_000_000n
const day = 24n * hour

/** Values are numbers beyond what JSON holds, too. */
const written = (value: object | undefined): string =>
  value === undefined ? 'none' : Object.values(value).map(String).join()

/** The UTC midnight after an instant. */
export const midnightAfter = (at: Instant): Instant => instantOf((microsOf(at) / day + 1n) * day)

/** A while before the instant around which much lies on an edge, on the same day: so that it comes to pass. */
export const earlierOn = (world: World): fc.Arbitrary<World> =>
  fc
    .oneof(
      fc.constantFrom(0n, 1n, 2n, 1_000_000n, hour, day),
      fc.integer({ min: 1, max: 86_399_999 }).map((millis) => BigInt(millis) * 1000n),
    )
    .map((back) => {
      const at = microsOf(world.asOf)
      const begins = (at / day) * day
      const asOf = instantOf(at - back > begins ? at - back : begins)
      return nothingNew({ ...world, asOf })
    })

/** Without what is known already and dated between asOf and midnight. */
function nothingNew(world: World): World {
  const end = midnightAfter(world.asOf)
  const comes = (at: Instant | undefined) => at !== undefined && at > world.asOf && at <= end
  return {
    ...world,
    leads: world.leads.filter(({ firstSeen }) => !comes(firstSeen)),
    events: world.events.filter(({ at }) => !comes(at)),
    changes: world.changes.filter(({ from }) => !comes(from)),
    segmentChanges: (world.segmentChanges ?? []).filter(({ at }) => at < world.asOf),
    listed: (world.listed ?? []).filter(({ from, until }) => !comes(from) && !comes(until)),
  }
}

/** What a run at asOf writes of the segments that others refer to. */
export function recordedNow(world: World): World {
  const steps = world.segmentChanges ?? []
  const written = [...(world.segments ?? [])].flatMap(([segment, predicate]) => {
    const now = new Set(members(predicate, world))
    return leadsThatExist(world).flatMap(({ id }) => {
      const last = steps.filter((each) => each.segment === segment && each.lead === id).at(-1)
      const was = last?.change === 'entered'
      if (was === now.has(id)) return []
      const change = was ? ('left' as const) : ('entered' as const)
      return [{ segment, lead: id, at: world.asOf, change }]
    })
  })
  return { ...world, segmentChanges: [...steps, ...written] }
}

/** Of every lead: those with whom it ever shared an account, and with whom these did in turn; itself among them. */
export function matesIn(world: World): Map<number, ReadonlySet<number>> {
  const links = world.changes.filter(
    ({ attribute, subject, value, late }) =>
      subject === 'lead' && attribute === '@account' && !late && /^\d+$/.test(value ?? ''),
  )
  const groups = new Map<number, Set<number>>(world.leads.map(({ id }) => [id, new Set([id])]))
  const ofAccount = new Map<string, number>()
  for (const { id, value } of links) {
    const other = ofAccount.get(value!)
    ofAccount.set(value!, id)
    if (other === undefined) continue
    const together = new Set([...(groups.get(other) ?? [other]), ...(groups.get(id) ?? [id])])
    for (const each of together) groups.set(each, together)
  }
  return groups
}

/**
 * Everything that a run finds out about each lead, as text: what holds, each feature that this hangs on, and scores.
 * What lies in the past is asked for again as it was, so features tell more than what holds: few counts are just at
 * the number that they are compared with. What is so only now is another instant each time.
 */
export function judged(world: World, predicates: readonly Predicate[]): Map<number, string> {
  const found = new Map(leadsThatExist(world).map((lead) => [lead.id, [] as string[]]))
  for (const predicate of predicates) {
    const held = new Set(members(predicate, world))
    for (const [id, facts] of found) facts.push(held.has(id) ? 'in' : 'out')
    for (const { subject } of testsOf(predicate)) {
      if (mayBeNow(subject)) continue
      for (const lead of leadsThatExist(world))
        found.get(lead.id)!.push(written(featureOf(subject, lead, world)))
    }
  }
  for (const lead of leadsThatExist(world)) {
    for (const score of world.scores) found.get(lead.id)!.push(String(scoreOf(score, lead, world)))
  }
  return new Map([...found].map(([id, facts]) => [id, facts.join(' ')]))
}
