import * as fc from 'fast-check'
import type { CatalogType } from '../../compiler/catalog.ts'
import type { Predicate, Score } from '../../compiler/ir.ts'
import type { Instant } from '../../compiler/time.ts'
import { type Duration, durationUnits, type Moment } from '../../compiler/time.ts'
import { catalog, scores, segments } from './catalog.ts'
import { momentNear, momentsAt } from './moments.ts'
import { type Listed, listedRows, type SegmentChange, segmentChanges } from './recorded.ts'
import { instantOf, microsOf, resolve } from './reference/time.ts'
import { hostileTexts, jsonFor } from './values.ts'

export { catalog, scores, segments } from './catalog.ts'

/** A small world, as the sources have it. Values are JSON text, so that no digit passes through a float. */
export type World = {
  readonly asOf: Instant
  readonly zone: string
  readonly leads: readonly Lead[]
  readonly events: readonly Event[]
  /** In the order in which they were recorded. */
  readonly changes: readonly Change[]
  readonly scores: readonly Score[]
  /** What other segments mean, by their keys. */
  readonly segments?: ReadonlyMap<string, Predicate>
  /** What runs have recorded of scores at the ends of UTC days. */
  readonly scoreDays?: readonly ScoreDay[]
  /** What runs have recorded of segments, and what hands have put on their lists. */
  readonly segmentChanges?: readonly SegmentChange[]
  readonly listed?: readonly Listed[]
  /** On which much lies exactly, and a microsecond beside it. */
  readonly edges?: readonly Moment[]
}
/** `late` rows arrived above the horizon: nobody may see them. */
export type Lead = {
  readonly id: number
  readonly firstSeen: Instant
  readonly externalId?: string
  readonly late?: boolean
}
export type Event = {
  readonly id: string
  readonly lead: number
  readonly type: string
  readonly at: Instant
  readonly properties: Readonly<Record<string, Json>>
  readonly late?: boolean
}
export type Change = {
  readonly subject: 'lead' | 'account'
  readonly id: number
  readonly attribute: string
  /** Null: from then on it was missing. */
  readonly value: Json | null
  readonly from: Instant
  readonly late?: boolean
}
export type ScoreDay = {
  readonly lead: number
  readonly score: string
  readonly day: string
  readonly micropoints: string
  readonly level: string
}
export type Json = string

export const externalIdOf = ({ id, externalId }: Lead): string => externalId ?? `L-${id}`

export const eventNames = [...catalog.events.keys(), 'uncatalogued']
/** Ends of months and years, a leap day, and hours after the clocks were changed. */
const asOfs = [
  '2026-03-31T12:34:56.789012Z',
  '2026-03-01T00:00:00.000000Z',
  '2024-02-29T23:59:59.999999Z',
  '2026-03-30T21:30:00.000000Z',
  '2026-11-02T04:59:59.999999Z',
  '2018-11-05T02:00:00.000000Z',
  '2027-01-01T00:00:00.000000Z',
]
/** In São Paulo and Cairo some days have no midnight; Lord Howe puts its clocks forward by half an hour. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
]

type Least = { leads: number; events: number; changes: number }
const enough: Least = { leads: 5, events: 50, changes: 60 }

/** Mostly with enough in them to tell leads apart; now and then with next to nothing. */
export const worlds: fc.Arbitrary<World> = fc.oneof(
  { weight: 5, arbitrary: worldsOf(enough) },
  { weight: 1, arbitrary: worldsOf({ leads: 1, events: 0, changes: 0 }) },
)

function worldsOf(least: Least): fc.Arbitrary<World> {
  return fc
    .record({ asOf: fc.constantFrom(...asOfs), zone: fc.constantFrom(...zones) })
    .chain(({ asOf, zone }) => worldsAt(asOf, zone, least))
}

/** Seen from one instant. */
export const worldsAt = (asOf: Instant, zone: string, least = enough): fc.Arbitrary<World> =>
  fc
    .array(momentsAt(asOf, zone), { minLength: 4, maxLength: 4 })
    .chain((edges) => worldAt(asOf, zone, edges, least))

