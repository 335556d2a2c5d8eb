import * as fc from 'fast-check'
import type { ScoreDefinition } from '../../compiler/scoring.ts'
import type { Instant } from '../../compiler/time.ts'
import type { Hand } from './histories.ts'
import { instantOf, microsOf } from './reference/time.ts'
import { scoringOf, versionsOf } from './sequence-definitions.ts'
import { type World, worlds } from './world.ts'

/** A world that arrives piece by piece, and all that happens to it between one run and the next. */
export type Sequence = {
  readonly world: World
  /** Which step a row comes with: of leads, events and changes. Whatever its date. */
  readonly arrivals: {
    readonly leads: readonly number[]
    readonly events: readonly number[]
    readonly changes: readonly number[]
  }
  readonly hands: readonly Hand[]
  readonly moves: readonly Move[]
  readonly removals: readonly Removal[]
  /** Definitions by key: each step uses one of these. */
  readonly versions: readonly Readonly<Record<string, string>>[]
  readonly scorings: readonly (readonly ScoreDefinition[])[]
  readonly steps: readonly Step[]
  /** Whether full runs of it are made over a lake. */
  readonly overLake: boolean
}

export type Step = {
  readonly asOf: Instant
  /** Asked to run in full. */
  readonly full: boolean
  /** While it runs, another transaction is open, which brings what comes with this step: the next one sees it. */
  readonly held: boolean
  /** Before it, the day until the run before is computed anew. */
  readonly backfilled: boolean
  readonly version: number
  readonly scoring: number
  readonly paused: readonly string[]
  /** The catalog has lost a name that definitions read. */
  readonly broken: boolean
  /** A type of events counts as activity no longer. */
  readonly passive: boolean
}

/** A file says that a lead was there before. */
export type Move = { readonly lead: number; readonly to: Instant; readonly step: number }

/** Somebody deletes a lead. */
export type Removal = { readonly lead: number; readonly step: number }

/** What definitions are broken without. */
export const lost = 'title'
export const staticKey = 'webinar'

const never = 99
const second = 1_000_000n
const [minute, hour, day] = [60n * second, 3600n * second, 86_400n * second]
/** Steps lie close together, so that most runs can do with little; now and then days or months pass. */
const near = [
  ...[-6n * hour, -3n * hour, -hour - 1n, -hour, -minute, -second, -1n, 0n, 1n, second, minute],
  ...[hour - 1n, hour, 3n * hour, 6n * hour, 12n * hour],
]
const far = [-31n * day, -2n * day, -day, day, day + 1n, 2n * day, 40n * day]
const stepsOf = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom(...near), { minLength: 7, maxLength: 8 }),
    fc.uniqueArray(fc.constantFrom(...far), { minLength: 1, maxLength: 3 }),
  )
  .map((found) => found.flat().sort((a, b) => (a < b ? -1 : 1)))

/** Little of everything, mostly there from the beginning: else nothing would change by time alone. */
type Shape = { rows: number; late: number; copies: number; accounts: 'all' | 'few' | 'none' }
const shapes: fc.Arbitrary<Shape> = fc.record({
  rows: fc.constantFrom(15, 40, 80),
  late: fc.constantFrom(0, 1, 1, 2, 4),
  copies: fc.constantFrom(1, 4, 4),
  accounts: fc.constantFrom('all', 'few', 'none'),
})

/** Since ever with others of its copy, whatever comes later. */
const linked = ({ id }: { id: number }): World['changes'][number] => ({
  subject: 'lead',
  id,
  attribute: '@account',
  value: String(1 + Math.floor(id / 10)),
  from: longAgo,
})
const longAgo = '2001-01-01T00:00:00.000000Z'

