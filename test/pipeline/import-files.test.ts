import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openDuckdb } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { importing, refusal } from '../support/importing.ts'

let database: Database
const files = importing(() => database)

beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(async () => {
  await database.query(
    'truncate events, attribute_change, quarantine, imports, catalog, event_types, leads, accounts restart identity cascade',
  )
})
afterAll(async () => {
  await database.close()
  await files.remove()
})

const events =
  'event_id,lead_id,type,occurred_at,page\n1,L1,view,2024-01-01T00:00:00Z,/a\n2,L2,view,2024-01-02T00:00:00Z,\n'
const stored = () =>
  database.query(`select event_id, external_id as lead, type, occurred_at, properties
    from events join leads using (lead_id) order by event_id`)

describe('the same rows come out of', () => {
  const two = [
    {
      event_id: '1',
      lead: 'L1',
      type: 'view',
      occurred_at: '2024-01-01 00:00:00+00',
      properties: { page: '/a' },
    },
    { event_id: '2', lead: 'L2', type: 'view', occurred_at: '2024-01-02 00:00:00+00', properties: {} },
  ]
  const lines =
    '{"event_id":1,"lead_id":"L1","type":"view","occurred_at":"2024-01-01","page":"/a"}\n\n{"event_id":2,"lead_id":"L2","type":"view","occurred_at":"2024-01-02T00:00:00Z","page":null}\n'
  const variants: [string, string | Buffer][] = [
    ['CSV', events],
    ['CSV with a byte order mark and Windows line ends', `\ufeff${events.replaceAll('\n', '\r\n')}`],
    ['CSV that mixes line ends', events.replace('\n', '\r\n')],
    ['CSV with semicolons', events.replaceAll(',', ';')],
    ['CSV with tabs', events.replaceAll(',', '\t')],
    ['gzipped CSV, whatever its name', gzipSync(events)],
    ['NDJSON', lines],
    ['gzipped NDJSON', gzipSync(lines)],
  ]
  it.each(variants)('%s', async (_, content) => {
    expect(await files.takeText(content, { kind: 'events' })).toMatchObject({
      read: 2,
      taken: 2,
      newLeads: 2,
      quarantined: [],
    })
    expect(await stored()).toEqual(two)
  })

  it('Parquet, with its own types', async () => {
    const file = join(files.folder, 'typed.parquet')
    const duckdb = await openDuckdb()
    await duckdb.run(`copy (select 1 as event_id, 'L1' as lead_id, 'view' as type, timestamp '2024-01-01 10:00:00.123456' as occurred_at,
      1.5::double as n, 'nan'::double as odd, 0.1::float as small, true as flag, [1, 2] as list, '007' as code, date '2024-02-03' as day,
      12.50::decimal(9,2) as price, 9007199254740993 as big) to '${file}' (format parquet)`)
    duckdb.close()
    const report = await files.take(file, { kind: 'events' })
    expect(report).toMatchObject({ read: 1, taken: 1, quarantined: [] })
    expect((await stored())[0]).toMatchObject({
      event_id: '1',
      occurred_at: '2024-01-01 10:00:00.123456+00',
      properties: {
        n: 1.5,
        odd: 'nan',
        small: 0.1,
        flag: true,
        list: [1, 2],
        code: '007',
        day: '2024-02-03T00:00:00.000000Z',
        price: 12.5,
      },
    })
    const [big] = await database.query(`select properties ->> 'big' as big from events`)
    expect(big).toEqual({ big: '9007199254740993' })
  })
})

describe('a file that can’t be taken is refused in one sentence, and nothing is written', () => {
  const folder = join(files.folder, 'a-folder.csv')
  mkdirSync(folder)
  const png = Buffer.concat([Buffer.from('\x89PNG'), Buffer.alloc(2000)])
  const cases: [string, () => string, string][] = [
    ['not there', () => join(files.folder, 'none.csv'), 'FILE_NOT_FOUND'],
    ['a folder', () => folder, 'FILE_IS_A_FOLDER'],
    ['empty', () => files.write('empty.csv', ''), 'EMPTY_FILE'],
    ['blank', () => files.write('blank.csv', '\n \n'), 'EMPTY_FILE'],
    ['empty and gzipped', () => files.write('empty.gz', gzipSync('')), 'EMPTY_FILE'],
    ['binary', () => files.write('x.png', png), 'MALFORMED_FILE'],
    ['a spreadsheet', () => files.write('x.xlsx', 'PK\x03\x04zip'), 'MALFORMED_FILE'],
    [
      'gzip that breaks off',
      () => files.write('cut.gz', gzipSync(events.repeat(200)).subarray(0, 60)),
      'MALFORMED_FILE',
    ],
    ['broken Parquet', () => files.write('x.parquet', 'PAR1 no more'), 'MALFORMED_FILE'],
    ['one JSON array', () => files.write('x.json', '[{"lead_id": 1}]'), 'MALFORMED_FILE'],
    ['UTF-16', () => files.write('x.csv', Buffer.from(`\ufeff${events}`, 'utf16le')), 'MALFORMED_FILE'],
    [
      'half swallowed by a quote',
      () =>
        files.write(
          'x.csv',
          `lead_id,type,occurred_at\na,b,2024-01-01\n"c,b,2024-01-01\n${'d,b,2024-01-01\n'.repeat(2000)}`,
        ),
      'MALFORMED_FILE',
    ],
    ['all rows wrong', () => files.write('x.csv', 'lead_id,type,occurred_at\na\nb\n'), 'MALFORMED_FILE'],
    ['prose', () => files.write('x.csv', 'Dear all,\nplease find attached\n'), 'MALFORMED_FILE'],
  ]
  it.each(cases)('%s', async (_, file, code) => {
    const error = await refusal(files.take(file(), { kind: 'events' }))
    expect(error.code).toBe(code)
    expect(error.hint).toBeTruthy()
    expect(await database.query('select from imports union all select from leads')).toEqual([])
  })
})

