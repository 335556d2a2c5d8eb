import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { importing, refusal } from '../support/importing.ts'

let database: Database
const files = importing(() => database)

beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(async () => {
  await database.query('truncate events, catalog, leads restart identity cascade')
})
afterAll(async () => {
  await database.close()
  await files.remove()
})

/** Events at these instants, as they were stored. */
async function taken(
  instants: string[],
  options: { dateFormat?: string | Record<string, string>; timezone?: string } = {},
) {
  const rows = instants.map((instant, index) => `${index},L,t,"${instant}"`)
  const report = await files.takeText(`event_id,lead_id,type,occurred_at\n${rows.join('\n')}\n`, {
    kind: 'events',
    ...options,
  })
  const events = await database.query<{ at: string }>(
    `select to_char(occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') as at from events order by event_id::int`,
  )
  return { report, at: events.map(({ at }) => at.replace(/\.000000$/, '')) }
}

describe('a way of writing instants', () => {
  it.each([
    [
      'ISO',
      [
        '2024-02-03',
        '2024-02-03 04:05',
        '2024-02-03T04:05:06.5',
        '2024-02-03T04:05:06.1234567Z',
        '2024-02-03 04:05:06+05:30',
        '2024-02-03 04:05:06 UTC',
        '2024-02-03T04:05-03',
      ],
      [
        '2024-02-03T00:00:00',
        '2024-02-03T04:05:00',
        '2024-02-03T04:05:06.500000',
        '2024-02-03T04:05:06.123456',
        '2024-02-02T22:35:06',
        '2024-02-03T04:05:06',
        '2024-02-03T07:05:00',
      ],
    ],
    ['YMD', ['2024/2/3', '2024/02/13 04:05'], ['2024-02-03T00:00:00', '2024-02-13T04:05:00']],
    [
      'MDY',
      ['2/26/2018 19:58', '2/6/2018 7:58 PM', '12/31/2018, 12:00:01 AM', '1-2-2018'],
      ['2018-02-26T19:58:00', '2018-02-06T19:58:00', '2018-12-31T00:00:01', '2018-01-02T00:00:00'],
    ],
    ['DMY', ['26/2/2018 19:58:01.25', '6/2/2018'], ['2018-02-26T19:58:01.250000', '2018-02-06T00:00:00']],
    ['DMY', ['3.4.2018', '4.3.2018 10:00'], ['2018-04-03T00:00:00', '2018-03-04T10:00:00']],
    [
      'DMONY',
      ['3 Apr 2018', '26-FEB-2018 10:00', '1 December 2018'],
      ['2018-04-03T00:00:00', '2018-02-26T10:00:00', '2018-12-01T00:00:00'],
    ],
    ['MONDY', ['Apr 3, 2018', 'February 26, 2018 1:00 PM'], ['2018-04-03T00:00:00', '2018-02-26T13:00:00']],
    ['EPOCH', ['1519675080', '1519675080.5'], ['2018-02-26T19:58:00', '2018-02-26T19:58:00.500000']],
    ['EPOCH_MS', ['1519675080123'], ['2018-02-26T19:58:00.123000']],
  ])('%s: %s', async (format, texts, instants) => {
    const { report, at } = await taken(texts)
    expect(report.dates).toEqual([{ column: 'occurred_at', format }])
    expect(at).toEqual(instants)
  })
})

