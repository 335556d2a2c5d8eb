import { afterAll, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { faults } from '../support/checker.ts'
import { copiesOf } from '../support/database.ts'
import { addEvent, addLead, apply, runAsOf } from '../support/definitions.ts'
import { runElsewhere } from '../support/elsewhere.ts'

const day = (n: number) => `2026-03-0${n}T00:00:00.000000Z`
const opened: Database[] = []
afterAll(() => Promise.all(opened.map((database) => database.close())))

/** A world in which the second night brings entries, exits, scores and an inbox to drain. */
const copy = await copiesOf(async (database) => {
  await addLead(database, 'a', { events: [['click', '2026-02-27T12:00:00Z']] })
  await addLead(database, 'b', { events: [['click', '2026-02-28T12:00:00Z']] })
  await apply(database, { clicked: 'did click within 2 days', hot: 'score >= 2' }, { points: { click: 1 } })
  await runAsOf(database, day(1))
  await addEvent(database, 'b', 'click', '2026-03-01T12:00:00Z')
  await database.query(
    `insert into inbox_events (lead_id, type, occurred_at) values ('a', 'click', '2026-03-01T18:00:00Z')`,
  )
})

async function world(): Promise<Database> {
  const database = await copy()
  opened.push(database)
  return database
}

/** What is true in the end, without the numbers and times of the runs that made it so. */
async function results(database: Database): Promise<unknown> {
  const tables = {
    membership: 'select segment_id, lead_id, since from membership order by 1, 2',
    history:
      'select segment_id, lead_id, as_of, change, cause, version from membership_change order by 1, 2, 3',
    scores:
      'select lead_id, score, value, level, changed_as_of, max_value, max_day from lead_scores order by 1, 2',
    scoreDays: 'select lead_id, score, day, value, level from score_history order by 1, 2, 3',
    figures:
      'select segment_id, as_of, members, leads, entered, "left", score_sum from segment_stats order by 1, 2',
    state: 'select segment_id, state, version, scoring_version from segment_state order by 1',
    outcomes: `select r.as_of, o.segment_id, o.version, o.outcome from run_segments o join runs r using (run_id)
      where r.status = 'done' order by 1, 2`,
    runs: `select mode, as_of, leads, entered, "left", rollup_due from runs where status = 'done' order by as_of`,
    topEvents: 'select * from segment_top_events order by 1, 2, 3',
    conversion: 'select * from segment_conversion order by 1, 2',
    inbox: 'select count(*) from inbox_events',
  }
  const found = Object.entries(tables).map(async ([name, query]) => [name, await database.query(query)])
  return Object.fromEntries(await Promise.all(found))
}

const untouched = await world()
const steps = (await runAsOf(untouched, day(2))).steps.map((step) => step.name)
const expected = await results(untouched)

test('the run under test does all it can', () => {
  expect(steps).toEqual(
    expect.arrayContaining(['drain inboxes', 'claim', 'evaluate', 'apply changes', 'roll up']),
  )
  expect(expected).toMatchObject({
    inbox: [{ count: '0' }],
    scoreDays: expect.arrayContaining([expect.objectContaining({ lead_id: '2', value: '2.000000' })]),
  })
})

test.each([...steps, 'commit', 'end'])(
  'killed before "%s" and repeated, a run ends as if never killed',
  async (step) => {
    const database = await world()
    const { signal } = await runElsewhere(database.url, day(2), { step }).ended
    expect(signal).toBe('SIGKILL')
    expect(await faults(database)).toEqual([])
    await runAsOf(database, day(2))
    expect(await faults(database, { sources: true })).toEqual([])
    expect(await results(database)).toEqual(expected)
  },
)
