import * as fc from 'fast-check'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import { print } from '../../compiler/parse.ts'
import type { Instant } from '../../compiler/time.ts'
import type { Client, Database } from '../../pipeline/engine.ts'
import { definitionOf } from './generated.ts'
import { insert } from './load.ts'
import { instantOf, microsOf } from './reference/time.ts'
import { catalog, type World, worlds } from './world.ts'

/** A world that arrives piece by piece, and a run after each piece. */
export type History = {
  readonly world: World
  /** Which run sees a row first: of leads, events and changes. A row may be dated long before it or after. */
  readonly arrivals: {
    readonly leads: readonly number[]
    readonly events: readonly number[]
    readonly changes: readonly number[]
  }
  readonly hands: readonly Hand[]
  readonly runs: readonly Instant[]
  /** Texts of definitions, by key: those of the first runs, and those of the last. */
  readonly definitions: Readonly<Record<string, string>>
  readonly edited: Readonly<Record<string, string>>
}

/** What somebody says of one lead and one segment; `members`: of a static one. */
export type Hand = {
  readonly segment: string
  readonly lead: number
  readonly list: 'members' | 'added' | 'removed'
  readonly from: Instant
  readonly until: Instant
  /** With which piece it comes, and with which its end: never, where there is no such piece. */
  readonly arrives: number
  readonly ends: number
}

export const pieces = 4
const day = 86_400_000_000n

/** Points for the one score that they may name. */
export const scoring = {
  points: { page_view: 1, email_open: 7.5, trial_signup: 25 },
  levels: { cold: 0, warm: 25, hot: 50, 'very hot': 75.5 },
}

/** What asks for events, attributes and points alone, and compiles without aliases, other scores and other segments. */
const pureTexts: readonly string[] = conditions
  .flatMap(({ examples }) => examples)
  .map((text) => print(definitionOf(text)))
  .filter(isPure)

function isPure(text: string): boolean {
  const { predicate } = compile(
    text,
    { ...catalog, aliases: new Map(), segments: new Map(), scores: [] },
    'UTC',
  )
  const features = /"kind":"(recorded|inside|score_max|level_entered|listed|segment)"/
  return predicate !== undefined && !features.test(JSON.stringify(predicate))
}

const texts: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...pureTexts),
    fc.constantFrom(...pureTexts),
    fc.constantFrom('', '', 'not', 'and', 'or', 'and not'),
  )
  .map(([one, other, how]) => {
    if (how === '') return one
    return how === 'not' ? `not (${one})` : `(${one}) ${how} (${other})`
  })

const definitionsOf: fc.Arbitrary<Record<string, string>> = fc
  .array(texts, { minLength: 8, maxLength: 8 })
  .map((found) => Object.fromEntries(found.map((text, index) => [`s${index}`, text])))

/** At most one hand for each segment and lead, beside the runs. */
export function handsNear(
  keys: readonly string[],
  leads: readonly number[],
  runs: readonly Instant[],
): fc.Arbitrary<Hand[]> {
  const near = fc
    .tuple(fc.constantFrom(...runs), fc.constantFrom(-2n * day, -1n, 0n, 1n, day))
    .map(([asOf, beside]) => microsOf(asOf) + beside)
  const hand = fc
    .record({
      segment: fc.constantFrom(...keys),
      lead: fc.constantFrom(...leads),
      list: fc.constantFrom<Hand['list']>('added', 'removed'),
      from: near,
      lasts: fc.constantFrom(1n, day, 40n * day),
      arrives: fc.integer({ min: 0, max: 3 }),
      later: fc.integer({ min: 0, max: 3 }),
    })
    .map(({ from, lasts, later, ...rest }) => {
      return { ...rest, from: instantOf(from), until: instantOf(from + lasts), ends: rest.arrives + later }
    })
  return fc.uniqueArray(hand, { maxLength: 12, selector: ({ segment, lead }) => `${segment} ${lead}` })
}

