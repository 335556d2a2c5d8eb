import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { readFlow, readPath } from '../../pipeline/flow.ts'
import { causes, ownCauses } from '../../pipeline/history.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply } from '../support/definitions.ts'

const keys = ['s0', 's1', 's2']
const leads = [1, 2, 3, 4, 5, 6]
const day = (n: number) => `2026-03-${String(n).padStart(2, '0')}T00:00:00.000000Z`

let database: Database
beforeAll(async () => {
  database = await testDatabase()
  for (const lead of leads) await addLead(database, `L-${lead}`)
  await apply(database, { s0: 'everyone', s1: 'everyone', s2: 'everyone' })
})
afterAll(() => database.close())

/** Segment, lead and day; whether it enters or leaves follows from what was before. */
type Step = { readonly segment: number; readonly lead: number; readonly at: number; readonly cause: string }
type Change = Step & { readonly change: 'entered' | 'left' }

const histories: fc.Arbitrary<Change[]> = fc
  .uniqueArray(
    fc.record({
      segment: fc.integer({ min: 0, max: 2 }),
      lead: fc.constantFrom(...leads),
      at: fc.integer({ min: 1, max: 12 }),
      cause: fc.constantFrom(...causes),
    }),
    {
      selector: ({ segment, lead, at }) => `${segment} ${lead} ${at}`,
      minLength: 20,
      maxLength: 120,
      size: 'max',
    },
  )
  .map((steps) => {
    const inside = new Set<string>()
    return steps
      .toSorted((a, b) => a.at - b.at)
      .map((step): Change => {
        const which = `${step.segment} ${step.lead}`
        const change = inside.delete(which) ? 'left' : 'entered'
        if (change === 'entered') inside.add(which)
        return { ...step, change }
      })
  })

const write = (changes: readonly Change[]) =>
  database.query(
    `with emptied as (delete from membership_change)
     insert into membership_change (segment_id, lead_id, as_of, change, cause, version, run_id)
     select s.segment_id, l.lead_id, '2026-03-01Z'::timestamptz + make_interval(days => r.at - 1), r.change, r.cause, 1, 1
     from jsonb_to_recordset($1::jsonb) as r(segment int, lead int, at int, change text, cause text)
     join segments s on s.key = 's' || r.segment join leads l on l.external_id = 'L-' || r.lead`,
    [JSON.stringify(changes)],
  )

/** Was the lead in the segment at the end of this day's run? */
const isIn = (changes: readonly Change[], segment: number, lead: number, at: number): boolean =>
  changes.filter((each) => each.segment === segment && each.lead === lead && each.at <= at).at(-1)?.change ===
  'entered'

test('the matrix and the path say what following each lead day by day says', async () => {
  const ranges = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 6, max: 13 }), fc.boolean())
  const paths = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(histories, ranges, paths, async (changes, [from, to, allCauses], path) => {
      await database.query('delete from membership_change')
      await write(changes)
      const counted: readonly string[] = allCauses ? causes : ownCauses
      const days = Array.from({ length: to - from + 1 }, (_, n) => from + n)
      const within = (segment: number, lead: number) => days.filter((at) => isIn(changes, segment, lead, at))
      const entries = (segment: number, lead: number) =>
        changes.filter(
          (each) =>
            each.segment === segment &&
            each.lead === lead &&
            each.change === 'entered' &&
            each.at > from &&
            each.at <= to &&
            counted.includes(each.cause),
        )
      const range = { from: day(from), to: day(to), allCauses }
      const { pairs } = await readFlow(database, keys, range)
      const expected = keys.flatMap((fromKey, a) =>
        keys.map((toKey, b) => ({
          ...{ from: fromKey, to: toKey },
          moved: leads.filter((lead) =>
            entries(b, lead).some(({ at }) => within(a, lead).some((earlier) => earlier < at)),
          ).length,
          inFrom: leads.filter((lead) => within(a, lead).length > 0).length,
          enteredTo: leads.filter((lead) => entries(b, lead).length > 0).length,
        })),
      )
      expect(pairs).toEqual(expected)

      const reached = (lead: number): number => {
        let at = within(path[0]!, lead)[0]
        let steps = 0
        while (at !== undefined && steps < path.length) {
          steps++
          const [after, next]: [number, number | undefined] = [at, path[steps]]
          at = next === undefined ? undefined : entries(next, lead).find((each) => each.at > after)?.at
        }
        return steps
      }
      const found = await readPath(
        database,
        path.map((segment) => `s${segment}`),
        { ...range, limit: 100 },
      )
      expect(found.steps.map((step) => step.leads)).toEqual(
        path.map((_, index) => leads.filter((lead) => reached(lead) > index).length),
      )
      expect([...found.named].sort()).toEqual(
        leads.filter((lead) => reached(lead) === path.length).map((lead) => `L-${lead}`),
      )
    }),
    { numRuns: 60 },
  )
})
