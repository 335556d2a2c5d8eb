import { createHash } from 'node:crypto'
import type { AttributeFeature, Feature, Predicate, Score } from '../../compiler/ir.ts'
import type { Instant } from '../../compiler/time.ts'
import { compare } from './reference/compare.ts'
import { figureOf, holds, sequence } from './reference/events.ts'
import { resolve } from './reference/time.ts'
import { read, type Value, whole } from './reference/values.ts'
import { type Event, externalIdOf, type Json, type Lead, type World } from './world.ts'

export { fold } from './reference/compare.ts'
export { resolve }

/**
 * The judge: what a predicate means, for one lead after the other, row by row.
 * Slow and obvious on purpose. It shares no code with the compiler but the types of ir.ts.
 */
export function members(predicate: Predicate, world: World): number[] {
  return leadsThatExist(world)
    .filter((lead) => isTrue(predicate, lead, world))
    .map((lead) => lead.id)
}

export function leadsThatExist(world: World): Lead[] {
  return world.leads.filter((lead) => !lead.late && firstSeen(lead, world) <= world.asOf)
}

/** Micro-points: every event of the lead earns what its type is worth. */
export function scoreOf(score: Score, lead: Lead, world: World): bigint {
  let total = 0n
  for (const event of eventsOf(lead, world)) {
    for (const rule of score.rules) if (rule.event === event.type) total += BigInt(rule.micropoints)
  }
  return total
}

function isTrue(predicate: Predicate, lead: Lead, world: World): boolean {
  return holds(predicate, ({ subject, is }) => compare(featureOf(subject, lead, world), is, world.asOf))
}

function featureOf(feature: Feature, lead: Lead, world: World): Value | undefined {
  switch (feature.kind) {
    case 'first_seen':
      return { type: 'instant', value: firstSeen(lead, world) }
    case 'score': {
      const score = world.scores.find((each) => each.name === feature.score)
      if (!score) throw new Error(`no score ${feature.score}`)
      return { type: 'number', value: scoreOf(score, lead, world) }
    }
    case 'attribute':
      return read(storedOf(feature, lead, world), feature)
    case 'events': {
      const leads = feature.of === 'lead' ? [lead] : leadsOfAccount(lead, world)
      const events = leads.flatMap((each) => eventsOf(each, world))
      return figureOf(feature, events, world.asOf)
    }
    case 'sequence':
      return { type: 'boolean', value: sequence(feature, eventsOf(lead, world), world.asOf) }
    case 'bucket':
      return whole(bucket(feature.by, feature.of, externalIdOf(lead)))
    case 'leads_of_account':
      return whole(leadsOfAccount(lead, world).filter((each) => isTrue(feature.that, each, world)).length)
    case 'segment': {
      const predicate = world.segments?.get(feature.key)
      if (!predicate) throw new Error(`no segment ${feature.key}`)
      return { type: 'boolean', value: isTrue(predicate, lead, world) }
    }
  }
}

function bucket(by: string, of: number, externalId: string): number {
  const hash = createHash('sha256')
    .update(Buffer.from(`${by}:${externalId}`, 'utf8'))
    .digest('hex')
  return Number.parseInt(hash.slice(0, 8), 16) % of
}

function firstSeen(lead: Lead, world: World): Instant {
  return [lead.firstSeen, ...eventsOf(lead, world).map((event) => event.at)].sort()[0]!
}

/** The events that are known and have happened. */
const eventsOf = (lead: Lead, world: World): Event[] =>
  world.events.filter((event) => event.lead === lead.id && !event.late && event.at <= world.asOf)

/** The account that a lead belongs to as of asOf: a whole number, or none. */
function accountOf(lead: Lead, world: World): number | undefined {
  const link = valueAt('lead', lead.id, '@account', world)
  return link !== null && /^\d{1,18}$/.test(link) ? Number(link) : undefined
}

/** Those that exist, the lead itself among them; nobody where there is no account. */
export function leadsOfAccount(lead: Lead, world: World): Lead[] {
  const account = accountOf(lead, world)
  if (account === undefined) return []
  return leadsThatExist(world).filter((each) => accountOf(each, world) === account)
}

function storedOf({ of, name }: AttributeFeature, lead: Lead, world: World): Json | null {
  if (of === 'lead') return valueAt('lead', lead.id, name, world)
  const account = accountOf(lead, world)
  return account === undefined ? null : valueAt('account', account, name, world)
}

/** The latest value that had begun to hold by asOf; before the first that is known, that one. */
function valueAt(subject: 'lead' | 'account', id: number, attribute: string, world: World): Json | null {
  let latest: Json | null | undefined
  let latestFrom = ''
  let first: Json | null | undefined
  let firstFrom = ''
  for (const change of world.changes) {
    if (change.subject !== subject || change.id !== id || change.attribute !== attribute || change.late)
      continue
    if (change.from <= world.asOf && change.from >= latestFrom)
      [latest, latestFrom] = [change.value, change.from]
    if (first === undefined || change.from < firstFrom) [first, firstFrom] = [change.value, change.from]
  }
  return latest !== undefined ? latest : (first ?? null)
}
