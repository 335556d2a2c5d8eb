import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { override } from '../../pipeline/override.ts'
import type { Why } from '../../pipeline/why.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, runAsOf } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

const stalled = 'did trial_signup and (last activity more than 14 days ago or score > 5) and not did api_call'
const recent = 'last activity within 30 days'
const nearer = 'did login and did trial_signup and score > 50'
const far = 'company_size > 5000 and score > 50'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  await addLead(database, 'L-1', {
    attributes: { company_size: 1200, title: 'VP of \u001b[31mMarketing' },
    events: [
      ['trial_signup', '2026-02-01T00:00:00Z'],
      ['login', '2026-02-10T12:00:00Z'],
    ],
  })
  await database.query(`update attribute_change set from_at = '2026-01-01Z'`)
  await addLead(database, 'L-2', {})
  await apply(
    database,
    {
      stalled,
      recent,
      hot: 'score >= 50',
      'no-one': 'company_size > 5000 and score > 50',
    },
    { points: { trial_signup: 5 } },
  )
  await runAsOf(database, '2026-03-01T00:00:00.000000Z')
})
afterEach(() => database.close())

describe('why', () => {
  test('takes a definition apart', async () => {
    const { code, out } = await desk.typeAtTerminal('why L-1 stalled --as-of 2026-03-01')
    expect(code).toBe(0)
    expect(out).toBe(`L-1 is in stalled

  ✓ all of
    ✓ did trial_signup                                  28 days ago (2026-02-01 00:00)
    ✓ any of
      ✓ last activity more than 14 days ago             18 days ago (2026-02-10 12:00)
      ✗ score > 5                                       5
    ✓ not did api_call                                  never

In a sentence: trial signup 28 days ago, silent for 18 days, no api call.

as of 2026-03-01 00:00 UTC, evaluated by the current definition on what is known now
`)
  })

  test('without a key: what it is in, and the near misses; --all for the rest', async () => {
    await apply(
      database,
      { stalled, recent, hot: 'score >= 50', near: 'did login and score > 50', nearer, far },
      { points: { trial_signup: 5 } },
    )
    const shown = async (line: string) =>
      (JSON.parse((await desk.type(line)).out) as Why[]).map(
        ({ segment, holds, short, met }) => `${segment} ${holds} ${short} ${met}`,
      )
    const close = ['recent true 0 1', 'stalled true 0 3', 'nearer false 1 2', 'near false 1 1']
    expect(await shown('why L-1 --as-of 2026-03-01')).toEqual(close)
    // Of one condition that doesn't hold, nothing is met.
    expect(await shown('why L-1 --as-of 2026-03-01 --all')).toEqual([
      ...close,
      'hot false 1 0',
      'far false 2 0',
    ])
    const { out } = await desk.typeAtTerminal('why L-1 --as-of 2026-03-01')
    expect(out).toContain('2 segments further away; --all shows every one.')
    expect((await desk.type('why L-1 --as-of 2026-03-01 --format csv')).out).toContain('L-1,stalled,true,0,')
    expect((await desk.typeAtTerminal('why L-2 --as-of 2026-03-01')).out).toContain(
      'It is in no segment, and near none.',
    )
  })

  test('of one that no run evaluates, what would be', async () => {
    const paused = { status: 'paused', where: stalled }
    const draft = { status: 'draft', where: 'score >= 50' }
    desk.file(
      'segments/a.yaml',
      JSON.stringify({ stalled: paused, idea: draft, wrong: { where: 'did login' } }),
    )
    desk.file('scoring.yaml', JSON.stringify({ scores: { engagement: { points: { trial_signup: 5 } } } }))
    expect((await desk.type('apply --yes')).code).toBe(0)
    const { out } = await desk.typeAtTerminal('why L-1 stalled --as-of 2026-03-01')
    expect(out).toMatch(/^L-1 would be in stalled; it is paused, and no run evaluates it\n\n {2}✓ all of\n/)
    expect((await desk.typeAtTerminal('why L-1 idea --as-of 2026-03-01')).out).toMatch(
      /^L-1 would not be in idea, by one condition; it is a draft, and no run evaluates it\n/,
    )
    expect(JSON.parse((await desk.type('why L-1 stalled')).out)).toMatchObject({
      status: 'paused',
      holds: true,
    })
    await database.query(
      `update segment_state set state = 'needs_approval', error = '{"message": "It would lose 2 of 2 members."}'
       where segment_id = (select segment_id from segments where key = 'stalled')`,
    )
    expect((await desk.typeAtTerminal('why L-1 stalled')).out).toContain(
      '\nIt is parked, and keeps its last members: It would lose 2 of 2 members.\n',
    )
    expect(errorOf(await desk.type('why L-1 hot'))).toMatchObject({
      code: 'SEGMENT_ARCHIVED',
      message: expect.stringMatching(
        /^The segment "hot" is archived since 20.* UTC: it is evaluated no more\.$/,
      ),
    })
  })

  test('of one that can not be evaluated, why not', async () => {
    await database.query(`delete from catalog where name = 'company_size'`)
    const said = await desk.type('why L-1 no-one')
    expect(said.code).toBe(1)
    expect(errorOf(said)).toMatchObject({
      code: 'UNKNOWN_ATTRIBUTE',
      message: '"no-one" is broken: There is no attribute "company_size" on leads.',
    })
    expect((await desk.typeAtTerminal('why L-1 --as-of 2026-03-01')).out).toContain(
      'no-one is broken: There is no attribute "company_size" on leads.',
    )
  })

  test('what a run recorded otherwise', async () => {
    await addEvent(database, 'L-1', 'api_call', '2026-02-05T00:00:00Z')
    expect((await desk.typeAtTerminal('why L-1 stalled --as-of 2026-03-01')).out).toMatch(
      /^L-1 is not in stalled, by one condition\nRecorded otherwise: in it, by run 1 as of 2026-03-01 00:00\.\n\n/,
    )
    const asJson = async (line: string) => JSON.parse((await desk.type(line)).out)
    expect(await asJson('why L-1 stalled --as-of 2026-03-01')).toMatchObject({
      holds: false,
      recorded_otherwise: { holds: true, run_id: '1', run_as_of: '2026-03-01T00:00:00.000000Z' },
    })
    expect(await asJson('why L-1 recent --as-of 2026-03-01')).toMatchObject({
      holds: true,
      recorded_otherwise: null,
    })
  })

  test('what hands said can not be taken for its contrary', async () => {
    await override(database, { key: 'recent', hand: 'remove', leads: ['L-1'] })
    await override(database, { key: 'hot', hand: 'add', leads: ['L-1'] })
    expect((await desk.typeAtTerminal('why L-1 recent')).out).toContain(
      '    ✗ not removed by hand                               a hand removed it\n',
    )
    expect((await desk.typeAtTerminal('why L-1 hot')).out).toContain(
      '    ✓ added by hand                                     a hand added it\n',
    )
  })

  test('several values, and the course of a sequence, are shown whole', async () => {
    await addEvent(database, 'L-1', 'login', '2025-04-04T00:00:00Z')
    await apply(database, {
      again: 'restarted login within 20 days after 30 days',
      funnel: 'did trial_signup then did login within 14 days',
      fallen: 'did trial_signup then did login then did api_call within 7 days',
      silent: 'did trial_signup but not did login within 20 days after',
    })
    const tree = async (key: string) => {
      const { out } = await desk.typeAtTerminal(`why L-1 ${key} --as-of 2026-03-01`)
      return out.split('\n\n')[1]!.replace(/ +/g, ' ')
    }
    expect(await tree('again')).toBe(
      ' ✓ restarted login within 20 days after 30 days first 331 days ago (2025-04-04 00:00)\n between 30 and 20 days ago never\n last 18 days ago (2026-02-10 12:00)',
    )
    expect(await tree('funnel')).toBe(
      ' ✓ did trial_signup then did login within 14 days trial_signup 2026-02-01 00:00\n then login 2026-02-10 12:00',
    )
    expect(await tree('fallen')).toContain(
      'trial_signup 2026-02-01 00:00\n then login 2026-02-10 12:00\n then no api_call within 7 days',
    )
    expect(await tree('silent')).toContain('trial_signup 2026-02-01 00:00\n then login 2026-02-10 12:00')
  })

  test('what is taken for granted, and since when the past is recorded', async () => {
    await database.query(`update attribute_change set from_at = '2026-02-20Z'`)
    await apply(
      database,
      {
        big: 'company_size > 1000',
        long: 'company_size has been > 1000 for at least 14 days',
        'was-hot': 'was in segment "hot" within 30 days and max score >= 1',
        hot: 'score >= 50',
      },
      { points: { trial_signup: 5 } },
    )
    const condition = async (key: string, asOf: string) => {
      const { part } = JSON.parse((await desk.type(`why L-1 ${key} --as-of ${asOf}`)).out) as Why
      return part.kind === 'condition' ? part : part.of[0]
    }
    const assumed = [{ attribute: 'company_size', first_known: '2026-02-20T00:00:00.000000Z' }]
    expect(await condition('big', '2026-02-10')).toMatchObject({ assumed })
    expect(await condition('big', '2026-02-20')).not.toHaveProperty('assumed')
    expect(await condition('long', '2026-03-01')).toMatchObject({ holds: true, assumed })
    expect((await desk.typeAtTerminal('why L-1 big --as-of 2026-02-10')).out).toContain(
      '  ✓ company_size > 1000                                 1,200; assumed, first known 2026-02-20 00:00\n',
    )
    expect(await condition('was-hot', '2026-03-01')).toMatchObject({
      recorded: [{ of: 'segment', name: 'hot', since: '2026-03-01T00:00:00.000000Z' }],
    })
    expect((await desk.typeAtTerminal('why L-1 was-hot --as-of 2026-03-01')).out).toMatch(
      /✗ was in segment "hot" within 30 days +it was not; recorded since 2026-03-01 00:00\n/,
    )
  })

  test('as JSON, one segment is one object', async () => {
    const { out } = await desk.type('why L-1 hot')
    expect(JSON.parse(out)).toMatchObject({
      lead_id: 'L-1',
      segment: 'hot',
      holds: false,
      short: 1,
      status: 'active',
      part: { kind: 'condition', text: 'score >= 50', saw: ['5'] },
    })
  })

  test('a wrong lead, a wrong segment, a time before it was there', async () => {
    expect(errorOf(await desk.type('why L-9 hot')).code).toBe('UNKNOWN_LEAD')
    expect(errorOf(await desk.type('why L-1 hit'))).toMatchObject({
      code: 'UNKNOWN_SEGMENT',
      message: 'There is no segment "hit". Did you mean "hot"?',
    })
    expect(errorOf(await desk.type('why L-1 hot --as-of 2020-01-01')).code).toBe('LEAD_NOT_YET_SEEN')
  })
})

