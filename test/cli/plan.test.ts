import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { packageFolder } from '../../config.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk

type Planned = { key: string; members: { after: number; enter: { count: number }; leave: { count: number } } }

const scoring = 'scores:\n  engagement:\n    points: { page_view: 10 }\n    levels: { cold: 0, hot: 50 }\n'
const events = 'events:\n  page_view: { channel: web }\n  email_sent: { activity: false }\n'
const segments = `hot:
  name: Hot
  where: score >= 50
hot-large:
  name: Hot and large
  where: in segment "hot" and company_size > 55
active:
  where: last activity within 7 days
`

/** L-n has n page views, one a day, up to 20; and mail sent yesterday. Sizes are 10, 20, … */
beforeEach(async () => {
  database = await testDatabase()
  const day = (n: number) => `2026-11-${String(n).padStart(2, '0')}T12:00:00Z`
  for (let n = 1; n <= 10; n++) {
    const views = Array.from({ length: n }, (_, index): [string, string] => ['page_view', day(index + 1)])
    await addLead(database, `L-${n}`, {
      attributes: { company_size: n * 10 },
      events: [...views, ['email_sent', day(22)]],
    })
  }
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  desk.file('scoring.yaml', scoring)
  desk.file('events.yaml', events)
  desk.file('segments/a.yaml', segments)
  expect(await desk.type('apply')).toMatchObject({ code: 0 })
}, 60_000)
afterEach(() => database.close())

const asOf = ['--as-of', '2026-11-23']
const planned = async (...more: string[]) => {
  const said = await desk.type(['plan', ...asOf, ...more])
  expect(said).toMatchObject({ code: 0, err: '' })
  return JSON.parse(said.out)
}
const shown = async (...more: string[]) =>
  (await desk.type(['plan', ...asOf, '--format', 'table', ...more])).out
const change = (from: string, to: string) => desk.file('segments/a.yaml', segments.replace(from, to))

