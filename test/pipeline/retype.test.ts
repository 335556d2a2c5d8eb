import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CatalogType } from '../../compiler/index.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { findName } from '../../pipeline/names.ts'
import { planRetype, retype } from '../../pipeline/retype.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { claim } from '../../pipeline/runs/lease.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { apply, members, runAsOf } from '../support/definitions.ts'
import { importing } from '../support/importing.ts'

let database: Database
const files = importing(() => database)

beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.close())
afterAll(() => files.remove())

const set = async (name: string, type: CatalogType, more: { timezone?: string; wait?: number } = {}) =>
  retype(database, {
    name: await findName(database, name),
    type,
    timezone: more.timezone ?? 'UTC',
    owner: 'test',
    temporary: files.folder,
    waitMilliseconds: more.wait ?? 5_000,
  })

const attributes = async (table = 'leads') =>
  (
    await database.query<{ attributes: Record<string, unknown> }>(
      `select attributes from ${table} order by external_id`,
    )
  ).map((row) => row.attributes)

const values = async (statement: string, texts: readonly string[]) =>
  (
    await database.query<{ value: string | null }>(
      `select ${statement} as value from unnest($1::text[]) with ordinality as u(t, i) order by i`,
      [texts],
    )
  ).map(({ value }) => value)

describe('a range', () => {
  it.each([
    ['501-1000', '501'],
    ['10,000+', '10000'],
    ['1 - 10', '1'],
    ['>500', '500'],
    ['> 500', '500'],
    ['>= 500', '500'],
    ['≥500', '500'],
    ['51–200', '51'],
    ['1,001 to 5,000', '1001'],
    ['500', '500'],
    [' 500 ', '500'],
    ['2.5-5', '2.5'],
    ['-5 - 5', '-5'],
    ['1,200', '1200'],
  ])('%s is read as %s', async (text, number) => {
    expect(await values('as_range(t)::text', [text])).toEqual([number])
  })

  it('is not', async () => {
    const others = [
      '',
      '-',
      '+',
      '<50',
      '10-5',
      '10-',
      'a-b',
      '1-2-3',
      'Self-employed',
      '5 employees',
      '01-10',
      '1e3-2e3',
    ]
    expect(await values('as_range(t)::text', others)).toEqual(others.map(() => null))
  })

  it('is stored as a number at the door, too', async () => {
    await files.takeText('lead_id,size\na,501-1000\n', { kind: 'leads' })
    expect(await set('size', 'range')).toMatchObject({
      before: 'text',
      known: 1,
      typedBefore: 1,
      typedAfter: 1,
      lost: 0,
    })
    await files.takeText('lead_id,size\nb,"10,000+"\nc,unknown\nd,7\n', { kind: 'leads' })
    await database.query(
      `insert into inbox_leads (lead_id, attributes) values ('e', '{"size": "1 - 10"}'), ('f', '{"size": 3}')`,
    )
    await apply(database, { big: 'size >= 501' })
    await runAsOf(database)
    expect((await attributes()).map(({ size }) => size)).toEqual([501, 10_000, 'unknown', 7, 1, 3])
    expect(await members(database, 'big')).toEqual(['a', 'b'])
  })
})

describe('values read again', () => {
  const all = [
    '1,200',
    '07',
    '7.50',
    'TRUE',
    'false',
    '2024-01-01',
    '2024-01-01 10:00',
    '501-1000',
    'many',
    '["vip","beta"]',
    '{"city":"Ulm"}',
    '[vip]',
    '[ ]',
    '[]',
    'null',
    '',
  ]

  it('as the door reads them, for every type', async () => {
    const lines = all.map((value, index) => JSON.stringify({ lead_id: `L${10 + index}`, v: value }))
    const types: CatalogType[] = ['text', 'number', 'boolean', 'instant', 'range', 'json']
    for (const type of types) {
      await database.query('truncate leads, attribute_change, catalog restart identity cascade')
      await database.query(`insert into catalog (subject, name, type) values ('lead', 'v', $1)`, [type])
      await files.takeText(lines.join('\n'), { kind: 'leads', timezone: 'Europe/Berlin' }, 'v.ndjson')
      const door = await attributes()
      await database.query('truncate leads, attribute_change, catalog restart identity cascade')
      await database.query(`insert into catalog (subject, name, type) values ('lead', 'v', 'text')`)
      await files.takeText(lines.join('\n'), { kind: 'leads', timezone: 'Europe/Berlin' }, 'v.ndjson')
      await set('v', type, { timezone: 'Europe/Berlin' })
      expect(await attributes(), type).toEqual(door)
    }
  })

  it('by functions that never raise, whatever a value is', async () => {
    const json = fc.oneof(
      fc.jsonValue(),
      fc.double({ noNaN: true }),
      fc.stringMatching(/^[-+0-9.,eE<>= to]{0,14}$/),
    )
    const sample = fc.sample(json, { numRuns: 1500, seed: 7 }).map((value) => JSON.stringify(value))
    const clean = sample.filter(
      (text) => !text.includes('\\u0000') && text.isWellFormed() && !/\\ud[89a-f]/.test(text),
    )
    for (const type of ['text', 'number', 'boolean', 'instant', 'range', 'json']) {
      const found = await database.query<{ ok: boolean | null; again: boolean }>(
        `select is_typed(as_typed(v, $2, 'UTC'), $2) as ok, as_typed(as_typed(v, $2, 'UTC'), $2, 'UTC') = as_typed(v, $2, 'UTC') as again
         from (select t::jsonb as v from unnest($1::text[]) as t) as x`,
        [clean, type],
      )
      expect(found.every(({ again }) => again)).toBe(true)
    }
    // One at a time the planner knows the value, and must not read it too early.
    for (const text of ['"/a"', '"1-2"', '"x,y"', 'true', '[1]', '"2024-13-01"', '"[1"', '"[1]"']) {
      for (const type of ['number', 'range', 'instant', 'boolean', 'json'])
        await database.query(
          `select as_typed('${text}'::jsonb, '${type}', 'UTC'), is_typed('${text}'::jsonb, '${type}')`,
        )
    }
  })
})

