import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fadeTable, type ScoreDefinition } from '../../compiler/scoring.ts'
import type { Instant } from '../../compiler/time.ts'
import type { Database, Parameter, Row } from '../../pipeline/engine.ts'
import { type BackfillRange, backfill } from '../../pipeline/runs/backfill.ts'
import { pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { forAll, type Law } from '../support/cases.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { apply, evaluatedMembers, runAsOf } from '../support/definitions.ts'
import { arrive, forget, type History, handsNear, histories, pieces, reachOut } from '../support/histories.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'
import { times } from '../support/seed.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** Instants a day or an hour apart, around a world's asOf, where most of it lies; and hands beside them. */
type Course = { readonly history: History; readonly grain: 'day' | 'hour'; readonly instants: Five }
type Five = readonly [Instant, Instant, Instant, Instant, Instant]

const lengths = { day: 86_400_000_000n, hour: 3_600_000_000n }

const courses: fc.Arbitrary<Course> = fc
  .tuple(histories, fc.constantFrom('day' as const, 'hour' as const))
  .chain(([history, grain]) => {
    const { world, definitions } = history
    const length = lengths[grain]
    const middle = (microsOf(world.asOf) / length) * length
    const instants = [-2n, -1n, 0n, 1n, 2n].map((n) => instantOf(middle + n * length)) as unknown as Five
    const leads = world.leads.map(({ id }) => id)
    return fc.record({
      history: handsNear(Object.keys(definitions), leads, instants).map((hands) => ({ ...history, hands })),
      ...{ grain: fc.constant(grain), instants: fc.constant(instants) },
    })
  })

const law = <Case>(drawn: fc.Arbitrary<Case>, cases: number, course: (drawn: Case) => Course): Law<Case> => ({
  ...{ drawn, cases, least: 3, seconds: 10 },
  tell: (each) => {
    const { history, grain, instants } = course(each)
    const { definitions, edited, hands } = history
    return { grain, instants, definitions, edited, hands }
  },
})
const plain = (cases: number) => law(courses, cases, (course) => course)

/** What has come of it all, whoever wrote it and why: history, present, and figures as of each of the instants. */
async function outcome({ instants }: Course): Promise<Record<string, Row[]>> {
  const changes = await database.query(
    'select segment_id, lead_id, as_of, change from membership_change order by 1, 2, 3',
  )
  const present = await database.query('select segment_id, lead_id, since from membership order by 1, 2')
  return { changes, present, figures: await figuresAt(instants) }
}

const figuresAt = (instants: readonly Instant[]): Promise<Row[]> =>
  database.query(
    `select s.segment_id, at, f.members, f.leads, f.score_sum
     from segments s, unnest($1::timestamptz[]) at, lateral (
       select * from segment_stats f where f.segment_id = s.segment_id and f.as_of <= at
       order by f.as_of desc limit 1
     ) f order by 1, 2`,
    [[...instants]],
  )

/** What was recorded, row by row, and how many came and went. */
const recorded = async (): Promise<Record<string, Row[]>> => ({
  changes: await database.query('select * from membership_change order by segment_id, lead_id, as_of'),
  moved: await database.query(
    'select segment, as_of, entered, "left" from segment_trend where entered + "left" > 0 order by 1, 2',
  ),
})

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
const define = (texts: Record<string, string>) =>
  apply(database, texts, { points: { page_view: 1, email_open: 7, purchase: 30 }, scores: [cooling] })

/** A world anew, of which all or some pieces have arrived. */
async function begin(
  { history }: Course,
  texts: Record<string, string> = history.definitions,
  arrived = pieces,
): Promise<void> {
  await forget(database)
  for (let piece = 0; piece < arrived; piece++) await arrive(database, history, piece)
  await define(texts)
  for (let piece = 0; piece < arrived; piece++) await reachOut(database, history.hands, piece)
}

async function theRest({ history }: Course, from: number): Promise<void> {
  for (let piece = from; piece < pieces; piece++) {
    await arrive(database, history, piece)
    await reachOut(database, history.hands, piece)
  }
}

async function runOn(instants: readonly Instant[]): Promise<void> {
  for (const asOf of instants) expect((await runAsOf(database, asOf, { rollUp: false })).failing).toEqual([])
}

const fill = ({ grain }: Course, from: Instant, to: Instant, more: Partial<BackfillRange> = {}) =>
  backfill(database, { from, to, grain, owner: 'test', ...more })

const changesWhere = (where: string, parameters: Parameter[]): Promise<Row[]> =>
  database.query(
    `select segment_id, lead_id, as_of, change, cause, version from membership_change where ${where} order by 1, 2, 3`,
    parameters,
  )

/** Who was in each segment, as recorded: internal ids. */
async function replayed(asOf: Instant): Promise<Record<string, number[]>> {
  const found = await database.query<{ key: string; leads: number[] }>(
    `select key, coalesce(json_agg(lead_id order by lead_id) filter (where change = 'entered'), '[]') as leads
     from segments left join (
       select distinct on (segment_id, lead_id) segment_id, lead_id, change from membership_change
       where as_of <= $1::timestamptz order by segment_id, lead_id, as_of desc
     ) as latest using (segment_id)
     group by key`,
    [asOf],
  )
  return Object.fromEntries(found.map(({ key, leads }) => [key, leads]))
}

describe('a backfill', () => {
  test(
    'and the run after it are as if runs had been done at each instant; in whichever order',
    () =>
      forAll(plain(5), async (course) => {
        const { instants } = course
        const [, first, , third, last] = instants
        await begin(course)
        await runOn(instants.slice(1))
        const daily = await outcome(course)
        const scored = await scores()
        const causes = await changesWhere('as_of = $1::timestamptz', [last])
        const row = await recorded()
        // Where nothing is to be found anew, every row stays as it is.
        expect(await fill(course, first, third, { all: true })).toMatchObject({ written: 0, removed: 0 })
        expect(await outcome(course)).toEqual(daily)
        expect(await scores()).toEqual(scored)
        expect(await recorded()).toEqual(row)
        expect(await faults(database)).toEqual([])

        await begin(course)
        await fill(course, first, third)
        await runOn([last])
        expect(await outcome(course)).toEqual(daily)
        expect(await scores()).toEqual(scored)
        expect(await changesWhere('as_of = $1::timestamptz', [last])).toEqual(causes)

        await begin(course)
        await runOn([last])
        await fill(course, first, third)
        expect(await outcome(course)).toEqual(daily)
        await fill(course, first, last)
        expect(await scores()).toEqual(scored)
      }),
    times * 300_000,
  )

  test(
    'done twice is done once; its range is what evaluating there gives; nothing else changes but the seam',
    () =>
      forAll(plain(5), async (course) => {
        const { history, instants } = course
        const [, second, third, fourth, last] = instants
        await begin(course, history.definitions, 2)
        await runOn(instants)
        const outside = () =>
          changesWhere('as_of < $1::timestamptz or as_of > $2::timestamptz', [second, fourth])
        const before = await outside()
        const [atSeam, present] = [await replayed(fourth), await replayed(last)]
        const figures = await figuresAt([fourth, last])
        await theRest(course, 2)

        const { runId } = await fill(course, second, third, { all: true })
        const [run] = await database.query<{ horizon: string }>(
          'select horizon::text as horizon from runs where run_id = $1::bigint',
          [runId],
        )
        const definitions = await pinDefinitions(database)
        for (const asOf of [second, third]) {
          const found = await evaluatedMembers(database, definitions, { asOf, horizon: run!.horizon })
          expect(await replayed(asOf)).toEqual(found)
        }
        expect(await outside()).toEqual(before)
        expect([await replayed(fourth), await replayed(last)]).toEqual([atSeam, present])
        expect(await figuresAt([fourth, last])).toEqual(figures)
        const members = await database.query<{ key: string; leads: number[] }>(
          `select key, coalesce(json_agg(lead_id order by lead_id) filter (where lead_id is not null), '[]') as leads
           from segments left join membership using (segment_id) group by key`,
        )
        expect(Object.fromEntries(members.map(({ key, leads }) => [key, leads]))).toEqual(present)

        const once = { ...(await outcome(course)), ...(await scores()), ...(await recorded()) }
        expect(await fill(course, second, third, { all: true })).toMatchObject({ written: 0, removed: 0 })
        expect({ ...(await outcome(course)), ...(await scores()), ...(await recorded()) }).toEqual(once)
        expect(await faults(database)).toEqual([])
      }),
    times * 300_000,
  )

  test(
    'of what is not done, after whatever was done, leaves no seam',
    () =>
      forAll(
        law(fc.tuple(courses, parts), 6, ([course]) => course),
        async ([course, { run, filled }]) => {
          const { instants } = course
          await begin(course)
          await runOn(instants)
          const daily = await outcome(course)
          const scored = await scores()

          await begin(course)
          await runOn(instants.filter((_, index) => index === 4 || run.includes(index)))
          for (const { from, until, some, all } of filled) {
            const segments = some.map((index) => `s${index}`)
            const range = [instants[Math.min(from, until)]!, instants[Math.max(from, until)]!] as const
            await fill(course, ...range, { segments, all })
          }
          await fill(course, instants[0], instants[4])
          expect(await outcome(course)).toEqual(daily)
          expect(await scores()).toEqual(scored)
          expect(await fill(course, instants[0], instants[4])).toMatchObject({ runId: null })
        },
      ),
    times * 300_000,
  )

  test(
    'sees in conditions on history what it has computed itself',
    () =>
      forAll(plain(5), async (course) => {
        const { history, instants } = course
        const texts = { ...history.definitions, ...looking }
        await begin(course, texts)
        await runOn(instants)
        const daily = await outcome(course)
        const scored = await scores()
        await fill(course, instants[2], instants[3], { segments: Object.keys(looking), all: true })
        expect(await outcome(course)).toEqual(daily)
        expect(await scores()).toEqual(scored)

        // What was recorded first was another history.
        await begin(course, texts, 1)
        await runOn(instants)
        await theRest(course, 1)
        await fill(course, instants[0], instants[4], { all: true })
        expect(await outcome(course)).toEqual(daily)
        expect((await scores()).days).toEqual(scored.days)
      }),
    times * 300_000,
  )

  test(
    'after an edit is as if it had always been so; by the versions of then, as if all had been known then',
    () =>
      forAll({ ...plain(3), least: 2 }, async (course) => {
        const { history, instants } = course
        const { edited, definitions } = history
        const editedAfter = async (instant: number) => {
          await runOn(instants.slice(0, instant))
          await define(edited)
          await runOn(instants.slice(instant))
        }
        await begin(course, edited)
        await runOn(instants)
        const always = await outcome(course)
        await begin(course, definitions)
        await editedAfter(3)
        const known = await outcome(course)
        await fill(course, instants[0], instants[4])
        expect(await outcome(course)).toEqual(always)
        await fill(course, instants[0], instants[4], { versions: 'then' })
        expect(await outcome(course)).toEqual(known)

        await begin(course, definitions, 2)
        await editedAfter(3)
        await theRest(course, 2)
        await fill(course, instants[0], instants[4], { versions: 'then', all: true })
        expect(await outcome(course)).toEqual(known)
        const once = await recorded()
        expect(await fill(course, instants[0], instants[4], { versions: 'then' })).toMatchObject({
          runId: null,
        })
        await fill(course, instants[0], instants[4], { versions: 'then', all: true })
        expect(await recorded()).toEqual(once)
      }),
    times * 300_000,
  )
})

const looking = {
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
/** At which instants runs were done, and what backfills did of the rest, one after the other. */
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