describe('plan', () => {
  test('says nothing to do where nothing changed', async () => {
    expect(await planned()).toMatchObject({ changes: false, segments: [], kept: 3, leads: null })
    expect(await desk.type('plan --exit-code --format table')).toMatchObject({
      code: 0,
      out: 'Nothing to do: 3 unchanged.\n',
    })
  })

  test('an edit: members now and after, who enters and leaves, and what depends on it', async () => {
    change('score >= 50', 'score >= 40 and score < 90')
    const { segments: found, changes, leads } = await planned()
    expect([changes, leads]).toEqual([true, 10])
    expect(found).toMatchObject([
      {
        key: 'hot',
        plan: 'change',
        because: ['text'],
        before: 'score >= 50',
        after: 'score >= 40 and score < 90',
        members: {
          now: 6,
          after: 5,
          size: 'broad',
          enter: { count: 1, sample: ['L-4'] },
          leave: { count: 2, sample: ['L-9', 'L-10'] },
        },
        dependents: [{ key: 'hot-large', members: { now: 5, after: 3 } }],
      },
      {
        key: 'hot-large',
        plan: 'change',
        because: ['segment hot'],
        members: { now: 5, after: 3, enter: { count: 0 }, leave: { count: 2 } },
        dependents: [],
      },
    ])
    const conditions = found[0].members.conditions.map((each: Record<string, unknown>) => [
      ...[each.sign, each.text, each.count, each.remaining],
    ])
    expect(conditions).toEqual([
      ['-', 'score >= 50', 6, null],
      ['+', 'score >= 40', 7, 7],
      ['+', 'score < 90', 8, 5],
    ])
  })

  test('on a terminal', async () => {
    change('score >= 50', 'score >= 40')
    expect(await shown()).toBe(`~ hot  score >= 50  →  score >= 40
                       now       after
  members                6           7   70.0 % of leads, broad
  enter                             +1   L-4
  leave                             -0

  CONDITION      ALONE   SHARE  REMAIN
  - score >= 50      6  60.0 %       –
  + score >= 40      7  70.0 %       7

  Depends on it: hot-large (no change)

~ hot-large  in segment "hot" and company_size > 55
  Its members may change because hot changes.
                       now       after
  members                5           5   50.0 % of leads, broad
  enter                             +0
  leave                             -0

  CONDITION            ALONE   SHARE  REMAIN
    in segment "hot"       7  70.0 %       7
    company_size > 55      5  50.0 %       5

2 to change, 1 unchanged. \`tideline apply\` makes it so; with --run, members follow at once.
`)
  })

  test('what it says is what apply and the next run do', async () => {
    await desk.type('run --as-of 2026-11-23')
    desk.file('scoring.yaml', scoring.replace('10', '15'))
    desk.file('events.yaml', events.replace('activity: false', 'channel: email'))
    const edited = segments.replace('score >= 50', 'score between 40 and 100')
    desk.file('segments/a.yaml', `${edited}large:\n  where: company_size > 70 and not in segment "hot"\n`)
    const then = ['--as-of', '2026-11-23T00:00:01Z']
    const said = await desk.type(['plan', ...then])
    const foreseen = Object.fromEntries(
      JSON.parse(said.out).segments.map(({ key, members }: Planned) => [
        ...[key, [members.after, members.enter.count, members.leave.count]],
      ]),
    )
    expect(Object.keys(foreseen)).toEqual(['hot', 'hot-large', 'active', 'large'])
    await desk.type('apply')
    await desk.type(['run', ...then])
    const came = await database.query<{ key: string; members: number; entered: number; left: number }>(
      `select s.key, t.members::int, t.entered::int, t."left"::int
       from segments s join segment_stats t using (segment_id)
       where t.as_of = '2026-11-23T00:00:01Z' order by s.segment_id`,
    )
    const changes = await database.query<{ key: string; entered: number; left: number }>(
      `select s.key, count(*) filter (where c.change = 'entered')::int as entered,
         count(*) filter (where c.change = 'left')::int as "left"
       from segments s left join membership_change c
         on c.segment_id = s.segment_id and c.as_of = '2026-11-23T00:00:01Z'
       group by s.segment_id, s.key`,
    )
    const done = came.map(({ key, members }) => {
      const { entered, left } = changes.find((each) => each.key === key)!
      return [key, [members, entered, left]]
    })
    expect(Object.fromEntries(done)).toEqual(foreseen)
  })

  test('one that can not be evaluated now says so, and what it will be', async () => {
    await database.query(`delete from catalog where name = 'company_size'`)
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'employees', 'number')`)
    change('company_size > 55', 'employees is unknown')
    expect((await planned()).segments).toMatchObject([
      { key: 'hot-large', plan: 'change', members: { now: null, after: 6, enter: { count: 6 } } },
    ])
    expect(await shown()).toMatch(/members +– +6 +60\.0 % of leads, broad\n/)
  })

  test('new, described anew, archived, come back', async () => {
    desk.file(
      'segments/a.yaml',
      'hot:\n  name: Very Hot\n  where: score >= 50\nsmall:\n  status: draft\n  where: company_size < 35\n',
    )
    const found = await planned()
    const told = found.segments.map((each: Record<string, unknown>) => [each.key, each.plan, each.because])
    expect(told).toEqual([
      ['hot', 'describe', []],
      ['small', 'create', ['new']],
      ['active', 'archive', ['archived']],
      ['hot-large', 'archive', ['archived']],
    ])
    expect(found.summary).toBe('1 to create, 1 to describe anew, 2 to archive')
    expect(found.segments[0].described).toEqual([{ field: 'name', before: 'Hot', after: 'Very Hot' }])
    expect(found.segments[1]).toMatchObject({
      status: 'draft',
      members: { now: null, after: 3, enter: { count: 3 }, size: 'broad' },
    })
    expect(found.segments[2].members).toMatchObject({ now: 0, after: null })
    expect(await shown()).toContain('\n+ small  company_size < 35\n  It is draft: runs leave it alone.\n')
    await desk.type('apply --yes')
    desk.file('segments/a.yaml', segments)
    expect((await planned()).segments.map((each: { plan: string }) => each.plan)).toContain('create')
    expect(await shown()).toContain('It was archived, and comes back.')
  })

  test('a new key: members and history stay', async () => {
    desk.file(
      'segments/a.yaml',
      segments
        .replace('hot:\n', 'warmest:\n  renamed_from: hot\n')
        .replace('in segment "hot"', 'in segment "warmest"'),
    )
    const { segments: found, summary } = await planned()
    expect(summary).toBe('1 to change, 1 to rename, 1 unchanged')
    expect(found[0]).toMatchObject({ key: 'warmest', plan: 'rename', renamed_from: 'hot', members: null })
    expect(found[1]).toMatchObject({ key: 'hot-large', members: { now: 5, after: 5 } })
    expect(await shown()).toContain('» warmest  score >= 50\n  It was hot before; members and history stay.')
  })

  test('what changes although its text stays: scores, activity, aliases', async () => {
    desk.file('scoring.yaml', scoring.replace('10', '20'))
    const scored = await planned()
    expect(scored).toMatchObject({ scoring: 'change' })
    expect(scored.segments).toMatchObject([
      {
        key: 'hot',
        plan: 'change',
        action: 'keep',
        because: ['scoring.yaml'],
        members: { now: 6, after: 8 },
      },
      { key: 'hot-large', because: ['scoring.yaml'], members: { now: 5, after: 5 } },
    ])
    desk.file('scoring.yaml', scoring)
    desk.file('events.yaml', events.replace('activity: false', 'channel: email'))
    const active = await planned()
    expect(active.events).toEqual([
      { kind: 'event type', name: 'email_sent', before: '{ activity: false }', after: '{ channel: email }' },
    ])
    expect(active.segments).toMatchObject([
      { key: 'active', because: ['events.yaml'], members: { now: 0, after: 10 } },
    ])
    expect(await shown()).toContain('Its members may change because events.yaml changes.')
  })

  test('of several causes those that change what a segment means', async () => {
    const more = `today:
  where: did page_view today
seen:
  where: did viewed today
kinds:
  where: did email_sent where channel = "email"
through:
  where: in segment "today" and company_size > 5
both:
  where: in segment "today" and no activity this month
`
    const named = (text: string) => `${text}aliases:\n  viewed: page_view\n`
    desk.file('segments/b.yaml', more)
    desk.file('events.yaml', named(events))
    await desk.type('apply')
    desk.file('tideline.yaml', 'timezone: Asia/Tokyo\n')
    desk.file('events.yaml', named(events.replace('activity: false', 'channel: email')))
    const because = async () => {
      const { segments: found } = await planned()
      return Object.fromEntries(
        found.map((each: { key: string; because: string[] }) => [each.key, each.because]),
      )
    }
    expect(await because()).toEqual({
      active: ['events.yaml'],
      today: ['time zone'],
      seen: ['time zone'],
      kinds: ['events.yaml'],
      through: ['segment today'],
      both: ['segment today', 'time zone', 'events.yaml'],
    })
    const other = named(events).replace('viewed: page_view', 'viewed: email_sent')
    desk.file('events.yaml', other)
    expect((await because()).seen).toEqual(['time zone', 'events.yaml'])
    desk.file('tideline.yaml', '')
    expect(await because()).toEqual({ seen: ['events.yaml'] })
  })

  test('only some files', async () => {
    desk.file('segments/b.yaml', 'all:\n  where: everyone\n')
    change('score >= 50', 'score >= 40')
    expect(await planned('segments/b.yaml')).toMatchObject({
      summary: '1 to create',
      segments: [{ key: 'all', members: { after: 10, size: 'everybody' } }],
      kept: 0,
    })
    expect(errorOf(await desk.type('plan segments/c.yaml')).code).toBe('NO_SUCH_FILE')
    expect(errorOf(await desk.type('plan tideline.yaml')).code).toBe('NO_SUCH_FILE')
  })

  test('the warnings of check stand in it', async () => {
    change('score >= 50', 'score >= 50 and not did page_veiw')
    expect((await planned()).warnings).toMatchObject([{ file: 'segments/a.yaml', code: 'UNKNOWN_EVENT' }])
    expect(await shown()).toMatch(/^segments\/a\.yaml:3:\d+ {2}warning {2}UNKNOWN_EVENT\n/)
    const { out } = await desk.type(['plan', ...asOf, '--output', 'plan.md'])
    expect(out).toBe('')
    expect(readFileSync(join(desk.folder, 'plan.md'), 'utf8')).toMatch(
      /\n### Warnings\n\n- `segments\/a\.yaml:3:\d+` \w/,
    )
  })

  test('exit codes: 3 with changes, 1 with errors', async () => {
    change('score >= 50', 'score >= 40')
    expect((await desk.type('plan')).code).toBe(0)
    expect((await desk.type('plan --exit-code')).code).toBe(3)
    change('score >= 50', 'scor >= 40')
    const wrong = await desk.type('plan --exit-code')
    expect(wrong.code).toBe(1)
    expect(errorOf(wrong)).toMatchObject({
      code: 'INVALID_DEFINITIONS',
      message: '2 errors in the definitions; there is no plan.',
    })
    expect(errorOf(await desk.type('sql')).message).toBe(
      '2 errors in the definitions; there is no statement.',
    )
  })

  test('it is given up after its time', async () => {
    change('score >= 50', 'score >= 40')
    await database.transaction(async (client) => {
      await client.query('lock table events in access exclusive mode')
      expect(errorOf(await desk.type('plan --time-limit 1'))).toMatchObject({ code: 'TIME_LIMIT' })
    })
  })

  test('a statement for many words of bits', async () => {
    const many = Array.from({ length: 80 }, (_, n) => `s-${n}:\n  where: company_size > ${n}\n`)
    desk.file('segments/many.yaml', many.join(''))
    const { segments: found } = await planned('segments/many.yaml')
    expect(found).toHaveLength(80)
    for (const [n, each] of found.entries()) expect(each.members.after).toBe(10 - Math.floor(n / 10))
  })
})

describe('plan as Markdown', () => {
  test('fits a comment: a table, and each segment behind a fold', async () => {
    change('score >= 50', 'score >= 40')
    const { out } = await desk.type(['plan', ...asOf, '--format', 'markdown'])
    expect(out).toBe(`## Tideline plan

**2 to change, 1 unchanged** · as of 2026-11-23 00:00 UTC · 10 leads

| segment | | members now | after | enter | leave | size |
|---|---|--:|--:|--:|--:|---|
| \`hot\` | change | 6 | 7 | +1 | -0 | 70.0 % of leads, broad |
| \`hot-large\` | change | 5 | 5 | +0 | -0 | 50.0 % of leads, broad |

<details><summary>hot: +1</summary>

\`\`\`diff
- score >= 50
+ score >= 40
\`\`\`

| condition | alone | share | remain |
|---|--:|--:|--:|
| − \`score >= 50\` | 6 | 60.0 % | |
| + \`score >= 40\` | 7 | 70.0 % | 7 |

Enter: \`L-4\`

Depends on it: \`hot-large\` (no change)

</details>

<details><summary>hot-large: no change</summary>

\`\`\`diff
  in segment "hot" and company_size > 55
\`\`\`

Its members may change because hot changes.

| condition | alone | share | remain |
|---|--:|--:|--:|
| \`in segment "hot"\` | 7 | 70.0 % | 7 |
| \`company_size > 55\` | 5 | 50.0 % | 5 |

</details>
`)
    const quiet = await desk.type(['plan', ...asOf, '--format', 'markdown', '--no-samples'])
    expect(quiet.out).not.toContain('L-4')
    for (const line of ['segments --format markdown', '--format markdown segments']) {
      const refused = await desk.type(line)
      expect(refused.code).toBe(2)
      expect(refused.err).toContain('segments has no answer as markdown.')
      expect(refused.err).toContain('Choose one of table, json, ndjson, csv.\n')
    }
    expect((await desk.type('plan --format xml')).err).toContain(
      'Choose one of table, json, ndjson, csv, markdown.\n',
    )
    expect((await desk.type('--help')).out).not.toContain('markdown')
    expect((await desk.type('segments --help')).out).not.toContain('markdown')
    expect((await desk.type('plan --help')).out).toContain('markdown')
  })

  test('whatever stands in a definition stays text', async () => {
    const hostile = 'title = "</details>|`` ```<img src=x> @everyone" or title contains "a\\nb|"'
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'title', 'text')`)
    desk.file('segments/b.yaml', `odd:\n  name: "| *odd* |"\n  where: >-\n    ${hostile}\n`)
    const { out } = await desk.type(['plan', ...asOf, '--format', 'markdown'])
    expect(out.match(/<\/details>$/gm)).toHaveLength(1)
    const fence = /^(`{3,})diff$/m.exec(out)![1]!
    expect(fence).toBe('````')
    for (const line of out.split('\n').filter((each) => each.startsWith('|'))) {
      expect(line.replaceAll('\\|', '').split('|').length).toBeOneOf([6, 9])
    }
  })

  test('a comment is never longer than GitHub takes', async () => {
    const many = Array.from(
      { length: 200 },
      (_, n) => `s-${n}:\n  where: company_size > ${n} and company_size in (${'1234567, '.repeat(60)}1)\n`,
    )
    desk.file('segments/many.yaml', many.join(''))
    const { out } = await desk.type(['plan', ...asOf, '--format', 'markdown'])
    expect(out.length).toBeLessThan(65_000)
    expect(out).toMatch(/_Details of \d+ more are left out/)
  }, 60_000)
})

