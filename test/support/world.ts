import * as fc from 'fast-check'
import type { Catalog, EventType } from '../../compiler/catalog.ts'
import type { Score, ValueType } from '../../compiler/ir.ts'
import type { Instant } from '../../compiler/time.ts'
import { type Duration, durationUnits } from '../../compiler/time.ts'
import { hostileName, hostileTexts, jsonOf, momentNear } from './values.ts'

/** A small world, as the sources have it. Values are JSON text, so that no digit passes through a float. */
export type World = {
  readonly asOf: Instant
  readonly zone: string
  readonly leads: readonly Lead[]
  readonly events: readonly Event[]
  /** In the order in which they were recorded. */
  readonly changes: readonly Change[]
  readonly scores: readonly Score[]
}
/** `late` rows arrived above the horizon: nobody may see them. */
export type Lead = { readonly id: number; readonly firstSeen: Instant; readonly late?: boolean }
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
export type Json = string

const page = new Map<string, ValueType>([
  ['page', 'text'],
  ['seconds', 'number'],
  ['logged_in', 'boolean'],
  ['started', 'instant'],
  ['tags', 'json'],
  [hostileName, 'text'],
])
const eventType = (properties: ReadonlyMap<string, ValueType>, activity = true): EventType => ({
  activity,
  conversion: false,
  properties,
})

/** All that the conditions' examples name, and hostile names besides. */
export const catalog: Catalog = {
  leads: new Map<string, ValueType>([
    ['company_size', 'number'],
    ['industry', 'text'],
    ['title', 'text'],
    ['subscribed', 'boolean'],
    ['renewal', 'instant'],
    ['tags', 'json'],
    [hostileName, 'text'],
  ]),
  accounts: new Map<string, ValueType>([
    ['plan', 'text'],
    ['seats', 'number'],
    ['tags', 'json'],
  ]),
  events: new Map([
    ['trial_signup', eventType(new Map())],
    ['email_open', eventType(new Map())],
    ['email_sent', eventType(new Map(), false)],
    ['page_view', eventType(page)],
    [hostileName, eventType(page, false)],
  ]),
  scores: ['engagement'],
}

export const scores: readonly Score[] = [
  {
    name: 'engagement',
    rules: [
      { event: 'page_view', micropoints: '1000000' },
      { event: 'email_open', micropoints: '7500000' },
      { event: 'trial_signup', micropoints: '25000000' },
      { event: 'email_sent', micropoints: '-1' },
      { event: hostileName, micropoints: '9007199254740993' },
    ],
    levels: [],
  },
]

const eventNames = [...catalog.events.keys(), 'uncatalogued']
const asOfs = ['2026-03-31T12:34:56.789012Z', '2026-03-01T00:00:00.000000Z', '2024-02-29T23:59:59.999999Z']

export const worlds: fc.Arbitrary<World> = worldsOf({ leads: 1, events: 0, changes: 0 })

function worldsOf(least: { leads: number; events: number; changes: number }): fc.Arbitrary<World> {
  return fc
    .record({
      asOf: fc.constantFrom(...asOfs),
      zone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
    })
    .chain(({ asOf, zone }) => {
      const at = momentNear(asOf, zone)
      const late = fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0)
      return fc.record({
        asOf: fc.constant(asOf),
        zone: fc.constant(zone),
        leads: fc
          .array(fc.record({ firstSeen: at, late }), { minLength: least.leads, maxLength: 12, size: 'max' })
          .map(numbered),
        events: fc
          .array(events(at, late), { minLength: least.events, maxLength: 60, size: 'max' })
          .map(withIds),
        changes: fc.array(fc.oneof(attributes(at, late), links(at, late)), {
          minLength: least.changes,
          maxLength: 60,
          size: 'max',
        }),
        scores: fc.constant(scores),
      })
    })
}

const numbered = (leads: Omit<Lead, 'id'>[]): Lead[] =>
  leads.map((lead, index) => ({ id: index + 1, ...lead }))
const withIds = (events: Omit<Event, 'id'>[]): Event[] =>
  events.map((event, index) => ({ id: `é ${index}`, ...event }))

/** One more than there are leads: events of a lead that nobody has. */
const leadId = fc.integer({ min: 1, max: 13 })
const accountId = fc.integer({ min: 1, max: 3 })

function events(at: fc.Arbitrary<Instant>, late: fc.Arbitrary<boolean>): fc.Arbitrary<Omit<Event, 'id'>> {
  return fc.record({
    lead: leadId,
    type: fc.constantFrom(...eventNames, 'page_view', 'page_view', 'email_open'),
    at,
    properties: fc
      .tuple(
        ...[...page].map(([name, type]) =>
          fc.option(jsonOf(type).map((json): [string, Json] => [name, json])),
        ),
      )
      .map((found) => Object.fromEntries(found.filter((each) => each !== null))),
    late,
  })
}

function attributes(at: fc.Arbitrary<Instant>, late: fc.Arbitrary<boolean>): fc.Arbitrary<Change> {
  const named = (subject: 'lead' | 'account', names: ReadonlyMap<string, ValueType>) =>
    [...names].map(([attribute, type]) =>
      fc.record<Change>({
        subject: fc.constant(subject),
        id: subject === 'lead' ? leadId : accountId,
        attribute: fc.constant(attribute),
        value: fc.option(jsonOf(type), { freq: 6 }),
        from: at,
        late,
      }),
    )
  return fc.oneof(...named('lead', catalog.leads), ...named('account', catalog.accounts))
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

export const durations: fc.Arbitrary<Duration> = fc.record({
  amount: fc.constantFrom(0, 1, 2, 7, 30),
  unit: fc.constantFrom(...durationUnits),
})

/** One world with something of everything, the same each time. */
export function richWorld(): World {
  const [world] = fc.sample(worldsOf({ leads: 12, events: 60, changes: 60 }), {
    numRuns: 1,
    seed: 20_261_123,
  })
  return { ...world!, changes: [...world!.changes, ...hostileChanges(world!)] }
}

/** Each hostile text as somebody's title. */
const hostileChanges = ({ asOf }: World): Change[] =>
  hostileTexts.map((text, index) => ({
    subject: 'lead',
    id: (index % 12) + 1,
    attribute: 'title',
    value: JSON.stringify(text),
    from: asOf,
  }))
