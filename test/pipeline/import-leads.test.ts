import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { importing } from '../support/importing.ts'

let database: Database
const files = importing(() => database)

beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(async () => {
  await database.query(
    'truncate attribute_change, quarantine, imports, catalog, leads, accounts restart identity cascade',
  )
})
afterAll(async () => {
  await database.close()
  await files.remove()
})

const leads = (text: string) => files.takeText(text, { kind: 'leads' })
const stored = async () =>
  Object.fromEntries(
    (
      await database.query<{ id: string; attributes: object; account: string | null }>(
        `select l.external_id as id, l.attributes, a.external_id as account from leads l left join accounts a using (account_id)`,
      )
    ).map(({ id, attributes, account }) => [
      id,
      account === null ? attributes : { ...attributes, '@': account },
    ]),
  )
/** The history of attributes: attribute, value, and since when if that was said. */
const history = async () =>
  (
    await database.query<{ text: string }>(
      `select coalesce(l.external_id, a.external_id) || ' ' || attribute || ' ' || coalesce(case when attribute = '@account'
         then (select external_id from accounts x where x.account_id = value::bigint) else value #>> '{}' end, 'missing')
         || case when from_at < '2025-01-01' then ' ' || from_at::date else '' end as text
       from attribute_change c left join leads l on subject = 'lead' and l.lead_id = subject_id
       left join accounts a on subject = 'account' and a.account_id = subject_id order by change_id`,
    )
  ).map(({ text }) => text)

describe('a leads file', () => {
  it('overwrites its columns, leaves others, and an empty cell makes an attribute missing', async () => {
    await leads('lead_id,plan,city,account_id\na,free,Rome,X\nb,free,Oslo,X\n')
    const report = await leads('lead_id,plan,phone\na,pro,1-2\nb,,\nc,,\n')
    expect(report).toMatchObject({ read: 3, taken: 3, alreadyHere: 0, newLeads: 1, newAccounts: 0 })
    expect(await stored()).toEqual({
      a: { plan: 'pro', city: 'Rome', phone: '1-2', '@': 'X' },
      b: { city: 'Oslo', '@': 'X' },
      c: {},
    })
    expect((await history()).slice(-3).sort()).toEqual(['a phone 1-2', 'a plan pro', 'b plan missing'])
  })

  it('of NDJSON says nothing about what an object lacks', async () => {
    await leads('{"lead_id":"a","plan":"free","city":"Rome","account_id":"X"}')
    await leads('{"lead_id":"a","plan":null}\n{"lead_id":"b","city":"Oslo"}')
    expect(await stored()).toEqual({ a: { city: 'Rome', '@': 'X' }, b: { city: 'Oslo' } })
    await leads('{"lead_id":"a","account_id":null,"city":"Bari"}')
    expect(await stored()).toMatchObject({ a: { city: 'Bari' } })
    expect((await stored()).a).not.toHaveProperty('@')
  })

  it('taken again writes nothing', async () => {
    const text = 'lead_id,plan,account_id,first_seen_at\na,free,X,2024-01-01\nb,,,\n'
    expect(await leads(text)).toMatchObject({ taken: 2, newLeads: 2, newAccounts: 1 })
    const rows = await database.query('select xmin, * from leads order by lead_id')
    const changes = await history()
    expect(await leads(text)).toMatchObject({ taken: 0, alreadyHere: 2, newLeads: 0, newAccounts: 0 })
    expect(await database.query('select xmin, * from leads order by lead_id')).toEqual(rows)
    expect(await history()).toEqual(changes)
  })

  it('may name a lead twice; the last row counts', async () => {
    await leads('lead_id,plan,city\na,free,Rome\nb,x,y\na,pro,\n')
    expect(await stored()).toEqual({ a: { plan: 'pro' }, b: { plan: 'x', city: 'y' } })
    await leads('{"lead_id":"a","plan":"max","account_id":"X"}\n{"lead_id":"a","city":"Bari"}')
    expect(await stored()).toMatchObject({ a: { plan: 'max', city: 'Bari', '@': 'X' } })
  })

  it('moves first_seen_at back, never forward', async () => {
    const seen = async () =>
      (await database.query<{ at: string }>(`select first_seen_at::date::text as at from leads`))[0]?.at
    await leads('lead_id,first_seen_at\na,2024-05-05\n')
    await leads('lead_id,first_seen_at\na,2024-06-06\n')
    expect(await seen()).toBe('2024-05-05')
    expect(await leads('lead_id,first_seen_at\na,2024-04-04\n')).toMatchObject({ taken: 1 })
    expect(await seen()).toBe('2024-04-04')
    const [{ ahead } = {}] = await database.query<{ ahead: string }>(
      `select (now() + interval '1 year')::text as ahead`,
    )
    await leads(`lead_id,first_seen_at\nb,${ahead}\n`)
    expect(
      await database.query(`select from leads where external_id = 'b' and first_seen_at <= now()`),
    ).toHaveLength(1)
  })
})

