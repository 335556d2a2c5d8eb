import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { fadeTable, type ScoreDefinition } from '../../compiler/scoring.ts'
import { applySources } from '../../pipeline/apply.ts'
import type { Database } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { forAll, type Law } from '../support/cases.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history as historyOf, runAsOf, sources } from '../support/definitions.ts'
import {
  arrive,
  forget,
  type Hand,
  type History,
  handsNear,
  histories,
  pieces,
  reachOut,
  scoring,
} from '../support/histories.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'
import { repeats, times } from '../support/seed.ts'
import { catalog } from '../support/world.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

type Script = {
  readonly history: History
  readonly hands: readonly Hand[]
  /** Keys that rest in each run. */
  readonly paused: readonly (readonly string[])[]
  /** From which run on each score has other points; and there are other definitions. Never, where there is no such run. */
  readonly rescored: Readonly<Record<'engagement' | 'interest', number>>
  readonly edited: number
}

/** Segments that refer to others or read scores, besides those of the history. */
const referring = {
  both: 'in segment "s0" or in segment "s1"',
  neither: 'not in segment "both" and not in segment "s2"',
  lately: 'was in segment "s3" within 10 days',
  mates: 'at least 1 lead of account in segment "s4"',
  keen: 'score >= 8',
  curious: 'interest score >= 2',
  team: 'team score >= 4',
  'all-keen': 'in segment "keen" or not in segment "s5"',
  'keen-mates': 'at least 1 lead of account in segment "curious"',
}
const references: Readonly<Record<string, readonly string[]>> = {
  both: ['s0', 's1'],
  neither: ['both', 's2'],
  lately: ['s3'],
  mates: ['s4'],
  'all-keen': ['keen', 's5'],
  'keen-mates': ['curious'],
}
const readsOf: Readonly<Record<string, 'engagement' | 'interest'>> = {
  keen: 'engagement',
  curious: 'interest',
  team: 'interest',
}

const fading = fadeTable({ kind: 'half-life', days: 1 }, '5000000', undefined)
const interest = (micropoints: string): ScoreDefinition => ({
  name: 'interest',
  rules: [
    { event: 'purchase', micropoints: '5000000', fade: { kind: 'half-life', days: 1 }, table: fading },
    { event: 'email_open', micropoints },
  ],
  levels: [{ name: 'low', from: '0' }],
})
const team: ScoreDefinition = {
  name: 'team',
  rules: [],
  of_leads: { by: 'sum', score: 'interest' },
  levels: [],
}

/** What scoring.yaml says in a run: each score changes on its own. */
const scoringOf = ({ rescored }: Script, run: number) => ({
  ...scoring,
  ...(run < rescored.engagement ? {} : { points: { page_view: 3, email_open: 2, trial_signup: 30 } }),
  scores: [interest(run < rescored.interest ? '1000000' : '3000000'), team],
})

/** Little happens, and most of it is there from the beginning: else nothing would ever change by time alone. */
const quiet: fc.Arbitrary<History> = fc
  .tuple(histories, fc.integer({ min: 5, max: 30 }), fc.constantFrom(0, 1, 2, 5))
  .map(([history, rows, late]) => {
    const { world, arrivals } = history
    const mostlyFirst = (all: readonly number[]) => all.map((piece, index) => (index % 6 < late ? piece : 0))
    return {
      ...history,
      world: {
        ...world,
        events: world.events.slice(0, rows),
        changes: world.changes.slice(0, rows),
      },
      arrivals: {
        leads: mostlyFirst(arrivals.leads),
        events: mostlyFirst(arrivals.events.slice(0, rows)),
        changes: mostlyFirst(arrivals.changes.slice(0, rows)),
      },
    }
  })