function worldAt(asOf: Instant, zone: string, edges: readonly Moment[], least: Least): fc.Arbitrary<World> {
  // The same few instants again and again, so that much happens at once.
  const shared = [asOf, ...edges.map((edge) => resolve(edge, asOf))].filter(isTaken).map(microsOf)
  const onEdge = fc
    .tuple(fc.constantFrom(...shared), fc.constantFrom(-1n, 0n, 0n, 0n, 1n))
    .map(([edge, beside]) => instantOf(edge + beside))
  const at = fc.oneof(momentNear(asOf, zone), onEdge)
  const late = fc.integer({ min: 0, max: 14 }).map((roll) => roll === 0)
  const name = fc.constantFrom(...hostileTexts)
  return fc.record({
    asOf: fc.constant(asOf),
    zone: fc.constant(zone),
    leads: fc
      .array(fc.record({ firstSeen: at, late, name }), { minLength: least.leads, maxLength: 9, size: 'max' })
      .map(numbered),
    events: fc
      .array(events(at, late), { minLength: least.events, maxLength: 100, size: 'max' })
      .map((found) => withIds(found.flat())),
    changes: fc.array(fc.oneof({ weight: 3, arbitrary: attributes(at, late) }, links(at, late)), {
      minLength: least.changes,
      maxLength: 120,
      size: 'max',
    }),
    scores: fc.constant(scores),
    segments: fc.constant(segments),
    scoreDays: scoreDays(asOf),
    segmentChanges: segmentChanges(at),
    listed: listedRows(at),
    edges: fc.constant(edges),
  })
}

/** Imports take no others. */
const isTaken = (instant: Instant): boolean => instant > '1900-01-02' && instant < '2199-12-31'

const numbered = (leads: (Omit<Lead, 'id'> & { name: string })[]): Lead[] =>
  leads.map(({ name, ...lead }, index) => ({ id: index + 1, externalId: `${name}${index + 1}`, ...lead }))

/** Their order is that of bytes, and neither that of a language nor that of UTF-16. */
const beginnings = ['a', 'B', 'é', '_', '\u{e000}', '😀', '1', '10']

const withIds = (events: NewEvent[]): Event[] =>
  events.map(({ beginning, ...event }, index) => ({ id: `${beginning}${index}`, ...event }))

/** One more than there are leads: events of a lead that nobody has. */
const leadId = fc.integer({ min: 1, max: 10 })
const accountId = fc.integer({ min: 1, max: 3 })

/** Lengths of time that events lie apart, in seconds. */
export const lengths = [0, 1, 3600, 86_400, 604_800, 2_592_000] as const

type NewEvent = Omit<Event, 'id'> & { beginning: string }

/** Now and then an event comes twice, under another id, or another follows it after just such a time. */
function events(at: fc.Arbitrary<Instant>, late: fc.Arbitrary<boolean>): fc.Arbitrary<NewEvent[]> {
  const usual = fc.constantFrom('page_view', 'page_view', 'email_open', 'purchase')
  const type = fc.oneof({ weight: 2, arbitrary: usual }, fc.constantFrom(...eventNames))
  const beginning = fc.constantFrom(...beginnings)
  const event: fc.Arbitrary<NewEvent> = type.chain((type) =>
    fc.record({ lead: leadId, type: fc.constant(type), at, properties: propertiesOf(type), late, beginning }),
  )
  const apart = fc.tuple(fc.constantFrom(...lengths), fc.constantFrom(0n, 0n, 1n))
  return fc
    .tuple(event, event, apart, fc.integer({ min: 0, max: 5 }))
    .map(([first, second, [seconds, beside], roll]) => {
      if (roll > 1) return [first]
      const { lead, type } = first
      if (roll === 0) return [first, { ...second, lead, type, at: first.at }]
      const later = instantOf(microsOf(first.at) + BigInt(seconds) * 1_000_000n + beside)
      return [first, { ...second, lead, at: later }]
    })
}

