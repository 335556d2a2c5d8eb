import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit } from '../../compiler/emit.ts'
import { plan } from '../../compiler/plan.ts'
import type { Instant } from '../../compiler/time.ts'
import { leadSetAt } from '../../pipeline/asof.ts'
import type { Database, Parameter, Row } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { type PinnedDefinitions, pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { forAll, type Law } from '../support/cases.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { apply, evaluatedMembers, runAsOf } from '../support/definitions.ts'
import { arrive, forget, type History, histories, pieces, reachOut, scoring } from '../support/histories.ts'
import { loadDuckdb } from '../support/load.ts'
import { microsOf } from '../support/reference/time.ts'
import { repeats, times } from '../support/seed.ts'

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
    await reachOut(database, history.hands, piece)
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

const law = (cases: number, least: number): Law<History> => ({
  ...{ drawn: histories, cases, least, seconds: 10 },
  tell: ({ definitions, edited, runs, hands }) => ({ definitions, edited, runs, hands }),
})

describe('history', () => {
  test(
    'replayed to any run it is what that run would find again; and the present is what is recorded',
    async () => {
      let later = 0
      // With what came later it would often be something else.
      await forAll({ ...law(40, 4), seen: () => later > 0 }, async (history) => {
        const done = await live(history)
        const last = done.at(-1)!
        const keys = Object.keys(history.definitions)
        for (const run of done) {
          const recorded = Object.fromEntries(
            await Promise.all(keys.map(async (key) => [key, await replayed(run.asOf, key)])),
          )
          expect(recorded).toEqual(await evaluatedMembers(database, run.definitions, run))
          const now = await evaluatedMembers(database, run.definitions, { ...run, horizon: last.horizon })
          if (JSON.stringify(now) !== JSON.stringify(recorded)) later++
        }
        const present = Object.fromEntries(
          await Promise.all(keys.map(async (key) => [key, await members(key)])),
        )
        expect(present).toEqual(await evaluatedMembers(database, last.definitions, last))
      })
      if (!repeats) expect(later).toBeGreaterThan(0)
    },
    times * 300_000,
  )

  test(
    'a run changes nothing of what was recorded before it, whatever came late',
    () =>
      forAll(law(5, 3), async (history) => {
        let before: Row[] = []
        const done = await live(history, async () => {
          before = await changes('true')
        })
        const last = done.at(-1)!.asOf
        expect(await changes('as_of < $1::timestamptz', [last])).toEqual(before)
      }),
    times * 300_000,
  )

  test(
    'stays never overlap, one at most is open, each change opens or closes one; the views agree, whatever is done',
    async () => {
      const done = new Set<string>()
      const isSeen = (kind: string) => [...done].some((each) => each.endsWith(kind))
      const seen = () => ['entered definition', 'left definition', ' backfill'].every(isSeen)
      await forAll({ ...turmoil(60, 4), seen }, async ({ history, archived, backfilled }) => {
        await live(history, async (piece) => {
          const lost = archived === piece ? ['s6', 's7'] : archived + 1 === piece ? ['s7'] : []
          const texts = piece < pieces - 2 ? history.definitions : history.edited
          const kept = Object.entries(texts).filter(([key]) => !lost.includes(key))
          await apply(database, Object.fromEntries(kept), scoring)
          const range = piece === backfilled ? rangeOf(history, piece) : undefined
          if (range) await backfill(database, { ...range, owner: 'test' })
          await expectStays()
        })
        await expectStays()
        expect(await faults(database)).toEqual([])
        for (const { kind } of await kinds()) done.add(kind)
      })
      if (!repeats) expect(seen(), [...done].join(', ')).toBe(true)
    },
    times * 300_000,
  )

  test(
    'the order of arrival leaves no trace: of who is in, why, since when, and with how many points',
    () =>
      forAll(
        { ...law(6, 3), drawn: fc.tuple(histories, shuffles), tell: ([history]) => law(1, 1).tell(history) },
        async ([history, [early, late]]) => {
          const found: Record<string, Row[]>[] = []
          for (const [first, second] of [
            [
              [0, 1],
              [2, 3],
            ],
            [early, late],
            [[...early].reverse(), [...late].reverse()],
          ] as const) {
            await forget(database)
            for (const piece of first) await arrive(database, history, piece)
            await apply(database, history.definitions, scoring)
            for (const piece of [0, 1]) await reachOut(database, history.hands, piece)
            await runAsOf(database, history.runs[1]!, { rollUp: false })
            for (const piece of second) await arrive(database, history, piece)
            for (const piece of [2, 3]) await reachOut(database, history.hands, piece)
            await runAsOf(database, history.runs[2]!, { rollUp: false })
            await runAsOf(database, history.runs[3]!, { rollUp: false })
            found.push(await allThatCameOfIt())
          }
          expect(found[1]).toEqual(found[0])
          expect(found[2]).toEqual(found[0])
        },
      ),
    times * 300_000,
  )

  test(
    'what happens later changes nothing of what is evaluated at an instant, on either engine',
    () =>
      forAll(law(5, 3), async (history) => {
        await forget(database)
        for (const piece of history.runs.keys()) await arrive(database, history, piece)
        await apply(database, { ...history.definitions, ...looking }, scoring)
        for (const piece of history.runs.keys()) await reachOut(database, history.hands, piece)
        for (const asOf of history.runs) await runAsOf(database, asOf, { rollUp: false })
        const definitions = await pinDefinitions(database)
        const instants = [...new Set([...history.runs.slice(1, 3), history.world.asOf])].sort().reverse()
        const before = await evaluateAt(instants, definitions)
        for (const asOf of instants) {
          await forgetAfter(asOf)
          expect(await evaluateAt([asOf], definitions)).toEqual({ [asOf]: before[asOf] })
        }
      }),
    times * 300_000,
  )
})

/** A history, before which of its runs two segments are archived, and before which all before it is recomputed. */
const turmoil = (cases: number, least: number): Law<Turmoil> => ({
  ...{ cases, least, seconds: 12 },
  drawn: fc.record({
    history: histories,
    archived: fc.constantFrom(1, 2, pieces),
    backfilled: fc.constantFrom(2, 3, 3),
  }),
  tell: ({ history, archived, backfilled }) => ({
    ...(law(1, 1).tell(history) as object),
    archived,
    backfilled,
  }),
})
type Turmoil = { readonly history: History; readonly archived: number; readonly backfilled: number }

/** From one run to the next, hour by hour, unless there are too many of them. */
function rangeOf({ runs }: History, piece: number) {
  const [from, to] = [runs[piece - 2]!, runs[piece - 1]!]
  if (microsOf(to) - microsOf(from) > 86_400_000_000n) return undefined
  return { from, to, all: true, grain: 'hour' } as const
}

const kinds = () =>
  database.query<{ kind: string }>(`select distinct change || ' ' || cause as kind from membership_change`)

/** What the views say of stays, of who is in, and of entries and exits. */
async function expectStays(): Promise<void> {
  const overlapping = await database.query(
    `select * from membership_intervals a join membership_intervals b using (segment, lead_id)
     where a.entered_as_of < b.entered_as_of
       and (a.left_as_of is null or a.left_as_of >= b.entered_as_of or a.left_cause is null)`,
  )
  expect(overlapping).toEqual([])
  const [counted] = await database.query(
    `select (select count(*) + count(left_as_of) from membership_intervals) = (select count(*) from membership_change)
         as all_changes,
       (select count(*) from membership_intervals i where i.left_as_of <= i.entered_as_of) as empty`,
  )
  expect(counted).toEqual({ all_changes: true, empty: '0' })
  const open = await database.query(
    'select segment, lead_id, entered_as_of as since from membership_intervals where left_as_of is null order by 1, 2',
  )
  expect(open).toEqual(
    await database.query('select segment, lead_id, since from current_members order by 1, 2'),
  )
  const [flow] = await database.query(
    `select coalesce(sum(entered), 0) as entered, coalesce(sum("left"), 0) as "left",
       (select count(*) from membership_change where change = 'entered') as opened,
       (select count(*) from membership_change where change = 'left') as closed
     from segment_changes_daily`,
  )
  expect([flow!.entered, flow!.left]).toEqual([flow!.opened, flow!.closed])
}

/** In which order pieces arrive before the first run, and between it and the next. */
const shuffles = fc.tuple(
  fc.shuffledSubarray([0, 1], { minLength: 2 }),
  fc.shuffledSubarray([2, 3], { minLength: 2 }),
)

async function allThatCameOfIt(): Promise<Record<string, Row[]>> {
  const texts = {
    membership: 'select segment_id, lead_id, since, run_id from membership order by 1, 2',
    history: 'select * from membership_change order by segment_id, lead_id, as_of',
    scores: 'select * from lead_scores order by lead_id, score',
    days: 'select * from score_history order by lead_id, score, day',
    figures: 'select * from segment_stats order by segment_id, as_of',
  }
  const found: Record<string, Row[]> = {}
  for (const [name, text] of Object.entries(texts)) found[name] = await database.query(text)
  return found
}

/** On what was recorded, on accounts and on conversions, beside what the history asks. */
const looking = {
  was: 'was in segment "s0" within 2 days or left segment "s1" within 40 days',
  entered: 'entered segment "s2" within 1 day and not in segment "s3" for at least 1 day',
  peak: 'max score within 30 days >= 7 or entered level warm within 2 days',
  mates: 'at least 1 lead of account in segment "s4" or account did purchase within 30 days',
  sold: 'converted of kind "won" within 60 days or account.plan = "pro"',
}

/** What each lead is, as of each of the instants, by either engine. */
async function evaluateAt(
  instants: readonly Instant[],
  { segments, scores, references }: PinnedDefinitions,
): Promise<Record<Instant, Row[][]>> {
  const queryPlan = plan(segments, scores, references)
  const [seen] = await database.query<{ horizon: string }>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as horizon',
  )
  const horizon = seen!.horizon
  const duckdb = await loadDuckdb(database, queryPlan, horizon)
  const found: Record<Instant, Row[][]> = {}
  for (const asOf of instants) {
    const [one, other] = [dialects.postgres, dialects.duckdb].map((dialect) =>
      emit(queryPlan, dialect, { asOf, horizon }),
    )
    found[asOf] = [
      await database.query(one!.sql, one!.parameters as Parameter[]),
      await duckdb.rows(other!.sql, other!.parameters as string[]),
    ].map((rows) => [...rows].sort((a, b) => Number(a.lead_id) - Number(b.lead_id)))
  }
  duckdb.close()
  return found
}

/** As if nothing had happened after an instant, and no run had looked since. */
async function forgetAfter(asOf: Instant): Promise<void> {
  for (const text of [
    'delete from events where occurred_at > $1::timestamptz',
    `delete from leads l where first_seen_at > $1::timestamptz
       and not exists (select from events e where e.lead_id = l.lead_id)`,
    // Before the first value that is known, that one holds: it may have come later.
    `delete from attribute_change c where from_at > $1::timestamptz and exists (
       select from attribute_change b
       where (b.subject, b.subject_id, b.attribute) = (c.subject, c.subject_id, c.attribute)
         and b.from_at <= $1::timestamptz)`,
    'delete from segment_list where from_at > $1::timestamptz',
    'update segment_list set until_at = null, until_xid = null where until_at > $1::timestamptz',
    // A run as of the instant reads what runs before it wrote.
    'delete from membership_change where as_of >= $1::timestamptz',
    `delete from score_history where (day + 1)::timestamp at time zone 'UTC' > $1::timestamptz`,
  ])
    await database.query(text, [asOf])
}
