import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, runAsOf } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

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
  await addLead(database, 'L-2', {})
  await apply(
    database,
    {
      stalled: 'did trial_signup and (last activity more than 14 days ago or score > 5) and not did api_call',
      recent: 'last activity within 30 days',
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

In a sentence: trial signup 28 days ago, event 18 days ago, no api call.

as of 2026-03-01 00:00 UTC, evaluated by the current definition on what is known now
`)
  })

  test('without a key: what it is in, and the near misses; --all for the rest', async () => {
    const shown = async (line: string) =>
      (JSON.parse((await desk.type(line)).out) as { segment: string; holds: boolean }[]).map(
        ({ segment, holds }) => `${segment} ${holds}`,
      )
    expect(await shown('why L-1 --as-of 2026-03-01')).toEqual(['recent true', 'stalled true', 'hot false'])
    expect(await shown('why L-1 --as-of 2026-03-01 --all')).toContain('no-one false')
  })

  test('as JSON, one segment is one object', async () => {
    const { out } = await desk.type('why L-1 hot')
    expect(JSON.parse(out)).toMatchObject({
      lead_id: 'L-1',
      segment: 'hot',
      holds: false,
      short: 1,
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
first seen 59 days ago (2026-01-01 00:00)  ·  as of 2026-03-01 00:00 UTC, evaluated

  company_size  1200
  title         VP of \uFFFD[31mMarketing

Segments
  SEGMENT  SINCE             UNTIL
  recent   2026-03-01 00:00  in 11 days (2026-03-12 12:00), if nothing happens
  stalled  2026-03-01 00:00  –

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
      segments: [{ segment: 'stalled', since: '2026-03-01T00:00:00.000000Z', until: null }],
      events: [{ type: 'login' }, { type: 'trial_signup' }],
      changes: [],
    })
    expect(out).not.toContain('"id"')
  })
})
