import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../../config.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { importing } from '../support/importing.ts'
import { makeOlistLike } from '../support/olist-like/make.ts'

let database: Database
const files = importing(() => database)
const { olistFolder } = readConfig()
const { leads, deals } = olistFolder
  ? {
      leads: join(olistFolder, 'marketing_qualified_leads.csv'),
      deals: join(olistFolder, 'closed_deals.csv'),
    }
  : makeOlistLike(files.folder)

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database.close()
  await files.remove()
})

it('a marketing funnel goes in: leads, a first contact each, and conversions', async () => {
  const lead_id = 'mql_id'
  const asLeads = await files.take(leads, {
    kind: 'leads',
    map: { lead_id, first_seen_at: 'first_contact_date' },
  })
  expect(asLeads).toMatchObject({ read: 8000, taken: 8000, newLeads: 8000, alreadyHere: 0, quarantined: [] })
  expect(asLeads.types.map(({ name, type }) => [name, type])).toEqual([
    ['landing_page_id', 'text'],
    ['origin', 'text'],
  ])

  const contacts = await files.take(leads, {
    kind: 'events',
    map: { lead_id, occurred_at: 'first_contact_date' },
    set: { type: 'first_contact' },
  })
  expect(contacts).toMatchObject({ read: 8000, taken: 8000, newLeads: 0, quarantined: [] })

  const won = await files.take(deals, {
    kind: 'conversions',
    map: { lead_id, occurred_at: 'won_date', kind: 'lead_type' },
  })
  expect(won).toMatchObject({ read: 842, taken: 842, newLeads: 0, quarantined: [] })
  expect(won.dates).toEqual([{ column: 'won_date', format: 'MDY' }])

  const [counts] = await database.query(`select
    (select count(*)::int from leads) as leads,
    (select count(*)::int from leads where not attributes ? 'origin') as without_origin,
    (select count(*)::int from events where type = 'first_contact') as contacts,
    (select count(*)::int from events where type = 'conversion' and properties ? 'kind' and not properties ? 'won_date') as won,
    (select min(first_seen_at)::date::text from leads) as first,
    (select array_agg(type order by type)::text from event_types where conversion) as conversions`)
  expect(counts).toMatchObject({
    leads: 8000,
    without_origin: 60,
    contacts: 8000,
    first: '2017-06-14',
    conversions: '{conversion}',
  })
  expect(counts?.won).toBeGreaterThan(800)
})

it('and once more changes nothing', async () => {
  const before = await database.query('select count(*) from attribute_change')
  const lead_id = 'mql_id'
  const again = [
    await files.take(leads, { kind: 'leads', map: { lead_id, first_seen_at: 'first_contact_date' } }),
    await files.take(leads, {
      kind: 'events',
      map: { lead_id, occurred_at: 'first_contact_date' },
      set: { type: 'first_contact' },
    }),
    await files.take(deals, {
      kind: 'conversions',
      map: { lead_id, occurred_at: 'won_date', kind: 'lead_type' },
    }),
  ]
  expect(again.map(({ taken, alreadyHere }) => [taken, alreadyHere])).toEqual([
    [0, 8000],
    [0, 8000],
    [0, 842],
  ])
  expect(await database.query('select count(*) from attribute_change')).toEqual(before)
})