describe('lead', () => {
  test('one screen, and nothing a lead typed moves the cursor', async () => {
    const { code, out } = await desk.typeAtTerminal('lead L-1 --as-of 2026-03-01')
    expect(code).toBe(0)
    expect(out).toBe(`L-1  ·  engagement 5.0 (cold)
first seen 59 days ago (2026-01-01 00:00)  ·  as of 2026-03-01 00:00 UTC
segments as recorded by run 1

  company_size  1200
  title         VP of \uFFFD[31mMarketing

Segments
  SEGMENT  SINCE             UNTIL
  recent   2026-03-01 00:00  in 11 days (2026-03-12 12:00), if nothing happens
  stalled  2026-03-01 00:00  something happens

Last events
  2026-02-10 12:00  login
  2026-02-01 00:00  trial_signup

Changed in the last 30 days
  2026-03-01 00:00  entered  recent (definition)
  2026-03-01 00:00  entered  stalled (definition)
`)
  })

  test('as JSON, with since when it is in', async () => {
    const { out } = await desk.type('lead L-1')
    expect(JSON.parse(out)).toMatchObject({
      lead_id: 'L-1',
      account_id: null,
      attributes: { company_size: 1200 },
      scores: [{ score: 'engagement', value: 5, level: 'cold' }],
      segments: [
        {
          segment: 'stalled',
          since: '2026-03-01T00:00:00.000000Z',
          ending: 'open',
          until: null,
          because: null,
        },
      ],
      assumed: { attributes: {}, account_id: null, account_attributes: {} },
      events: [{ type: 'login' }, { type: 'trial_signup' }],
      changes: [],
    })
    expect(out).not.toContain('"id"')
  })
})
