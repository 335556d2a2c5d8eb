import { once } from 'node:events'
import { from as copyFrom } from 'pg-copy-streams'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { drainInboxes } from '../../pipeline/import/inbox.ts'
import { statement } from '../../pipeline/sql.ts'
import { testDatabase } from '../support/database.ts'
import { runAsOf } from '../support/definitions.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(async () => {
  await database.query(
    `truncate events, attribute_change, quarantine, imports, catalog, event_types, leads, accounts,
     inbox_events, inbox_leads, inbox_accounts restart identity cascade`,
  )
})
afterAll(() => database.close())

const drain = () => drainInboxes(database, { timezone: 'Europe/Berlin' })

it('nothing waits, nothing happens', async () => {
  expect(await drain()).toBeUndefined()
  expect(await database.query('select from imports')).toEqual([])
})

it('accounts, leads and events go the way of files, and what can’t be taken to quarantine', async () => {
  await database.query(
    `insert into inbox_accounts (account_id, attributes) values ('X', '{"employees": "1,200"}')`,
  )
  await database.query(`insert into inbox_leads (lead_id, account_id, first_seen_at, attributes) values
    ('a', 'X', '2024-01-01', '{"plan": "pro", "vip": true}'), ('b', null, 'yesterday', '{}'), ('c', null, null, '[1]')`)
  await database.query(`insert into inbox_events (event_id, lead_id, type, occurred_at, properties) values
    ('1', 'a', 'view', '2024-01-01 12:00', '{"page": "/a", "n": 5}'), ('2', 'new', 'view', '2024-01-02T00:00:00.5Z', '{"n": "6"}'),
    ('3', '', 'view', '2024-01-02', '{}'), ('4', 'a', 'view', '2/3/2024', '{}'), (null, 'a', 'view', '2024-01-05', '{}')`)
  const report = await drain()
  expect(report).toMatchObject({ read: 9, taken: 5, newLeads: 2, newAccounts: 1 })
  expect(report?.quarantined.map(({ code, reason, rows }) => `${rows} ${code} ${reason}`).sort()).toEqual([
    '1 MISSING_VALUE no lead_id',
    '1 NOT_AN_INSTANT first_seen_at is not an instant ("yesterday")',
    '1 NOT_AN_INSTANT occurred_at is not an instant ("2/3/2024")',
    '1 NOT_AN_OBJECT not a JSON object',
  ])
  expect(
    await database.query(
      `select external_id, attributes, account_id is not null as linked from leads order by 1`,
    ),
  ).toEqual([
    { external_id: 'a', attributes: { plan: 'pro', vip: true }, linked: true },
    { external_id: 'new', attributes: {}, linked: false },
  ])
  expect(await database.query(`select occurred_at, properties from events order by occurred_at`)).toEqual([
    { occurred_at: '2024-01-01 11:00:00+00', properties: { page: '/a', n: 5 } },
    { occurred_at: '2024-01-02 00:00:00.5+00', properties: { n: 6 } },
    { occurred_at: '2024-01-04 23:00:00+00', properties: {} },
  ])
  expect(await database.query('select kind, status, rows_read, rows_quarantined from imports')).toEqual([
    { kind: 'inbox', status: 'done', rows_read: '9', rows_quarantined: '4' },
  ])
  expect(await drain()).toBeUndefined()
})

it('a COPY from another connection meanwhile is neither lost nor held up', async () => {
  await database.query(
    `insert into inbox_events (event_id, lead_id, type, occurred_at) values ('before', 'a', 'view', '2024-01-01')`,
  )
  await database.session(async (client) => {
    await client.query('begin')
    const copy = client.query(
      copyFrom('copy inbox_events (event_id, lead_id, type, occurred_at) from stdin (format csv)'),
    )
    copy.write('during-1,b,view,2024-01-02\n')
    expect(await drain()).toMatchObject({ read: 1, taken: 1 })
    copy.write('during-2,c,view,2024-01-03\n')
    copy.end()
    await once(copy, 'finish')
    expect(await drain()).toBeUndefined()
    await client.query('commit')
  })
  expect(await drain()).toMatchObject({ read: 2, taken: 2, newLeads: 2 })
  expect(await database.query('select event_id from events order by 1')).toEqual([
    { event_id: 'before' },
    { event_id: 'during-1' },
    { event_id: 'during-2' },
  ])
})

it('while an import writes, what waits is left to the next drain, and runs go on', async () => {
  await database.query(`insert into inbox_leads (lead_id) values ('waits')`)
  await database.session(async (importing) => {
    await importing.query('begin')
    await importing.query(statement('imports/lock_writing'))
    expect(await runAsOf(database, '2026-03-01T00:00:00.000000Z')).toMatchObject({ status: 'done', leads: 0 })
    await importing.query('commit')
  })
  expect(await database.query('select from imports')).toEqual([])
  expect(await drain()).toMatchObject({ read: 1, taken: 1, newLeads: 1 })
})

it('many drains and writers at once lose nothing and take nothing twice', async () => {
  const write = (writer: number) =>
    database.query(
      `insert into inbox_events (event_id, lead_id, type, occurred_at) select $1 || '-' || i, 'L' || i % 50, 'view', '2024-01-01'
       from generate_series(1, 500) i`,
      [String(writer)],
    )
  const work = Array.from({ length: 12 }, (_, index) => (index % 2 ? drain() : write(index)))
  await Promise.all(work)
  await drain()
  expect(
    await database.query('select count(*)::int as events, count(distinct lead_id)::int as leads from events'),
  ).toEqual([{ events: 3000, leads: 50 }])
  expect(
    await database.query(
      'select sum(rows_taken)::int as taken, sum(rows_already_here)::int as here from imports',
    ),
  ).toEqual([{ taken: 3000, here: 0 }])
})

it('a drain that fails leaves all where it was', async () => {
  await database.query(
    `insert into inbox_events (event_id, lead_id, type, occurred_at) values ('1', 'a', 'view', '2024-01-01')`,
  )
  await database.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$`,
  )
  await database.query('create trigger refuse before insert on events execute function refuse()')
  await expect(drain()).rejects.toThrow('disk full')
  await database.query('drop trigger refuse on events')
  expect(await database.query('select from inbox_events')).toHaveLength(1)
  expect(await drain()).toMatchObject({ taken: 1 })
})
