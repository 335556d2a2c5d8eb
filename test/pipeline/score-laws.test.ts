import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fadeTable, type ScoreDefinition } from '../../compiler/scoring.ts'
import type { Instant } from '../../compiler/time.ts'
import type { Database } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { untilSeen } from '../../pipeline/runs/horizon.ts'
import { testDatabase } from '../support/database.ts'
import { apply, runAsOf } from '../support/definitions.ts'
import { arrive, forget, type History, histories, pieces } from '../support/histories.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'
import { seeds, times } from '../support/seed.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const hour = 3_600_000_000n
const midnightOf = ({ world }: History): bigint => microsOf(`${world.asOf.slice(0, 10)}T00:00:00.000000Z`)

/** A world in which much happens around its asOf: `hours` before or after the midnight before it. */
type Busy = {
  readonly history: History
  readonly events: readonly { readonly lead: number; readonly type: string; readonly hours: number }[]
}
const worlds: fc.Arbitrary<Busy> = histories.chain((history) =>
  fc.record({
    history: fc.constant(history),
    events: fc.array(
      fc.record({
        lead: fc.constantFrom(...history.world.leads.map(({ id }) => id)),
        type: fc.constantFrom('purchase', 'page_view', 'email_open'),
        hours: fc.integer({ min: -144, max: 72 }),
      }),
      { minLength: 30, maxLength: 60, size: 'max' },
    ),
  }),
)

/** Every sixth hour, 00:00 among them. */
const slotsOf = ({ history }: Busy): Instant[] =>
  Array.from({ length: 26 }, (_, slot) => instantOf(midnightOf(history) + BigInt(slot * 6 - 78) * hour))
/** The nights of a longer time. */
const nightsOf = ({ history }: Busy): Instant[] =>
  Array.from({ length: 10 }, (_, night) => instantOf(midnightOf(history) + BigInt(night - 6) * 24n * hour))
const isMidnight = (slot: Instant) => slot.includes('T00:00')

const fade = { kind: 'half-life', days: 1 } as const
const fading: ScoreDefinition['rules'] = [
  { event: 'purchase', micropoints: '8000000', fade, table: fadeTable(fade, '8000000', undefined) },
  { event: 'page_view', micropoints: '4000000', fade, table: fadeTable(fade, '4000000', undefined) },
  { event: 'email_open', micropoints: '-3000000' },
]
const rules: { points: Record<string, number>; scores: ScoreDefinition[] } = {
  points: { page_view: 1, email_open: 7, purchase: 30 },
  scores: [
    {
      name: 'cooling',
      rules: fading,
      levels: [
        { name: 'cold', from: '0' },
        { name: 'warm', from: '2' },
        { name: 'hot', from: '5' },
      ],
    },
    { name: 'calm', rules: fading, levels: [] },
    {
      name: 'team',
      rules: [],
      of_leads: { by: 'max', score: 'cooling' },
      levels: [{ name: 'any', from: '0' }],
    },
  ],
}
const segments = {
  ...Object.fromEntries(
    [3, 6, 9, 12].map((most) => [`over-${most}`, `max calm score within 3 days >= ${most}`]),
  ),
  once: 'max cooling score >= 5',
  lately: 'max cooling score within 2 days >= 5 and max score within 3 days >= 7',
  together: 'max team score within 30 hours >= 4',
  heated: 'entered cooling level hot within 4 days',
  cooled: 'entered cooling level cold more than 2 days ago',
  warmed: 'entered cooling level warm within 30 hours',
}

async function begin({ history, events }: Busy): Promise<void> {
  await forget(database)
  for (let piece = 0; piece < pieces; piece++) await arrive(database, history, piece)
  const midnight = midnightOf(history)
  const rows = events.map((event, index) => ({
    ...{ ...event, id: `busy-${index}`, at: instantOf(midnight + BigInt(event.hours) * hour) },
  }))
  await database.query(
    `insert into events (event_id, lead_id, type, occurred_at)
     select id, lead, type, at from jsonb_to_recordset($1::jsonb) as e(id text, lead bigint, type text, at timestamptz)`,
    [JSON.stringify(rows)],
  )
  await apply(database, segments, rules)
  // Autovacuum may hold up the horizon for a moment.
  await untilSeen(database)
}

async function runOn(slots: readonly Instant[], scoreHistoryDays?: number): Promise<void> {
  for (const slot of slots) {
    const { failing } = await runAsOf(database, slot, { rollUp: false, scoreHistoryDays })
    expect(failing).toEqual([])
  }
}

const scores = async () => ({
  now: await database.query(
    'select lead_id, score, value, level, max_value, max_day::text from lead_scores order by 1, 2',
  ),
  days: await database.query(
    'select lead_id, score, day::text, value, level from score_history order by 1, 2, 3',
  ),
})
const members = () =>
  database.query('select key, lead_id from membership join segments using (segment_id) order by 1, 2')
const changes = () =>
  database.query(
    `select key, lead_id, as_of::text, change from membership_change join segments using (segment_id)
     order by 1, 2, 3`,
  )

/** What fails is told by its seed. */
async function forAll<T>(
  drawn: fc.Arbitrary<T>,
  count: number,
  check: (drawn: T) => Promise<void>,
): Promise<void> {
  for (const seed of seeds(count)) {
    const [one] = fc.sample(drawn, { seed, numRuns: 1 })
    await check(one!).catch((error) => {
      throw new Error(`With SEED=${seed}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      })
    })
  }
}

describe('what runs record of scores', () => {
  test(
    'is the same whether they were done every few hours, at night, now and then, or were missed',
    () =>
      forAll(fc.tuple(worlds, fc.subarray([...Array(26).keys()])), 2, async ([world, drawn]) => {
        const slots = slotsOf(world)
        const found = []
        for (const isDone of [
          () => true,
          isMidnight,
          (_: Instant, index: number) => drawn.includes(index),
          () => false,
        ]) {
          await begin(world)
          await runOn(slots.filter((slot, index) => index === 0 || index === 25 || isDone(slot, index)))
          found.push({ ...(await scores()), members: await members() })
        }
        for (const each of found) expect(each).toEqual(found[0])
      }),
    times * 120_000,
  )

  test(
    'and a retention removes is missed by no condition, neither by one that looks back nor by a later one',
    async () => {
      let [removed, looked] = [0, 0]
      await forAll(worlds, 3, async (world) => {
        const nights = nightsOf(world)
        const late = { ...segments, later: 'max cooling score within 4 days >= 5', never: 'max score < 7' }
        const found = []
        for (const days of [undefined, 1]) {
          await begin(world)
          await runOn(nights.slice(0, -2), days)
          const { days: kept } = await scores()
          await apply(database, late, rules)
          await backfill(database, { from: nights[0]!, to: nights.at(-3)!, owner: 'test' })
          await runOn(nights.slice(-2), days)
          found.push({ changes: await changes(), kept })
        }
        const [whole, pruned] = found
        expect(pruned!.changes).toEqual(whole!.changes)
        removed += whole!.kept.length - pruned!.kept.length
        looked += whole!.changes.length
      })
      expect(removed).toBeGreaterThan(0)
      expect(looked).toBeGreaterThan(0)
    },
    times * 120_000,
  )
})