export const histories: fc.Arbitrary<History> = worlds
  .filter(({ asOf, leads }) => asOf < '2026-06' && leads.length > 1)
  .chain((world) => {
    const piece = fc.integer({ min: 0, max: pieces - 1 })
    const each = (rows: readonly unknown[]) =>
      fc.array(piece, { minLength: rows.length, maxLength: rows.length })
    const at = microsOf(world.asOf)
    const runs = [
      [at - 30n * day, at - day, at, at + 1n],
      [at - 1n, at, at + day, at + 40n * day],
      // Within a day, so that runs look only at what changed.
      [at - day / 8n, at - 1n, at, at + day / 8n],
    ].map((found) => found.map(instantOf))
    const keys = Array.from({ length: 8 }, (_, index) => `s${index}`)
    const leads = world.leads.map(({ id }) => id)
    return fc.record({
      world: fc.constant(world),
      arrivals: fc.record({
        leads: each(world.leads),
        events: each(world.events),
        changes: each(world.changes),
      }),
      hands: handsNear(keys, leads, runs.flat()),
      runs: fc.constantFrom(...runs),
      definitions: definitionsOf,
      edited: definitionsOf,
    })
  })

/** Empties everything that a world, definitions and runs leave behind. */
export async function forget(database: Database): Promise<void> {
  await database.query(
    `truncate leads, accounts, events, attribute_change, tombstone, catalog, event_types, segments, segment_versions,
       segment_renames, scoring_versions, runs, run_segments, segment_state, membership, membership_change,
       lead_scores, score_history, segment_stats, segment_list, lead_state, run_drift restart identity cascade`,
  )
  const names = [
    ...[...catalog.leads].map(([name, type]) => ['lead', '', name, type]),
    ...[...catalog.accounts].map(([name, type]) => ['account', '', name, type]),
    ...[...catalog.events].flatMap(([event, { properties }]) =>
      [...properties].map(([name, type]) => ['event', event, name, type]),
    ),
  ]
  await database.query(
    `insert into catalog (subject, event_type, name, type)
     select r ->> 0, r ->> 1, r ->> 2, r ->> 3 from jsonb_array_elements($1::jsonb) r`,
    [JSON.stringify(names)],
  )
  const types = [...catalog.events].map(([type, { channel, activity, conversion }]) => ({
    ...{ type, channel: channel ?? null, activity, conversion },
  }))
  await database.query(
    `insert into event_types (type, channel, activity, conversion)
     select type, channel, activity, conversion from jsonb_to_recordset($1::jsonb)
       as r(type text, channel text, activity boolean, conversion boolean)`,
    [JSON.stringify(types)],
  )
}

/** One piece of a world arrives, in a transaction of its own. */
export const arrive = (database: Database, { world, arrivals }: History, piece: number): Promise<void> =>
  database.transaction(async (client: Client) => {
    const marked = <Row extends object>(rows: readonly Row[], when: readonly number[]) =>
      rows.map((row, index) => ({ ...row, late: when[index] === piece }))
    await insert(
      client,
      {
        ...world,
        leads: marked(world.leads, arrivals.leads),
        events: marked(world.events, arrivals.events),
        changes: marked(world.changes, arrivals.changes),
      },
      true,
    )
  })

/** The hands that come with one piece, and their ends that do. */
export async function reachOut(database: Database, hands: readonly Hand[], piece: number): Promise<void> {
  for (const { arrives, ends, segment, lead, list, from, until } of hands) {
    const row = [segment, lead, list, from]
    if (arrives === piece) {
      await database.query(
        `insert into segment_list (segment_id, lead_id, list, from_at)
         select segment_id, $2::bigint, $3::text, $4::timestamptz from segments where key = $1::text`,
        row,
      )
    }
    if (ends !== piece) continue
    await database.query(
      `update segment_list set until_at = $5::timestamptz, until_xid = pg_current_xact_id()
       from segments s where s.segment_id = segment_list.segment_id and s.key = $1::text
         and lead_id = $2::bigint and list = $3::text and from_at = $4::timestamptz`,
      [...row, until],
    )
  }
}