describe('columns that are called nearly as what a lead knows', () => {
  const mistaken = async (header: string, kind: 'leads' | 'accounts' | 'events' = 'leads', map = {}) => {
    const row = header.split(',').map((name) => (/at|seen/i.test(name) ? '2026-01-01' : 'x'))
    const { mistaken: found } = await files.takeText(`${header}\n${row.join(',')}\n`, { kind, map })
    return found.map(({ column, target }) => `${column} ${target}`)
  }

  it('are told, with what is meant', async () => {
    expect(await mistaken('lead_id,account,first_seen')).toEqual([
      'account account_id',
      'first_seen first_seen_at',
    ])
    expect(await mistaken('lead_id,Account ID,firstSeenAt,changed')).toEqual([
      'Account ID account_id',
      'firstSeenAt first_seen_at',
      'changed changed_at',
    ])
    expect(await mistaken('lead_id,type,occurred_at,id', 'events')).toEqual(['id event_id'])
  })

  it('are not, where that is known already or they are something else', async () => {
    expect(await mistaken('lead_id,account,account_id,company,seen_first')).toEqual([])
    expect(await mistaken('lead_id,account', 'leads', { account_id: 'account' })).toEqual([])
    expect(await mistaken('account_id,account,first_seen', 'accounts')).toEqual([])
    expect(await mistaken('lead_id,type,occurred_at,event', 'events')).toEqual([])
  })
})

describe('values that say since when they hold', () => {
  it('become history, in whatever order they come', async () => {
    const report = await leads(
      'lead_id,plan,changed_at,account_id\na,pro,2024-03-01,Y\na,free,2024-01-01,X\na,pro,2024-04-01,Y\n',
    )
    expect(report).toMatchObject({ read: 3, taken: 3, newLeads: 1, newAccounts: 2 })
    expect(await stored()).toEqual({ a: { plan: 'pro', '@': 'Y' } })
    expect((await history()).sort()).toEqual([
      'a @account X 2024-01-01',
      'a @account Y 2024-03-01',
      'a plan free 2024-01-01',
      'a plan pro 2024-03-01',
    ])
    await leads('lead_id,plan,changed_at\na,trial,2024-02-01\n')
    expect(await stored()).toEqual({ a: { plan: 'pro', '@': 'Y' } })
    expect((await history()).at(-1)).toBe('a plan trial 2024-02-01')
  })

  it('taken again write nothing', async () => {
    const text = 'lead_id,plan,changed_at\na,free,2024-01-01\na,,2024-02-01\na,pro,2024-03-01\n'
    await leads(text)
    const before = await history()
    expect(before).toEqual(['a plan free 2024-01-01', 'a plan missing 2024-02-01', 'a plan pro 2024-03-01'])
    expect(await leads(text)).toMatchObject({ taken: 0, alreadyHere: 3 })
    expect(await history()).toEqual(before)
  })

  it('are not written a second time by the triggers, which record plain SQL again afterwards', async () => {
    await leads('lead_id,plan,changed_at\na,free,2024-01-01\n')
    await database.query(`update leads set attributes = '{"plan": "max"}'`)
    expect(await history()).toEqual(['a plan free 2024-01-01', 'a plan max'])
  })

  it('and a row that doesn’t say so means now', async () => {
    await leads('lead_id,plan,changed_at\na,free,2024-01-01\na,pro,\nb,x,\n')
    expect(await stored()).toEqual({ a: { plan: 'pro' }, b: { plan: 'x' } })
    expect((await history()).sort()).toEqual(['a plan free 2024-01-01', 'a plan pro', 'b plan x'])
  })

  it('work for accounts as well', async () => {
    const text = 'account_id,employees,changed_at\nX,10,2024-01-01\nX,"1,200",2024-06-01\n'
    expect(await files.takeText(text, { kind: 'accounts' })).toMatchObject({
      taken: 2,
      newAccounts: 1,
      newLeads: 0,
    })
    expect(await database.query('select attributes from accounts')).toEqual([
      { attributes: { employees: 1200 } },
    ])
    expect(await history()).toEqual(['X employees 10 2024-01-01', 'X employees 1200 2024-06-01'])
    expect(await files.takeText(text, { kind: 'accounts' })).toMatchObject({ taken: 0, alreadyHere: 2 })
  })
})

it('an accounts file works like a leads file', async () => {
  const accounts = (text: string) => files.takeText(text, { kind: 'accounts' })
  expect(await accounts('account_id,industry,size\nX,Tech,5\nY,Food,\n')).toMatchObject({
    taken: 2,
    newAccounts: 2,
  })
  expect(await accounts('account_id,industry\nX,\nY,Food\n')).toMatchObject({
    taken: 1,
    alreadyHere: 1,
    newAccounts: 0,
  })
  expect(await database.query('select attributes from accounts order by external_id')).toEqual([
    { attributes: { size: 5 } },
    { attributes: { industry: 'Food' } },
  ])
})
