import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Client, Database, Parameter } from '../../pipeline/engine.ts'
import { statement } from '../../pipeline/sql.ts'
import { testDatabase } from '../support/database.ts'
import { forget } from '../support/histories.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(() => forget(database))
afterAll(() => database.close())

type Node = {
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Join Filter'?: number
  readonly Plans?: readonly Node[]
}

const rowsIn = (node: Node): number => {
  const rows =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0)
  return rows * node['Actual Loops'] + (node.Plans ?? []).map(rowsIn).reduce((sum, each) => sum + each, 0)
}

/** How many rows Postgres has in hand while it executes a statement, with no more memory than a list of some takes. */
async function workOf(client: Client, name: string, parameters: readonly Parameter[] = []): Promise<number> {
  await client.query(`set work_mem = '64kB'; set hash_mem_multiplier = 1; set enable_memoize = off`)
  // Of several in one file, the first.
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
    `explain (analyze, timing off, format json) ${statement(name).split(/;\n/)[0]}`,
    [...parameters],
  )
  return rowsIn(rows[0]!['QUERY PLAN'][0].Plan)
}

/** Of twice as many leads it takes about twice as much: four times is what comparing each with each would take. */
async function expectLinear(work: (client: Client, leads: number) => Promise<number>): Promise<void> {
  const found: number[] = []
  for (const leads of [2000, 4000]) {
    await forget(database)
    await addLeads(leads)
    found.push(await database.session((client) => work(client, leads).finally(() => reset(client))))
  }
  expect(found[1]! / found[0]!, found.join(' → ')).toBeLessThan(2.6)
}

const reset = (client: Client) => client.query('discard temp; reset all')

/** Leads of one account, each with an event on the second day. */
async function addLeads(leads: number): Promise<void> {
  await database.query(`insert into accounts (external_id) values ('all')`)
  await database.query(
    `insert into leads (external_id, account_id, first_seen_at)
     select 'l' || n, account_id, '2026-01-01Z' from accounts, generate_series(1, $1::int) n`,
    [leads],
  )
  await database.query(
    `insert into events (event_id, lead_id, type, occurred_at)
     select 'e' || lead_id, lead_id, 'visit', '2026-01-02T12:00:00Z' from leads`,
  )
  await database.query('analyze leads; analyze events; analyze attribute_change')
}

const everything = '999999999'
const stagePlanned = `
  insert into planned (segment_id, version, word, bit, first, reads_account, fades, reads_past, meaning, status)
  values (1, 1, 1, 1, false, true, false, false, '', 'active');
  insert into difference (segment_id, lead_id, change) select 1, lead_id, 'entered' from leads;
  analyze planned; analyze difference`

test('who shares an account with one candidate is found by going through the account once', () =>
  expectLinear(async (client, leads) => {
    await client.query(statement('runs/stage_candidates'))
    await client.query(`insert into candidate select min(lead_id), 'events' from leads`)
    await client.query('analyze candidate')
    const work = await workOf(client, 'runs/add_mates')
    const { rows } = await client.query('select count(*)::int as found from candidate')
    expect(rows).toEqual([{ found: leads }])
    return work
  }))

test('whose changes are concerned, where all of one account turn', () =>
  expectLinear(async (client, leads) => {
    await client.query(statement('runs/stage'))
    await client.query(stagePlanned)
    const work = await workOf(client, 'runs/concern')
    const { rows } = await client.query('select count(*) filter (where own)::int as found from concerned')
    expect(rows).toEqual([{ found: leads }])
    return work
  }))

test('the causes of changes that all have one', () =>
  expectLinear(async (client, leads) => {
    await client.query(statement('runs/stage_candidates'))
    await client.query(`insert into candidate select lead_id, 'events' from leads; analyze candidate`)
    await client.query(statement('runs/stage'))
    await client.query(stagePlanned)
    await client.query(statement('runs/concern'))
    const asOf = '2026-01-02T00:00:00Z'
    await client.query(`create temporary table base as select 1::bigint as segment_id, '${asOf}'::timestamptz as as_of,
      '1'::xid8 as horizon; analyze base; analyze concerned`)
    const values = [everything, '2026-01-03T00:00:00Z', asOf, true, false, false, asOf, '1']
    const work = await workOf(client, 'runs/stage_causes', values)
    const { rows } = await client.query(
      'select cause, count(*)::int as found from staged_change group by cause',
    )
    expect(rows).toEqual([{ cause: 'data', found: leads }])
    return work
  }))

test('ends of days on which something happened to everybody, and all points fell', () =>
  expectLinear(async (client, leads) => {
    await client.query(statement('runs/stage_scores'))
    await client.query(`insert into score_history (lead_id, score, day, value, run_id)
      select lead_id, 'engagement', '2026-01-01', 2, 1 from leads`)
    await client.query(`create temporary table evaluated_day as
      select lead_id, array[1000000]::numeric[] as scores from leads; analyze evaluated_day; analyze score_history`)
    const touching = await workOf(client, 'runs/stage_score_touched', ['2026-01-02', everything, null])
    await client.query('analyze touched_day')
    const asked = ['2026-01-02', 'engagement', 1, ['any'], ['0'], false]
    const work = await workOf(client, 'runs/stage_score_day', asked)
    const { rows } = await client.query('select count(*)::int as found from staged_score_day')
    expect(rows).toEqual([{ found: leads }])
    return touching + work
  }))
