import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Instant } from '../../compiler/time.ts'
import { evaluatedAt, leadSetAt } from '../../pipeline/asof.ts'
import type { Database, Parameter, Row } from '../../pipeline/engine.ts'
import { type PinnedDefinitions, pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { testDatabase } from '../support/database.ts'
import { apply, runAsOf } from '../support/definitions.ts'
import { arrive, forget, type History, histories, pieces, scoring } from '../support/histories.ts'
import { repeats, seeds } from '../support/seed.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

type Done = { readonly asOf: Instant; readonly horizon: string; readonly definitions: PinnedDefinitions }

/** Piece by piece, a run after each; the last runs with edited definitions. */
async function live(history: History, between?: (piece: number) => Promise<void>): Promise<Done[]> {
  await forget(database)
  const done: Done[] = []
  for (const [piece, asOf] of history.runs.entries()) {
    await arrive(database, history, piece)
    if (piece === 0) await apply(database, history.definitions, scoring)
    if (piece === pieces - 2) await apply(database, history.edited, scoring)
    const definitions = await pinDefinitions(database)
    await between?.(piece)
    const { runId, failing } = await runAsOf(database, asOf, { rollUp: false })
    expect(failing).toEqual([])
    const [run] = await database.query<{ horizon: string }>(
      'select horizon::text as horizon from runs where run_id = $1::bigint',
      [runId],
    )
    done.push({ asOf, horizon: run!.horizon, definitions })
  }
  return done
}

const leadIds = async (sql: string, parameters: readonly unknown[]): Promise<number[]> => {
  const found = await database.query<{ lead_id: string }>(sql, [...parameters] as Parameter[])
  return found.map(({ lead_id }) => Number(lead_id)).sort((a, b) => a - b)
}

/** What the definitions of a run hold for, as of its instant and its horizon, whatever has come since. */
async function evaluated({ asOf, horizon, definitions }: Done, key: string): Promise<number[]> {
  const { sql, parameters } = await evaluatedAt(database, [key], definitions, { asOf, horizon })
  return leadIds(`select lead_id from (${sql}) as f where w0 & 1 <> 0`, parameters)
}

async function replayed(asOf: Instant, key: string): Promise<number[]> {
  const { source, statement } = await leadSetAt(database, key, { asOf })
  expect(source).toMatchObject({ kind: 'recorded', run_as_of: asOf })
  return leadIds(statement.sql, statement.parameters)
}

const members = (key: string) =>
  leadIds('select lead_id from membership join segments using (segment_id) where key = $1::text', [key])

const changes = (where: string, parameters: Parameter[] = []): Promise<Row[]> =>
  database.query(
    `select segment_id, lead_id, as_of::text, change, cause, version, run_id from membership_change
     where ${where} order by segment_id, lead_id, as_of`,
    parameters,
  )

/** More of them on a quiet machine. */

/** What fails is told by its seed, which draws the same history again: a world printed fills many screens. */
async function forAll(count: number, check: (history: History) => Promise<void>): Promise<void> {
  for (const seed of seeds(count)) {
    const [history] = fc.sample(histories, { seed, numRuns: 1 })
    try {
      await check(history!)
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error)
      const { definitions, edited, runs } = history!
      throw new Error(
        `With SEED=${seed}: ${told}\n${JSON.stringify({ definitions, edited, runs }, null, 2)}`,
        {
          cause: error,
        },
      )
    }
  }
}