describe('another type', () => {
  it('is told before and after, and the values say themselves what could not be read', async () => {
    await files.takeText('lead_id,n,other\na,"1,200",x\nb,n/a,x\nc,n/a,x\nd,7,x\ne,,x\n', { kind: 'leads' })
    const name = await findName(database, 'n')
    const before = await attributes()
    const plan = await planRetype(database, {
      name,
      type: 'number',
      timezone: 'UTC',
      owner: 'test',
      temporary: files.folder,
    })
    expect(plan).toMatchObject({
      before: 'text',
      known: 4,
      typedBefore: 4,
      typedAfter: 2,
      lost: 2,
      gained: 0,
      changed: 2,
      unreadable: [{ value: 'n/a', count: 2 }],
    })
    expect(await attributes()).toEqual(before)
    expect(await findName(database, 'n')).toMatchObject({ type: 'text' })
    await set('n', 'number')
    expect((await attributes()).map(({ n }) => n)).toEqual([1200, 'n/a', 'n/a', 7, undefined])
    // And back: what was written as 1,200 is 1200 now.
    expect(await set('n', 'text')).toMatchObject({
      before: 'number',
      typedBefore: 2,
      typedAfter: 4,
      gained: 2,
      lost: 0,
    })
    expect((await attributes()).map(({ n }) => n)).toEqual(['1200', 'n/a', 'n/a', '7', undefined])
  })

  it('holds for the history as well, and adds nothing to it', async () => {
    await files.takeText('lead_id,n,changed_at\na,1,2024-01-01\na,x,2024-02-01\na,2,2024-03-01\n', {
      kind: 'leads',
    })
    const rows = () =>
      database.query<{ value: unknown; xid: string }>(
        `select value, ingest_xid::text as xid from attribute_change where attribute = 'n' order by from_at`,
      )
    const before = await rows()
    expect(await set('n', 'number')).toMatchObject({ known: 1, changed: 1, history: 2 })
    const after = await rows()
    expect(after.map(({ value }) => value)).toEqual([1, 'x', 2])
    // What changed is stamped anew, so that a run knows whom it concerns; what stayed is not.
    expect(after.map(({ xid }, index) => xid === before[index]!.xid)).toEqual([false, true, false])
  })

  it('of accounts and of events, by the names that definitions use', async () => {
    await files.takeText('account_id,plan\nA,1\nB,x\n', { kind: 'accounts' })
    await files.takeText(
      'lead_id,type,occurred_at,n,m\na,page.view,2024-01-01,07,1\na,page.view,2024-01-02,8x,2\nb,other,2024-01-02,9,3\n',
      { kind: 'events' },
    )
    await set('account.plan', 'json')
    expect(await set('page.view.m', 'text')).toMatchObject({ known: 2, changed: 2 })
    const stored = await database.query(
      `select properties ->> 'n' as n, jsonb_typeof(properties -> 'm') as m from events order by occurred_at, type`,
    )
    expect(stored).toEqual([
      { n: '07', m: 'string' },
      { n: '9', m: 'number' },
      { n: '8x', m: 'string' },
    ])
    await expect(findName(database, 'plan')).rejects.toMatchObject({ code: 'UNKNOWN_NAME' })
    await expect(findName(database, 'accuont.plan')).rejects.toThrow('Did you mean "account.plan"?')
    await expect(findName(database, 'k', { event: 'other' })).rejects.toMatchObject({ code: 'UNKNOWN_NAME' })
    expect(await findName(database, 'n', { event: 'page.view' })).toMatchObject({ eventType: 'page.view' })
  })

  it('gives segments that compare it a new version, says which break, and the next run is right', async () => {
    await files.takeText('lead_id,size,city\na,501-1000,Ulm\nb,1-10,Ulm\n', { kind: 'leads' })
    await apply(database, { big: 'size != "x"', city: 'city = "Ulm"', starts: 'size starts with "5"' })
    await runAsOf(database)
    const said = await set('size', 'range')
    expect(said).toMatchObject({ segments: [], lost: 0 })
    expect(said.broken.map(({ segment, code }) => [segment, code])).toEqual([
      ['big', 'TYPE_MISMATCH'],
      ['starts', 'TYPE_MISMATCH'],
    ])
    await apply(database, {
      big: 'size is known and size > 100',
      city: 'city = "Ulm"',
      starts: 'size is known',
    })
    await runAsOf(database)
    expect(await members(database, 'big')).toEqual(['a'])
    expect((await set('size', 'text')).broken.map(({ segment }) => segment)).toEqual(['big'])
    await set('size', 'number')
    expect((await set('size', 'json')).segments).toEqual(['big', 'starts'])
    const versions = await database.query(
      `select v.version, v.definition, v.applied_for from segment_versions v join segments s using (segment_id)
       where s.key = 'starts' order by version desc limit 1`,
    )
    expect(versions[0]).toMatchObject({ definition: 'size is known', applied_for: 'size is json now' })
  })
})

