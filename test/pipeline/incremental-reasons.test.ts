import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { applySources } from '../../pipeline/apply.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, runAsOf, sources } from '../support/definitions.ts'
import { forget } from '../support/histories.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const first = '2026-02-03T08:00:00.000000Z'
const second = '2026-02-03T09:00:00.000000Z'
const between = '2026-02-03T08:30:00.000000Z'
const third = '2026-02-03T10:00:00.000000Z'
const past = '2026-01-01T00:00:00Z'

const definitions = {
  viewed: 'did page_view within 7 days',
  tech: 'industry = "Technology"',
  pro: 'account.plan = "pro"',
  mates: 'at least 2 leads of account did page_view within 7 days',
}

/** Leads a, b and c are of one account; b was of another before, to which d belongs; e has one of its own. */
beforeEach(async () => {
  await forget(database)
  await database.query('truncate lead_state, run_drift')
  await addLead(database, 'a', { firstSeen: past, events: [['page_view', '2026-01-27T08:30:00Z']] })
  for (const id of ['b', 'c', 'd', 'e']) await addLead(database, id, { firstSeen: past })
  await addLead(database, 'later', { firstSeen: third })
  await database.query(`insert into accounts (external_id) values ('one'), ('two'), ('three')`)
  for (const id of ['a', 'b', 'c']) await change('lead', id, '@account', '1', past)
  await change('lead', 'b', '@account', '2', '2025-01-01T00:00:00Z')
  await change('lead', 'd', '@account', '2', past)
  await change('lead', 'e', '@account', '3', past)
  await apply(database, definitions)
  await runAsOf(database, first)
})

/** A value as an import gives it that knows since when it holds. */
async function change(subject: 'lead' | 'account', id: string, name: string, value: string, from: string) {
  await database.query(
    `insert into attribute_change (subject, subject_id, attribute, value, from_at)
     values ($1::text, case $1::text when 'lead' then (select lead_id from leads where external_id = $2::text)
       else (select account_id from accounts where external_id = $2::text) end, $3::text, $4::jsonb, $5::timestamptz)`,
    [subject, id, name, value, from],
  )
}

const hand = (id: string, segment: string, list: string, from: string) =>
  database.query(
    `insert into segment_list (segment_id, lead_id, list, from_at)
     select segment_id, lead_id, $3::text, $4::timestamptz from segments, leads
     where key = $2::text and external_id = $1::text`,
    [id, segment, list, from],
  )
const end = (until: string) =>
  database.query(
    `update segment_list set until_at = $1::timestamptz, until_xid = pg_current_xact_id() where list = 'added'`,
    [until],
  )

/** A run that looks at no more than it has to, and one at all leads after it, which finds nothing to repair. */
async function runs(asOf: string): Promise<{ reasons: unknown; changes: string[] }> {
  const before = await changes()
  const run = await runAsOf(database, asOf)
  expect(run.chosen).toMatchObject({ code: 'CHANGES_ONLY' })
  const found = await changes()
  const full = await runAsOf(database, asOf.replace('.000000Z', '.000001Z'), { full: true })
  expect(full).toMatchObject({ mode: 'full', drift: 0 })
  expect(await changes()).toEqual(found)
  return { reasons: run.candidates?.reasons, changes: found.filter((line) => !before.includes(line)) }
}

async function changes(): Promise<string[]> {
  const found = await Promise.all(
    Object.keys(definitions).map(async (key) =>
      (await history(database, key)).map((line) => `${key}: ${line}`),
    ),
  )
  return found.flat()
}

describe('a run looks at all leads', () => {
  test('when more have changed than its share, and finds what it would have found of those alone', async () => {
    await database.query(
      `insert into leads (external_id, first_seen_at) select 'many' || n, $1::timestamptz from generate_series(1, 1100) n`,
      [past],
    )
    await runAsOf(database, between)
    const events = (at: string) =>
      database.query(
        `insert into events (event_id, lead_id, type, occurred_at)
         select $1::text || lead_id, lead_id, 'page_view', $1::timestamptz from leads where external_id like 'many%'`,
        [at],
      )
    await events('2026-02-03T08:40:00Z')
    const many = await runAsOf(database, second, { guard: 'none' })
    expect(many).toMatchObject({ mode: 'full', chosen: { code: 'MANY_CANDIDATES' }, drift: 0, entered: 1100 })
    await events('2026-02-03T09:40:00Z')
    const few = await runAsOf(database, third, { guard: 'none', fullShare: 1 })
    expect(few).toMatchObject({ mode: 'incremental', candidates: { reasons: { events: 1100 } }, entered: 0 })
  })

  const withStatus = (status: 'active' | 'paused') => {
    const { segments, ...rest } = sources(definitions, { points: { page_view: 1 } })
    const all = segments.map((each) => (each.key === 'pro' ? { ...each, status } : each))
    return applySources(database, { ...rest, segments: all }, 'UTC')
  }

  test('after a night, when rules for scores have changed, and when a segment comes back', async () => {
    const codes: (string | undefined)[] = []
    const runs = async (asOf: string) => codes.push((await runAsOf(database, asOf)).chosen?.code)
    await runs('2026-02-04T00:30:00.000000Z')
    await apply(database, definitions, { points: { page_view: 1 } })
    await runs('2026-02-04T01:00:00.000000Z')
    await withStatus('paused')
    await runs('2026-02-04T02:00:00.000000Z')
    await withStatus('active')
    await runs('2026-02-04T03:00:00.000000Z')
    await runs('2026-02-04T04:00:00.000000Z')
    expect(codes).toEqual(['NIGHTLY', 'SCORES_CHANGED', 'CHANGES_ONLY', 'SEGMENTS_BACK', 'CHANGES_ONLY'])
  })
})

