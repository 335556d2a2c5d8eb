import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { faults, faultsSeenBy } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, runAsOf } from '../support/definitions.ts'

const day = (n: number) => `2026-03-0${n}T00:00:00.000000Z`
let database: Database
beforeAll(async () => {
  database = await testDatabase()
  await addLead(database, 'a', { attributes: { plan: 'pro' }, events: [['click', '2026-02-27T12:00:00Z']] })
  await addLead(database, 'b', { events: [['click', '2026-02-28T12:00:00Z']] })
  await addLead(database, 'c', { attributes: { plan: 'free' } })
  const definitions = {
    clicked: 'did click within 2 days',
    hot: 'score >= 2',
    was: 'was in segment "clicked" within 30 days',
    pro: 'plan = "pro"',
  }
  await apply(database, definitions, { points: { click: 1 } })
  await runAsOf(database, day(1))
  await addEvent(database, 'b', 'click', '2026-03-01T12:00:00Z')
  await runAsOf(database, day(2))
  await runAsOf(database, day(3))
})
afterAll(() => database.close())

test('what runs left behind has no fault', async () => {
  expect(await faults(database, { sources: true })).toEqual([])
})

const lost = `delete from membership where segment_id = (select segment_id from segments where key = 'pro')`
const changed = (set: string) =>
  `update membership_change set ${set} where segment_id = (select segment_id from segments where key = 'pro')`
const damages: readonly [string, string, string][] = [
  ['a lost membership', lost, 'in by a full recompute, but not in membership'],
  ['a lost membership', lost, 'history and membership say different things'],
  [
    'a membership too many',
    `insert into membership (segment_id, lead_id, since, run_id)
     select segment_id, lead_id, as_of, run_id from segments cross join leads cross join runs
     where key = 'pro' and external_id = 'c' and runs.status = 'done' order by as_of desc limit 1`,
    'in membership, but not by a full recompute',
  ],
  [
    'another stay',
    `update membership set since = since - interval '1 s'`,
    'in since another instant than it entered',
  ],
  [
    'a stay of nobody',
    `delete from membership where lead_id = 1`,
    'a stay that is open, but nobody in it now, or the other way round',
  ],
  [
    'a segment that should be empty',
    `update segments set status = 'archived', updated_at = '2026-01-01' where key = 'pro'`,
    'in a segment that was archived before the last run',
  ],
  [
    'a second entry',
    `insert into membership_change select segment_id, lead_id, as_of + interval '1 s', change, cause, version, run_id
     from membership_change where change = 'entered' limit 1`,
    'entered while in, or left while out',
  ],
  [
    'a change at another time',
    changed(`as_of = as_of + interval '1 h'`),
    'a change or a stay by a run that was not applied, or of another instant',
  ],
  [
    'other points',
    'update lead_scores set value = value + 1 where lead_id = 1',
    'engagement as stored, but not by a full recompute',
  ],
  [
    'no points',
    'delete from lead_scores where lead_id = 1',
    'engagement by a full recompute, but not as stored',
  ],
  [
    'another level',
    `update lead_scores set level = 'warm' where lead_id = 1`,
    'engagement as stored, but not by a full recompute',
  ],
  [
    'wrong figures',
    'update segment_stats set members = members + 1',
    'figures that are not those of the members',
  ],
  [
    'wrong sums',
    'update segment_stats set score_sum = score_sum + 1',
    'figures that are not those of the members',
  ],
  ['wrong flow', 'update segment_stats set entered = entered + 1', 'figures that history does not give'],
  [
    'a run that failed',
    `update runs set status = 'failed' where run_id = 1`,
    'a change or a stay by a run that was not applied, or of another instant',
  ],
  [
    'wrong counts of a run',
    'update runs set entered = entered + 1',
    'runs that counted other changes than they wrote',
  ],
  [
    'a run out of order',
    `update runs set as_of = as_of + interval '1 y' where run_id = 1`,
    'runs that did not go forward',
  ],
  [
    'an event of nobody',
    `insert into events (event_id, lead_id, type, occurred_at) values ('x', 99, 'click', '2026-03-01')`,
    'events of leads that are not there',
  ],
  [
    'rows of another cluster',
    `update events set ingest_xid = '999999999'`,
    'rows that no transaction of this cluster can have brought',
  ],
  [
    'an overdue lead',
    `insert into lead_state select lead_id, true, '2026-03-03T00:00:00Z' from leads
     on conflict (lead_id) do update set due_at = excluded.due_at`,
    'due at an instant that is over, or only after the next midnight',
  ],
  [
    'a lead that is not on the agenda',
    `insert into lead_state values (1, true, null) on conflict do nothing; delete from lead_state where lead_id > 1`,
    'exists, but is not on the agenda',
  ],
]

test.each(damages)('%s is found', async (_, damage, what) => {
  const found = await database.session(async (client) => {
    await client.query('begin')
    await client.query(damage)
    return faultsSeenBy(client, { sources: true }).finally(() => client.query('rollback'))
  })
  expect(found.map((fault) => fault.what)).toContain(what)
})
