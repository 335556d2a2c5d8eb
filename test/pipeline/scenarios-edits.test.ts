import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applySources } from '../../pipeline/apply.ts'
import type { Database } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { faults } from '../support/checker.ts'
import { copiesOf } from '../support/database.ts'
import { addEvent, addLead, members, runAsOf, sources } from '../support/definitions.ts'
import { meanwhile } from '../support/meanwhile.ts'

/** What people do while a run is going, at each of its steps: they change definitions, and rewrite history. */

const minutes = (count: number) =>
  new Date(Date.UTC(2026, 2, 1, 2) + count * 60_000).toISOString().replace('.000Z', '.000000Z')
const definitions = {
  clicked: 'did click within 5 minutes',
  quiet: 'not did click within 5 minutes',
  again: 'did click at least 2 times within 5 minutes',
  hot: 'score >= 20',
}
type Key = keyof typeof definitions

let database: Database
const copy = await copiesOf(async (world) => {
  for (const id of ['a', 'b', 'c']) await addLead(world, id, { events: [['click', minutes(-90)]] })
  await define(world)
  await runAsOf(world, minutes(0))
})
beforeEach(async () => {
  database = await copy({ max: 8 })
})
afterEach(() => database.close())

/** Makes these the definitions. */
async function define(
  world: Database,
  { paused = [], archived = [], edited = {} }: Changed = {},
): Promise<void> {
  const wanted = Object.entries({ ...definitions, ...edited }).filter(
    ([key]) => !archived.includes(key as Key),
  )
  const { segments, ...rest } = sources(Object.fromEntries(wanted), { points: { click: 1 } })
  const resting = (key: string) => paused.includes(key as Key)
  await applySources(
    world,
    {
      ...rest,
      segments: segments.map((each) => ({ ...each, status: resting(each.key) ? 'paused' : 'active' })),
    },
    'UTC',
  )
}
type Changed = {
  readonly paused?: readonly Key[]
  readonly archived?: readonly Key[]
  readonly edited?: Partial<Record<Key, string>>
}

/** A click of one of them, somewhat before. */
const happens = (lead: string, at: number) => addEvent(database, lead, 'click', minutes(at - 1))

const stepsOfRun = async () => {
  const { steps, mode } = await runAsOf(database, minutes(5))
  expect(mode).toBe('incremental')
  return [...new Set(steps.map(({ name }) => name)), 'commit', 'end']
}

describe('S15: definitions that change while a run is going', () => {
  const changed: Changed = {
    paused: ['clicked', 'hot'],
    edited: { quiet: 'not did click within 8 minutes' },
    archived: ['again'],
  }
  test('at each of its steps, paused, edited and archived, and back after the next one: nothing is missed', async () => {
    for (const [n, step] of (await stepsOfRun()).entries()) {
      const start = 10 + n * 10
      await happens('a', start)
      const { onStep, done } = meanwhile(database, step, () => define(database, changed))
      await runAsOf(database, minutes(start), { onStep })
      await done()
      expect(await faults(database), step).toEqual([])
      // What they would have seen happens while they are not looked at.
      await happens('b', start + 3)
      await happens('c', start + 3)
      await runAsOf(database, minutes(start + 3))
      await define(database)
      await happens('b', start + 6)
      await runAsOf(database, minutes(start + 6))
      expect(await faults(database), step).toEqual([])
      expect(await members(database, 'clicked'), step).toEqual(['b', 'c'])
    }
  }, 120_000)
})

