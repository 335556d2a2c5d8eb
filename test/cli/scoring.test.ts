import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import type { Finding } from '../../pipeline/project/sources.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', 'timezone: Europe/Berlin\n')
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)

const scoring = `scores:
  engagement:
    points: { visit: 1.5 }
    rules:
      - { events: 'visit where page = "/pricing"', points: 10, cap_per_day: 15, fade: half-life 2 days }
      - events: 'any of (demo, call)'
        points: 20
        cap_per_lead: 30
        fade: expires after 30 days
      - { events: mail, points: -1, from: 2026-03-01, until: 2026-03-03, fade: none }
    levels: { cold: 0, warm: 25, very hot: 60 }
  fit:
    rules:
      - { where: industry = "Technology" and size > 10, points: 20 }
      - { where: industry is unknown, points: -5.25 }
  account:
    of_leads: max of engagement
`

async function twoLeads(): Promise<void> {
  const visit = (at: string): [string, string] => ['visit', at]
  await addLead(database, 'a', {
    attributes: { industry: 'technology', size: 50 },
    events: [
      visit('2026-03-01T10:00:00Z'),
      visit('2026-03-01T11:00:00Z'),
      visit('2026-03-03T11:00:00Z'),
      ['demo', '2026-03-02T00:00:00Z'],
      ['call', '2026-03-02T00:00:00Z'],
      ['mail', '2026-02-28T22:59:59Z'],
      ['mail', '2026-02-28T23:00:00Z'],
      ['mail', '2026-03-03T00:00:00Z'],
    ],
  })
  await addLead(database, 'b', { events: [['mail', '2026-03-02T00:00:00Z']] })
  await database.query(
    `update events set properties = '{"page": "/pricing"}' where type = 'visit' and lead_id = 1`,
  )
  await database.query(
    `insert into catalog (subject, event_type, name, type) values ('event', 'visit', 'page', 'text')`,
  )
  await database.query(`insert into accounts (external_id) values ('acme')`)
  await database.query('update leads set account_id = (select account_id from accounts)')
}

const wrong = async (text: string): Promise<Finding[]> => {
  desk.file('scoring.yaml', text)
  return errorOf(await desk.type('apply')).findings as Finding[]
}