describe('a column that is missing', () => {
  it('is named, with the nearest one and what to type', async () => {
    const content = 'mql_id,won_date,origin\na,2024-01-01,x\n'
    const lead = await refusal(files.takeText(content, { kind: 'events', set: { type: 'won' } }))
    expect(lead.code).toBe('MISSING_COLUMN')
    expect(lead.message).toContain('mql_id, won_date, origin')
    expect(lead.hint).toContain('--map lead_id=mql_id')
    const at = await refusal(
      files.takeText(content, { kind: 'events', set: { type: 'won' }, map: { lead_id: 'mql_id' } }),
    )
    expect(at.hint).toContain('--map occurred_at=won_date')
    const type = await refusal(
      files.takeText(content, { kind: 'events', map: { lead_id: 'mql_id', occurred_at: 'won_date' } }),
    )
    expect(type.hint).toContain('--set type=')
  })

  it('or that --map names wrongly', async () => {
    const error = await refusal(
      files.takeText('mql_id,x\na,1\n', { kind: 'leads', map: { lead_id: 'mqlid' } }),
    )
    expect(error.code).toBe('UNKNOWN_COLUMN')
    expect(error.hint).toContain('--map lead_id=mql_id')
  })

  it('and other contradictions', async () => {
    const content = 'lead_id,@account,type\na,1,v\n'
    expect((await refusal(files.takeText(content, { kind: 'leads' }))).code).toBe('RESERVED_NAME')
    const twice = files.takeText(content, { kind: 'events', map: { type: 'type' }, set: { type: 'x' } })
    expect((await refusal(twice)).code).toBe('TARGET_TWICE')
  })
})

