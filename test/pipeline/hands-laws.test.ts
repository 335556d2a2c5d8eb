import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { type Hand, override } from '../../pipeline/override.ts'
import { takeSnapshot } from '../../pipeline/snapshot.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, members, runAsOf } from '../support/definitions.ts'

let database: Database
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.close())

const leads = ['a', 'b', 'c', 'd']
const lead = fc.constantFrom(...leads)
const dayOf = (day: number, hour = 0) =>
  `2026-01-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00.000000Z`
const login = fc.record({ lead, day: fc.integer({ min: 1, max: 9 }), hour: fc.integer({ min: 1, max: 23 }) })

/** In a database of its own each time. */
async function afresh(work: () => Promise<void>): Promise<void> {
  await database.query(
    `truncate leads, events, attribute_change, segments, segment_versions, segment_renames, runs, run_segments,
       segment_state, membership, membership_change, segment_stats, segment_list restart identity cascade`,
  )
  for (const id of leads) await addLead(database, id)
  await work()
}

type Stay = { lead_id: string; entered: string; left: string | null }

const stays = (segment: string): Promise<Stay[]> =>
  database.query(
    `select lead_id, to_char(entered_as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as entered,
       to_char(left_as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as left
     from membership_intervals where segment = $1 order by lead_id, entered_as_of`,
    [segment],
  )

const names = (found: readonly { lead_id: string }[]): string[] =>
  [...new Set(found.map(({ lead_id }) => lead_id))].sort()

const days = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000

test('what conditions see of the past is what the intervals say, the run at hand included', () =>
  fc.assert(
    fc.asyncProperty(fc.array(login, { maxLength: 14 }), (logins) =>
      afresh(async () => {
        for (const { lead: id, day, hour } of logins) await addEvent(database, id, 'login', dayOf(day, hour))
        await apply(database, {
          active: 'did login within 1 day',
          lasting: 'in segment "active" for at least 2 days',
          was: 'was in segment "active" within 3 days',
          entered: 'entered segment "active" within 1 day',
          left: 'left segment "active" between 2 and 1 days ago',
        })
        for (const day of [2, 3, 4, 6, 7, 8, 9, 10]) {
          const asOf = dayOf(day)
          await runAsOf(database, asOf)
          const all = await stays('active')
          const expected = {
            lasting: all.filter(({ entered, left }) => left === null && days(entered, asOf) >= 2),
            was: all.filter(({ left }) => left === null || days(left, asOf) < 3),
            entered: all.filter(({ entered }) => days(entered, asOf) <= 1),
            left: all.filter(({ left }) => left !== null && days(left, asOf) >= 1 && days(left, asOf) <= 2),
          }
          for (const [segment, found] of Object.entries(expected)) {
            expect([asOf, segment, await members(database, segment)]).toEqual([asOf, segment, names(found)])
          }
          const open = all.filter(({ left }) => left === null)
          const now = await database.query(
            `select lead_id, to_char(since, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as entered
             from current_members where segment = 'active' order by lead_id`,
          )
          expect(now).toEqual(open.map(({ lead_id, entered }) => ({ lead_id, entered })))
        }
      }),
    ),
    { numRuns: 6 },
  ))

type Step = { hand: Hand; key: 'active' | 'quiet'; lead: string } | { login: string } | 'run'
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      hand: fc.constantFrom<Hand>('add', 'remove', 'undo'),
      key: fc.constantFrom('active', 'quiet'),
      lead,
    }),
  },
  { weight: 1, arbitrary: fc.record({ login: lead }) },
  { weight: 2, arbitrary: fc.constant('run' as const) },
)

test('hands win over definitions, inside references as well', () =>
  fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 3, maxLength: 12 }), (script) =>
      afresh(async () => {
        await apply(database, {
          active: 'did login',
          quiet: 'not in segment "active"',
          both: 'in segment "active" or in segment "quiet"',
        })
        const done = new Set<string>()
        const said = { active: new Map<string, boolean>(), quiet: new Map<string, boolean>() }
        for (const step of [...script, 'run' as const]) {
          if (step === 'run') {
            await runAsOf(database)
            const active = leads.filter((id) => said.active.get(id) ?? done.has(id))
            const quiet = leads.filter((id) => said.quiet.get(id) ?? !active.includes(id))
            expect(await members(database, 'active')).toEqual(active)
            expect(await members(database, 'quiet')).toEqual(quiet)
            const both = leads.filter((id) => active.includes(id) || quiet.includes(id))
            expect(await members(database, 'both')).toEqual(both)
          } else if ('login' in step) {
            await addEvent(database, step.login, 'login', dayOf(3))
            done.add(step.login)
          } else {
            await override(database, { ...step, leads: [step.lead] })
            if (step.hand === 'undo') said[step.key].delete(step.lead)
            else said[step.key].set(step.lead, step.hand === 'add')
          }
        }
        const open = await database.query(
          `select from membership_intervals where left_as_of is null group by segment, lead_id having count(*) > 1`,
        )
        expect(open).toEqual([])
      }),
    ),
    { numRuns: 8 },
  ))

const onList = (key: string): Promise<string[]> =>
  database
    .query<{ id: string }>(
      `select external_id as id from segment_list join segments using (segment_id) join leads using (lead_id)
       where key = $1 and list = 'members' order by 1`,
      [key],
    )
    .then((found) => found.map(({ id }) => id))

test('a snapshot taken twice is the same, and never changes whatever comes later', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(login, { maxLength: 10 }),
      fc.array(login, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      (before, later, day, evaluate) =>
        afresh(async () => {
          for (const each of before) await addEvent(database, each.lead, 'login', dayOf(each.day, each.hour))
          await apply(database, { active: 'did login within 2 days' })
          for (const each of [4, 7]) await runAsOf(database, dayOf(each))
          const from = { key: 'active', asOf: dayOf(day, 12), evaluate }
          const first = await takeSnapshot(database, { key: 'first', how: 'new', from })
          const second = await takeSnapshot(database, { key: 'second', how: 'new', from })
          expect({ ...second, segment: 'first' }).toEqual(first)
          const list = await onList('first')
          expect(await onList('second')).toEqual(list)
          await runAsOf(database)
          for (const each of later) await addEvent(database, each.lead, 'login', dayOf(each.day, each.hour))
          await apply(database, { active: 'everyone' })
          await runAsOf(database)
          for (const key of ['first', 'second']) {
            expect(await onList(key)).toEqual(list)
            expect(await members(database, key)).toEqual(list)
            expect(await stays(key)).toHaveLength(list.length)
          }
        }),
    ),
    { numRuns: 8 },
  ))
