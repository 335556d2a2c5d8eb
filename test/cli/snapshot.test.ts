import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, members, runAsOf } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  await addLead(database, 'L-1', { events: [['login', '2026-02-10T12:00:00Z']] })
  await addLead(database, 'L-2', { firstSeen: '2026-02-20T00:00:00Z' })
  await apply(database, { active: 'did login' })
  await runAsOf(database, '2026-03-01T00:00:00.000000Z')
})
afterEach(() => database.close())

/** What a machine or its clock says. */
const plain = (out: string) =>
  out.replace(/as of (?!2026-03-)\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC/g, 'as of NOW')

describe('snapshot', () => {
  test('of a segment, with a key made of its name', async () => {
    const { code, out } = await desk.typeAtTerminal([
      ...['snapshot', 'active', '--as-of', '2026-03-02', '--name', 'Q1 Webinar — Attendées'],
    ])
    expect(code).toBe(0)
    expect(plain(out)).toBe(`q1-webinar-attendees is a static segment now: 1 lead.
Members of active as of 2026-03-02 00:00 UTC, as recorded by run 1 as of 2026-03-01 00:00 UTC.

run 2  as of NOW: \`tideline members q1-webinar-attendees\` shows them.
`)
    expect(await members(database, 'q1-webinar-attendees')).toEqual(['L-1'])
    const listed = await desk.typeAtTerminal('segments')
    expect(listed.out).toMatch(/^q1-webinar-attendees .* static$/m)
    const shown = JSON.parse((await desk.type('segments')).out) as { segment: string; origin: string }[]
    expect(shown.map(({ segment, origin }) => `${segment} ${origin}`)).toContain(
      'q1-webinar-attendees snapshot',
    )
  })

  test('of everyone', async () => {
    const { out } = await desk.type([
      ...['snapshot', 'everyone', '--as-of', '2026-02-15', '--name', 'Early', '--no-run'],
    ])
    expect(JSON.parse(out)).toMatchObject({
      ...{ segment: 'early', version: 1, how: 'new', members: 1 },
      from: { kind: 'evaluated', segment: 'everyone', as_of: '2026-02-15T00:00:00.000000Z' },
    })
  })

  test('of a file says what it did not know, and changes a list only when it is told to', async () => {
    desk.file('ids.csv', 'lead_id\nL-2\nL-9\nL-2\n')
    const { out } = await desk.typeAtTerminal('snapshot --file ids.csv --name Booth')
    expect(plain(out)).toBe(`booth is a static segment now: 1 lead.
3 ids in the file; 1 repeated, 1 of no known lead.
Unknown: L-9.

run 2  as of NOW: \`tideline members booth\` shows them.
`)
    expect(errorOf(await desk.type('snapshot --file ids.csv --name Booth')).code).toBe('SEGMENT_EXISTS')
    desk.file('more.csv', 'L-1\n')
    const appended = await desk.typeAtTerminal('snapshot --file more.csv --key booth --append')
    expect(appended.out).toContain('booth has another list from now on: 2 leads, 1 added, 0 taken away.')
    await desk.type('snapshot --file more.csv --key booth --replace')
    expect(await members(database, 'booth')).toEqual(['L-1'])
    const why = await desk.typeAtTerminal('why L-1 booth')
    expect(why.out).toMatch(/✓ on its list\s+it is on it\n/)
    expect((await desk.type('versions booth')).code).toBe(0)
    const { now } = (await database.query<{ now: string }>(`select clock_timestamp()::text as now`))[0]!
    await desk.type('snapshot --file ids.csv --key booth --replace --no-run')
    // Each list is that of its version: the first one holds since ever.
    const versionAt = async (at: string) =>
      JSON.parse((await desk.type(['members', 'booth', '--as-of', at, '--evaluate'])).out).map(
        ({ version, lead_id }: { version: number; lead_id: string }) => [version, lead_id],
      )
    expect(await versionAt('2026-03-02')).toEqual([[1, 'L-2']])
    expect(await versionAt(now)).toEqual([[3, 'L-1']])
    expect(errorOf(await desk.type('apply booth --to 1 --yes')).code).toBe('SEGMENT_IS_STATIC')
  })

  test.each([
    'snapshot',
    'snapshot active',
    'snapshot active --file x.csv --name x',
    'snapshot --file x.csv --append',
    'snapshot --file x.csv --key x --append --replace',
    'snapshot --file x.csv --name x --as-of 2026-01-01',
    'snapshot active --name x --column id',
  ])('%s is wrong usage', async (line) => {
    expect(await desk.type(line)).toMatchObject({ code: 2 })
  })

  test('preview and plan know it', async () => {
    await desk.type('snapshot active --name Back')
    const previewed = await desk.type(['preview', 'not in segment "back"', '--as-of', '2026-04-01'])
    expect(JSON.parse(previewed.out)).toMatchObject({ leads: 2, members: 1 })
    desk.file('segments/all.yaml', 'active: { where: did login }\nfresh: { where: not in segment "back" }\n')
    const planned = JSON.parse((await desk.type('plan')).out) as {
      segments: { key: string; members: unknown }[]
    }
    expect(planned.segments).toMatchObject([{ key: 'fresh', members: { after: 1 } }])
    expect((await desk.type('check')).code).toBe(0)
    expect((await desk.type('apply --yes --run')).code).toBe(0)
    expect(await members(database, 'fresh')).toEqual(['L-2'])
    expect(await members(database, 'back')).toEqual(['L-1'])
    desk.file('segments/more.yaml', 'back: { where: everyone }\n')
    const wrong = [{ code: 'SEGMENT_IS_STATIC', file: 'segments/more.yaml' }]
    expect(errorOf(await desk.type('plan')).findings).toMatchObject(wrong)
    expect(errorOf(await desk.type('apply --yes')).findings).toMatchObject(wrong)
    expect(JSON.parse((await desk.type('check')).out)).toMatchObject({ findings: wrong })
  })
})