describe('a run looks at a lead', () => {
  test('not at all, if nothing came of it and no window ends', async () => {
    expect(await runs('2026-02-03T08:15:00.000000Z')).toEqual({ reasons: {}, changes: [] })
  })

  test('when an event of it has come, however old', async () => {
    await addEvent(database, 'e', 'page_view', '2026-02-01T00:00:00Z')
    const { reasons, changes } = await runs('2026-02-03T08:15:00.000000Z')
    expect(reasons).toEqual({ events: 1 })
    expect(changes).toEqual(['viewed: e entered data 2026-02-03T08:15Z'])
  })

  test('when a window ends, to the microsecond', async () => {
    for (const [asOf, entered, left] of [
      ['2026-02-03T08:30:00.000000Z', 0, 0],
      ['2026-02-03T08:30:00.000001Z', 0, 1],
    ] as const) {
      const run = await runAsOf(database, asOf)
      expect(run).toMatchObject({ mode: 'incremental', candidates: { reasons: { due: 1 } }, entered, left })
    }
    expect((await runs(second)).changes).toEqual([])
  })

  test('when its attributes have changed', async () => {
    await change('lead', 'e', 'industry', '"Technology"', between)
    const { reasons, changes } = await runs(second)
    expect(reasons).toMatchObject({ attributes: 1 })
    expect(changes).toContain('tech: e entered data 2026-02-03T09:00Z')
  })

  test.each([
    ['before what was known of it', ['leads', 'attribute_change']],
    ['after what was known of it', ['attribute_change', 'leads']],
  ])('when one of its account was removed, %s', async (_, tables) => {
    for (const id of ['a', 'b']) await addEvent(database, id, 'page_view', '2026-02-01T00:00:00Z')
    expect((await runs(second)).changes.map((line) => line.slice(0, 8))).toContain('mates: c')
    await database.transaction(async (client) => {
      await client.query(`set local tideline.attribute_change = 'written'`)
      const { rows } = await client.query(
        `update leads set account_id = 1 where external_id = 'b' returning lead_id`,
      )
      await client.query('delete from events where lead_id = $1', [rows[0]!.lead_id])
      for (const table of tables)
        await client.query(
          `delete from ${table} where ${table === 'leads' ? 'lead_id' : `subject = 'lead' and subject_id`} = $1`,
          [rows[0]!.lead_id],
        )
    })
    const { reasons, changes } = await runs(third)
    expect(reasons).toMatchObject({ removed: 1 })
    expect(changes).toEqual(
      expect.arrayContaining([
        'mates: a left data 2026-02-03T10:00Z',
        'mates: c left data 2026-02-03T10:00Z',
      ]),
    )
  })

  test('when an event or a value that is known already begins to count', async () => {
    await addEvent(database, 'e', 'page_view', third)
    await change('lead', 'd', 'industry', '"Retail"', past)
    await change('lead', 'd', 'industry', '"Technology"', third)
    await runs(second)
    const { reasons, changes } = await runs(third)
    expect(reasons).toMatchObject({ due: 3 })
    expect(changes).toEqual([
      'viewed: e entered data 2026-02-03T10:00Z',
      'tech: d entered data 2026-02-03T10:00Z',
    ])
    expect(await database.query('select count(*) from lead_state where present')).toEqual([{ count: '6' }])
  })

  test('when its account has changed, now or as was known before', async () => {
    await change('account', 'three', 'plan', '"pro"', past)
    await change('account', 'three', 'plan', '"free"', third)
    const { reasons, changes } = await runs('2026-02-03T08:15:00.000000Z')
    expect(reasons).toEqual({ accounts: 1 })
    expect(changes).toEqual(['pro: e entered data 2026-02-03T08:15Z'])
    expect((await runs(third)).changes).toContain('pro: e left data 2026-02-03T10:00Z')
  })

  test('when a hand has put it in or out, or has stopped doing so, at once or as it said', async () => {
    await hand('e', 'tech', 'added', between)
    await hand('a', 'viewed', 'removed', third)
    const { reasons, changes } = await runs(second)
    expect(reasons).toMatchObject({ hands: 2 })
    expect(changes).toContain('tech: e entered manual 2026-02-03T09:00Z')
    await end('2026-02-03T09:15:00Z')
    expect((await runs('2026-02-03T09:10:00.000000Z')).changes).toEqual([])
    const later = await runs('2026-02-03T09:20:00.000000Z')
    expect(later).toEqual({ reasons: { due: 1 }, changes: ['tech: e left manual 2026-02-03T09:20Z'] })
  })

  test('when a hand says that it stopped a while ago', async () => {
    await hand('e', 'tech', 'added', past)
    await runs(second)
    await end(between)
    const { reasons, changes } = await runs(third)
    expect(reasons).toMatchObject({ hands: 1 })
    expect(changes).toEqual(['tech: e left manual 2026-02-03T10:00Z'])
  })

  test('when others of its account, or of the one it was in, have done something', async () => {
    await addEvent(database, 'b', 'page_view', '2026-02-01T00:00:00Z')
    const { reasons, changes } = await runs('2026-02-03T08:15:00.000000Z')
    expect(reasons).toEqual({ events: 1, accounts: 3 })
    expect(changes.filter((line) => line.startsWith('mates'))).toEqual(
      ['a', 'b', 'c'].map((id) => `mates: ${id} entered data 2026-02-03T08:15Z`),
    )
  })

  test('when a file says that it was there before', async () => {
    await database.query(`update leads set first_seen_at = $1::timestamptz where external_id = 'later'`, [
      past,
    ])
    const { reasons } = await runs('2026-02-03T08:15:00.000000Z')
    expect(reasons).toEqual({ new: 1 })
    expect(await database.query('select count(*) from lead_state where present')).toEqual([{ count: '6' }])
  })
})
