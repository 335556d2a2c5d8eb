import { expect, test } from 'vitest'
import { dialects, emit, fadeTable, plan, type ScoreDefinition } from '../../compiler/index.ts'
import type { Database, Parameter } from '../../pipeline/engine.ts'
import { pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { daysPassed } from '../../pipeline/runs/score-days.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf } from '../support/definitions.ts'
import { definitionOf } from '../support/generated.ts'

const at = (day: number, hour = 0) =>
  `2026-03-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00.000000Z`
const [first, last] = [at(1, 9), at(12, 3)]

const fading = { kind: 'expires', days: 4 } as const
const scores: ScoreDefinition[] = [
  {
    name: 'engagement',
    rules: [
      { event: 'visit', micropoints: '1000000', cap_per_day: '3000000' },
      {
        event: 'demo',
        micropoints: '50000000',
        fade: fading,
        table: fadeTable(fading, '50000000', undefined),
      },
      {
        event: 'bounce',
        micropoints: '-20000000',
        fade: fading,
        table: fadeTable(fading, '-20000000', undefined),
      },
    ],
    levels: [
      { name: 'cold', from: '0' },
      { name: 'warm', from: '2' },
      { name: 'hot', from: '50' },
    ],
  },
  {
    name: 'fit',
    rules: [
      {
        that: definitionOf('industry = "Technology"'),
        micropoints: '20000000',
      },
    ],
    levels: [],
  },
  { name: 'account', rules: [], of_leads: { by: 'sum', score: 'engagement' }, levels: [] },
]

const segments = {
  'once-hot': 'max score >= 50',
  'lately-hot': 'max score within 5 days >= 50',
  'came-to-warm': 'entered level warm within 30 days',
  'came-to-hot-early': 'entered level hot more than 5 days ago',
  cooled: 'score fell by at least 1 within 3 days',
}

async function world(): Promise<Database> {
  const database = await testDatabase()
  await addLead(database, 'visitor', { events: [2, 2, 2, 2, 5, 9].map((day) => ['visit', at(day, 12)]) })
  await addLead(database, 'demo', {
    events: [
      ['demo', at(3, 23)],
      ['visit', at(4, 1)],
      ['demo', at(6)],
    ],
  })
  // Up by the fading of what was taken away.
  await addLead(database, 'bounced', {
    events: [
      ['demo', at(2, 10)],
      ['bounce', at(1, 10)],
    ],
  })
  await addLead(database, 'new', { firstSeen: at(7, 5), attributes: { industry: 'Technology' } })
  await addLead(database, 'quiet')
  await database.query(`insert into accounts (external_id) values ('a')`)
  await database.query(
    `update leads set account_id = (select account_id from accounts) where external_id in ('demo', 'quiet')`,
  )
  await database.query(`update attribute_change set from_at = '2026-01-01T00:00:00Z'`)
  await apply(database, segments, { scores })
  return database
}

async function recorded(database: Database) {
  return {
    scores: await database.query(
      `select external_id, score, value, level, max_value, max_day::text
       from lead_scores join leads using (lead_id) order by 1, 2`,
    ),
    history: await database.query(
      `select lead_id, score, day::text, value, level from score_trend order by 1, 2, 3`,
    ),
    members: await Promise.all(Object.keys(segments).map((key) => members(database, key))),
  }
}

test('hourly, nightly and missed runs record the same maximum and history', async () => {
  const strategies = {
    missed: [],
    nightly: daysPassed(first, last).map((day) => at(Number(day.slice(-2)) + 1)),
    hourly: Array.from({ length: 11 * 8 }, (_, slot) =>
      at(1 + Math.floor((slot + 4) / 8), ((slot + 4) % 8) * 3),
    ),
  }
  const found = []
  for (const slots of Object.values(strategies)) {
    const database = await world()
    for (const slot of [first, ...slots.filter((each) => each > first && each < last), last])
      await runAsOf(database, slot)
    found.push(await recorded(database))
    if (found.length === 1) await expectMaximum(database)
    await database.close()
  }
  const [missed, nightly, hourly] = found
  expect(nightly).toEqual(missed)
  expect(hourly).toEqual(missed)
  const { history, scores, members } = missed!
  const of = (lead: string) =>
    history
      .filter((row) => row.lead_id === lead && row.score === 'engagement')
      .map((row) => `${String(row.day).slice(8)} ${Number(row.value)} ${row.level}`)
  expect(of('visitor')).toEqual(['01 0 cold', '02 3 warm', '05 4 warm', '09 5 warm'])
  // On the 7th the first demo expires, on the 10th the second.
  expect(of('demo')).toEqual(['01 0 cold', '03 50 hot', '04 51 hot', '06 101 hot', '10 1 cold'])
  expect(of('bounced')).toEqual(['01 -20 cold', '02 30 warm', '05 50 hot', '06 0 cold'])
  expect(of('new')).toEqual(['07 0 cold'])
  expect(scores).toContainEqual(
    expect.objectContaining({ external_id: 'demo', max_value: '101.000000', max_day: '2026-03-06' }),
  )
  expect(members).toEqual([
    ['bounced', 'demo'],
    ['demo'],
    ['bounced', 'visitor'],
    ['bounced', 'demo'],
    ['demo'],
  ])
}, 120_000)

/** The greatest score at the end of any day, each evaluated by itself. */
async function expectMaximum(database: Database): Promise<void> {
  const { scores } = await pinDefinitions(database)
  const most = new Map<string, { value: bigint; day: string }>()
  for (const day of daysPassed(first, last)) {
    const seen = { asOf: `${day}T23:59:59.999999Z`, horizon: '1000000000' }
    const { sql, parameters } = emit(plan([], scores), dialects.postgres, seen)
    for (const row of await database.query(sql, parameters as Parameter[])) {
      for (const [index, { name }] of scores.entries()) {
        const value = BigInt(String(row[`s${index}`]))
        const known = most.get(`${row.lead_id} ${name}`)
        if (!known || value > known.value) most.set(`${row.lead_id} ${name}`, { value, day })
      }
    }
  }
  const found = await database.query(
    `select lead_id || ' ' || score as name, trunc(max_value * 1000000)::text as value, max_day::text as day from lead_scores`,
  )
  expect(new Map(found.map(({ name, value, day }) => [name, { value: BigInt(String(value)), day }]))).toEqual(
    most,
  )
}

test('the run that passes midnight sees the day that is over', async () => {
  const database = await world()
  for (const slot of [first, at(4)]) await runAsOf(database, slot)
  // Its only points come at 23:00 on the 3rd: at midnight the day is over, and recorded by the very run.
  expect(await members(database, 'once-hot')).toContain('demo')
  await database.close()
})

test('what another lead of the account does changes by cause data, and fading by cause time', async () => {
  const database = await world()
  await apply(database, { mates: 'account score >= 50', cooling: 'score >= 50' }, { scores })
  for (const slot of [at(3, 12), at(4), at(8), at(11)]) await runAsOf(database, slot)
  // After the 8th nothing happens to anybody of the account: the last points expire on the 10th.
  expect(await history(database, 'mates')).toEqual([
    'demo entered data 2026-03-04T00:00Z',
    'quiet entered data 2026-03-04T00:00Z',
    'demo left time 2026-03-11T00:00Z',
    'quiet left time 2026-03-11T00:00Z',
  ])
  await addEvent(database, 'quiet', 'demo', at(11, 12))
  await runAsOf(database, at(12))
  expect((await history(database, 'mates')).slice(4)).toEqual([
    'demo entered data 2026-03-12T00:00Z',
    'quiet entered data 2026-03-12T00:00Z',
  ])
  await database.close()
})

test('a retention keeps the last days, the last before them, that of the maximum, and when levels were come to', async () => {
  const database = await testDatabase()
  await addLead(database, 'a', { events: [['demo', '2026-03-01T12:00:00Z']] })
  for (const day of [2, 4, 6, 8]) await addEvent(database, 'a', 'visit', at(day, 12))
  await apply(database, {}, { points: { demo: 50, visit: -1 } })
  const days = async () =>
    (
      await database.query<{ day: string }>(
        `select to_char(day, 'DD') as day from score_history where score = 'engagement' order by 1`,
      )
    ).map(({ day }) => day)
  await runAsOf(database, at(1))
  await runAsOf(database, at(9))
  expect(await days()).toEqual(['01', '02', '04', '06', '08'])
  await runAsOf(database, at(10), { scoreHistoryDays: 3 })
  // On the 2nd it came to warm, from what it was on the 1st.
  expect(await days()).toEqual(['01', '02', '06', '08'])
  expect(await database.query('select max_value::int, max_day from lead_scores')).toEqual([
    { max_value: 50, max_day: '2026-03-01' },
  ])
  await database.close()
})

test('a score that is dropped and comes back has the maximum that is recorded of it', async () => {
  const database = await testDatabase()
  await addLead(database, 'a', { events: [['demo', at(1, 12)]] })
  await addLead(database, 'b', { firstSeen: at(4), events: [['demo', at(4, 12)]] })
  const demo = { points: { demo: 50, visit: -10 } }
  const most = () =>
    database.query(
      `select external_id || ' ' || max_value::int || ' ' || max_day as most
       from lead_scores join leads using (lead_id) order by 1`,
    )
  await apply(database, {}, demo)
  for (const day of [1, 2]) await runAsOf(database, at(day))
  await addEvent(database, 'a', 'visit', at(2, 12))
  await apply(database, {}, {})
  await runAsOf(database, at(3))
  expect(await most()).toEqual([])
  await apply(database, {}, demo)
  await runAsOf(database, at(5))
  expect(await most()).toEqual([{ most: 'a 50 2026-03-01' }, { most: 'b 50 2026-03-04' }])
  await database.close()
})

test('points that turn out days later to have been lost are recorded when that is known', async () => {
  const database = await testDatabase()
  await addLead(database, 'a', { events: [['visit', at(1, 12)]] })
  await addLead(database, 'b', { events: [['visit', at(1, 12)]] })
  await apply(database, {}, { points: { visit: 20, bounce: -5 } })
  for (const day of [1, 2, 3]) await runAsOf(database, at(day))
  await addEvent(database, 'a', 'bounce', at(1, 13))
  await runAsOf(database, at(3, 12))
  for (const day of [4, 5]) await runAsOf(database, at(day))
  expect(
    await database.query(
      `select external_id || ' ' || day || ' ' || value::int as row from score_history join leads using (lead_id) order by 1`,
    ),
  ).toEqual([{ row: 'a 2026-03-01 20' }, { row: 'a 2026-03-03 15' }, { row: 'b 2026-03-01 20' }])
  await database.close()
})

test('for analysts: the most points so far, now included, and how a score stood on a day', async () => {
  const database = await world()
  for (const day of [1, 7]) await runAsOf(database, at(day))
  await addEvent(database, 'demo', 'demo', at(7, 12))
  await runAsOf(database, at(7, 15))
  const most = await database.query(
    `select lead_id || ' ' || value::int || ' ' || max_value::int || ' ' || max_day as line from current_scores
     where score = 'engagement' order by 1`,
  )
  // The demo of the 3rd has expired, that of the 7th is of today.
  expect(most.map(({ line }) => line)).toEqual([
    'bounced 0 50 2026-03-05',
    'demo 101 101 2026-03-06',
    'new 0 0 2026-03-07',
    'quiet 0 0 2026-03-01',
    'visitor 4 4 2026-03-05',
  ])
  await addEvent(database, 'visitor', 'demo', at(7, 15))
  await runAsOf(database, at(7, 16))
  const [visitor] = await database.query(
    `select value::int, max_value::int, max_day::text, since::text from current_scores
     where score = 'engagement' and lead_id = 'visitor'`,
  )
  expect(visitor).toEqual({
    ...{ value: 54, max_value: 54, max_day: '2026-03-07', since: '2026-03-07 16:00:00+00' },
  })
  const on = (day: string) =>
    database.query(
      `select lead_id, value::int, level, recorded_on::text, is_exact from score_on('engagement', $1::date)
       where lead_id in ('demo', 'new', 'visitor') order by 1`,
      [day],
    )
  expect(await on('2026-03-05')).toEqual([
    { lead_id: 'demo', value: 51, level: 'hot', recorded_on: '2026-03-04', is_exact: false },
    { lead_id: 'visitor', value: 4, level: 'warm', recorded_on: '2026-03-05', is_exact: true },
  ])
  await database.close()
})