describe('history', () => {
  test('replayed to any run it is what that run would find again; and the present is what is recorded', async () => {
    let later = 0
    await forAll(8, async (history) => {
      const done = await live(history)
      const last = done.at(-1)!
      for (const key of Object.keys(history.definitions)) {
        for (const run of done) {
          const recorded = await replayed(run.asOf, key)
          expect(recorded).toEqual(await evaluated(run, key))
          const { definitions } = run
          const now = await evaluated({ asOf: run.asOf, horizon: last.horizon, definitions }, key)
          if (now.join() !== recorded.join()) later++
        }
        expect(await members(key)).toEqual(await evaluated(last, key))
      }
    })
    // With what came later it would often be something else.
    if (!repeats) expect(later).toBeGreaterThan(0)
  })

  test('a run changes nothing of what was recorded before it, whatever came late', () =>
    forAll(5, async (history) => {
      let before: Row[] = []
      const done = await live(history, async () => {
        before = await changes('true')
      })
      const last = done.at(-1)!.asOf
      expect(await changes('as_of < $1::timestamptz', [last])).toEqual(before)
    }))

  test('stays never overlap, one at most is open, and each change opens or closes one', () =>
    forAll(6, async (history) => {
      await live(history)
      const overlapping = await database.query(
        `select * from membership_intervals a join membership_intervals b using (segment, lead_id)
         where a.entered_as_of < b.entered_as_of
           and (a.left_as_of is null or a.left_as_of >= b.entered_as_of or a.left_cause is null)`,
      )
      expect(overlapping).toEqual([])
      const [counted] = await database.query(
        `select (select count(*) + count(left_as_of) from membership_intervals) = (select count(*) from membership_change)
             as all_changes,
           (select count(*) from membership_intervals i where i.left_as_of <= i.entered_as_of) as empty,
           (select count(*) from (
             (select segment, lead_id from membership_intervals where left_as_of is null)
             except all
             (select s.key, l.external_id from membership join segments s using (segment_id) join leads l using (lead_id))
           ) as d) as open_but_not_in,
           (select count(*) from membership) - (select count(*) from membership_intervals where left_as_of is null)
             as not_open,
           (select count(*) from membership m join membership_change c using (segment_id, lead_id)
            where c.change = 'left' and c.as_of >= m.since) as since_wrong`,
      )
      expect(counted).toEqual({
        all_changes: true,
        empty: '0',
        open_but_not_in: '0',
        not_open: '0',
        since_wrong: '0',
      })
      const [flow] = await database.query(
        `select coalesce(sum(entered), 0) as entered, coalesce(sum("left"), 0) as "left",
           (select count(*) from membership_change where change = 'entered') as opened,
           (select count(*) from membership_change where change = 'left') as closed
         from segment_changes_daily`,
      )
      expect([flow!.entered, flow!.left]).toEqual([flow!.opened, flow!.closed])
    }))

  test('the order of arrival leaves no trace', () =>
    forAll(6, async (history) => {
      const asOf = history.runs.at(-1)!
      const found: number[][][] = []
      for (const order of [
        [0, 1, 2, 3],
        [3, 1, 0, 2],
      ]) {
        await forget(database)
        for (const piece of order) await arrive(database, history, piece)
        await apply(database, history.definitions, scoring)
        await runAsOf(database, asOf, { rollUp: false })
        const keys = Object.keys(history.definitions)
        found.push(await Promise.all(keys.map(members)))
      }
      expect(found[1]).toEqual(found[0])
    }))

  test('what happens later changes nothing of what is evaluated at an instant', () =>
    forAll(6, async (history) => {
      await forget(database)
      for (const piece of history.runs.keys()) await arrive(database, history, piece)
      await apply(database, history.definitions, scoring)
      const asOf = history.runs[1]!
      const definitions = await pinDefinitions(database)
      const evaluateAll = async () => {
        const { sql, parameters } = await evaluatedAt(
          database,
          Object.keys(history.definitions),
          definitions,
          {
            asOf,
          },
        )
        return database.query(`select * from (${sql}) as f order by lead_id`, [...parameters] as Parameter[])
      }
      const withAll = await evaluateAll()
      await database.query('delete from events where occurred_at > $1::timestamptz', [asOf])
      await database.query(
        `delete from leads l where first_seen_at > $1::timestamptz
           and not exists (select from events e where e.lead_id = l.lead_id)`,
        [asOf],
      )
      // Before the first value that is known, that one holds: it may have come later.
      await database.query(
        `delete from attribute_change c where from_at > $1::timestamptz and exists (
           select from attribute_change b
           where (b.subject, b.subject_id, b.attribute) = (c.subject, c.subject_id, c.attribute)
             and b.from_at <= $1::timestamptz)`,
        [asOf],
      )
      expect(await evaluateAll()).toEqual(withAll)
    }))
})