const scripts: fc.Arbitrary<Script> = quiet.chain((history) => {
  const keys = [...Object.keys(history.definitions), ...Object.keys(referring)]
  const leads = history.world.leads.map(({ id }) => id)
  const rests = fc.array(fc.constantFrom(...keys), { maxLength: 4 })
  return fc.record({
    history: fc.constant(history),
    hands: handsNear(keys, leads, history.runs),
    paused: fc.array(rests, { minLength: 4, maxLength: 4 }),
    rescored: fc.record({
      engagement: fc.constantFrom(1, 2, 3, 4, 4),
      interest: fc.constantFrom(1, 2, 3, 4, 4),
    }),
    edited: fc.constantFrom(1, 2, 3, 4, 4),
  })
})

const textsOf = ({ history, edited }: Script, run: number): Record<string, string> => ({
  ...(run < edited ? history.definitions : history.edited),
  ...referring,
})

/** Runs the script, and returns what was recorded: one line per change. */
async function record(script: Script): Promise<Change[]> {
  const { history, hands, paused } = script
  await forget(database)
  for (const [run, asOf] of history.runs.entries()) {
    await arrive(database, history, run)
    const { segments, ...rest } = sources(textsOf(script, run), scoringOf(script, run))
    const all = segments.map((each) => {
      return { ...each, status: paused[run]!.includes(each.key) ? ('paused' as const) : each.status }
    })
    await applySources(database, { ...rest, segments: all }, 'UTC')
    await reachOut(database, hands, run)
    const { failing } = await runAsOf(database, asOf, { rollUp: false })
    expect(failing).toEqual([])
  }
  return database.query<Change>(
    `select key as segment, lead_id::int as lead, row_number() over (partition by null)::int as n, cause, change,
       (select count(*)::int - 1 from runs r where r.run_id <= c.run_id) as run
     from membership_change c join segments using (segment_id) order by run, key, lead`,
  )
}

type Change = { segment: string; lead: number; run: number; cause: string; change: string }

/** A segment and all that it refers to, itself or through others. */
const closure = (key: string): string[] => [key, ...(references[key] ?? []).flatMap(closure)]

const unquoted = (text: string): string => text.replace(/"[^"]*"/g, '""')

const looksAtMates = (text: string): boolean =>
  /\baccount did\b|\blead(s)? of account\b|\bteam score\b/.test(unquoted(text))

const meaning = (text: string): unknown =>
  compile(text, { ...catalog, aliases: new Map(), segments: new Map(), scores: [] }, 'UTC').fingerprint ??
  text

/** The first that holds of: definition, manual, data, time. */
function derive(script: Script, { segment, lead, run }: Change): string {
  const before = [...Array(run).keys()].reverse().find((each) => !script.paused[each]!.includes(segment))
  const all = closure(segment)
  const texts = all.map((key) => textsOf(script, run)[key]!)
  if (before === undefined) return 'definition'
  const old = (key: string) => textsOf(script, before)[key]!
  const rescored = all.flatMap((key) => (readsOf[key] ? [script.rescored[readsOf[key]]] : []))
  if (rescored.some((since) => before < since && run >= since)) return 'definition'
  if (all.some((key) => meaning(old(key)) !== meaning(textsOf(script, run)[key]!))) return 'definition'
  const leads = script.history.world.leads.map(({ id }) => id)
  const others = [...Array(10).keys()].map((id) => id + 1)
  const between = { before, run }
  const mates = texts.some(looksAtMates)
    ? [...new Set([...leads, ...others])].filter(isMate(script, lead, between))
    : []
  const whose = [lead, ...mates]
  const touched = script.hands.some(
    (hand) => all.includes(hand.segment) && whose.includes(hand.lead) && handMoved(script, hand, between),
  )
  if (touched) return 'manual'
  return whose.some((id) => sourcesMoved(script, id, between)) ? 'data' : 'time'
}

type Between = { readonly before: number; readonly run: number }

const isMate =
  (script: Script, lead: number, { before, run }: Between) =>
  (other: number): boolean => {
    const account = accountOf(script, lead, run)
    if (account === undefined) return false
    return accountOf(script, other, run) === account || accountOf(script, other, before) === account
  }