describe('is decided for a column, never for a row', () => {
  it('by the values that can be read in one way only', async () => {
    expect((await taken(['3/4/2018', '4/13/2018'])).at).toEqual([
      '2018-03-04T00:00:00',
      '2018-04-13T00:00:00',
    ])
    await database.query('truncate events')
    expect((await taken(['3/4/2018', '13/4/2018'])).at).toEqual([
      '2018-04-03T00:00:00',
      '2018-04-13T00:00:00',
    ])
  })

  it('and rows that it can’t read go to quarantine', async () => {
    const { report, at } = await taken(['3/4/2018', '4/13/2018', '00-00-0000', 'n/a', '2/30/2018', '5/8/18'])
    expect(at).toHaveLength(2)
    expect(report.quarantined).toMatchObject([{ code: 'NOT_AN_INSTANT', rows: 4 }])
  })

  it('or asked for, with the value read both ways', async () => {
    const error = await refusal(taken(['3/4/2018', '5/6/2018 10:00']))
    expect(error.code).toBe('AMBIGUOUS_DATE_FORMAT')
    expect(error.message).toContain('Is "3/4/2018" in column occurred_at 4 March 2018 or 3 April 2018?')
    expect(error.hint).toContain('--date-format occurred_at=MDY')
    expect(error.hint).toContain('--date-format occurred_at=DMY')
    expect(await database.query('select from events')).toEqual([])
    expect((await taken(['3/4/2018'], { dateFormat: 'MDY' })).at).toEqual(['2018-03-04T00:00:00'])
    await database.query('truncate events')
    expect((await taken(['3/4/2018'], { dateFormat: { occurred_at: 'dmy' } })).at).toEqual([
      '2018-04-03T00:00:00',
    ])
  })

  it('unless both ways say the same', async () => {
    expect((await taken(['3/3/2018', '4/4/2018'])).at).toEqual(['2018-03-03T00:00:00', '2018-04-04T00:00:00'])
  })

  it('and a column written in two ways is asked for as well', async () => {
    const texts = ['3/14/2018', '2018-03-15', '2018-03-16']
    const error = await refusal(taken(texts))
    expect(error.code).toBe('AMBIGUOUS_DATE_FORMAT')
    expect(error.message).toContain('2 read as ISO (such as "2018-03-15"), 1 read as MDY')
    expect(error.hint).toContain('--date-format occurred_at=ISO')
    const { report, at } = await taken(texts, { dateFormat: 'ISO' })
    expect(at).toHaveLength(2)
    expect(report.quarantined).toMatchObject([{ rows: 1 }])
  })

  it('or said as a pattern', async () => {
    expect((await taken(['20180226'], { dateFormat: '%Y%m%d' })).at).toEqual(['2018-02-26T00:00:00'])
    expect((await refusal(taken(['x'], { dateFormat: 'american' }))).code).toBe('UNKNOWN_DATE_FORMAT')
    expect((await refusal(taken(['x'], { dateFormat: { when: 'MDY' } }))).code).toBe('UNKNOWN_COLUMN')
  })
})

describe('an attribute', () => {
  const attribute = async (values: string[], options: { dateFormat?: string; timezone?: string } = {}) => {
    await files.takeText(`lead_id,day\n${values.map((value, index) => `${index},${value}`).join('\n')}\n`, {
      kind: 'leads',
      ...options,
    })
    return (
      await database.query<{ day: string }>(
        `select attributes ->> 'day' as day from leads order by external_id`,
      )
    ).map(({ day }) => day)
  }
  it('is an instant only if all its values are', async () => {
    expect(await attribute(['3/4/2018', 'soon', '3/14/2018'])).toEqual(['3/4/2018', 'soon', '3/14/2018'])
  })
  it('is asked for if it can be read in two ways, and not once its type is known to be text', async () => {
    expect((await refusal(attribute(['3/4/2018', '5/6/2018']))).code).toBe('AMBIGUOUS_DATE_FORMAT')
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'day', 'text')`)
    expect(await attribute(['3/4/2018', '5/6/2018'])).toEqual(['3/4/2018', '5/6/2018'])
  })
  it('that is known to be an instant keeps as text what is none', async () => {
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'day', 'instant')`)
    expect(await attribute(['3/4/2018', 'soon', '3/14/2018'])).toEqual([
      '2018-03-04T00:00:00.000000Z',
      'soon',
      '2018-03-14T00:00:00.000000Z',
    ])
  })
  it('of mere digits is a number', async () => {
    expect(await attribute(['1519675080'])).toEqual(['1519675080'])
    expect(await database.query('select type from catalog')).toEqual([{ type: 'number' }])
  })
})

describe('an instant without a zone', () => {
  it('is the wall clock’s; moved forward in a gap, the earlier of two', async () => {
    const { at } = await taken(
      [
        '2024-01-01 12:00',
        '2024-03-31 02:30',
        '2024-10-27 02:30',
        '2024-10-27 01:59:59',
        '2024-10-27 03:00',
        '2024-07-01T12:00:00Z',
      ],
      { timezone: 'Europe/Berlin' },
    )
    expect(at).toEqual([
      '2024-01-01T11:00:00',
      '2024-03-31T01:30:00',
      '2024-10-27T00:30:00',
      '2024-10-26T23:59:59',
      '2024-10-27T02:00:00',
      '2024-07-01T12:00:00',
    ])
  })
  it('also where the clock moves by half an hour', async () => {
    expect(
      (await taken(['2024-04-07 01:45', '2024-10-06 02:15'], { timezone: 'Australia/Lord_Howe' })).at,
    ).toEqual(['2024-04-06T14:45:00', '2024-10-05T15:45:00'])
  })
  it('whatever way it is written in', async () => {
    expect(
      (await taken(['11/4/2018 12:00 AM', '2/17/2018 23:30'], { timezone: 'America/Sao_Paulo' })).at,
    ).toEqual(['2018-11-04T03:00:00', '2018-02-18T01:30:00'])
  })
})
