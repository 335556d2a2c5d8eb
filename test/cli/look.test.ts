import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)

/** Four leads, of which one comes and one goes, over three nights. */
async function threeNights(): Promise<void> {
  desk.file(
    'scoring.yaml',
    'scores:\n  engagement:\n    points: { visit: 10.5 }\n    levels: { cold: 0, warm: 20 }\n',
  )
  desk.file('events.yaml', 'events:\n  won: { conversion: true }\n  mail: { activity: false }\n')
  desk.file(
    'segments/a.yaml',
    'active:\n  owner: sales\n  where: last activity within 2 days\nidle:\n  status: draft\n  where: everyone\n',
  )
  await addLead(database, 'a', { events: [['visit', '2026-03-01T12:00:00Z']] })
  await addLead(database, 'b', {
    events: [
      ['visit', '2026-03-02T12:00:00Z'],
      ['visit', '2026-03-02T13:00:00Z'],
      ['won', '2026-03-02T14:00:00Z'],
    ],
  })
  await addLead(database, 'c', { events: [['mail', '2026-03-03T12:00:00Z']] })
  await addEvent(database, 'a', 'visit', '2026-02-01T00:00:00Z')
  await desk.type('apply')
  for (const day of ['02', '03', '04']) await desk.type(`run --as-of 2026-03-${day}`)
}

describe('what the runs left behind', () => {
  test('segments: share, entered and left over a period, mean score, trend', async () => {
    await threeNights()
    const [active, idle] = await json('segments')
    expect(active).toMatchObject({
      segment: 'active',
      owner: 'sales',
      state: 'ok',
      as_of: '2026-03-04T00:00:00.000000Z',
      members: 1,
      entered: 1,
      left: 1,
      mean_score: 21,
    })
    expect(active.share).toBeCloseTo(1 / 3, 6)
    expect(active.trend.slice(-4)).toEqual([null, 1, 2, 1])
    expect(idle).toMatchObject({ segment: 'idle', status: 'draft', state: null, members: null, share: null })
    expect((await json('segments --period 1d'))[0]).toMatchObject({ entered: 0, left: 1 })
    const table = await desk.type('segments --format table')
    expect(table.out).toBe(
      [
        'as of 2026-03-04 00:00 UTC  ·  entered and left: last 7 days',
        '',
        'SEGMENT  MEMBERS   SHARE  ENTERED  LEFT  SCORE  14 DAYS         STATE',
        'active         1  33.3 %        1     1   21.0             ▁█▁',
        'idle           –       –        –     –      –                  draft',
        '',
        'Not counted: 1 entered, 0 left by definition, repair or backfill (active); `tideline changes KEY` says more.',
        '',
      ].join('\n'),
    )
  })

  test('rows of an inbox that could not be taken', async () => {
    await desk.type('apply')
    await database.query(
      `insert into inbox_events (lead_id, type, occurred_at) values
         ('a', 'visit', '2026-03-01T12:00:00Z'), ('a', 'visit', 'yesterday'), (null, 'visit', '2026-03-01T12:00:00Z')`,
    )
    const said = await desk.type('run --format table')
    const query = 'tideline query "select row_number, reason, content from quarantine where import_id = 1"'
    expect(said.out).toContain(`  refused  2 of 3 rows of the inbox, in quarantine: ${query}\n`)
    expect(await json('run')).toMatchObject({ inbox: null })
  })

  test('members', async () => {
    await threeNights()
    expect(await json('members active')).toEqual([
      { lead_id: 'b', since: '2026-03-03T00:00:00.000000Z', score: 21, level: 'warm' },
    ])
    expect((await desk.type('members active --format table')).out).toBe(
      'LEAD  SINCE             SCORE  LEVEL\nb     2026-03-03 00:00   21.0  warm\n',
    )
  })

  test('runs, and one of them', async () => {
    await threeNights()
    const runs = await json('runs --limit 2')
    expect(
      runs.map((run: { run_id: number; as_of: string }) => [run.run_id, run.as_of.slice(0, 10)]),
    ).toEqual([
      [3, '2026-03-04'],
      [2, '2026-03-03'],
    ])
    expect((await json('runs 3')).segments).toEqual([
      { segment: 'active', version: 1, outcome: 'done', entered: 0, left: 1, causes: 'time', error: null },
    ])
    const shown = await desk.type('runs 3 --format table')
    expect(shown.out).toMatch(/^run 3 {2}full as of 2026-03-04 00:00 UTC {2}· {2}done, by command/)
    expect(shown.out.split('\n').every((line) => line.length <= 100)).toBe(true)
  })

  test('report: conversion beside all leads, and what members did most', async () => {
    await threeNights()
    const [active] = await json('report')
    expect(active).toMatchObject({ segment: 'active', members: 1, converted: 1, rate: 1, lift: 3, leads: 3 })
    expect(active.top_events.map((event: { type: string }) => event.type)).toEqual(['visit', 'won'])
    const table = await desk.type('report --format table')
    expect(table.out).toMatch(/^as of 2026-03-04 00:00 UTC {2}· {2}1 of 3 leads had converted \(33\.3 %\)\n/)
    expect(table.out).toMatch(/\nactive +1 +1 +100\.0 % +3\.00 +visit 100 %, won 100 %\n/)
    const [before] = await json('report --as-of 2026-03-03T18:00Z')
    expect(before).toMatchObject({ as_of: '2026-03-03T00:00:00.000000Z', members: 2, leads: 3 })
    expect(errorOf(await desk.type('report --as-of 2026-03-01'))).toMatchObject({
      code: 'NOTHING_ROLLED_UP',
      message: 'There was no nightly run by 2026-03-01 00:00 UTC, so there is nothing to report.',
      hint: expect.stringContaining('--as-of 2026-03-02 or later'),
    })
    expect((await desk.type('report active --format table')).out).toMatch(/\n +1 {2}visit +1 +100\.0 % +2\n/)

    await database.query(`delete from segment_conversion where as_of < '2026-03-04'`)
    expect(errorOf(await desk.type('report --as-of 2026-03-03T18:00Z'))).toMatchObject({
      message: 'The nightly run 2 as of 2026-03-03 00:00 UTC was not rolled up, nor was any before it.',
      hint: expect.stringContaining('--as-of 2026-03-04 or later'),
    })
  })

  test('run a second time as of the same instant says so', async () => {
    await threeNights()
    const again = await desk.type('run --as-of 2026-03-04 --format table')
    expect(again).toMatchObject({
      code: 0,
      out: 'Nothing to do: run 3 as of 2026-03-04 00:00 UTC was applied before.\n',
    })
  })
})