describe('json that was written as text', () => {
  const lists = '"[""vip"",""beta""]"'
  const objects = '"{""city"":""Ulm"",""floors"":[1,2]}"'

  it('is stored as what it says, of leads, accounts and events, and is compared', async () => {
    const texts: [kind: 'leads' | 'accounts' | 'events', header: string, ids: string[]][] = [
      ['accounts', 'account_id', ['A', 'B', 'C']],
      ['leads', 'lead_id,account_id', ['a,A', 'b,B', 'c,C']],
      ['events', 'lead_id,type,occurred_at', ['a,t,2024-01-01', 'b,t,2024-01-01', 'c,t,2024-01-01']],
    ]
    for (const [kind, header, [first, second, third]] of texts) {
      // What is no JSON among them keeps the names text at first sight.
      const rows = [`${first},${lists},${objects}`, `${second},"[vip,x",`, `${third},vip,{`]
      await files.takeText(`${header},tags,address\n${rows.join('\n')}\n`, { kind })
    }
    const names = ['tags', 'address', 'account.tags', 'account.address', 't.tags', 't.address']
    const tagged = 'tags = "vip"'
    await apply(database, { tagged })
    await runAsOf(database)
    expect(await members(database, 'tagged')).toEqual(['c'])
    expect(await set('tags', 'json')).toMatchObject({
      ...{ before: 'text', known: 3, typedBefore: 3, typedAfter: 1, gained: 0, lost: 0, changed: 1 },
      unreadable: [
        { value: '[vip,x', count: 1 },
        { value: 'vip', count: 1 },
      ],
    })
    for (const name of names.slice(1))
      expect(await set(name, 'json')).toMatchObject({ typedAfter: 1, lost: 0 })
    await apply(database, {
      tagged,
      two: 'size of tags >= 2',
      city: 'address.city = "ulm" and any of address.floors = 2',
      account: 'account.tags = "beta" and account.address.city = "Ulm"',
      event: 'did t where (tags = "beta" and address.city = "Ulm")',
    })
    await runAsOf(database)
    // A single value is a list of one.
    expect(await members(database, 'tagged')).toEqual(['a', 'c'])
    for (const key of ['two', 'city', 'account', 'event'])
      expect(await members(database, key), key).toEqual(['a'])
    // And what counted in a list of one is lost from sight with a type that it is not of.
    expect(await set('tags', 'number')).toMatchObject({ typedBefore: 1, typedAfter: 0, lost: 3 })
  })

  it('that comes in later as well, through files and the inbox', async () => {
    await files.takeText('lead_id,tags\na,x\n', { kind: 'leads' })
    await set('tags', 'json')
    await files.takeText(`lead_id,tags\nb,${lists}\n`, { kind: 'leads' })
    await database.query(
      `insert into inbox_leads (lead_id, attributes)
       values ('c', '{"tags": "[\\"vip\\"]"}'), ('d', '{"tags": 5}'), ('e', '{"tags": "[vip"}')`,
    )
    await runAsOf(database)
    expect((await attributes()).map(({ tags }) => tags)).toEqual(['x', ['vip', 'beta'], ['vip'], 5, '[vip'])
  })

  it('is told apart where it only looks like it, however deep', async () => {
    const texts = [
      '[1,]',
      '{"a"}',
      '["\\u0000"]',
      '[1] and more',
      'null',
      '"x"',
      '5',
      ' [1]',
      '['.repeat(100_000),
    ]
    expect(await values(`as_json(t)::text`, texts)).toEqual(texts.map(() => null))
    expect(await values(`as_json(t)::text`, ['{}', '[1e400, {"a": null}]'])).toEqual([
      '{}',
      `[1${'0'.repeat(400)}, {"a": null}]`,
    ])
  })
})

