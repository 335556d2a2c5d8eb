import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Columns } from '../../compiler/columns.ts'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit } from '../../compiler/emit.ts'
import type { Feature, Predicate, SequenceFeature } from '../../compiler/ir.ts'
import { plan } from '../../compiler/plan.ts'
import { pathColumn, stepsOf } from '../../compiler/sequences.ts'
import { formatInstant, type Instant, readInstant, toInstant } from '../../compiler/time.ts'
import { turnsAt, turnsOf } from '../../compiler/turns.ts'
import type { Database, Parameter, Row } from '../../pipeline/engine.ts'
import { findLead } from '../../pipeline/lead.ts'
import { readSeen } from '../../pipeline/seen.ts'
import { statement } from '../../pipeline/sql.ts'
import { type Explanation, explainLead, type Why } from '../../pipeline/why.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, runAsOf } from '../support/definitions.ts'
import { loadPostgres } from '../support/load.ts'
import { predicateCases } from '../support/predicates.ts'
import { sequence } from '../support/reference/events.ts'
import { instantOf, microsOf as microseconds } from '../support/reference/time.ts'
import { members } from '../support/reference.ts'
import type { Event, World } from '../support/world.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const ask = (
  world: World,
  predicates: readonly Predicate[],
  seen: { horizon: string; leads?: readonly string[]; values?: boolean },
): Promise<Row[]> => {
  const subjects = predicates.map((predicate, index) => ({ key: `s${index}`, predicate }))
  const queryPlan = plan(subjects, world.scores, world.segments)
  const query = emit(queryPlan, dialects.postgres, { asOf: world.asOf, ...seen })
  return database.query(query.sql, query.parameters as Parameter[])
}

describe('one lead', () => {
  test('what a run says of all leads is said of one alone', () =>
    fc.assert(
      fc.asyncProperty(predicateCases(8), async ({ world, questions }) => {
        const horizon = await loadPostgres(database, world)
        const predicates = questions.map(({ predicate }) => predicate)
        for (const row of await ask(world, predicates, { horizon })) {
          const id = String(row.lead_id)
          const mates = await database.query<{ lead_id: string }>(statement('reads/account_mates'), [id])
          const leads = mates.map((mate) => mate.lead_id)
          const alone = await ask(world, predicates, { horizon, leads })
          expect(alone.find((each) => String(each.lead_id) === id)).toEqual(row)
        }
      }),
      { numRuns: 12 },
    ))

  test('the instants told of a sequence are those of its steps, as far as the lead came', () => {
    const seen = { came: 0, done: 0 }
    return fc
      .assert(
        fc.asyncProperty(predicateCases(12), async ({ world, questions }) => {
          const horizon = await loadPostgres(database, world)
          const predicates = questions.map(({ predicate }) => predicate)
          const subjects = predicates.map((predicate, index) => ({ key: `s${index}`, predicate }))
          const queryPlan = plan(subjects, world.scores, world.segments)
          const columns = new Columns(queryPlan)
          for (const row of await ask(world, predicates, { horizon, values: true })) {
            const all = world.events.filter(
              ({ lead, late, at }) => lead === Number(row.lead_id) && !late && at <= world.asOf,
            )
            for (const feature of queryPlan.sequences) {
              const path = instantsIn(row[`value_${pathColumn(feature, { columns })}`])
              const came = stepsOf(feature, path)
              const done = row[`value_${columns.of(feature)}`] === 'true'
              expectCourse(feature, { came, done, all, asOf: world.asOf })
              seen.came += came.length > 0 ? 1 : 0
              seen.done += done ? 1 : 0
            }
          }
        }),
        { numRuns: 12 },
      )
      .then(() => expect(Math.min(seen.came, seen.done)).toBeGreaterThan(0))
  })

  test('nothing turns before the next instant at which it may', () =>
    fc.assert(
      fc.asyncProperty(predicateCases(6), fc.double({ min: 0, max: 1, noNaN: true }), async (asked, part) => {
        const world = upToNow(asked.world)
        const horizon = await loadPostgres(database, world)
        for (const { predicate } of asked.questions) {
          const told = turnsOf(predicate, world.segments ?? new Map(), world.scores)
          if ('because' in told) continue
          const turns = told.flatMap((turn) => ('list' in turn ? [] : [turn]))
          // When a hand's word ends, no value tells.
          if (turns.length < told.length) continue
          const features = turns.flatMap(({ feature }) => (feature ? [feature] : []))
          const subjects = [predicate, ...features.map(known)]
          const columns = new Columns(
            plan(
              subjects.map((each, index) => ({ key: `${index}`, predicate: each })),
              world.scores,
              world.segments,
            ),
          )
          const now = members(predicate, world)
          for (const row of await ask(world, subjects, { horizon, values: true })) {
            const value = (feature: Feature) => {
              if (feature.kind === 'score_change') return null
              const text = row[`value_${columns.of(feature)}`]
              return typeof text === 'string' ? (readInstant(text, 'UTC') ?? null) : null
            }
            const next = turns
              .flatMap((turn) => turnsAt(turn, turn.feature ? value(turn.feature) : null, world.asOf))
              .sort()[0]
            for (const then of between(world.asOf, next, part)) {
              const isIn = (all: number[]) => all.includes(Number(row.lead_id))
              const later = members(predicate, { ...world, asOf: then })
              if (isIn(later) !== isIn(now)) {
                const told = { then, next, lead: row.lead_id, asOf: world.asOf, predicate, turns }
                throw new Error(`it turned before it might: ${JSON.stringify(told)}`)
              }
            }
          }
        }
      }),
      { numRuns: 15, interruptAfterTimeLimit: 20_000, endOnFailure: true },
    ))
})

