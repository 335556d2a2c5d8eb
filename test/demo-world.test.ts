import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { generateWorld, type WorldFile } from '../cli/demo/world.ts'
import { packageFolder } from '../config.ts'
import { type Duckdb, openDuckdb } from '../pipeline/engine.ts'

// The day the doc's queries begin with, and another one, with a leap day and a change of year in between.
const today = '2026-11-23'
const later = '2028-03-04'

const folder = mkdtempSync(join(tmpdir(), 'tideline-world-'))
const doc = readFileSync(join(packageFolder, 'docs', 'demo-world.md'), 'utf8')
let world: Duckdb
let files: WorldFile[]

beforeAll(async () => {
  files = (await generateWorld({ folder: join(folder, 'one'), today })).files
  await generateWorld({ folder: join(folder, 'again'), today })
  await generateWorld({ folder: join(folder, 'later'), today: later })
  world = await openWorld('one', today)
}, 120_000)

afterAll(() => {
  world?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a second time the same bytes come out', () => {
  for (const { file } of files) {
    expect(digest(file.replace('/one/', '/again/')), file).toBe(digest(file))
  }
})

test('on another day the same rows come out, moved by whole days', async () => {
  const moved = await openWorld('later', later)
  try {
    for (const table of ['accounts', 'leads', 'events', 'conversions']) {
      expect(await digestOfRows(moved, table), table).toEqual(await digestOfRows(world, table))
    }
  } finally {
    moved.close()
  }
})

test('the totals are those of the doc, and nothing lies outside the year', async () => {
  expect(Object.fromEntries(files.map(({ kind, rows }) => [kind, rows]))).toEqual({
    accounts: 2000,
    leads: 20000,
    events: 599437,
    conversions: 563,
  })
  expect(doc).toContain('599,437 events and 563 conversions')
  const [row] = await world.rows(`
    select count(distinct event_id) as ids, min(day) as last, max(day) as first,
      bool_and(cast(first_seen_at as timestamptz) <= occurred_at) as seen_first
    from (select event_id, lead_id, occurred_at, day from events
          union all select event_id, lead_id, occurred_at, day from conversions)
    join leads using (lead_id)`)
  expect(row).toEqual({ ids: '600000', last: 1, first: 365, seen_first: true })
  const [strays] = await world.rows(`
    select count(*) as n from leads anti join accounts using (account_id) where account_id is not null`)
  expect(strays).toEqual({ n: '0' })
})