describe('catalog', () => {
  test('names, types, and on how many each is known', async () => {
    desk.file('leads.csv', 'lead_id,size,city\nL-1,"1,200",Kiel\nL-2,,Ulm\n')
    desk.file('events.csv', 'lead_id,type,occurred_at,page\nL-1,view,2026-01-01,/a\nL-1,view,2026-01-02,\n')
    await desk.type('import leads leads.csv')
    await desk.type('import events events.csv')
    expect(await json('catalog leads')).toMatchObject([
      { name: 'city', type: 'text', known: 2, share: 1 },
      { name: 'size', type: 'number', known: 1, share: 0.5 },
    ])
    expect(await json('catalog view')).toMatchObject([{ name: 'page', type: 'text', known: 1, share: 0.5 }])
    expect((await json('catalog events'))[0]).toMatchObject({
      type: 'view',
      events: 2,
      properties: 1,
      activity: true,
    })
    const all = await desk.type('catalog --format table')
    expect(all.out).toMatch(
      /^Leads have 2 attributes\n\nNAME {2}TYPE +KNOWN ON +SHARE +MOST COMMON\ncity +text +2 +100\.0 % +all different\nsize +number +1 +50\.0 % +1200 \(100 %\)\n\nThere is 1 event/,
    )
    expect((await desk.type('catalog veiw')).err).toContain('Did you mean \\"view\\"?')
  })

  test('before anything was imported it says what to do', async () => {
    expect((await desk.type('catalog --format table')).out).toMatch(/^Nothing is known yet/)
    expect(await json('catalog accounts')).toEqual([])
  })
})