const instantsIn = (path: unknown): Instant[] =>
  [...String(path ?? '').matchAll(/"([^"]+)"/g)].map(([, text]) => formatInstant(toInstant(text!)!))

type Course = {
  readonly came: readonly Instant[]
  readonly done: boolean
  readonly all: readonly Event[]
  readonly asOf: Instant
}

/** The events of these instants do the steps up to there; and no events do one more. */
function expectCourse(feature: SequenceFeature, { came, done, all, asOf }: Course): void {
  const { steps, within } = feature
  const first = (count: number): SequenceFeature => ({ kind: 'sequence', steps: steps.slice(0, count) })
  const count = Math.min(came.length, steps.length)
  const told = all.filter(({ at }) => came.slice(0, count).includes(at))
  expect(count === 0 || sequence(first(count), told, asOf)).toBe(true)
  expect(count < steps.length && sequence(first(count + 1), all, asOf)).toBe(false)
  if (done) expect(sequence({ ...first(steps.length), ...(within ? { within } : {}) }, told, asOf)).toBe(true)
}

const known = (subject: Feature): Predicate => ({ kind: 'test', subject, is: { op: 'known' } })

/** Nothing is known of what is to come. */
const upToNow = (world: World): World => ({
  ...world,
  leads: world.leads.filter(({ firstSeen }) => firstSeen <= world.asOf),
  events: world.events.filter(({ at }) => at <= world.asOf),
  changes: world.changes.filter(({ from }) => from <= world.asOf),
  scoreDays: world.scoreDays?.filter(({ day }) => day < world.asOf.slice(0, 10)) ?? [],
})

/** The last instant before the next turn, and one on the way; if there is none, ten years later. */
function between(asOf: Instant, next: Instant | undefined, part: number): Instant[] {
  const [from, to] = [
    microseconds(asOf),
    next ? microseconds(next) - 1n : microseconds(asOf) + 315_360_000_000_000n,
  ]
  const way = from + BigInt(Math.floor(Number(to - from) * part))
  return [instantOf(way), instantOf(to)]
}

