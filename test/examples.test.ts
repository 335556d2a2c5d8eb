import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { packageFolder, readConfig } from '../config.ts'
import { applySources } from '../pipeline/apply.ts'
import { openDuckdb } from '../pipeline/engine.ts'
import { importFile } from '../pipeline/import/import.ts'
import { findProject } from '../pipeline/project/settings.ts'
import { readSources } from '../pipeline/project/sources.ts'
import { testDatabase } from './support/database.ts'
import { runAsOf } from './support/definitions.ts'
import { makeOlistLike } from './support/olist-like/make.ts'

const folder = mkdtempSync(join(tmpdir(), 'tideline-olist-'))
const project = findProject(packageFolder, join(packageFolder, 'examples/olist'))
const { olistFolder } = readConfig()
const database = await testDatabase()
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The same counts by SQL over the files themselves. */
async function countedIndependently(data: string): Promise<Record<string, number>> {
  const duckdb = await openDuckdb()
  const zone = project.settings.timezone
  const [counts] = await duckdb.rows(
    `with leads as (from read_csv('${data}/marketing_qualified_leads.csv', all_varchar = true)),
     deals as (from read_csv('${data}/closed_deals.csv', all_varchar = true)),
     t as (select timestamp '2018-06-01' at time zone '${zone}' as t),
     joined as (
       select leads.*, deals.lead_type, t.t,
         first_contact_date::timestamp at time zone '${zone}' as seen,
         strptime(won_date, '%m/%d/%Y %H:%M') at time zone '${zone}' as won
       from leads left join deals using (mql_id) cross join t
     )
     select
       count(*) filter (won <= t) as customers,
       count(*) filter (seen <= t and (won is null or won > t)) as "open-leads",
       count(*) filter (seen <= t and origin = 'paid_search') as "paid-search",
       count(*) filter (seen <= t and coalesce(origin, '') = '') as "no-origin",
       count(*) filter (seen <= t and least(seen, won) >= t - interval 744 hour) as "new-in-may",
       count(*) filter ((won is null or won > t) and seen < t - interval 2160 hour) as "gone-quiet",
       count(*) filter (won <= t and lead_type in ('online_big', 'online_medium')) as "big-online-customers",
       count(*) filter (won between t - interval 1440 hour and t
         and origin in ('paid_search', 'organic_search')) as "search-customers",
       count(*) filter (won <= t) as "customers-by-score"
     from joined`,
  )
  duckdb.close()
  return Object.fromEntries(Object.entries(counts ?? {}).map(([key, count]) => [key, Number(count)]))
}

test('the Olist funnel goes in by its mappings, and its segments are what SQL over the files says', async () => {
  if (!olistFolder) makeOlistLike(folder)
  const data = olistFolder ?? folder
  const { mappings } = parse(readFileSync(join(project.folder, 'imports.yaml'), 'utf8'))
  const take = async (kind: 'leads' | 'events' | 'conversions', file: string, mapping: string) => {
    const { map, set = {} } = mappings[mapping]
    const timezone = project.settings.timezone
    return importFile(database, { kind, file: join(data, file), map, set, timezone, temporary: folder })
  }
  const leads = await take('leads', 'marketing_qualified_leads.csv', 'leads')
  const contacts = await take('events', 'marketing_qualified_leads.csv', 'first_contact')
  const deals = await take('conversions', 'closed_deals.csv', 'deals')
  expect([leads, contacts, deals].flatMap((report) => report.quarantined)).toEqual([])
  expect([leads.taken, contacts.taken, deals.taken]).toEqual([8000, 8000, 842])
  await applySources(database, readSources(project), project.settings.timezone)
  await runAsOf(database, '2018-06-01T03:00:00.000000Z')
  const found = await database.query<{ segment: string; members: string }>(
    `select s.key as segment, count(m.lead_id) as members
     from segments s left join membership m using (segment_id) group by s.key`,
  )
  const counted = Object.fromEntries(found.map(({ segment, members }) => [segment, Number(members)]))
  expect(counted).toEqual(await countedIndependently(data))
  expect(Object.values(counted).every((members) => members > 0)).toBe(true)
  const again = await take('conversions', 'closed_deals.csv', 'deals')
  expect(again).toMatchObject({ taken: 0, alreadyHere: deals.taken })
})
