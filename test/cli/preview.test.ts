import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk

beforeAll(async () => {
  database = await testDatabase()
  const at = (day: number) => `2026-11-${String(day).padStart(2, '0')}T12:00:00Z`
  for (let n = 1; n <= 20; n++) {
    await addLead(database, `L-${n}`, {
      attributes: {
        industry: n <= 8 ? 'Technology' : n <= 11 ? 'Santé' : 'Retail',
        company_size: n * 10,
      },
      events:
        n <= 5
          ? [
              ['page_view', at(n)],
              ['demo_request', at(20)],
            ]
          : n <= 9
            ? [['page_view', at(18)]]
            : [],
    })
  }
  await database.query(`update events set properties = '{"page": "/pricing"}' where type = 'page_view'`)
  await database.query(
    `insert into catalog (subject, event_type, name, type) values ('event', 'page_view', 'page', 'text')`,
  )
}, 60_000)
afterAll(() => database.close())

function project(): Desk {
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  return desk
}

const asOf = ['--as-of', '2026-11-23']
const previewed = async (text: string, ...more: string[]) => {
  const said = await desk.type(['preview', text, ...asOf, ...more])
  expect(said).toMatchObject({ code: 0, err: '' })
  return JSON.parse(said.out)
}

describe('preview', () => {
  test('counts, names some, and counts each condition alone and after those before it', async () => {
    project()
    const found = await previewed(
      'did page_view within 10 days and company_size > 60 and not industry = "retail" and (did demo_request or everyone)',
    )
    expect(found).toMatchObject({
      members: 3,
      leads: 20,
      share: 0.15,
      size: 'ideal',
      nearly: [],
      warnings: [],
    })
    expect(found.sample).toEqual(['L-7', 'L-8', 'L-9'])
    expect(found.as_of).toBe('2026-11-23T00:00:00.000000Z')
    const rows = found.parts.map(({ depth, text, count, remaining }: Record<string, unknown>) => [
      ...[depth, text, count, remaining],
    ])
    expect(rows).toEqual([
      [0, 'did page_view within 10 days', 4, 4],
      [0, 'company_size > 60', 14, 3],
      [0, 'not industry = "retail"', 11, 3],
      [0, 'did demo_request or everyone', 20, 3],
      [1, 'did demo_request', 5, null],
      [1, 'everyone', 20, null],
    ])
  })

  test('as of another instant, and in the JSON form', async () => {
    project()
    const definition = { kind: 'did', event: 'page_view' }
    const { out } = await desk.type(['preview', JSON.stringify(definition), '--as-of', '2026-11-04'])
    expect(JSON.parse(out)).toMatchObject({ definition: 'did page_view', members: 3 })
    const now = await desk.type(['preview', 'did page_view'])
    expect(JSON.parse(now.out)).toMatchObject({ members: 9 })
  })

  test('on a terminal', async () => {
    project()
    const { out } = await desk.typeAtTerminal([
      ...['preview', 'industry = "technology" and did page_view where page = "/pricing"', ...asOf],
    ])
    expect(out).toBe(`8 of 20 leads  ·  40.0 %  ·  broad  ·  as of 2026-11-23 00:00 UTC

CONDITION                              ALONE   SHARE  REMAIN
industry = "technology"                    8  40.0 %       8
did page_view where page = "/pricing"      9  45.0 %       8

For example  L-1, L-2, L-3, L-4, L-5, L-6, L-7, L-8
`)
  })

  test.each([
    ['industry = " Technology"', 'industry', ' Technology', 'Technology', 8],
    ['industry in ("retail", "techno\u00a0logy ")', 'industry', 'techno\u00a0logy ', 'Technology', 8],
    ['not industry = "sante"', 'industry', 'sante', 'Santé', 3],
    ['industry = exactly "RETAIL"', 'industry', 'RETAIL', 'Retail', 9],
    ['did page_view where page = "/Pricíng"', 'page', '/Pricíng', '/pricing', 9],
  ])('says which value is meant: %s', async (text, name, value, stored, leads) => {
    project()
    const { nearly } = await previewed(text)
    expect(nearly).toMatchObject([{ name, value, stored: [{ value: stored, leads }] }])
  })

  test('says it in a sentence, and nothing where a value is found or nothing is near', async () => {
    project()
    const { out } = await desk.type(['preview', 'industry = " Technology"', '--format', 'table'])
    expect(out).toMatch(/\n\nNo lead has industry " Technology"; 8 have "Technology"\.\n$/)
    expect(await previewed('industry != "TECHNOLOGY" and industry != "Fishing"')).toMatchObject({
      nearly: [],
    })
  })

  test('segments, scores, aliases and event types are those of the files, applied or not', async () => {
    project()
    desk.file('segments/a.yaml', 'pricing:\n  where: did page_view\n')
    desk.file('scoring.yaml', 'scores:\n  engagement:\n    points: { page_view: 10 }\n')
    const text = 'in segment "pricing" and score >= 10 and not did demo_request'
    expect(await previewed(text)).toMatchObject({ members: 4 })
    expect(errorOf(await desk.type(['preview', 'in segment "pricin"'])).findings).toMatchObject([
      { code: 'UNKNOWN_SEGMENT', line: 1 },
    ])
    expect((await desk.type('apply')).code).toBe(0)
    desk.file('segments/a.yaml', 'pricing:\n  where: viewed_pricing and company_size > 70\n')
    desk.file('scoring.yaml', 'scores:\n  engagement:\n    points: { page_view: 5 }\n')
    desk.file(
      'events.yaml',
      'events:\n  page_view: { activity: false }\naliases:\n  viewed_pricing: page_view where page = "/pricing"\n',
    )
    expect(await previewed('in segment "pricing"')).toMatchObject({ members: 2 })
    expect(await previewed('viewed_pricing')).toMatchObject({ members: 9, warnings: [] })
    expect(await previewed('score >= 10')).toMatchObject({ members: 0 })
    expect(await previewed('last activity within 1 year')).toMatchObject({ members: 5 })
  })

  test('what is wrong in the files is in the way of what refers to it, and of nothing else', async () => {
    project()
    desk.file('segments/a.yaml', 'wrong:\n  where: compnay_size > 5\nright:\n  where: did page_view\n')
    desk.file('scoring.yaml', 'scores:\n  engagement:\n    rules: [{ where: compnay_size > 5, points: 1 }]\n')
    desk.file('events.yaml', 'aliases:\n  seen: page_view where page > 5\n')
    expect(await previewed('in segment "right"')).toMatchObject({ members: 9 })
    const codes = async (text: string) => errorOf(await desk.type(['preview', text])).findings
    expect(await codes('in segment "wrong"')).toMatchObject([{ code: 'SEGMENT_BROKEN' }])
    expect(await codes('score > 5')).toMatchObject([{ code: 'SCORE_BROKEN' }])
    expect(await codes('seen')).toMatchObject([{ code: 'BAD_ALIAS', hint: 'Mend it in events.yaml.' }])
  })

  test('of the past it says since when it is recorded', async () => {
    project()
    desk.file('segments/a.yaml', 'pricing:\n  where: did page_view\n')
    desk.file('scoring.yaml', 'scores:\n  engagement:\n    points: { page_view: 10 }\n')
    expect((await desk.type('apply --yes')).code).toBe(0)
    const text = 'was in segment "pricing" and max score >= 10'
    expect((await previewed(text)).recorded).toEqual([
      { of: 'segment', name: 'pricing', since: null },
      { of: 'score', name: 'engagement', since: null },
    ])
    await desk.type('run --as-of 2026-11-20T00:00Z')
    await desk.type('run --as-of 2026-11-21T00:00Z')
    const { out } = await desk.type(['preview', text, ...asOf, '--format', 'table'])
    expect(out).toContain('Who was in pricing is recorded since 2026-11-20 00:00 UTC.\n')
    expect(out).toContain('The course of the engagement score is recorded since 2026-11-21 00:00 UTC.\n')
    expect((await previewed('did page_view')).recorded).toEqual([])
  })

  test('what is wrong is said at its place, and a doubtful name is a warning', async () => {
    project()
    const said = await desk.typeAtTerminal(['preview', 'did page_view\n  and compnay_size > 5'])
    expect(said.code).toBe(1)
    expect(said.err).toContain(`definition:2:7  error  UNKNOWN_ATTRIBUTE
  2 │   and compnay_size > 5
    │       ^^^^^^^^^^^^
  There is no attribute "compnay_size" on leads.
  Did you mean "company_size"?`)
    expect(said.err).toContain('1 error in the definition; nothing was counted.')
    const json = errorOf(await desk.type(['preview', '{"kind": "did"']))
    expect(json.code).toBe('BAD_JSON')
    expect((await previewed('did page_veiw')).warnings).toMatchObject([{ code: 'UNKNOWN_EVENT' }])
  })

  test('it is given up after its time', async () => {
    project()
    const locking = database.transaction(async (client) => {
      await client.query('lock table leads in access exclusive mode')
      const said = await desk.type(['preview', 'everyone', '--time-limit', '1'])
      expect(errorOf(said)).toMatchObject({ code: 'TIME_LIMIT' })
      expect(errorOf(said).message).toContain('stopped after 1 second,')
    })
    await locking
  })
})