describe('explaining', () => {
  let own: Database
  beforeAll(async () => {
    own = await testDatabase()
    await addLead(own, 'a', {
      attributes: { company_size: 1200 },
      events: [
        ['trial_signup', '2026-02-01T00:00:00Z'],
        ['login', '2026-02-10T12:00:00Z'],
        ['login', '2026-02-11T12:00:00Z'],
      ],
    })
    await addLead(own, 'b', { events: [['api_call', '2026-02-01T00:00:00Z']] })
    await apply(
      own,
      {
        'stalled-trials': 'did trial_signup and last activity more than 14 days ago and not did api_call',
        recent: 'did login at least 2 times within 30 days',
        large: 'company_size > 5000 and score >= 5',
        far: 'company_size > 5000 and score >= 500',
        everybody: 'everyone',
      },
      { points: { trial_signup: 5, login: 0.5 } },
    )
    await runAsOf(own, '2026-03-01T00:00:00.000000Z')
  })
  afterAll(() => own.close())

  const why = async (lead: string, asOf: Instant, segments?: string[]): Promise<Explanation> => {
    const { horizon } = await readSeen(own)
    const { id } = await findLead(own, lead, asOf)
    return explainLead(own, { id, asOf, horizon, segments, ahead: true })
  }
  const of = ({ segments }: Explanation, key: string): Why => segments.find(({ segment }) => segment === key)!

  test('each condition says whether it holds, and what it saw', async () => {
    const { segments } = await why('a', '2026-03-01T00:00:00.000000Z', ['stalled-trials'])
    expect(segments).toEqual([
      {
        segment: 'stalled-trials',
        status: 'active',
        zone: 'UTC',
        holds: true,
        short: 0,
        met: 3,
        part: {
          kind: 'all',
          holds: true,
          of: [
            {
              kind: 'condition',
              holds: true,
              text: 'did trial_signup',
              words: expect.any(String),
              saw: ['28 days ago (2026-02-01 00:00)'],
            },
            {
              kind: 'condition',
              holds: true,
              text: 'last activity more than 14 days ago',
              words: expect.any(String),
              saw: ['17 days ago (2026-02-11 12:00)'],
            },
            {
              kind: 'not',
              holds: true,
              of: [
                {
                  kind: 'condition',
                  holds: false,
                  text: 'did api_call',
                  words: expect.any(String),
                  saw: ['never'],
                },
              ],
            },
          ],
        },
        sentence: 'trial signup 28 days ago, silent for 17 days, no api call',
      },
    ])
  })

  test('segments it is in come first, then those it misses by one condition, then the others', async () => {
    const { segments, scores } = await why('a', '2026-03-01T00:00:00.000000Z')
    expect(segments.map(({ segment, holds, short }) => [segment, holds, short])).toEqual([
      ['everybody', true, 0],
      ['recent', true, 0],
      ['stalled-trials', true, 0],
      ['large', false, 1],
      ['far', false, 2],
    ])
    expect(of(await why('a', '2026-03-01T00:00:00.000000Z'), 'recent').sentence).toBe(
      'login 2 times in the last 30 days',
    )
    expect(scores).toEqual([{ score: 'engagement', value: '6', level: 'cold' }])
  })

  test('as of any instant', async () => {
    expect(of(await why('a', '2026-02-20T00:00:00.000000Z'), 'stalled-trials').holds).toBe(false)
    await expect(findLead(own, 'a', '2020-01-01T00:00:00.000000Z')).rejects.toMatchObject({
      code: 'LEAD_NOT_YET_SEEN',
    })
  })

  test('until when, to the microsecond: then it turns over, and not before', async () => {
    const { endings } = await why('a', '2026-03-01T00:00:00.000000Z')
    expect(Object.fromEntries(endings)).toEqual({
      recent: { kind: 'at', at: '2026-03-12T12:00:00.000001Z' },
      'stalled-trials': { kind: 'open' },
      everybody: { kind: 'open' },
    })
    expect(of(await why('a', '2026-03-12T12:00:00.000000Z'), 'recent').holds).toBe(true)
    expect(of(await why('a', '2026-03-12T12:00:00.000001Z'), 'recent').holds).toBe(false)
  })
})