/** As known by a run and as of it: the latest link that had begun; before the first, that one. */
function accountOf({ history }: Script, lead: number, run: number): string | undefined {
  const { world, arrivals, runs } = history
  const known = world.changes
    .filter(({ subject, id, attribute }, index) => {
      const isLink = subject === 'lead' && id === lead && attribute === '@account'
      return isLink && arrivals.changes[index]! <= run
    })
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  const value = (known.filter(({ from }) => from <= runs[run]!).at(-1) ?? known[0])?.value
  return value && /^\d+$/.test(value) ? value : undefined
}

function handMoved({ history }: Script, hand: Hand, { before, run }: Between): boolean {
  const seen = (each: number) => {
    const asOf = history.runs[each]!
    return [
      hand.arrives <= each && hand.from <= asOf,
      hand.arrives <= each && hand.ends <= each && hand.until <= asOf,
    ]
  }
  return seen(before).join() !== seen(run).join()
}

/** Of one subject and name the first that a run knows: it held before its time as well. */
function isFirst({ history: { world, arrivals } }: Script, index: number, run: number): boolean {
  const { subject, id, attribute, from } = world.changes[index]!
  const arrived = arrivals.changes[index]!
  return !world.changes.some((other, place) => {
    const same = other.subject === subject && other.id === id && other.attribute === attribute
    const when = arrivals.changes[place]!
    if (!same || when > run) return false
    if (other.from !== from) return other.from < from
    return when === arrived ? place < index : when < arrived
  })
}

/** Whether the lead's events, its attributes, those of its account, or its own row are seen anew. */
function sourcesMoved(script: Script, lead: number, { before, run }: Between): boolean {
  const { world, arrivals, runs } = script.history
  const seen = (arrives: number, at: string, each: number) => arrives <= each && at <= runs[each]!
  const anew = (arrives: number, at: string) => seen(arrives, at, run) && !seen(arrives, at, before)
  const arrived = (arrives: number) => arrives <= run && arrives > before
  const account = accountOf(script, lead, run)
  return (
    world.events.some(({ lead: id, at }, index) => id === lead && anew(arrivals.events[index]!, at)) ||
    world.leads.some(({ id }, index) => id === lead && arrived(arrivals.leads[index]!)) ||
    world.leads.some(({ id, firstSeen }, index) => id === lead && anew(arrivals.leads[index]!, firstSeen)) ||
    world.changes.some(({ subject, id, from }, index) => {
      const ours = subject === 'lead' ? id === lead : String(id) === account
      return (
        ours &&
        (arrived(arrivals.changes[index]!) ||
          (anew(arrivals.changes[index]!, from) && !isFirst(script, index, run)))
      )
    })
  )
}

type Row = { key: string; lead: string; as_of: string; change: string; cause: string; version: number }
const rows = (): Promise<Row[]> =>
  database.query(
    `select key, lead_id as lead, to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, change, cause, c.version
     from membership_change c join segments using (segment_id)`,
  )
const whichOf = ({ key, lead, as_of, change }: Row): string => [key, lead, as_of, change].join(' ')

/** What it may be: `manual` where a hand moved the lead between two looks at it, as far as all is known by now. */
function recomputed(script: Script, { key, lead, as_of }: Row, last: string): string[] {
  // Beyond the range it leads over to what is recorded there.
  if (as_of > script.history.runs[2]!) return ['backfill']
  const moves = (at: string, comes: number) => comes < pieces && at > last && at <= as_of
  const moving = script.hands.filter(
    (hand) =>
      closure(key).includes(hand.segment) &&
      (moves(hand.from, hand.arrives) || moves(hand.until, Math.max(hand.arrives, hand.ends))),
  )
  if (moving.some((hand) => String(hand.lead) === lead)) return ['manual']
  // Whether it is a mate whom the hand moved is asked of runs alone.
  const mates = closure(key).some((other) => looksAtMates(textsOf(script, pieces - 1)[other]!))
  return mates && moving.length > 0 ? ['manual', 'backfill'] : ['backfill']
}