/** More leads, with less of each; rows are moved so that much tips at one of the steps. */
function reshape(world: World, shape: Shape, offsets: readonly bigint[], seed: number): World {
  const { copies } = shape
  const copyOf = (id: number, index: number) => id + 10 * (index % copies)
  const moved = (at: Instant, index: number): Instant => {
    const roll = (index * 7919 + seed) % (3 * offsets.length)
    const offset = offsets[roll]
    return offset === undefined ? at : instantOf(microsOf(at) + offset)
  }
  const leads = Array.from({ length: copies }, (_, copy) =>
    world.leads.map((lead) => ({
      ...lead,
      id: lead.id + 10 * copy,
      externalId: `${lead.externalId}.${copy}`,
      // Copies are there from the beginning, and most of the time nothing happens to them.
      ...(copy > 0 ? { firstSeen: longAgo } : {}),
    })),
  ).flat()
  const mayBelong = (id: number) => shape.accounts === 'all' || (shape.accounts === 'few' && id % 10 < 4)
  return {
    ...world,
    leads,
    events: world.events
      .slice(0, shape.rows)
      .map((event, index) => ({ ...event, lead: copyOf(event.lead, index), at: moved(event.at, index) })),
    changes: [
      ...leads.filter(({ id }) => mayBelong(id)).map(linked),
      ...world.changes
        .filter(({ attribute, id }) => attribute !== '@account' || mayBelong(id))
        .slice(0, shape.rows)
        .map((change, index) => ({
          ...change,
          id: change.subject === 'lead' ? copyOf(change.id, index) : change.id,
          from: moved(change.from, index),
        })),
    ],
  }
}

function handsOf(keys: readonly string[], world: World, asOfs: readonly Instant[]): fc.Arbitrary<Hand[]> {
  const last = asOfs.length - 1
  const hand = fc
    .record({
      segment: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...keys) },
        { weight: 1, arbitrary: fc.constant(staticKey) },
      ),
      lead: fc.constantFrom(...world.leads.map(({ id }) => id)),
      list: fc.constantFrom<'added' | 'removed'>('added', 'removed'),
      arrives: fc.nat(last),
      // Mostly it holds at once, now and then only in a later step.
      ahead: fc.constantFrom(0, 0, 0, 1, 3),
      beside: fc.constantFrom(-2n * day, -hour, -1n, 0n, 0n, 1n, hour),
      lasts: fc.constantFrom(1n, second, hour, day, 40n * day),
      later: fc.constantFrom(0, 1, 1, 2, 3, never),
    })
    .map(({ segment, lead, list, arrives, ahead, beside, lasts, later }): Hand => {
      const from = microsOf(asOfs[Math.min(arrives + ahead, last)]!) + beside
      const made = segment === staticKey ? ('members' as const) : list
      const until = instantOf(from + lasts)
      return {
        ...{ segment, lead, list: made, arrives },
        from: instantOf(from),
        until,
        ends: arrives + later,
      }
    })
  return fc.uniqueArray(hand, {
    maxLength: 24,
    size: 'max',
    selector: ({ segment, lead }) => `${segment} ${lead}`,
  })
}

const mostlyNever = (steps: number) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(never) }, { weight: 1, arbitrary: fc.nat(steps - 1) })

/** Broken for five steps, where it is; nothing is applied meanwhile. */
function stepsFor(asOfs: readonly Instant[], keys: readonly string[]): fc.Arbitrary<Step[]> {
  const seldom = fc.nat(7).map((roll) => roll === 0)
  const each = <T>(value: fc.Arbitrary<T>) =>
    fc.array(value, { minLength: asOfs.length, maxLength: asOfs.length })
  return fc
    .record({
      full: each(seldom),
      held: each(seldom),
      backfilled: each(seldom),
      breaks: fc.constantFrom(never, never, 1, 2, 3),
      // Every other one, so that now and then what was lost comes back.
      edits: fc.tuple(fc.nat(2 * asOfs.length), fc.nat(2 * asOfs.length)),
      rescored: mostlyNever(asOfs.length),
      passive: mostlyNever(asOfs.length),
      paused: fc.tuple(mostlyNever(asOfs.length), fc.nat(4), fc.subarray([...keys], { maxLength: 3 })),
    })
    .map(({ full, held, backfilled, breaks, edits, rescored, passive, paused: [from, length, resting] }) =>
      asOfs.map((asOf, step) => ({
        ...{ asOf, full: full[step]!, held: held[step]!, backfilled: backfilled[step]! && step > 0 },
        broken: step >= breaks && step < breaks + 5,
        version: edits.filter((edit) => edit <= step).length,
        scoring: rescored <= step ? 1 : 0,
        passive: passive <= step,
        paused: step >= from && step < from + length ? resting : [],
      })),
    )
}