describe('override', () => {
  test('add, remove, undo and list', async () => {
    const added = await desk.typeAtTerminal('override add active L-2')
    expect(plain(added.out)).toBe(`L-2 is in active by hand now.

run 2  as of NOW  ·  all segments: 1 lead entered, 0 leads left
`)
    expect((await desk.typeAtTerminal('override add active L-2')).out).toBe(
      'L-2 was in active by hand already.\n',
    )
    await desk.type('override remove active L-1')
    expect(await members(database, 'active')).toEqual(['L-2'])
    expect((await desk.typeAtTerminal('segments')).out).toMatch(/^active .* 1 in, 1 out by hand$/m)
    expect((await desk.typeAtTerminal('why L-2 active')).out).toContain('In a sentence: added by hand.')
    expect((await desk.typeAtTerminal('why L-1 active')).out).toMatch(
      /✗ not removed by hand\s+a hand removed it\n/,
    )
    const listed = JSON.parse((await desk.type('override list active')).out) as { lead_id: string }[]
    expect(listed).toMatchObject([
      { segment: 'active', lead_id: 'L-1', override: 'remove', until: null },
      { segment: 'active', lead_id: 'L-2', override: 'add', until: null },
    ])
    const undone = await desk.typeAtTerminal('override undo active L-1 L-2')
    expect(undone.out).toContain('L-1: the definition of active decides again.')
    expect(await members(database, 'active')).toEqual(['L-1'])
    expect((await desk.typeAtTerminal('override list')).out).toBe('No hand is at any segment.\n')
    expect(JSON.parse((await desk.type('override list --all')).out)).toHaveLength(2)
  })

  test('plan counts with it', async () => {
    await desk.type('override add active L-2')
    desk.file('segments/all.yaml', 'active: { where: did demo }\nrest: { where: not in segment "active" }\n')
    const { out } = await desk.type('plan')
    expect(JSON.parse(out)).toMatchObject({
      segments: [
        { key: 'active', members: { now: 2, after: 1 } },
        { key: 'rest', members: { after: 1 } },
      ],
    })
  })

  test('a lead or segment that nobody knows', async () => {
    expect(errorOf(await desk.type('override add active L-9')).code).toBe('UNKNOWN_LEAD')
    expect(errorOf(await desk.type('override add activ L-1')).code).toBe('UNKNOWN_SEGMENT')
  })
})