/** Recomputes the days of the second and the third run. What is recorded already stays as it is; the rest is new. */
async function recompute(script: Script): Promise<string[]> {
  const { runs } = script.history
  const before = await rows()
  await backfill(database, { from: runs[1]!, to: runs[2]!, all: true, owner: 'test' })
  const after = await rows()
  const recorded = new Map(before.map((row) => [whichOf(row), row]))
  const looks = await database.query<{ as_of: string }>(
    `select distinct to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of from segment_stats order by 1`,
  )
  for (const row of after) {
    const last = looks.findLast(({ as_of }) => as_of < row.as_of)?.as_of ?? ''
    const kept = recorded.get(whichOf(row))
    if (kept) expect(row).toEqual(kept)
    else expect(recomputed(script, row, last), JSON.stringify(row)).toContain(row.cause)
  }
  return after.filter((row) => !recorded.has(whichOf(row))).map(({ cause }) => cause)
}

/**
 * Somebody takes a member away, and puts another there: a full run right after it repairs that, and nothing else. Left
 * alone are leads that it looks at anyway, being due or in an account with one who is.
 */
async function damage(script: Script): Promise<string[]> {
  const { history, paused, hands } = script
  const last = history.runs[3]!
  const asOf = instantOf(microsOf(last) + 1n)
  if (asOf.slice(0, 10) !== last.slice(0, 10)) return []
  const damaged = await database.query<{ pair: string }>(
    `with recursive looked_at as (
       select lead_id from lead_state where due_at <= $3::timestamptz or lead_id = any($2::bigint[])
       union
       select other.subject_id
       from looked_at
       join attribute_change own on own.subject_id = lead_id and own.subject = 'lead' and own.attribute = '@account'
       join attribute_change other using (subject, attribute, value)
     ), chosen as (
       select segment_id, key, lead_id, l.lead_id in (
         select lead_id from membership m where m.segment_id = s.segment_id) as is_in
       from segments s cross join leads l
       join lead_state st using (lead_id)
       where key <> all($1::text[]) and lead_id not in (select lead_id from looked_at) and st.present
       order by segment_id % 3, lead_id limit 6
     ), gone as (
       delete from membership m using chosen c where is_in and m.segment_id = c.segment_id and m.lead_id = c.lead_id
     ), come as (
       insert into membership (segment_id, lead_id, since, run_id)
       select segment_id, lead_id, $4::timestamptz, 1 from chosen where not is_in
     )
     select key || ' ' || lead_id as pair from chosen`,
    // What reads a past that was just recomputed is no repair.
    [[...paused[3]!, 'lately'], hands.map(({ lead }) => lead), asOf, last],
  )
  await runAsOf(database, asOf, { rollUp: false, full: true })
  const pairs = new Set(damaged.map(({ pair }) => pair))
  const found = (await rows()).filter((row) => row.as_of === asOf)
  const repaired = found.filter(({ cause }) => cause === 'repair')
  expect(new Set(repaired.map(({ key, lead }) => `${key} ${lead}`))).toEqual(pairs)
  return repaired.map(({ cause }) => cause)
}