/** Those of its type, and a channel on any: its own goes before its type's. */
function propertiesOf(type: string): fc.Arbitrary<Readonly<Record<string, Json>>> {
  const known = new Map(catalog.events.get(type)?.properties ?? [['page', 'text'] as const])
  known.set('channel', 'text')
  return fc
    .tuple(
      ...[...known].map(([name, type]) =>
        fc.option(
          jsonFor(name, type).map((json): [string, Json] => [name, json]),
          { freq: 2 },
        ),
      ),
    )
    .map((found) => Object.fromEntries(found.filter((each) => each !== null)))
}

function attributes(at: fc.Arbitrary<Instant>, late: fc.Arbitrary<boolean>): fc.Arbitrary<Change> {
  const named = (subject: 'lead' | 'account', names: ReadonlyMap<string, CatalogType>) =>
    [...names].map(([attribute, type]) =>
      fc.record<Change>({
        subject: fc.constant(subject),
        id: subject === 'lead' ? leadId : accountId,
        attribute: fc.constant(attribute),
        value: fc.option(
          type === 'instant'
            ? fc.oneof(
                at.map((instant) => JSON.stringify(instant)),
                jsonFor(attribute, type),
              )
            : jsonFor(attribute, type),
          { freq: 6 },
        ),
        from: at,
        late,
      }),
    )
  const lists = new Map([...catalog.leads].filter(([, type]) => type === 'json'))
  return fc.oneof(
    ...named('lead', catalog.leads),
    ...named('lead', lists),
    ...named('account', catalog.accounts),
  )
}

function links(at: fc.Arbitrary<Instant>, late: fc.Arbitrary<boolean>): fc.Arbitrary<Change> {
  return fc.record<Change>({
    subject: fc.constant('lead'),
    id: leadId,
    attribute: fc.constant('@account'),
    value: fc.option(
      fc.oneof({ weight: 9, arbitrary: accountId.map(String) }, fc.constantFrom('null', '"3"', '1.5')),
    ),
    from: at,
    late,
  })
}

/** Also of days that are not over yet, and of leads that are not there. */
function scoreDays(asOf: Instant): fc.Arbitrary<ScoreDay[]> {
  const day = fc.constantFrom(-1, 0, 1, 2, 6, 7, 8, 29, 30, 31, 32, 89, 90, 400)
  const one = fc.constantFrom(...scores).chain(({ name, levels }) =>
    fc.record<ScoreDay>({
      lead: leadId,
      score: fc.constant(name),
      day: day.map((back) => instantOf(microsOf(asOf) - BigInt(back) * 86_400_000_000n).slice(0, 10)),
      micropoints: fc.constantFrom(
        '-5000000',
        '0',
        '24999999',
        '25000000',
        '50000000',
        '60000001',
        '90000000',
      ),
      level: fc.constantFrom(...levels.map((level) => level.name)),
    }),
  )
  return fc.uniqueArray(one, {
    selector: (each) => `${each.lead} ${each.score} ${each.day}`,
    maxLength: 60,
    size: 'max',
  })
}

export const durations: fc.Arbitrary<Duration> = fc.record({
  amount: fc.constantFrom(0, 1, 2, 7, 30),
  unit: fc.constantFrom(...durationUnits),
})

/** One world with something of everything, the same each time. */
export function richWorld(): World {
  const [world] = fc.sample(worldsOf({ leads: 9, events: 80, changes: 100 }), {
    numRuns: 1,
    unbiased: true,
    seed: 20_261_123,
  })
  return { ...world!, changes: [...world!.changes, ...hostileChanges(world!)] }
}

/** Each hostile text as somebody's title. */
const hostileChanges = ({ asOf }: World): Change[] =>
  hostileTexts.map((text, index) => ({
    subject: 'lead',
    id: (index % 9) + 1,
    attribute: 'title',
    value: JSON.stringify(text),
    from: asOf,
  }))