describe('S14: a backfill and a run that begin together', () => {
  /** Both stand before these steps; then one goes on, and the other one right after it. */
  const pairs = [
    ['drain inboxes', 'first'],
    ['evaluate', 'first'],
    ['claim', 'claim'],
    ['evaluate', 'claim'],
    ['commit', 'claim'],
    ['claim', 'commit'],
    ['drain inboxes', 'end'],
  ] as const

  test.each([true, false])(
    '(the run goes on first: %s), the history of their slot is right, and the present too',
    async (runFirst) => {
      for (const [n, [ofRun, ofBackfill]] of pairs.entries()) {
        const slot = minutes(60 + n * 60)
        // Late for what was recorded, before the slot and in its window.
        await addEvent(database, 'a', 'click', minutes(60 + n * 60 - 63))
        await addEvent(database, 'b', 'click', minutes(60 + n * 60 - 2))
        const [run, rewriting] = [gate(ofRun), gate(ofBackfill)]
        const range = {
          from: minutes(-60),
          to: minutes(n * 60),
          grain: 'hour',
          all: true,
          owner: 'test',
        } as const
        const going = [
          runAsOf(database, slot, { onStep: run.onStep }),
          backfill(database, { ...range, onStep: rewriting.onStep }),
        ]
        // Whoever waits for the other one does not come as far.
        await Promise.race([
          Promise.all([run.reached, rewriting.reached]),
          new Promise((resolve) => setTimeout(resolve, 1000)),
        ])
        for (const each of runFirst ? [run, rewriting] : [rewriting, run]) each.open()
        expect((await Promise.allSettled(going)).map(({ status }) => status)).toEqual([
          'fulfilled',
          'fulfilled',
        ])
        expect(await faults(database), `${ofRun}, ${ofBackfill}`).toEqual([])
        expect(await recorded(), `${ofRun}, ${ofBackfill}`).toEqual(await meant())
        // The next run goes on from what both have left.
        await runAsOf(database, minutes(60 + n * 60 + 20))
        expect(await faults(database), `${ofRun}, ${ofBackfill}`).toEqual([])
      }
    },
    60_000,
  )

  test('its range ends with the slot: it is done after the run, or refused before it', async () => {
    for (const runFirst of [true, false, true, false]) {
      const [{ n }] = (await database.query<{ n: number }>('select count(*)::int as n from runs')) as [
        { n: number },
      ]
      const slot = minutes(60 * n)
      await addEvent(database, 'c', 'click', minutes(60 * n - 2))
      const range = { from: minutes(-60), to: slot, grain: 'hour', all: true, owner: 'test' } as const
      const work = [() => runAsOf(database, slot), () => backfill(database, range)]
      const [run, rewriting] = await Promise.allSettled(
        (runFirst ? work : work.reverse()).map((each) => each()),
      ).then((ended) => (runFirst ? ended : ended.reverse()))
      expect(run!.status).toBe('fulfilled')
      if (rewriting!.status === 'rejected')
        expect(rewriting!.reason).toMatchObject({ code: 'BACKFILL_AFTER_LAST_RUN' })
      expect(await recorded()).toEqual(await meant())
      await runAsOf(database, minutes(60 * n + 20))
      expect(await faults(database)).toEqual([])
    }
  })

  /** Who was in a segment as of each run, by its history. */
  const recorded = () =>
    database.query(
      `select r.as_of, s.key, l.external_id as lead from (select distinct as_of from runs where status = 'done') r
       cross join segments s cross join leads l
       where (select sum(case c.change when 'entered' then 1 else -1 end) from membership_change c
         where c.segment_id = s.segment_id and c.lead_id = l.lead_id and c.as_of <= r.as_of) = 1
         and s.key in ('clicked', 'quiet') order by 1, 2, 3`,
    )
  /** The same, by what is meant, worked out here. */
  const meant = () =>
    database.query(
      `select r.as_of, case when w.clicked then 'clicked' else 'quiet' end as key, l.external_id as lead
       from (select distinct as_of from runs where status = 'done') r cross join leads l
       cross join lateral (select exists (
         select from events e where e.lead_id = l.lead_id and e.occurred_at <= r.as_of
           and e.occurred_at > r.as_of - interval '5 minutes') as clicked) w
       order by 1, 2, 3`,
    )
})

/** Holds whoever comes to a step until it is opened. `first` is any. */
function gate(at: string) {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let held = false
  return {
    reached: reached.promise,
    open: () => opened.resolve(),
    onStep: async (step: string) => {
      if (held || (at !== 'first' && step !== at)) return
      held = true
      reached.resolve()
      await opened.promise
    },
  }
}
