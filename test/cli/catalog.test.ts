import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)

async function imported(): Promise<void> {
  const leads = Array.from({ length: 20 }, (_, index) => {
    const size = index < 15 ? '501-1000' : index < 18 ? '10,000+' : 'n/a'
    return `L-${index},"${size}",${index < 12 ? 'Ulm' : 'Kiel'},id-${index}`
  })
  desk.file('leads.csv', `lead_id,size,city,code\n${leads.join('\n')}\n`)
  desk.file('accounts.csv', 'account_id,plan\nA,pro\nB,free\n')
  desk.file(
    'events.csv',
    'lead_id,type,occurred_at,page,n\nL-1,view,2026-01-01,/a,1\nL-1,view,2026-01-02,/a,2\nL-2,view,2026-01-02,/b,x\n',
  )
  await desk.type('import leads leads.csv')
  await desk.type('import accounts accounts.csv')
  await desk.type('import events events.csv')
  desk.file(
    'segments/a.yaml',
    `big:
  where: city = "Ulm" and did view where page = "/a"
priced:
  where: did saw_a at least 2 times
plans:
  where: account.plan = "pro" and size is known
`,
  )
  desk.file('events.yaml', 'events:\n  view: { channel: web }\naliases:\n  saw_a: view where page = "/a"\n')
}

describe('catalog', () => {
  test('says how often a name is known, its most common values, and which segments name it', async () => {
    await imported()
    expect((await desk.type('apply')).err).toBe('')
    const leads = await json('catalog leads')
    expect(leads).toEqual([
      {
        name: 'city',
        type: 'text',
        known: 20,
        share: 1,
        different: 2,
        values: [
          { value: 'Ulm', count: 12 },
          { value: 'Kiel', count: 8 },
        ],
        segments: ['big'],
      },
      expect.objectContaining({ name: 'code', different: 20, segments: [] }),
      expect.objectContaining({ name: 'size', known: 20, segments: ['plans'] }),
    ])
    expect(await json('catalog accounts')).toMatchObject([{ name: 'plan', known: 2, segments: ['plans'] }])
    expect(await json('catalog view')).toMatchObject([
      { name: 'n', type: 'text', known: 3, segments: [] },
      {
        name: 'page',
        values: [
          { value: '/a', count: 2 },
          { value: '/b', count: 1 },
        ],
        segments: ['big', 'priced'],
      },
    ])
    expect(await json('catalog events')).toMatchObject([
      { type: 'view', channel: 'web', events: 3, leads: 2, share: 0.1, segments: ['big', 'priced'] },
      { type: 'saw_a', alias_of: 'view where page = "/a"', segments: ['priced'] },
    ])
    const shown = await desk.typeAtTerminal('catalog leads')
    expect(
      shown.out,
    ).toBe(`NAME  TYPE  KNOWN ON    SHARE  MOST COMMON                                  NAMED BY
city  text        20  100.0 %  Ulm (60 %), Kiel (40 %)                      big
code  text        20  100.0 %  all different
size  text        20  100.0 %  501-1000 (75 %), 10,000+ (15 %), n/a (10 %)  plans
`)
    const hidden = await desk.type('catalog --no-values --format table')
    expect(hidden.out).not.toContain('Ulm')
    expect(hidden.out).toContain('Leads have 3 attributes')
    expect(hidden.out).toMatch(
      /And 1 alias\n\nALIAS +STANDS FOR +NAMED BY\nsaw_a +view where page = "\/a" +priced\n/,
    )
    expect((await desk.type('catalog leads --no-values')).out).not.toContain('Ulm')
    expect(await json('catalog plan')).toMatchObject([{ subject: 'account', name: 'plan', known: 2 }])
    expect((await desk.typeAtTerminal('catalog city')).out).toMatch(
      /^OF +NAME +TYPE +KNOWN ON +SHARE +MOST COMMON +NAMED BY\nlead +city +text +20 .*Ulm \(60 %\).* big\n$/,
    )
    expect((await desk.type('catalog city --no-values')).out).not.toContain('Ulm')
    expect(errorOf(await desk.type('catalog citty')).message).toBe(
      'There is no event type, alias or attribute "citty". Did you mean "city"?',
    )
    expect((await desk.type('catalog saw_a --format table')).out).toContain(
      'saw_a is an alias of view where page',
    )
    expect((await desk.type('catalog --format csv')).out.split('\n')[0]).toBe(
      'subject,name,type,known,share,different,values,segments,alias_of,levels',
    )
  })

  test('lists the keys within what is json as definitions write them, the most common ones', async () => {
    const address = (n: number) => ({
      city: n < 3 ? 'Ulm' : 'Kiel',
      geo: { zip: n, 'odd key': true },
      none: '',
    })
    const leads = Array.from({ length: 4 }, (_, n) => ({
      ...{ lead_id: `L-${n}`, address: address(n), tags: ['a'] },
      ...(n === 0
        ? { wide: Object.fromEntries(Array.from({ length: 30 }, (_, key) => [`k${key}`, key])) }
        : {}),
    }))
    const deep = { a: { b: { c: { d: { e: 1 } } } } }
    const event = { lead_id: 'L-1', type: 'view', occurred_at: '2026-01-01', at: { x: 1, y: 'a' }, deep }
    const ndjson = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')
    desk.file('leads.ndjson', ndjson(leads))
    desk.file('events.ndjson', ndjson([event, { ...event, at: { x: 'text' }, deep: 5 }]))
    await desk.type('import leads leads.ndjson')
    await desk.type('import events events.ndjson')
    desk.file(
      'segments/a.yaml',
      'ulm:\n  where: address.city = "Ulm" and did view where at.x = 1\nzip:\n  where: address.geo.zip > 1\n',
    )
    expect((await desk.type('apply')).err).toBe('')
    const found = await json('catalog leads')
    const told = found.map(({ name, type, known, segments }: Record<string, unknown>) => [
      name,
      type,
      known,
      segments,
    ])
    expect(told.slice(0, 6)).toEqual([
      ['address', 'json', 4, ['ulm', 'zip']],
      ['address.city', 'text', 4, ['ulm']],
      ['address.geo', 'json', 4, ['zip']],
      ['address.geo.`odd key`', 'boolean', 4, []],
      ['address.geo.zip', 'number', 4, ['zip']],
      ['tags', 'json', 4, []],
    ])
    expect(found[1].values).toEqual([
      { value: 'Ulm', count: 3 },
      { value: 'Kiel', count: 1 },
    ])
    expect(found).toHaveLength(6 + 1 + 20)
    expect(await json('catalog view')).toMatchObject([
      { name: 'at', known: 2, segments: ['ulm'] },
      { name: 'at.x', type: 'json', known: 2, share: 1, segments: ['ulm'] },
      { name: 'at.y', type: 'text', known: 1, share: 0.5, segments: [] },
      { name: 'deep', known: 2 },
      ...['a', 'a.b', 'a.b.c', 'a.b.c.d'].map((path) => ({ name: `deep.${path}`, known: 1 })),
    ])
    const shown = (await desk.type('catalog --format table')).out
    expect(shown).toContain('Leads have 3 attributes\n')
    expect(shown).toMatch(/\naddress\.city +text +4 +100\.0 % +Ulm \(75 %\), Kiel \(25 %\) +ulm\n/)
    expect(shown).toContain('\nwide has 30 keys: the 20 most common are listed.\n')
    expect(shown).toMatch(
      /\nTYPE +CHANNEL .* PROPERTIES +NAMED BY\nview .* 2 +ulm\n\n`tideline catalog view` lists the properties of an event type\.\n/,
    )
    expect((await desk.type('catalog leads --no-values')).out).not.toContain('Ulm')
  })
})