describe("a reader's rights", () => {
  test('plan and preview need no more, and wait for no writer', async () => {
    change('score >= 50', 'score >= 40')
    const role = `reader_${randomBytes(4).toString('hex')}`
    const guide = readFileSync(join(packageFolder, 'examples/ci/README.md'), 'utf8')
    const [, grants = ''] = /```sql\n([\s\S]*?)```/.exec(guide) ?? []
    await database.query(grants.replaceAll('tideline_reader', role).replace('choose one', 'reader'))
    await database.query(`alter role ${role} set default_transaction_read_only = on`)
    const url = new URL(database.url)
    url.username = role
    url.password = 'reader'
    const reader = deskOf(url.href)
    reader.file('tideline.yaml', '')
    reader.file('scoring.yaml', scoring)
    reader.file('events.yaml', events)
    reader.file('segments/a.yaml', segments.replace('score >= 50', 'score >= 40'))
    const tables = await database.query<{ name: string }>(
      `select c.relname as name from pg_class c where c.relkind = 'r' and c.relnamespace = 'tideline'::regnamespace`,
    )
    await database.transaction(async (client) => {
      // Conflicts with every lock but the one that reading takes.
      for (const { name } of tables) await client.query(`lock table ${name} in exclusive mode`)
      const { out, code, err } = await reader.type('plan --time-limit 10')
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(JSON.parse(out).segments[0].members).toMatchObject({ now: 6, after: 7 })
      expect((await reader.type(['preview', 'score >= 50', '--time-limit', '10'])).code).toBe(0)
    })
    const refused = errorOf(await reader.type('apply'))
    expect(refused.code).toMatch(/PERMISSION_DENIED|DATABASE_READ_ONLY/)
    await database.query(`drop owned by ${role}`)
    await database.query(`drop role ${role}`)
  })
})
