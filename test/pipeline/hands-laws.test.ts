import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { type Hand, override } from '../../pipeline/override.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { takeSnapshot } from '../../pipeline/snapshot.ts'
import { forAll, type Law } from '../support/cases.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, members, runAsOf } from '../support/definitions.ts'
import { times } from '../support/seed.ts'

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

const law = <Case>(drawn: fc.Arbitrary<Case>, cases: number): Law<Case> => ({
  ...{ drawn, cases, least: 4, seconds: 12 },
  tell: (each) => each,
})
const runOn = (asOf?: string) => runAsOf(database, asOf, { rollUp: false })

test(
  'what conditions see of the past is what the intervals say, the run at hand included',
  () =>
    forAll(law(fc.array(login, { maxLength: 14 }), 6), (logins) =>
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
          await runOn(asOf)
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
  times * 300_000,
)

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

test(
  'hands win over definitions, inside references as well',
  () =>
    forAll(law(fc.array(steps, { minLength: 3, maxLength: 12 }), 8), (script) =>
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
            await runOn()
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
  times * 300_000,
)

const onList = (key: string): Promise<string[]> =>
  database
    .query<{ id: string }>(
      `select external_id as id from segment_list join segments using (segment_id) join leads using (lead_id)
       where key = $1 and list = 'members' order by 1`,
      [key],
    )
    .then((found) => found.map(({ id }) => id))

type Later =
  | { readonly event: { readonly lead: string; readonly day: number; readonly hour: number } }
  | { readonly plan: string; readonly of: string; readonly from: number }
  | { readonly lead: string; readonly since: number }
  | 'run'
  | 'backfill'
const many = [...leads, ...Array.from({ length: 8 }, (_, index) => `L${index}`)]
const anyLead = fc.constantFrom(...many)
const happening = fc.record({ lead: anyLead, day: fc.integer({ min: 1, max: 9 }), hour: fc.nat(23) })
const later: fc.Arbitrary<Later> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ event: happening }) },
  {
    weight: 3,
    arbitrary: fc.record({
      plan: fc.constantFrom('pro', 'free'),
      of: anyLead,
      from: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ lead: fc.uuid().map((id) => `new ${id}`), since: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom('run' as const, 'backfill' as const) },
)

async function happen(what: Later): Promise<void> {
  if (what === 'run') await runOn()
  else if (what === 'backfill')
    await backfill(database, { from: dayOf(2), to: dayOf(9), all: true, grain: 'day', owner: 'test' })
  else if ('event' in what)
    await addEvent(database, what.event.lead, 'login', dayOf(what.event.day, what.event.hour))
  else if ('since' in what) await addLead(database, what.lead, { firstSeen: dayOf(what.since) })
  else
    await database.query(
      `insert into attribute_change (subject, subject_id, attribute, value, from_at)
       select 'lead', lead_id, 'plan', to_jsonb($2::text), $3::timestamptz from leads where external_id = $1::text`,
      [what.of, what.plan, dayOf(what.from)],
    )
}

test(
  'a snapshot taken twice is the same, and never changes whatever arrives later; nor does what was recorded then',
  async () => {
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'plan', 'text')`)
    const drawn = fc.record({
      before: fc.array(happening, { maxLength: 16 }),
      after: fc.array(later, { minLength: 4, maxLength: 14 }),
      day: fc.integer({ min: 1, max: 9 }),
      evaluate: fc.boolean(),
    })
    await forAll(law(drawn, 8), ({ before, after, day, evaluate }) =>
      afresh(async () => {
        for (const id of many.slice(leads.length)) await addLead(database, id)
        for (const each of before) await happen({ event: each })
        await apply(database, { active: 'did login within 2 days or plan = "pro"' })
        for (const each of [4, 7]) await runOn(dayOf(each))
        const from = { key: 'active', asOf: dayOf(day, 12), evaluate }
        const take = (key: string) => takeSnapshot(database, { key, how: 'new', from })
        const first = await take('first')
        expect({ ...(await take('second')), segment: 'first' }).toEqual(first)
        const list = await onList('first')
        expect(await onList('second')).toEqual(list)
        await runOn()
        for (const each of after) await happen(each)
        if (first.from.kind === 'recorded' && !after.includes('backfill')) {
          expect({ ...(await take('third')), segment: 'first' }).toEqual(first)
          expect(await onList('third')).toEqual(list)
        }
        await apply(database, { active: 'everyone' })
        await runOn()
        for (const key of ['first', 'second']) {
          expect(await onList(key)).toEqual(list)
          expect(await members(database, key)).toEqual(list)
          expect(await stays(key)).toHaveLength(list.length)
        }
      }),
    )
  },
  times * 300_000,
)