describe('aliases in events.yaml', () => {
  test('that are wrong are pointed at, in every way of writing', async () => {
    await imported()
    desk.file('segments/a.yaml', 'a:\n  where: did view\n')
    desk.file(
      'events.yaml',
      `events:
  view: { channel: web }
aliases:
  view: view where page = "/a"
  plain: view where pgae = "/a"
  quoted: 'view where page > 5'
  block: |
    view
      where n is
  unknown: veiw
  number: 5
more: 1
`,
    )
    const { findings } = await json('check')
    const places = findings.map(
      (each: { line: number; column: number; code: string; severity: string }) =>
        `${each.line}:${each.column} ${each.severity} ${each.code}`,
    )
    expect(places).toEqual([
      '12:1 error BAD_FILE',
      '11:3 error BAD_FILE',
      '4:3 error BAD_ALIAS',
      '5:21 warning UNKNOWN_PROPERTY',
      '6:23 error TYPE_MISMATCH',
      '9:17 error SYNTAX',
      '10:12 warning UNKNOWN_EVENT',
    ])
    expect(findings[0].message).toBe(
      '"more" is not known here; everything stands under "events:" or "aliases:".',
    )
  })
})

describe('catalog set', () => {
  test('--dry-run says what it would do; values that would be lost need a yes', async () => {
    await imported()
    const dry = await desk.type('catalog set size range --dry-run --format table')
    expect(dry.out).toBe(`size of leads

                           text       range
  of the type                20          18
  count as missing            0           2

Not of the type: "n/a" × 2.
Nothing was changed: this is what it would do.
`)
    expect((await desk.type('catalog set size range --dry-run --no-values')).out).not.toContain('n/a')
    const refused = await desk.type('catalog set size range')
    expect(errorOf(refused)).toMatchObject({
      code: 'NOT_CONFIRMED',
      message: 'With size as range, 2 values would count as missing from now on. Nothing was changed.',
    })
    expect((await desk.typeAtTerminal('catalog set size range', 'n')).code).toBe(1)
    expect(await json('catalog leads')).toMatchObject([{}, {}, { name: 'size', type: 'text' }])
    const done = await json('catalog set size range --yes')
    expect(done).toMatchObject({
      before: 'text',
      after: 'range',
      typed_after: 18,
      lost: 2,
      changed: 18,
      applied: true,
    })
    expect(await json('catalog leads')).toMatchObject([{}, {}, { name: 'size', type: 'range' }])
    expect((await desk.type('catalog set size range --format table')).out).toMatch(
      /No stored value had to be changed\.\n$/,
    )
  })

  test('says how much of what was written as text is json, and how many values are not', async () => {
    const tags = ['"[""vip"",""beta""]"', ...Array.from({ length: 7 }, (_, index) => `"[tag ${index}"`)]
    desk.file('leads.csv', `lead_id,tags\n${tags.map((each, index) => `L-${index},${each}`).join('\n')}\n`)
    await desk.type('import leads leads.csv')
    expect((await desk.type('catalog set tags json --format table')).out).toBe(`tags of leads

                           text        json
  of the type                 8           1
  count as missing            0           0
  are lists of one            0           7

Not of the type: "[tag 0" × 1, "[tag 1" × 1, "[tag 2" × 1, "[tag 3" × 1, "[tag 4" × 1, and 2 other
values.
1 value stored anew.
`)
    expect(await json('catalog set tags json')).toMatchObject({ typed_after: 1, unreadable_different: 7 })
    expect(await json('catalog leads')).toMatchObject([{ name: 'tags', type: 'json' }])
    expect(await json('quality')).toMatchObject([{ name: 'tags', known: 8, wrong: 7, kinds: { text: 7 } }])
    expect((await desk.typeAtTerminal('quality')).out).toContain(
      '1 name of type json with single values, each a list of one; 0 without.',
    )
    desk.file('segments/a.yaml', 'vip:\n  where: tags = "vip" and size of tags >= 2\n')
    expect((await json('check')).findings).toEqual([])
    expect(await json('preview tags="vip"')).toMatchObject({ members: 1 })
  })

  test('segments that compare it get a new version; those that would break need a yes', async () => {
    await imported()
    await desk.type('apply')
    desk.file('segments/a.yaml', 'big:\n  where: size starts with "5"\nkiel:\n  where: city is known\n')
    await desk.type('apply --yes')
    const refused = await desk.type('catalog set size json')
    expect(refused.code).toBe(0)
    expect(errorOf(await desk.type('catalog set size number')).message).toMatch(
      /1 segment could no longer be evaluated \(big\)/,
    )
    expect((await desk.type('catalog set page number')).err).toContain('UNKNOWN_NAME')
    expect((await desk.type('catalog set city words')).code).toBe(2)
    expect(await json('catalog set view.n number --yes')).toMatchObject({
      subject: 'event',
      event: 'view',
      lost: 1,
    })
    expect(await json('catalog set plan json --of accounts')).toMatchObject({
      subject: 'account',
      name: 'plan',
    })
  })
})