describe('rows that can’t be taken', () => {
  it('go to quarantine with their number and reason, when half of the file is wrong', async () => {
    const rows = Array.from({ length: 2000 }, (_, index) => {
      if (index % 2 === 0) return `e${index},L${index},view,2024-01-01T00:00:00Z,ok`
      const wrong = [
        'x',
        `e${index},L,view,2024-01-01,a,b`,
        `e${index},,view,2024-01-01,c`,
        `e${index},L,view,00-00-0000,d`,
      ]
      return wrong[(index >> 1) % 4]
    })
    const report = await files.takeText(`event_id,lead_id,type,occurred_at,page\n${rows.join('\n')}\n`, {
      kind: 'events',
    })
    expect(report).toMatchObject({ read: 2000, taken: 1000, alreadyHere: 0, newLeads: 1000 })
    expect(report.quarantined.map(({ code, reason, rows }) => `${rows} ${code} ${reason}`).sort()).toEqual([
      '250 MALFORMED_ROW has 1 field, the first line names 5',
      '250 MALFORMED_ROW has 6 fields, the first line names 5',
      '250 MISSING_VALUE no lead_id',
      '250 NOT_AN_INSTANT occurred_at is not an instant ("00-00-0000")',
    ])
    const kept =
      await database.query(`select row_number::int, code, content from quarantine where import_id = ${report.importId}
      and row_number <= 8 order by row_number`)
    expect(kept).toEqual([
      { row_number: 2, code: 'MALFORMED_ROW', content: { row: 'x' } },
      { row_number: 4, code: 'MALFORMED_ROW', content: { row: 'e3,L,view,2024-01-01,a,b' } },
      {
        row_number: 6,
        code: 'MISSING_VALUE',
        content: { event_id: 'e5', type: 'view', occurred_at: expect.any(String), page: 'c' },
      },
      {
        row_number: 8,
        code: 'NOT_AN_INSTANT',
        content: expect.objectContaining({ occurred_at: '00-00-0000', lead_id: 'L' }),
      },
    ])
    const [kept_] = await database.query(
      'select rows_read, rows_taken, rows_quarantined, status from imports',
    )
    expect(kept_).toEqual({ rows_read: '2000', rows_taken: '1000', rows_quarantined: '1000', status: 'done' })
  })

  it('such as text that Postgres can’t hold, and lines that are no objects', async () => {
    const csv = Buffer.concat([
      Buffer.from('lead_id,name\nok,Zoë\nnul,a\0b\nbad,'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\nopen,"never closed\n'),
    ])
    const report = await files.takeText(csv, { kind: 'leads' })
    expect(report).toMatchObject({ read: 4, taken: 1 })
    expect(report.quarantined.map(({ code, rows }) => [code, rows])).toEqual(
      [
        ['UNREADABLE_TEXT', 1],
        ['UNREADABLE_TEXT', 1],
        ['MALFORMED_ROW', 1],
      ].sort((a, b) => String(a[0]).localeCompare(String(b[0]))),
    )

    const deep = `{"lead_id":"deep","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    const lines = [
      '{"lead_id":"fine"}',
      '{"lead_id":"cut',
      '[1]',
      '{"lead_id":"nul","x":"a\\u0000b"}',
      '{"lead_id":"half","x":"\\ud800"}',
      deep,
      '{"lead_id":"text","x":"\\\\u0000"}',
    ]
    const json = await files.takeText(lines.join('\n'), { kind: 'leads' })
    expect(json).toMatchObject({ read: 7, taken: 2 })
    expect(json.quarantined.map(({ code, rows }) => `${rows} ${code}`)).toEqual([
      '2 MALFORMED_ROW',
      '1 NOT_AN_OBJECT',
      '1 TOO_DEEP',
      '1 UNREADABLE_TEXT',
    ])
    expect(await database.query(`select attributes from leads where external_id = 'text'`)).toEqual([
      { attributes: { x: '\\u0000' } },
    ])
  })

  it('such as ids and names too long for an index', async () => {
    const long = 'x'.repeat(3000)
    const report = await files.takeText(
      `{"lead_id":"${long}"}\n{"lead_id":"a","${long}":1}\n{"lead_id":"b","x":"${long}"}`,
      { kind: 'leads' },
    )
    expect(report.taken).toBe(1)
    expect(report.quarantined.map(({ code }) => code)).toEqual(['NAME_TOO_LONG', 'TOO_LONG'])
  })

  it('such as instants beyond any calendar of ours', async () => {
    const at = ['infinity', '294276-01-01', '1899-12-31', '2300-01-01', '2018-02-30', 'now', '']
    const rows = at.map((instant, index) => `${index},L,t,${instant}`)
    const report = await files.takeText(
      `event_id,lead_id,type,occurred_at\n${rows.join('\n')}\ngood,L,t,2018-02-28\n`,
      { kind: 'events' },
    )
    expect(report.taken).toBe(1)
    expect(report.quarantined.map(({ code, rows }) => [code, rows])).toEqual([
      ['NOT_AN_INSTANT', 6],
      ['MISSING_VALUE', 1],
    ])
    const [{ ahead, beyond } = {}] = await database.query<{ ahead: string; beyond: string }>(
      `select (now() + interval '9 years')::text as ahead, (now() + interval '11 years')::text as beyond`,
    )
    const future = await files.takeText(
      `event_id,lead_id,type,occurred_at\na,L,t,${ahead}\nb,L,t,${beyond}\n`,
      { kind: 'events' },
    )
    expect(future.taken).toBe(1)
    expect(future.quarantined).toMatchObject([{ code: 'TOO_FAR_AHEAD', rows: 1 }])
  })
})

it('columns that differ only in case, come twice or have no name stay apart', async () => {
  await files.takeText('lead_id,Plan,plan,,plan\na,1x,2x,3x,4x\n', { kind: 'leads' })
  const [lead] = await database.query('select attributes from leads')
  expect(lead).toEqual({ attributes: { Plan: '1x', plan: '2x', column_4: '3x', plan_2: '4x' } })
})

it('an attribute may get another name, or a constant', async () => {
  const options = { kind: 'leads', map: { size: 'employees' }, set: { source: 'crm' } } as const
  await files.takeText('lead_id,employees\na,"1,200"\n', options)
  await files.takeText(
    '{"lead_id":"b","employees":50,"more":{"x":[1]}}\n{"lead_id":"c","employees":null}\n{"lead_id":"d"}\n',
    options,
  )
  const leads = await database.query('select external_id, attributes from leads order by 1')
  expect(leads.map(({ attributes }) => attributes)).toEqual([
    { size: 1200, source: 'crm' },
    { size: 50, source: 'crm', more: { x: [1] } },
    { source: 'crm' },
    { source: 'crm' },
  ])
})

it('says how far it is', async () => {
  const seen: string[] = []
  await files.takeText(events, { kind: 'events', onProgress: ({ stage }) => seen.push(stage) })
  expect([...new Set(seen)]).toEqual(['reading', 'sending', 'typing', 'writing'])
})

it('leaves nothing behind in its folder', async () => {
  await files.takeText(gzipSync(events), { kind: 'events' })
  expect(readdirSync(join(files.folder, 'work'))).toEqual([])
})
