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
  readonly runs: readonly Instant[]
  /** Texts of definitions, by key: those of the first runs, and those of the last. */
  readonly definitions: Readonly<Record<string, string>>
  readonly edited: Readonly<Record<string, string>>
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

export const histories: fc.Arbitrary<History> = worlds
  .filter(({ asOf, leads }) => asOf < '2026-06' && leads.length > 1)
  .chain((world) => {
    const piece = fc.integer({ min: 0, max: pieces - 1 })
    const each = (rows: readonly unknown[]) =>
      fc.array(piece, { minLength: rows.length, maxLength: rows.length })
    const at = microsOf(world.asOf)
    return fc.record({
      world: fc.constant(world),
      arrivals: fc.record({
        leads: each(world.leads),
        events: each(world.events),
        changes: each(world.changes),
      }),
      runs: fc
        .constantFrom(
          [at - 30n * day, at - day, at, at + 1n],
          [at - 1n, at, at + day, at + 40n * day],
          // Within a day, so that runs look only at what changed.
          [at - day / 8n, at - 1n, at, at + day / 8n],
        )
        .map((found) => found.map(instantOf)),
      definitions: definitionsOf,
      edited: definitionsOf,
    })
  })

/** Empties everything that a world, definitions and runs leave behind. */
export async function forget(database: Database): Promise<void> {
  await database.query(
    `truncate leads, accounts, events, attribute_change, tombstone, catalog, event_types, segments, segment_versions,
       segment_renames, scoring_versions, runs, run_segments, segment_state, membership, membership_change,
       lead_scores, score_history, segment_stats, segment_list restart identity cascade`,
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