describe('quality', () => {
  test('counts what is of another type, and shows no value', async () => {
    await imported()
    await desk.type('catalog set size number --yes')
    await desk.type('catalog set view.n number --yes')
    expect(await json('quality')).toMatchObject([
      {
        subject: 'lead',
        event: null,
        name: 'size',
        type: 'number',
        known: 20,
        wrong: 20,
        share: 1,
        kinds: { range: 18, text: 2 },
      },
      { subject: 'event', event: 'view', name: 'n', wrong: 1, kinds: { text: 1 } },
    ])
    const shown = await desk.typeAtTerminal('quality')
    expect(shown.out).toBe(`OF     NAME  TYPE    KNOWN  WRONG    SHARE  INSTEAD
leads  size  number     20     20  100.0 %  18 × range, 2 × text
view   n     number      3      1   33.3 %  1 × text

2 names with values that count as missing; 4 without.
\`tideline catalog set size range --dry-run\` says what another type would do.
`)
    expect(JSON.stringify(await json('quality --all'))).not.toMatch(/501|n\/a|Ulm/)
    expect(await json('quality --all')).toHaveLength(6)
  })

  test('check warns where a definition compares what is mostly of another type', async () => {
    await imported()
    await desk.type('catalog set size number --yes')
    desk.file(
      'segments/a.yaml',
      'big:\n  where: size > 100\nknown:\n  where: size is known\ncity:\n  where: city = "Ulm"\n',
    )
    const { ok, findings } = await json('check')
    expect(ok).toBe(3)
    expect(findings).toEqual([
      {
        file: 'segments/a.yaml',
        line: 2,
        column: 10,
        length: 4,
        severity: 'warning',
        code: 'STORED_TYPE',
        message:
          '"size" is compared as number, but on 100.0 % of the leads it is something else, and counts as missing: 18 × range, 2 × text.',
        hint: '`tideline catalog set size range --dry-run` says what another type would do.',
        excerpt: '  where: size > 100',
      },
    ])
    expect((await desk.type('check')).code).toBe(0)
    await desk.type('catalog set size range --yes')
    expect((await json('check')).findings).toMatchObject([{ code: 'STORED_TYPE' }])
    await database.query(
      `update leads set attributes = attributes - 'size' where attributes ->> 'size' = 'n/a' and external_id = 'L-19'`,
    )
    expect((await json('check')).findings).toEqual([])
  })
})
