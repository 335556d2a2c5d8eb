import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
})
afterEach(() => database.close())

const query = (text: string, ...options: string[]) => desk.type(['query', text, ...options])

describe('query', () => {
  test('a table, JSON or CSV', async () => {
    const text = `select n as id, n * 1000.50 as amount, case when n > 1 then 'a,b' end as note from generate_series(1, 2) n`
    expect((await query(text, '--format', 'table')).out).toBe(
      'id    amount  note\n 1  1,000.5  –\n 2    2,001  a,b\n'.replace('id    ', 'id   '),
    )
    expect(JSON.parse((await query(text)).out)).toEqual([
      { id: 1, amount: 1000.5, note: null },
      { id: 2, amount: 2001, note: 'a,b' },
    ])
    expect((await query(text, '--format', 'csv')).out).toBe('id,amount,note\n1,1000.5,\n2,2001,"a,b"\n')
  })

  test('columns of one name are told apart, and keep their order', async () => {
    expect((await query(`select 1 as b, 2 as "1", 3 as b`, '--format', 'csv')).out).toBe('b,1,b_2\n1,2,3\n')
  })

  test('more rows than a page, and no more in a table than asked for', async () => {
    const { out } = await query('select n from generate_series(1, 2500) n', '--format', 'ndjson')
    expect(out.trim().split('\n')).toHaveLength(2500)
    const table = await query(
      'select n from generate_series(1, 2500) n',
      '--format',
      'table',
      '--limit',
      '10',
    )
    expect(table.out.split('\n').slice(-4)).toEqual(
      [' 9', '10', '', 'The first 10 rows; --limit N shows more, --output FILE.csv keeps all.', ''].slice(-4),
    )
  })

  test.each([
    'insert into leads (external_id) values (1)',
    'delete from leads',
    'truncate leads',
    'create table x (a int)',
    'with gone as (delete from leads returning 1) select * from gone',
    `select setval('runs_run_id_seq', 99)`,
    `select set_config('transaction_read_only', 'off', false)`,
    'set transaction read write',
    'do $$ begin delete from leads; end $$',
    'select 1; delete from leads',
    'commit; delete from leads',
    'select 1); delete from leads; --',
  ])('%s is refused and changes nothing', async (text) => {
    await addLead(database, 'a')
    const said = await query(text)
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(['READ_ONLY', 'ONE_STATEMENT', 'QUERY_FAILED']).toContain(errorOf(said).code)
    expect(await database.query('select external_id from leads')).toEqual([{ external_id: 'a' }])
    expect(await database.query(`select last_value, is_called from runs_run_id_seq`)).toEqual([
      { last_value: '1', is_called: false },
    ])
  })

  test('which of the three it was', async () => {
    expect(errorOf(await query('delete from leads')).code).toBe('READ_ONLY')
    expect(errorOf(await query('select 1; select 2')).code).toBe('ONE_STATEMENT')
    expect(errorOf(await query('select colour from leads')).message).toBe(
      'Postgres says: column "colour" does not exist.',
    )
    expect(errorOf(await query('selec 1')).code).toBe('QUERY_FAILED')
    expect(errorOf(await query('  ;  ')).code).toBe('NO_STATEMENT')
    expect(errorOf(await query('select pg_sleep(10)', '--timeout', '1')).code).toBe('QUERY_TOO_LONG')
  })

  test('show, explain and values are statements that read', async () => {
    expect(JSON.parse((await query('show timezone')).out)).toEqual([{ TimeZone: 'UTC' }])
    expect((await query('explain select 1')).code).toBe(0)
    expect(JSON.parse((await query('/* a comment */\n(values (1))')).out)).toEqual([{ column1: 1 }])
  })

  test('instants come as one word', async () => {
    const { out } = await query(`select timestamptz '2026-11-23 10:00+02' as at`)
    expect(JSON.parse(out)).toEqual([{ at: '2026-11-23T08:00:00Z' }])
  })
})