const planted = [...doc.matchAll(/^## ([^\n]+)\n|```sql\n([\s\S]*?)```\s+```result\n([\s\S]*?)```/gm)]
let title = ''
for (const [, heading, query, result] of planted) {
  if (heading) title = heading
  else {
    test(`planted: ${title}: ${result!.split('\n')[0]}`, async () => {
      const rows = await world.rows(query!)
      const lines = rows.map((row) => Object.entries(row).map(([key, value]) => `${key} = ${value}`))
      expect(`${lines.map((line) => line.join(', ')).join('\n')}\n`).toBe(result)
    })
  }
}

test('one person as two leads: 30 points each', async () => {
  const rows = await world.rows(
    `select lead_id, score from lead where lead_id in ('L-11234', 'L-24321') order by 1`,
  )
  expect(rows.map((row) => Number(row.score))).toEqual([30, 30])
})

test('every segment of the templates has as many members as the doc says, counted by hand', async () => {
  const counted: Record<string, number> = {}
  for (const [key, condition] of Object.entries(byHand)) {
    const [row] = await world.rows(`select count(*) as n from lead where ${condition}`)
    counted[key] = Number(row!.n)
  }
  const told = [...doc.matchAll(/^\| ([a-z0-9-]+) +\| +([\d,]+) \|$/gm)].map(([, key, members]) => [
    key!,
    Number(members!.replaceAll(',', '')),
  ])
  expect(counted).toEqual(Object.fromEntries(told))
  for (const [key, members] of Object.entries(counted)) {
    expect(members, key).toBeGreaterThan(50)
    expect(members, key).toBeLessThan(0.8 * 20_000)
  }
})

test('each segment has an owner, an action, a review and at most three lines of definition', () => {
  const segments = templates()
  expect(Object.keys(segments).sort()).toEqual(Object.keys(byHand).sort())
  for (const [key, segment] of Object.entries(segments)) {
    expect(Object.keys(segment).sort(), key).toEqual(['action', 'name', 'owner', 'review', 'where'])
    expect(segment.where!.trim().split('\n').length, key).toBeLessThanOrEqual(3)
  }
})

// Over the table `lead` below. Written from the sense of each segment, not from its definition's text.
const hot = 'score >= 50'
const warm = 'score >= 25 and score < 50'
const fit = `(case when size > 1000 then 20 when size between 101 and 1000 then 10 else 0 end
  + case when industry in ('Technology', 'Healthcare') then 15 else 0 end
  + case when title like '%VP%' or title like '%Director%' then 15 else 0 end)`
const small = 'size between 1 and 500'
const byHand: Record<string, string> = {
  'hot-leads': hot,
  cold: 'score < 25',
  warm,
  hot: 'score >= 50 and score < 75',
  'very-hot': 'score >= 75',
  'recent-activity': 'idle <= interval 7 days',
  'email-engaged': 'unopened <= interval 7 days',
  'new-leads': 'age <= interval 30 days',
  'dormant-leads': 'age > interval 90 days and (idle is null or idle > interval 90 days)',
  'enterprise-prospects': 'size > 1000',
  'smb-prospects': small,
  'target-role': `title in ('VP of Marketing', 'Sales Director')`,
  'hot-enterprise': `${hot} and size > 1000`,
  'warm-smb': `${warm} and ${small}`,
  'trial-users': 'signed_up',
  'stalled-trials': 'signed_up and idle > interval 14 days and not called',
  'trial-not-activated': 'signed_up and not called and not used',
  'smb-trial-users': `signed_up and ${small}`,
  'high-intent-researchers': 'saw_pricing and saw_case and saw_docs',
  'high-value-prospects': `score >= 30 and size > 500 and industry = 'Technology' and saw_pricing`,
  'demo-ready-leads': 'score >= 40 and saw_pricing and (downloaded or attended)',
  'webinar-attendees': 'attended',
  'active-leads': 'idle <= interval 30 days',
  'email-engagers': 'mailed >= 3',
  'multi-touch-leads': 'channels >= 2',
  'target-industry': `industry in ('Technology', 'Healthcare')`,
  'hot-smb': `${hot} and ${small}`,
  'pricing-page-viewers': 'saw_pricing',
  'demo-requesters': 'asked',
  'whitepaper-downloaders': 'downloaded',
  'webinar-registrants': 'registered',
  'event-attendees': 'went',
  'q1-campaign-responders': 'responded',
  // Of the last 13 days the runs recorded the end: what was given 60 to 72 days ago was seen then, and is gone now.
  'previously-hot-now-cold': 'had_momentum and not has_momentum and idle > interval 60 days',
  'high-fit-low-engagement': `score < 25 and ${fit} >= 30`,
  unqualified: `score < 25 and ${fit} < 15 and signed_up is not true and asked is not true`,
  'summit-leads': `source = 'Harbor Summit' and idle <= interval 14 days`,
}

async function openWorld(name: string, day: string): Promise<Duckdb> {
  const duckdb = await openDuckdb()
  const file = (base: string) => `'${join(folder, name, base).replaceAll("'", "''")}'`
  await duckdb.run(`
    set variable today = timestamptz '${day} 00:00:00+00';
    create table accounts as from read_csv(${file('accounts.csv')}, all_varchar = true);
    create table leads as from read_csv(${file('leads.csv')}, all_varchar = true);
    create macro day_of(instant) as
      cast(ceil((epoch(getvariable('today')) - epoch(instant)) / 86400) as integer);
    create table events as select *, day_of(occurred_at) as day from ${file('events.parquet')};
    create table conversions as
      select * replace (cast(occurred_at as timestamptz) as occurred_at), day_of(cast(occurred_at as timestamptz)) as day
      from ${file('conversions.ndjson')};
    create table lead as
    with done as (
      select lead_id,
        sum(case type ${pointsByType()} else 0 end) as score,
        getvariable('today') - max(occurred_at) filter (where type not in ('email_sent', 'sync_update')) as idle,
        getvariable('today') - max(occurred_at) filter (where type = 'email_open') as unopened,
        bool_or(type = 'trial_signup') as signed_up, bool_or(type = 'api_call') as called,
        bool_or(type = 'feature_used') as used, bool_or(type = 'whitepaper_download') as downloaded,
        bool_or(type = 'webinar_attended') as attended, bool_or(page = '/pricing') as saw_pricing,
        bool_or(type = 'demo_request') as asked, bool_or(type = 'webinar_registered') as registered,
        bool_or(type in ('demo_request', 'event_attended') and day < 60) as has_momentum,
        bool_or(type in ('demo_request', 'event_attended') and day between 60 and 72) as had_momentum,
        bool_or(type = 'event_attended') as went, bool_or(campaign = 'q1') as responded,
        count(*) filter (where type in ('email_open', 'email_click')
          and occurred_at >= getvariable('today') - interval 90 days) as mailed,
        -- What an event says of itself goes before what is said of its type.
        count(distinct lower(coalesce(channel, case type ${channelsByType()} end)))
          filter (where occurred_at >= getvariable('today') - interval 90 days) as channels,
        bool_or(page = '/docs') as saw_docs, bool_or(page like '/case-studies%') as saw_case
      from (from events union all by name select lead_id, 'conversion' as type, occurred_at, day from conversions)
      group by lead_id
    )
    select * replace (coalesce(score, 0) as score),
      getvariable('today') - cast(first_seen_at as timestamptz) as age,
      cast(replace(company_size, ',', '') as integer) as size
    from leads left join done using (lead_id)`)
  return duckdb
}

function pointsByType(): string {
  const scoring = parse(readFileSync(join(packageFolder, 'templates', 'scoring.yaml'), 'utf8')) as {
    scores: { engagement: { points: Record<string, number> } }
  }
  return Object.entries(scoring.scores.engagement.points)
    .map(([type, points]) => `when '${type}' then ${points}`)
    .join(' ')
}

function channelsByType(): string {
  const { events } = parse(readFileSync(join(packageFolder, 'templates', 'events.yaml'), 'utf8')) as {
    events: Record<string, { channel?: string }>
  }
  return Object.entries(events)
    .filter(([, { channel }]) => channel)
    .map(([type, { channel }]) => `when '${type}' then '${channel}'`)
    .join(' ')
}

function templates(): Record<string, Record<string, string>> {
  const named = readdirSync(join(packageFolder, 'templates')).filter(
    (name) => !['scoring.yaml', 'events.yaml'].includes(name),
  )
  return Object.assign(
    {},
    ...named.map((name) => parse(readFileSync(join(packageFolder, 'templates', name), 'utf8'))),
  )
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/** Of the set of rows, with each instant told as its distance from the world's today. */
async function digestOfRows(duckdb: Duckdb, table: string) {
  const instant = { leads: 'first_seen_at', events: 'occurred_at', conversions: 'occurred_at' }[table]
  const rows = instant
    ? `select * replace (epoch(getvariable('today')) - epoch(cast(${instant} as timestamptz)) as ${instant}) from ${table}`
    : `from ${table}`
  return duckdb.rows(
    `select count(*) as n, bit_xor(hash(t)) as rows, sum(hash(t) % 1000003) as sum from (${rows}) as t`,
  )
}
