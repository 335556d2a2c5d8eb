import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf } from './support.ts'

let database: Database
let desk: Desk

const scoring = `scores:
  engagement:
    points: { page_view: 10 }
    levels: { cold: 0, warm: 25, hot: 50 }
  fit:
    rules: [{ where: size > 2, points: 5 }]
  account:
    of_leads: sum of engagement
`

/** L-n has n page views and size n. */
beforeEach(async () => {
  database = await testDatabase()
  for (let n = 0; n <= 6; n++) {
    const events = Array.from({ length: n }, (_, index): [string, string] => {
      return ['page_view', `2026-03-0${index + 1}T12:00:00Z`]
    })
    await addLead(database, `L-${n}`, { attributes: { size: n }, events })
  }
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  desk.file('scoring.yaml', scoring)
  desk.file('segments/a.yaml', 'hot:\n  where: level is hot\n')
  expect(await desk.type('apply')).toMatchObject({ code: 0 })
})
afterEach(() => database.close())

const planned = async (...more: string[]) => {
  const said = await desk.type(['plan', '--as-of', '2026-03-20', ...more])
  expect(said).toMatchObject({ code: 0, err: '' })
  return said.out
}
const chosen = () => database.query('select version, history from scoring_versions order by version')

describe('a plan of other rules for scores', () => {
  test('counts who gets other points and who comes to another level', async () => {
    desk.file('segments/b.yaml', 'fits:\n  where: fit score >= 5\n')
    await desk.type('apply')
    expect(JSON.parse(await planned()).scores).toBeNull()
    desk.file('scoring.yaml', scoring.replace('page_view: 10', 'page_view: 20').replace('hot: 50', 'hot: 70'))
    const { scores, segments } = JSON.parse(await planned())
    expect(segments.map(({ key }: { key: string }) => key)).toEqual(['hot'])
    // Points 0, 10, …, 60 become 0, 20, …, 120.
    expect(scores).toMatchObject({ leads: 7, recorded: null })
    expect(scores.scores).toMatchObject([
      {
        ...{ score: 'engagement', action: 'change', points_change: 6, level_change: 2 },
        ...{ before: ['cold', 'warm', 'hot'], after: ['cold', 'warm', 'hot'] },
      },
    ])
    expect(scores.scores[0].levels).toEqual([
      { from: 'cold', to: 'cold', leads: 2 },
      { from: 'cold', to: 'warm', leads: 1 },
      { from: 'warm', to: 'warm', leads: 1 },
      { from: 'warm', to: 'hot', leads: 1 },
      { from: 'hot', to: 'hot', leads: 2 },
    ])
  })

  test('leaves out scores that stay as they are, and segments that read no others', async () => {
    const levels = scoring.replace('  account:', '    levels: { poor: 0, good: 5 }\n  account:')
    desk.file('scoring.yaml', levels)
    desk.file(
      'segments/a.yaml',
      'hot:\n  where: level is hot\ngood:\n  where: fit level is good\nboth:\n  where: in segment "hot" and in segment "good"\nall:\n  where: account score > 5\n',
    )
    await desk.type('apply')
    const of = async () => {
      const { scores, segments } = JSON.parse(await planned())
      const keys = (all: Record<string, string>[], name: string) => all.map((each) => each[name])
      return { scores: keys(scores.scores, 'score'), segments: keys(segments, 'key') }
    }
    desk.file('scoring.yaml', levels.replace('page_view: 10', 'page_view: 20'))
    expect(await of()).toEqual({ scores: ['engagement'], segments: ['hot', 'both', 'all'] })
    desk.file('scoring.yaml', levels.replace('good: 5', 'good: 4'))
    expect(await of()).toEqual({ scores: ['fit'], segments: ['good', 'both'] })
  })

  test('scores that come and go, and levels alone', async () => {
    desk.file(
      'scoring.yaml',
      scoring
        .replace('hot: 50', 'burning: 50')
        .replace('  fit:\n    rules: [{ where: size > 2, points: 5 }]\n', '')
        .replace('  account:', '  total: { points: { page_view: 1 } }\n  account:'),
    )
    desk.file('segments/a.yaml', 'hot:\n  where: level is burning\n')
    const { scores } = JSON.parse(await planned())
    expect(scores.scores).toMatchObject([
      { score: 'engagement', action: 'change', points_change: 0, level_change: 2 },
      { score: 'total', action: 'create', before: [], after: [] },
      { score: 'fit', action: 'drop' },
    ])
  })

  test('as people read it, and what may become of the past', async () => {
    await desk.type('run --as-of 2026-03-10')
    desk.file('scoring.yaml', scoring.replace('page_view: 10', 'page_view: 20'))
    expect(await planned('--format', 'table')).not.toContain('rebuild')
    await desk.type('run --as-of 2026-03-11T08:30')
    const text = await planned('--format', 'table')
    expect(text.slice(text.indexOf('scoring.yaml  '))).toMatchInlineSnapshot(`
      "scoring.yaml  changes: what reads a score that changes is listed above
        engagement: of 7 leads 6 get other points, 3 another level
          now   → cold  → warm  → hot
          cold       2       1      0
          warm       0       0      2
          hot        0       0      2
        Scores as recorded stay, and the new rules begin with the next run; \`tideline apply --scores
        rebuild\` says that the past is to follow, and how.

      1 to change. \`tideline apply\` makes it so; with --run, members follow at once.
      "
    `)
    const markdown = await planned('--format', 'markdown')
    expect(markdown.slice(markdown.indexOf('### scoring.yaml')).split('<details>')[0]).toMatchInlineSnapshot(`
      "### scoring.yaml

      What reads a score that changes is listed above.

      - engagement: of 7 leads 6 get other points, 3 another level

      | now | → cold | → warm | → hot |
      | --- | --: | --: | --: |
      | cold | 2 | 1 | 0 |
      | warm | 0 | 0 | 2 |
      | hot | 0 | 0 | 2 |

      Scores as recorded stay, and the new rules begin with the next run; \`tideline apply --scores rebuild\` says that the past is to follow, and how.

      "
    `)
  })

  test('the choice is recorded, and rebuilding names the backfill that does it', async () => {
    await desk.type('run --as-of 2026-03-10')
    await desk.type('run --as-of 2026-03-12T08:30')
    desk.file('scoring.yaml', scoring.replace('page_view: 10', 'page_view: 20'))
    await desk.type('apply')
    desk.file('scoring.yaml', scoring.replace('page_view: 10', 'page_view: 30'))
    const said = JSON.parse((await desk.type('apply --scores rebuild')).out)
    const backfill = 'tideline backfill --from 2026-03-10T00:00:00Z'
    expect(said).toMatchObject({ scoring: 'change', scores: 'rebuild', backfill })
    expect(await chosen()).toEqual([
      { version: 1, history: 'from-now' },
      { version: 2, history: 'from-now' },
      { version: 3, history: 'rebuild' },
    ])
    const value = async () => (await desk.type('score L-1 --as-of 2026-03-10T12:00 --score engagement')).out
    const day = () =>
      database.query<{ value: string }>(
        `select value::int as value from score_history join leads using (lead_id)
         where external_id = 'L-1' and score = 'engagement' order by day desc limit 1`,
      )
    expect(await day()).toEqual([{ value: 10 }])
    expect(await value()).toContain('30')
    const due = async () => {
      const { problems } = JSON.parse((await desk.type('status')).out)
      return problems.find(({ code }: { code: string }) => code === 'REBUILD_DUE')
    }
    expect(await due()).toMatchObject({ stale: false, hint: expect.stringContaining(`\`${backfill}\``) })
    expect(await planned('--format', 'table')).toContain(`does not yet. This does it:\n  ${backfill}\n`)
    expect(await planned('--format', 'markdown')).toContain(`This does it: \`${backfill}\``)
    expect(JSON.parse(await planned()).rebuild).toMatchObject({ until: '2026-03-12T08:30:00.000000Z' })
    expect(await desk.type(backfill.replace('tideline ', ''))).toMatchObject({ code: 0 })
    expect(await day()).toEqual([{ value: 30 }])
    expect(await due()).toBeUndefined()
    expect(JSON.parse(await planned()).rebuild).toBeNull()
    // Chosen later, for the rules as they stand.
    await desk.type('apply --scores from-now')
    expect((await chosen()).at(-1)).toEqual({ version: 3, history: 'from-now' })
  })

  test('the past that backfills gave, and the last run, follow as well: days, maxima, members and present', async () => {
    const told = async (line: string) => expect(await desk.type(line)).toMatchObject({ code: 0, err: '' })
    desk.file('segments/a.yaml', 'hot:\n  where: level is hot\nonce-hot:\n  where: max score >= 100\n')
    const anew = async (page_view: number) => {
      desk.file('scoring.yaml', scoring.replace('page_view: 10', `page_view: ${page_view}`))
      return JSON.parse((await desk.type('apply --scores rebuild')).out).backfill as string
    }
    await told('apply')
    await told('backfill --from 2026-02-27 --to 2026-03-06T12:00')
    await told('run --as-of 2026-03-07')
    const backfill = await anew(20)
    expect(backfill).toBe('tideline backfill --from 2026-02-27T00:00:00Z')
    await told(backfill.replace('tideline ', ''))
    const rebuilt = await all()

    // As if the rules had always been these.
    await database.query(
      `truncate runs, run_segments, segment_state, segment_stats, membership, membership_change, lead_scores,
         score_history cascade`,
    )
    await told('backfill --from 2026-02-27 --to 2026-03-06T12:00')
    await told('run --as-of 2026-03-07')
    expect(await all()).toEqual(rebuilt)
    const [most] = rebuilt.scores.filter(({ lead, score }) => lead === 'L-6' && score === 'engagement')
    expect(most).toMatchObject({ value: 120, max_value: 120, max_day: '2026-03-06' })
  })

  /** All that is recorded, whoever wrote it and why. */
  const all = async () => ({
    scores: await database.query(
      `select external_id as lead, score, value::int, level, max_value::int, max_day::text
       from lead_scores join leads using (lead_id) order by 1, 2`,
    ),
    days: await database.query('select * from score_trend order by 1, 2, 3'),
    changes: await database.query(
      `select segment_id, lead_id, as_of, change from membership_change order by 1, 2, 3`,
    ),
    members: await database.query('select segment, lead_id, since from current_members order by 1, 2'),
  })
})