describe('while others work', () => {
  it('a run waits for it, and it for a run', async () => {
    await files.takeText('lead_id,n\na,1\n', { kind: 'leads' })
    await database.session(async (client) => {
      const lease = await claim(database, client, { owner: 'a run', waitMilliseconds: 0 })
      await expect(set('n', 'text', { wait: 300 })).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' })
      await lease.release()
    })
    await set('n', 'text')
    expect(await attributes()).toEqual([{ n: '1' }])
  })

  it('a backfill waits for it, and it for a backfill; one that was interrupted begins anew', async () => {
    await files.takeText('lead_id,n\na,1\n', { kind: 'leads' })
    await apply(database, { all: 'everyone', one: 'n is known' })
    await runAsOf(database)
    const range = { from: '2026-01-01T00:00:00.000000Z', to: '2026-01-04T00:00:00.000000Z', owner: 'test' }
    const stopping = (on: (step: string) => Promise<void>) => backfill(database, { ...range, onStep: on })
    let refused: unknown
    await expect(
      stopping(async (step) => {
        if (!step.startsWith('2026-01-02')) return
        refused = await set('n', 'text', { wait: 300 }).catch((error) => error)
        throw new Error('stopped')
      }),
    ).rejects.toThrow('stopped')
    expect(refused).toMatchObject({ code: 'BACKFILL_IN_PROGRESS' })
    expect(await database.query('select from backfills')).toHaveLength(1)
    await set('n', 'text')
    expect(await database.query('select from backfills')).toHaveLength(0)
    expect(await backfill(database, range)).toMatchObject({ resumed: 0 })
    expect(await faults(database)).toEqual([])
  })

  it('rows stamped anew are below the horizon of the next run, or nothing is changed', async () => {
    await files.takeText('lead_id,n\na,1\n', { kind: 'leads' })
    await apply(database, { all: 'everyone', one: 'n is known' })
    await runAsOf(database)
    const other = openPostgres(database.url)
    await other.session(async (client) => {
      await client.query('begin')
      await client.query('select pg_current_xact_id()')
      await expect(set('n', 'text', { wait: 300 })).rejects.toMatchObject({ code: 'STILL_WRITING' })
      expect(await attributes()).toEqual([{ n: 1 }])
      await client.query('commit')
    })
    await other.close()
    await set('n', 'text')
    await runAsOf(database)
    expect(await members(database, 'one')).toEqual(['a'])
  })
})

describe('importing again what was retyped', () => {
  const csv = `event_id,lead_id,type,occurred_at,n,d
1,L,t,2024-01-01,"1,200",2024-03-14
2,L,t,2024-01-02,07,2024-03-15 10:00
3,L,t,2024-01-03,501-1000,
4,L,t,2024-01-03,"[""a"",{""b"":1}]",
`
  const take = (text = csv) => files.takeText(text, { kind: 'events' })

  it.each<CatalogType>(['text', 'number', 'range', 'instant', 'boolean', 'json'])(
    'as %s is no conflict',
    async (type) => {
      expect(await take()).toMatchObject({ taken: 4 })
      await set('t.n', type)
      expect(await take()).toMatchObject({ taken: 0, alreadyHere: 4, quarantined: [] })
      await set('t.n', 'text')
      expect(await take()).toMatchObject({ taken: 0, alreadyHere: 4, quarantined: [] })
      await set('t.d', 'text')
      expect(await take()).toMatchObject({ taken: 0, alreadyHere: 4, quarantined: [] })
    },
  )

  it('without ids as well, and what says something else still is', async () => {
    const bare = csv.replaceAll(/^[^,]*,/gm, '')
    await files.takeText(bare, { kind: 'events' })
    for (const type of ['range', 'json'] as const) {
      await set('t.n', type)
      const again = await files.takeText(bare, { kind: 'events' })
      expect(again).toMatchObject({ taken: 0, alreadyHere: 4, quarantined: [] })
    }
    await take()
    const other = await take(
      csv.replace('1,200', '1,300').replace('501-1000', '').replace('""b"":1', '""b"":2'),
    )
    expect(other.quarantined).toMatchObject([{ code: 'EVENT_ID_CONFLICT', rows: 3 }])
  })
})