function sequenceOf(
  drawn: World,
  shape: Shape,
  offsets: readonly bigint[],
  seed: number,
): fc.Arbitrary<Sequence> {
  const world = reshape(drawn, shape, offsets, seed)
  const mates = shape.accounts !== 'none'
  const asOfs = offsets.map((offset) => instantOf(microsOf(world.asOf) + offset))
  const arrival = fc
    .tuple(fc.nat(5), fc.nat(offsets.length - 1))
    .map(([roll, step]) => (roll < shape.late ? step : 0))
  const arrivals = (rows: readonly unknown[]) =>
    fc.array(arrival, { minLength: rows.length, maxLength: rows.length })
  return versionsOf(world.zone, mates).chain((versions) => {
    const keys = Object.keys(versions[0]!)
    const sequence = fc.record({
      world: fc.constant(world),
      arrivals: fc.record({
        leads: arrivals(world.leads),
        events: arrivals(world.events),
        changes: arrivals(world.changes),
      }),
      hands: handsOf(keys, world, asOfs),
      moves: fc.array(
        fc.record({
          lead: fc.constantFrom(...world.leads.map(({ id }) => id)),
          to: fc.constantFrom(...asOfs),
          step: fc.nat(offsets.length - 1),
        }),
        { maxLength: 3 },
      ),
      removals: fc.array(
        fc.record({
          lead: fc.constantFrom(...world.leads.map(({ id }) => id)),
          step: fc.nat(offsets.length - 1),
        }),
        { maxLength: 2 },
      ),
      versions: fc.constant(versions),
      scorings: fc.shuffledSubarray([scoringOf(mates, '1000000', 30), scoringOf(mates, '3000000', 1)], {
        minLength: 2,
      }),
      steps: stepsFor(asOfs, keys),
      overLake: fc.boolean(),
    })
    return fc
      .tuple(sequence, accountChanges(world, asOfs, mates))
      .map(([found, later]) => withChanges(found, later))
  })
}

type Later = readonly (readonly [World['changes'][number], arrives: number])[]

/** Accounts become something else in the middle of it, and leads go from one to another. */
function accountChanges(world: World, asOfs: readonly Instant[], mates: boolean): fc.Arbitrary<Later> {
  const account = fc.integer({ min: 1, max: 3 })
  const change = fc.oneof(
    fc.record({
      ...{ subject: fc.constant('account' as const), id: account, attribute: fc.constant('plan') },
      value: fc.constantFrom('"pro"', '"free"', null),
    }),
    fc.record({
      ...{ subject: fc.constant('lead' as const), id: fc.constantFrom(...world.leads.map(({ id }) => id)) },
      ...{ attribute: fc.constant('@account'), value: fc.option(account.map(String), { freq: 3 }) },
    }),
  )
  const step = fc.nat(asOfs.length - 1)
  const later = fc
    .tuple(change, step, fc.constantFrom(0, 0, 1), fc.constantFrom(-hour, -1n, 0n, 0n, 1n, hour))
    .map(([change, step, ahead, beside]) => {
      const from = instantOf(microsOf(asOfs[Math.min(step + ahead, asOfs.length - 1)]!) + beside)
      return [{ ...change, from }, step] as const
    })
  return fc.array(later, { maxLength: mates ? 6 : 0 })
}

const withChanges = ({ world, arrivals, ...rest }: Sequence, later: Later): Sequence => ({
  ...rest,
  world: { ...world, changes: [...world.changes, ...later.map(([change]) => change)] },
  arrivals: { ...arrivals, changes: [...arrivals.changes, ...later.map(([, step]) => step)] },
})

export const sequences: fc.Arbitrary<Sequence> = fc
  .tuple(
    worlds.filter(({ asOf, leads }) => asOf < '2026-06' && leads.length > 1),
    shapes,
    stepsOf,
    fc.nat(10_000),
  )
  .chain(([world, shape, offsets, seed]) => sequenceOf(world, shape, offsets, seed))