describe('the cause of a change', () => {
  test(
    'is the one that a plain look at what came between the two runs finds',
    async () => {
      const found = new Set<string>()
      const causes = ['backfill', 'data', 'definition', 'manual', 'repair', 'time']
      const law: Law<Script> = {
        ...{ drawn: scripts, cases: 60, least: 12, seconds: 0 },
        seen: () => causes.every((cause) => found.has(cause)),
        tell: (script) => {
          return { definitions: textsOf(script, 0), later: textsOf(script, 3), paused: script.paused }
        },
      }
      await forAll(law, async (script, index) => {
        const changes = await record(script)
        const wrong = changes
          .map((change) => ({ ...change, derived: derive(script, change) }))
          .filter(({ cause, derived }) => cause !== derived)
        expect(wrong).toEqual([])
        const seen = changes.map(({ cause }) => cause)
        if (repeats || index % 3 === 0) seen.push(...(await recompute(script)), ...(await damage(script)))
        for (const cause of seen) found.add(cause)
      })
      if (!repeats) expect([...found].sort()).toEqual(causes)
    },
    times * 300_000,
  )

  test('of a segment that was broken for a while looks back to the run in which it was last evaluated', async () => {
    await forget(database)
    await addLead(database, 'a')
    await addLead(database, 'b', { events: [['page_view', '2026-01-01T12:00:00Z']] })
    const definitions = {
      seen: 'did page_view within 3 days or segment_of = "x"',
      other: 'did page_view within 3 days',
    }
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'segment_of', 'text')`)
    await apply(database, definitions)
    await runAsOf(database, '2026-01-02T00:00:00.000000Z')
    await database.query(`delete from catalog where name = 'segment_of'`)
    await addEvent(database, 'a', 'page_view', '2026-01-02T12:00:00Z')
    expect((await runAsOf(database, '2026-01-03T00:00:00.000000Z')).failing).toHaveLength(1)
    await database.query(`insert into catalog (subject, name, type) values ('lead', 'segment_of', 'text')`)
    await runAsOf(database, '2026-01-05T00:00:00.000000Z')
    expect((await historyOf(database, 'seen')).slice(1)).toEqual([
      'a entered data 2026-01-05T00:00Z',
      'b left time 2026-01-05T00:00Z',
    ])
    expect((await historyOf(database, 'other')).slice(1)).toEqual([
      'a entered data 2026-01-03T00:00Z',
      'b left time 2026-01-05T00:00Z',
    ])
  })

  test('of a change that a recomputed past alone explains is backfill, and no drift', async () => {
    await forget(database)
    for (const lead of ['a', 'b']) {
      await addLead(database, lead, { events: [['page_view', '2026-01-02T12:00:00Z']] })
    }
    const definitions = {
      seen: 'did page_view within 1 day',
      lately: 'was in segment "seen" within 30 days',
      indeed: 'in segment "lately"',
    }
    await apply(database, definitions)
    await runAsOf(database, '2026-01-05T00:00:00.000000Z')
    const [from, to] = ['2026-01-02T00:00:00.000000Z', '2026-01-04T00:00:00.000000Z']
    await backfill(database, { from, to, segments: ['seen'], owner: 'test' })
    const { drift } = await runAsOf(database, '2026-01-05T01:00:00.000000Z')
    expect(drift).toBe(0)
    for (const key of ['lately', 'indeed']) {
      expect(await historyOf(database, key)).toEqual([
        'a entered backfill 2026-01-05T01:00Z',
        'b entered backfill 2026-01-05T01:00Z',
      ])
    }
  })

  test('of the first run after a backfill looks back to the last instant that it looked at', async () => {
    await forget(database)
    await addLead(database, 'a', { events: [['page_view', '2026-01-04T12:00:00Z']] })
    await addLead(database, 'b', { events: [['page_view', '2026-01-03T12:00:00Z']] })
    await apply(database, { seen: 'did page_view within 1 day' })
    const to = '2026-01-04T23:59:59.999999Z'
    await backfill(database, { from: '2026-01-02T00:00:00.000000Z', to, owner: 'test' })
    await runAsOf(database, '2026-01-05T00:00:00.000000Z')
    expect(await historyOf(database, 'seen')).toEqual([
      'b entered backfill 2026-01-04T00:00Z',
      'a entered data 2026-01-05T00:00Z',
      'b left time 2026-01-05T00:00Z',
    ])
  })
})