describe('scoring.yaml', () => {
  test('rules with filters, caps, fades and bounds; fit rules; scores of accounts', async () => {
    await twoLeads()
    desk.file('scoring.yaml', scoring)
    desk.file(
      'segments/a.yaml',
      'hot:\n  where: level is "very hot"\nfits:\n  where: fit score >= 20 and account score > 0\n',
    )
    expect((await desk.type('check')).code).toBe(0)
    await desk.type('apply --run')
    const { scores } = await json('score a --as-of 2026-03-03T12:00:00Z')
    // 3 visits; 15 × 2^(−2/2) + 10; two of 20, but 30 at most; one mail, as the days are those of Berlin.
    expect(scores[0]).toMatchObject({
      ...{ score: 'engagement', value: 51, level: 'warm', of_leads: null },
      rules: [
        { rule: 'visit', events: 3, before: 4.5, points: 4.5, terms: [] },
        { rule: 'visit where page = "/pricing"', events: 3, before: 30, points: 17.5 },
        { events: 2, before: 40, points: 30, terms: ['expires after 30 days', 'at most 30 in all'] },
        {
          rule: 'mail',
          events: 1,
          before: -1,
          points: -1,
          terms: ['from 2026-03-01', 'until 2026-03-03'],
        },
      ],
    })
    expect(scores[1]).toMatchObject({ value: 20, level: null, rules: [{ points: 20 }, { points: 0 }] })
    expect(scores[2]).toMatchObject({
      ...{ score: 'account', value: 51, rules: [] },
      of_leads: { by: 'max', score: 'engagement', leads: 2 },
    })
    expect((await json('members fits')).map(({ lead_id }: { lead_id: string }) => lead_id)).toEqual(['a'])
    expect((await json('apply')).scoring).toBe('keep')
  })

  test('why, with what the conditions saw', async () => {
    await twoLeads()
    desk.file('scoring.yaml', scoring)
    desk.file(
      'segments/a.yaml',
      `risen:
  where: |
    score rose by at least 30 within 2 days and max account score >= 50
    and entered level warm within 1 day and level is not cold
`,
    )
    await desk.type('apply')
    for (const day of ['02', '03']) await desk.type(`run --as-of 2026-03-${day}`)
    const { out } = await desk.typeAtTerminal('why a risen --as-of 2026-03-03T12:00:00Z')
    expect(out).toMatchInlineSnapshot(`
      "a is in risen
      Recorded otherwise: not in it, by run 2 as of 2026-03-03 00:00.

        ✓ all of
          ✓ score rose by at least 30 within 2 days           34
          ✓ max account score >= 50                           51; recorded since 2026-03-02 01:00
          ✓ entered level warm within 1 day                   just now (2026-03-03 13:00)
                                                              recorded since 2026-03-02 01:00
          ✓ level is not cold                                 warm, 51 points

      In a sentence: score up by 34 in the last 2 days, greatest account score 51, came to level warm
      just now, level warm.

      as of 2026-03-03 13:00 Europe/Berlin, evaluated by the current definition on what is known now
      "
    `)
    const { segments } = await json('lead a --as-of 2026-03-03T12:00:00Z --evaluate')
    expect(segments.map(({ segment }: { segment: string }) => segment)).toEqual(['risen'])
  })

  test('what a lead was not known to be yet is assumed, and said', async () => {
    await twoLeads()
    await database.query(`update attribute_change set from_at = '2026-03-02Z' where attribute <> '@account'`)
    desk.file('scoring.yaml', scoring)
    await desk.type('apply')
    const rules = async (asOf: string) => (await json(`score a --as-of ${asOf} --score fit`)).scores[0].rules
    const [known] = await rules('2026-03-03')
    expect(known).toMatchObject({ points: 20, assumed: [] })
    const [before] = await rules('2026-03-01T12:00Z')
    expect(before).toMatchObject({
      points: 20,
      assumed: ['industry', 'size'].map((attribute) => ({
        ...{ attribute, first_known: '2026-03-02T00:00:00.000000Z' },
      })),
    })
    expect((await desk.typeAtTerminal('score a --as-of 2026-03-01T12:00Z --score fit')).out).toContain(
      '\nindustry is assumed: first known 2026-03-02 01:00\nsize is assumed: first known 2026-03-02 01:00\n',
    )
  })

  test('the breakdown, as people read it', async () => {
    await twoLeads()
    desk.file('scoring.yaml', scoring)
    await desk.type('apply')
    const { out } = await desk.typeAtTerminal('score a --as-of 2026-03-03T12:00:00Z --score engagement')
    expect(out).toMatchInlineSnapshot(`
      "a

      engagement 51 (warm)  ·  most so far 51 on 2026-03-03
      RULE                           EVENTS  EACH  BEFORE  POINTS  FADES AND CAPS
      visit                          3       1.5   4.5     4.5
        2026-03-03, today            1             1.5     1.5
        2026-03-01, 2 days ago       2             3       3
      visit where page = "/pricing"  3       10    30      17.5    half-life 2 days, at most 15 a day
        2026-03-03, today            1             10      10
        2026-03-01, 2 days ago       2             20      7.5     15 by its cap, 50 % left
      any of (demo, call)            2       20    40      30      expires after 30 days, at most 30 in all
        2026-03-02, 1 day ago        2             40      40
        beyond the cap in all                              -10
      mail                           1       -1    -1      -1      from 2026-03-01, until 2026-03-03
        2026-02-28, 3 days ago       1             -1      -1

      as of 2026-03-03 13:00 Europe/Berlin, by the current rules (version 1) on what is known now
      "
    `)
    expect(errorOf(await desk.type('score a --score engagment')).message).toBe(
      'There is no score "engagment". Did you mean "engagement"?',
    )
    const account = await desk.typeAtTerminal('score b --score account --as-of 2026-03-03T12:00:00Z')
    expect(account.out).toMatchInlineSnapshot(`
      "b

      account 51  ·  most so far 51 on 2026-03-03
      max of engagement of 2 leads
      LEAD  POINTS
      a     51
      b     -1

      as of 2026-03-03 13:00 Europe/Berlin, by the current rules (version 1) on what is known now
      "
    `)
    const [found] = (await json('score b --score account --as-of 2026-03-03T12:00:00Z')).scores
    expect(found.of_leads.each).toEqual([
      { lead_id: 'a', points: 51 },
      { lead_id: 'b', points: -1 },
    ])
  })

  test('days beyond the latest stand together, what has faded away stays in sight, JSON has all of it', async () => {
    const visits = [1, 2, 3, 3, 4, 5].map((day): [string, string] => ['visit', `2026-03-0${day}T10:00:00Z`])
    await addLead(database, 'a', { events: [...visits, ['demo', '2026-03-01T00:00:00Z']] })
    await addLead(database, 'b', { events: [['visit', '2026-03-04T00:00:00Z']] })
    const rules = `scores:
  engagement:
    rules:
      - { events: visit, points: 0.5, fade: linear over 4 days, cap_per_day: 0.75 }
      - { events: demo, points: 2000000, fade: expires after 3 days }
      - { events: mail, points: 1 }
    levels: { cold: 0, warm: 1 }
`
    desk.file('scoring.yaml', rules)
    await desk.type('apply')
    for (const at of ['01T12:00', '04T00:00', '06T00:00']) await desk.type(`run --as-of 2026-03-${at}Z`)
    desk.file('scoring.yaml', 'scores:\n  engagement: { points: { visit: 100 } }\n')
    await desk.type('apply')
    // As it was recorded, by the rules of then; and on a day of which there is no row.
    expect((await desk.typeAtTerminal('score a --as-of 2026-03-04T00:00Z')).out).toContain(
      'engagement 400  ·  most so far 2000001.375 on 2026-03-03\nrecorded at the end of 2026-03-03: 2000001.375 (warm)\n',
    )
    expect((await desk.typeAtTerminal('score b --as-of 2026-03-06T00:00Z')).out).toContain(
      'recorded at the end of 2026-03-04: 0.5 (cold), and nothing but fading since\n',
    )
    expect(await json('score a --as-of 2026-03-04T00:00Z')).toMatchObject({
      scoring_version: 2,
      scores: [{ recorded: { day: '2026-03-03', value: 2000001.375, level: 'warm', is_exact: true } }],
    })
    desk.file('scoring.yaml', rules)
    await desk.type('apply')
    expect((await desk.typeAtTerminal('score a --as-of 2026-03-06T00:00Z')).out).toMatchInlineSnapshot(`
      "a

      engagement 0.8125 (cold)  ·  most so far 2000001.375 on 2026-03-03
      recorded at the end of 2026-03-05: 1.375 (warm)
      RULE                      EVENTS  EACH     BEFORE   POINTS  FADES AND CAPS
      visit                     6       0.5      3        0.8125  linear over 4 days, at most 0.75 a day
        2026-03-05, 1 day ago   1                0.5      0.375   75 % left
        2026-03-04, 2 days ago  1                0.5      0.25    50 % left
        2026-03-03, 3 days ago  2                1        0.1875  0.75 by its cap, 25 % left
        2 earlier days          2                1        0
      demo                      1       2000000  2000000  0       expires after 3 days
        2026-03-01, 5 days ago  1                2000000  0       nothing left
      1 rule that nothing counted for.

      as of 2026-03-06 01:00 Europe/Berlin, by the current rules (version 3) on what is known now
      "
    `)
    const [{ rules: found }] = (await json('score a --as-of 2026-03-06T00:00Z')).scores
    expect(found[0].days).toHaveLength(5)
    expect(found[0].days[2]).toEqual({
      ...{ day: '2026-03-03', age: 3, events: 2, before: 1, capped: 0.75, points: 0.1875 },
    })
    const all = await desk.typeAtTerminal('score --as-of 2026-03-06T00:00Z --limit 1')
    expect(all.out).toMatchInlineSnapshot(`
      "LEAD  SCORE       VALUE  LEVEL
      a     engagement    0.8  cold

      1 of 2 leads; --limit N shows more.

      as of 2026-03-06 01:00 Europe/Berlin, by the current rules (version 3) on what is known now
      "
    `)
    expect((await desk.type('score --as-of 2026-03-06T00:00Z --format csv')).out).toMatchInlineSnapshot(`
      "lead_id,score,value,level,as_of
      a,engagement,0.8125,cold,2026-03-06T00:00:00.000000Z
      b,engagement,0.25,cold,2026-03-06T00:00:00.000000Z
      "
    `)
    expect(errorOf(await desk.type('score --score engagment')).code).toBe('UNKNOWN_SCORE')
  })

  test('what is wrong stands at its place', async () => {
    await twoLeads()
    const found = await wrong(`scores:
  engagement:
    rules:
      - { events: visit where, points: 1 }
      - { events: visit at least 2 times, points: 1 }
      - events: visit
        points: 1
        fade: slowly
      - { where: industri = "x", points: 1 }
      - { where: did visit, points: 1 }
`)
    expect(found.map(({ line, code }) => [line, code])).toEqual([[8, 'BAD_FILE']])
    const places = await wrong(`scores:
  engagement:
    rules:
      - { events: visit where, points: 1 }
      - { events: visit at least 2 times, points: 1 }
`)
    expect(places.map(({ line, column, code }) => [line, column, code])).toEqual([
      [4, 30, 'SYNTAX'],
      [5, 19, 'BAD_RULE'],
    ])
    const meanings = await wrong(`scores:
  engagement:
    points: { visi: 1, page_view: 1 }
    rules:
      - { events: visit where pge = 1, points: 1 }
      - { where: industri = "x", points: 1 }
      - { where: did visit, points: 1 }
      - { where: industry = 5, points: 1 }
  account: { of_leads: sum of engagment }
`)
    expect(meanings.map(({ line, column, code }) => [line, column, code])).toEqual([
      [6, 18, 'UNKNOWN_ATTRIBUTE'],
      [7, 18, 'BAD_RULE'],
      [8, 18, 'TYPE_MISMATCH'],
      [9, 24, 'UNKNOWN_SCORE'],
    ])
    const both = await wrong(
      'scores:\n  a: { points: { visit: 1 }, of_leads: sum of b }\n  b: { points: {} }\n',
    )
    expect(both).toMatchObject([{ code: 'BAD_RULE', line: 2 }])
  })

  test('a score whose rule has lost its meaning breaks what reads it, and nothing else', async () => {
    await twoLeads()
    desk.file('scoring.yaml', scoring)
    desk.file('segments/a.yaml', 'fits:\n  where: fit score >= 20\nwarm:\n  where: level is warm\n')
    await desk.type('apply')
    await desk.type('run --as-of 2026-03-04')
    await database.query(`delete from catalog where name = 'size'`)
    await desk.type('run --as-of 2026-03-05')
    const [fits, warm] = await json('segments')
    expect(fits).toMatchObject({ segment: 'fits', state: 'broken', members: 1 })
    expect(warm).toMatchObject({ segment: 'warm', state: 'ok' })
    const kept = await database.query(`select count(*)::int as n from lead_scores where score = 'fit'`)
    expect(kept).toEqual([{ n: 2 }])
    expect(errorOf(await desk.type('score a --score fit')).code).toBe('SCORE_BROKEN')
  })

  test('whoever looks further back than scores are recorded, or kept, is told so', async () => {
    await twoLeads()
    desk.file('scoring.yaml', scoring)
    desk.file('tideline.yaml', 'retention: { score_history: 2 days }\n')
    const warned = async (line: string) => {
      const { findings, warnings } = await json(line)
      return (findings ?? warnings).filter(({ code }: Finding) => code === 'SCORE_PAST') as Finding[]
    }
    desk.file('segments/a.yaml', 'once:\n  where: max score within 10 years >= 50\n')
    await desk.type('apply')
    expect(await warned('check')).toEqual([])
    for (const day of ['02', '03', '04', '05', '06']) await desk.type(`run --as-of 2026-03-${day}`)
    const [found] = await warned('check')
    expect(found).toMatchObject({ severity: 'warning', file: 'segments/a.yaml', line: 2 })
    expect(found!.message).toMatch(
      /how the score "engagement" stood since 2026-01-01, and that is recorded since 2026-03-02 only/,
    )
    expect(found!.hint).toContain('--all --segment once` records')

    // Before the first lead there was nothing to be recorded.
    await database.query(`update leads set first_seen_at = '2026-03-02T12:00:00Z'`)
    expect(await warned('check')).toEqual([])

    // Nothing looks back any more: what is older than two days goes.
    desk.file('segments/a.yaml', 'once:\n  where: max score >= 50\n')
    await desk.type('apply')
    for (const day of ['07', '08']) await desk.type(`run --as-of 2026-03-${day}`)
    const asOf = '2026-03-08'
    desk.file(
      'segments/b.yaml',
      'lately:\n  where: max score within 4 days >= 50\ncame:\n  where: entered level warm within 4 days\n',
    )
    const about = (warnings: Finding[]) =>
      warnings.map(({ excerpt, message }) => [excerpt.trim(), message.slice(-31)])
    expect(about(await warned(`plan --as-of ${asOf}`))).toEqual([
      ['where: max score within 4 days >= 50', 'that is kept since 2026-03-06 only.'.slice(-31)],
    ])
    const preview = async (text: string) => {
      const said = await desk.type(['preview', text, '--as-of', asOf])
      return JSON.parse(said.out).warnings.map(({ code }: Finding) => code)
    }
    expect(await preview('max score within 4 days >= 50')).toEqual(['SCORE_PAST'])
    expect(await preview('max score within 2 days >= 50 and entered level warm within 4 days')).toEqual([])
    await desk.type('apply')
    await desk.type('backfill --from 2026-03-04 --all --segment lately')
    expect(await warned(`plan --as-of ${asOf}`)).toEqual([])
    // It looks back for four days now: that long they are kept.
    await desk.type('run --as-of 2026-03-09')
    expect(await warned('plan --as-of 2026-03-09')).toEqual([])
  })
})
