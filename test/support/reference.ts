import { createHash } from 'node:crypto'
import type { AttributeFeature, Feature, Predicate, Score } from '../../compiler/ir.ts'
import type { Instant, Moment } from '../../compiler/time.ts'
import { compare } from './reference/compare.ts'
import { figureOf, holds, sequence } from './reference/events.ts'
import { pointsOfEvents, type RulePoints } from './reference/points.ts'
import { attributeHistory, isListed, recordedOf } from './reference/recorded.ts'
import { daysOver, endOf, enteredLevel } from './reference/score-history.ts'
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

/** Micro-points of a lead as of asOf. */
export function scoreOf(score: Score, lead: Lead, world: World): bigint {
  if (score.ofLeads) return scoreOfAccount(score.ofLeads, lead, world)
  return pointsOf(score, lead, world).reduce((sum, { points }) => sum + points, 0n)
}

/** What each rule of a score comes to. */
export function pointsOf(score: Score, lead: Lead, world: World): RulePoints[] {
  return score.rules.map((rule) => {
    if (rule.kind === 'events') return pointsOfEvents(rule, eventsOf(lead, world), world.asOf)
    const points = isTrue(rule.that, lead, world) ? BigInt(rule.micropoints) : 0n
    return { events: 0, before: points, points, days: [] }
  })
}

function scoreOfAccount({ by, score }: NonNullable<Score['ofLeads']>, lead: Lead, world: World): bigint {
  const mates = leadsOfAccount(lead, world)
  if (mates.length === 0) return 0n
  const all = mates.map((mate) => scoreOf(scoreNamed(score, world), mate, world))
  const sum = all.reduce((a, b) => a + b, 0n)
  if (by === 'sum') return sum
  // Without what is left over: towards 0.
  return by === 'mean' ? sum / BigInt(all.length) : greatest(all)
}

function scoreNamed(name: string, world: World): Score {
  const score = world.scores.find((each) => each.name === name)
  if (!score) throw new Error(`no score ${name}`)
  return score
}

/** As of asOf or of an earlier moment. A lead that was not there yet had no points of its own. */
function scoreAt(name: string, at: Moment | undefined, lead: Lead, world: World): bigint {
  const score = scoreNamed(name, world)
  if (at === undefined) return scoreOf(score, lead, world)
  const then = { ...world, asOf: resolve(at, world.asOf) }
  const existed = leadsThatExist(then).some(({ id }) => id === lead.id)
  return existed || score.ofLeads ? scoreOf(score, lead, then) : 0n
}

const greatest = (all: readonly bigint[]): bigint => [...all].sort((a, b) => (a < b ? 1 : -1))[0]!

/** The last one whose bound is reached; the first, where none is. */
function levelOf({ levels }: Score, points: bigint): string | undefined {
  const reached = levels.filter(({ from }) => points >= BigInt(Math.round(Number(from) * 1e6)))
  return (reached.at(-1) ?? levels[0])?.name
}

function isTrue(predicate: Predicate, lead: Lead, world: World): boolean {
  return holds(predicate, ({ subject, is }) => compare(featureOf(subject, lead, world), is, world.asOf))
}

export function featureOf(feature: Feature, lead: Lead, world: World): Value | undefined {
  const at = { lead: lead.id, asOf: world.asOf }
  switch (feature.kind) {
    case 'first_seen':
      return { type: 'instant', value: firstSeen(lead, world) }
    case 'score':
      return { type: 'number', value: scoreAt(feature.score, feature.at, lead, world) }
    case 'score_change': {
      const before = scoreAt(feature.score, feature.since, lead, world)
      return { type: 'number', value: scoreAt(feature.score, undefined, lead, world) - before }
    }
    case 'score_max': {
      const { score, from } = feature
      const since = from && resolve(from, world.asOf)
      const days = daysOver(world.scoreDays ?? [], { score, lead: lead.id, asOf: world.asOf })
      const recorded = days.filter(({ day }) => !since || endOf(day) >= since)
      const all = recorded.map(({ micropoints }) => BigInt(micropoints))
      for (const at of from ? [undefined, from] : [undefined]) all.push(scoreAt(score, at, lead, world))
      return { type: 'number', value: greatest(all) }
    }
    case 'level_entered': {
      const days = daysOver(world.scoreDays ?? [], { score: feature.score, lead: lead.id, asOf: world.asOf })
      const now = levelOf(scoreNamed(feature.score, world), scoreAt(feature.score, undefined, lead, world))
      const entered = enteredLevel(days, { level: feature.level, now, asOf: world.asOf })
      return entered === undefined ? undefined : { type: 'instant', value: entered }
    }
    case 'attribute':
      return read(storedOf(feature, lead, world), feature)
    case 'events': {
      const leads = feature.of === 'lead' ? [lead] : leadsOfAccount(lead, world)
      const events = leads.flatMap((each) => eventsOf(each, world))
      return figureOf(feature, events, world.asOf)
    }
    case 'listed':
      return { type: 'boolean', value: isListed(world.listed ?? [], feature, at) }
    case 'recorded':
    case 'inside': {
      const now = isIn(feature.as ?? feature.segment, lead, world)
      return recordedOf(world.segmentChanges ?? [], feature, { ...at, now })
    }
    case 'attribute_history': {
      const { of, name } = feature.attribute
      const id = of === 'lead' ? lead.id : accountOf(lead, world)
      const own = world.changes.filter(
        (each) => each.subject === of && each.id === id && each.attribute === name,
      )
      return attributeHistory(own, feature, world.asOf)
    }
    case 'sequence':
      return { type: 'boolean', value: sequence(feature, eventsOf(lead, world), world.asOf) }
    case 'bucket':
      return whole(bucket(feature.by, feature.of, externalIdOf(lead)))
    case 'leads_of_account':
      return whole(leadsOfAccount(lead, world).filter((each) => isTrue(feature.that, each, world)).length)
    case 'segment':
      return { type: 'boolean', value: isIn(feature.key, lead, world) }
  }
}

function isIn(segment: string, lead: Lead, world: World): boolean {
  const predicate = world.segments?.get(segment)
  if (!predicate) throw new Error(`no segment ${segment}`)
  return isTrue(predicate, lead, world)
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
