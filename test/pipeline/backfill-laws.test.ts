import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fadeTable, type ScoreDefinition } from '../../compiler/scoring.ts'
import type { Instant } from '../../compiler/time.ts'
import { evaluatedAt } from '../../pipeline/asof.ts'
import type { Database, Parameter, Row } from '../../pipeline/engine.ts'
import { type BackfillRange, backfill } from '../../pipeline/runs/backfill.ts'
import { pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { testDatabase } from '../support/database.ts'
import { apply, runAsOf } from '../support/definitions.ts'
import { arrive, forget, type History, histories, pieces } from '../support/histories.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const forAll = <T>(drawn: fc.Arbitrary<T>, check: (drawn: T) => Promise<void>, numRuns: number) =>
  fc.assert(fc.asyncProperty(drawn, check), {
    numRuns,
    interruptAfterTimeLimit: 30_000,
    // A case takes seconds: whoever wants it small repeats it by its SEED.
    endOnFailure: true,
  })

/** Days around a world's asOf, where most of it lies. */
type Days = readonly [Instant, Instant, Instant, Instant, Instant]
function daysOf({ world }: History): Days {
  const middle = microsOf(`${world.asOf.slice(0, 10)}T00:00:00.000000Z`)
  return [-2n, -1n, 0n, 1n, 2n].map((n) => instantOf(middle + n * 86_400_000_000n)) as unknown as Days
}

/** What has come of it all, whoever wrote it and why: history, present, and figures on each of the days. */
async function outcome(days: readonly Instant[]): Promise<Record<string, Row[]>> {
  const changes = await database.query(
    'select segment_id, lead_id, as_of, change from membership_change order by 1, 2, 3',
  )
  const present = await database.query('select segment_id, lead_id, since from membership order by 1, 2')
  const figures = await database.query(
    `select s.segment_id, day, f.members, f.leads, f.score_sum
     from segments s, unnest($1::timestamptz[]) day, lateral (
       select * from segment_stats f where f.segment_id = s.segment_id and f.as_of <= day
       order by f.as_of desc limit 1
     ) f order by 1, 2`,
    [days],
  )
  return { changes, present, figures }
}

/** How scores stood, and stand. */
const scores = async (): Promise<Record<string, Row[]>> => ({
  days: await database.query('select lead_id, score, day, value, level from score_history order by 1, 2, 3'),
  now: await database.query(
    'select lead_id, score, value, level, max_value, max_day from lead_scores order by 1, 2',
  ),
})

const fading = fadeTable({ kind: 'half-life', days: 1 }, '8000000', undefined)
const cooling: ScoreDefinition = {
  name: 'cooling',
  rules: [
    { event: 'purchase', micropoints: '8000000', fade: { kind: 'half-life', days: 1 }, table: fading },
    { event: 'email_open', micropoints: '-3000000' },
  ],
  levels: [
    { name: 'cold', from: '0' },
    { name: 'hot', from: '3' },
  ],
}

/** A world anew, of which all or some pieces have arrived. */
async function begin(history: History, arrived = pieces, more: Record<string, string> = {}): Promise<void> {
  await forget(database)
  for (let piece = 0; piece < arrived; piece++) await arrive(database, history, piece)
  await apply(
    database,
    { ...history.definitions, ...more },
    { points: { page_view: 1, email_open: 7, purchase: 30 }, scores: [cooling] },
  )
}

async function runOn(days: readonly Instant[]): Promise<void> {
  for (const asOf of days) expect((await runAsOf(database, asOf, { rollUp: false })).failing).toEqual([])
}

const fill = (from: Instant, to: Instant, more: Partial<BackfillRange> = {}) =>
  backfill(database, { from, to, owner: 'test', ...more })

const changesWhere = (where: string, parameters: Parameter[]): Promise<Row[]> =>
  database.query(
    `select segment_id, lead_id, as_of, change, cause, version from membership_change where ${where} order by 1, 2, 3`,
    parameters,
  )

async function replayed(asOf: Instant): Promise<string[]> {
  const found = await database.query<{ member: string }>(
    `select key || ' ' || lead_id as member
     from (
       select distinct on (segment_id, lead_id) segment_id, lead_id, change from membership_change
       where as_of <= $1::timestamptz order by segment_id, lead_id, as_of desc
     ) as latest
     join segments using (segment_id) where change = 'entered' order by 1`,
    [asOf],
  )
  return found.map(({ member }) => member)
}

async function evaluated(asOf: Instant, horizon: string): Promise<string[]> {
  const definitions = await pinDefinitions(database)
  const found: string[] = []
  for (const { key } of definitions.segments) {
    const { sql, parameters } = await evaluatedAt(database, [key], definitions, { asOf, horizon })
    const leads = await database.query<{ lead_id: string }>(
      `select lead_id from (${sql}) as f where w0 & 1 <> 0 order by lead_id::text collate "C"`,
      parameters as Parameter[],
    )
    found.push(...leads.map(({ lead_id }) => `${key} ${lead_id}`))
  }
  return found
}

describe('a backfill', () => {
  test('and the run after it are as if runs had been done each day; in whichever order', () =>
    forAll(
      histories,
      async (history) => {
        const days = daysOf(history)
        const [, first, , third, last] = days
        await begin(history)
        await runOn(days.slice(1))
        const daily = await outcome(days)
        const scored = await scores()
        const causes = await changesWhere('as_of = $1::timestamptz', [last])
        await fill(first, third, { all: true })
        expect(await outcome(days)).toEqual(daily)
        expect(await scores()).toEqual(scored)

        await begin(history)
        await fill(first, third)
        await runOn([last])
        expect(await outcome(days)).toEqual(daily)
        expect(await scores()).toEqual(scored)
        expect(await changesWhere('as_of = $1::timestamptz', [last])).toEqual(causes)

        await begin(history)
        await runOn([last])
        await fill(first, third)
        expect(await outcome(days)).toEqual(daily)
        await fill(first, last)
        expect(await scores()).toEqual(scored)
      },
      5,
    ))

  test('done twice is done once; its range is what evaluating there gives; nothing else changes but the seam', () =>
    forAll(
      histories,
      async (history) => {
        const days = daysOf(history)
        const [, second, third, fourth, last] = days
        await begin(history, 2)
        await runOn(days)
        const outside = () =>
          changesWhere('as_of < $1::timestamptz or as_of > $2::timestamptz', [second, fourth])
        const before = await outside()
        const [atSeam, present] = [await replayed(fourth), await replayed(last)]
        const { figures } = await outcome([fourth, last])
        for (let piece = 2; piece < pieces; piece++) await arrive(database, history, piece)

        const { runId } = await fill(second, third, { all: true })
        const [run] = await database.query<{ horizon: string }>(
          'select horizon::text as horizon from runs where run_id = $1::bigint',
          [runId],
        )
        for (const asOf of [second, third]) {
          expect(await replayed(asOf)).toEqual(await evaluated(asOf, run!.horizon))
        }
        expect(await outside()).toEqual(before)
        expect([await replayed(fourth), await replayed(last)]).toEqual([atSeam, present])
        expect((await outcome([fourth, last])).figures).toEqual(figures)
        const members = await database.query<{ member: string }>(
          `select key || ' ' || lead_id as member from membership join segments using (segment_id) order by 1`,
        )
        expect(members.map(({ member }) => member)).toEqual(present)

        const once = { ...(await outcome(days)), ...(await scores()) }
        const written = await changesWhere('true', [])
        await fill(second, third, { all: true })
        expect({ ...(await outcome(days)), ...(await scores()) }).toEqual(once)
        expect(await changesWhere('true', [])).toEqual(written)
      },
      5,
    ))

  test('of what is not done, after whatever was done, leaves no seam', () =>
    forAll(
      histories.chain((history) => fc.tuple(fc.constant(history), parts)),
      async ([history, { run, filled }]) => {
        const days = daysOf(history)
        await begin(history)
        await runOn(days)
        const daily = await outcome(days)
        const scored = await scores()

        await begin(history)
        await runOn(days.filter((_, index) => index === 4 || run.includes(index)))
        for (const { from, until, some, all } of filled) {
          const segments = some.map((index) => `s${index}`)
          await fill(days[Math.min(from, until)]!, days[Math.max(from, until)]!, { segments, all })
        }
        await fill(days[0], days[4])
        expect(await outcome(days)).toEqual(daily)
        expect(await scores()).toEqual(scored)
        expect(await fill(days[0], days[4])).toMatchObject({ runId: null })
      },
      6,
    ))

  test('sees in conditions on history what it has computed itself', () =>
    forAll(
      histories,
      async (history) => {
        const days = daysOf(history)
        await begin(history, pieces, recorded)
        await runOn(days)
        const daily = await outcome(days)
        const scored = await scores()
        await fill(days[2], days[3], { segments: Object.keys(recorded), all: true })
        expect(await outcome(days)).toEqual(daily)
        expect(await scores()).toEqual(scored)

        // What was recorded first was another history.
        await begin(history, 1, recorded)
        await runOn(days)
        for (let piece = 1; piece < pieces; piece++) await arrive(database, history, piece)
        await fill(days[0], days[4], { all: true })
        expect(await outcome(days)).toEqual(daily)
        expect((await scores()).days).toEqual(scored.days)
      },
      5,
    ))
})

const recorded = {
  r0: 'was in segment "s0" within 2 days',
  r1: 'entered segment "s1" within 1 day',
  r2: 'left segment "s2" within 2 days or in segment "s3"',
  r3: 'in segment "s4" for at least 2 days',
  r5: 'max score >= 8',
  r6: 'max cooling score within 2 days >= 3',
  r7: 'entered cooling level hot within 2 days',
  r4: 'was in segment "s5" and not entered segment "r1" within 30 days',
}

const position = fc.integer({ min: 0, max: 4 })
/** On which days runs were done, and what backfills did of the rest, one after the other. */
const parts = fc.record({
  run: fc.array(position, { maxLength: 2 }),
  filled: fc.array(
    fc.record({
      from: position,
      until: position,
      some: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 7 }),
      all: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
})
