import { readdirSync, rmSync } from 'node:fs'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead } from '../support/definitions.ts'
import { runElsewhere } from '../support/elsewhere.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase({ max: 6 })
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  desk.file('scoring.yaml', 'scores:\n  engagement:\n    points: { visit: 10 }\n')
  desk.file('segments/a.yaml', 'visitors:\n  where: did visit\nhot:\n  where: score >= 20\n')
  for (const id of ['a', 'b', 'c']) await addLead(database, id)
  await addEvent(database, 'a', 'visit', '2026-02-28T12:00:00Z')
  expect(await desk.type('apply')).toMatchObject({ code: 0, err: '' })
})
afterEach(() => database.close())

type Step = {
  name: string
  rows?: number | null
  milliseconds?: number
  lake?: object
  unfinished?: true
  sql?: string[]
  sql_after?: string[]
}
type Told = {
  mode: string
  engine: string | null
  chosen: { code: string; message: string }
  candidates: { leads: number; reasons: Record<string, number> } | null
  steps: Step[]
  error?: string
}
const json = async (line: string): Promise<Told> => JSON.parse((await desk.type(line)).out)
const names = ({ steps }: Told) => steps.map(({ name }) => name)
const stepOf = ({ steps }: Told, name: string) => steps.find((step) => step.name === name)
const sqlOf = ({ steps }: Told, name: string) => steps.find((step) => step.name === name)?.sql ?? []

/** All that a dry run could have changed. */
const everything = async () => {
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = $1::text::regnamespace and relkind = 'r' order by 1`,
    [database.schema],
  )
  const held: unknown[] = []
  for (const { name } of tables)
    held.push(name, await database.query(`select t::text, t.xmin::text from ${name} t order by 1`))
  return held
}

test('runs is one table, however long a run took and however many leads there are', async () => {
  await desk.type('run --as-of 2026-03-01')
  await database.query(
    `insert into runs (mode, origin, as_of, horizon, fence, scoring_version, status, leads, entered, "left", started_at, finished_at)
     select 'incremental', 'schedule', as_of + interval '1 hour 1 second', horizon, fence, scoring_version, 'done', 12345678,
       1234567, 1234567, started_at, started_at + interval '12 minutes 34 seconds' from runs`,
  )
  const { out } = await desk.type('runs --format table')
  expect(out.split('\n')).toHaveLength(4)
  expect(out).toMatch(/^RUN +AS OF +MODE .* TOOK\n/)
  expect(out).toContain(' 12 min 34 s\n')
})

describe('runs ID', () => {
  test('says of each step its rows, its time and the statements as they were executed', async () => {
    await desk.type('run --as-of 2026-03-01')
    const told = await json('runs 1')
    expect(told).toMatchObject({ mode: 'full', chosen: { code: 'FIRST_RUN' } })
    expect(names(told)).toEqual(
      expect.arrayContaining(['claim', 'pin definitions', 'evaluate', 'apply changes']),
    )
    expect(sqlOf(told, 'apply changes').join()).toContain('insert into membership_change')
    expect(told.steps.every((step) => Number.isInteger(step.milliseconds))).toBe(true)
    const { out } = await desk.type('runs 1 --sql')
    expect(out).toMatch(/^-- run 1 {2}full as of 2026-03-01/)
    expect(out).toMatch(/\n-- == apply entered: 1 row, \d+ ms\n[\s\S]*insert into membership\b[\s\S]*;\n/)
    expect((await desk.type('runs 1 --format table')).out).toMatch(/\nSTEP +ROWS +TOOK +STATEMENTS\n/)
  })

  test('keeps each text once, however many runs execute it', async () => {
    await desk.type('run --as-of 2026-03-01T01:00Z')
    await addEvent(database, 'b', 'visit', '2026-03-01T01:30:00Z')
    await desk.type('run --as-of 2026-03-01T02:00Z')
    const kept = async () => (await database.query(`select from run_statements`)).length
    const before = await kept()
    await addEvent(database, 'c', 'visit', '2026-03-01T02:30:00Z')
    await desk.type('run --as-of 2026-03-01T03:00Z')
    const told = await json('runs 3')
    expect(told).toMatchObject({ mode: 'incremental', candidates: { leads: 1 } })
    expect(sqlOf(told, 'evaluate').join()).toContain('candidate')
    expect(await kept()).toBe(before)
  })

  test('a run that failed says at which step, and what had been executed', async () => {
    await desk.type('run --as-of 2026-03-01')
    await addEvent(database, 'b', 'visit', '2026-03-01T01:30:00Z')
    await database.query(`create function full_disk() returns trigger language plpgsql as
      $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$`)
    await database.query(`create trigger full_disk before insert on membership_change
      for each statement execute function full_disk()`)
    expect(errorOf(await desk.type('run')).code).toBe('DISK_FULL')
    const told = await json('runs 2')
    expect(told).toMatchObject({ status: 'failed', error: 'no space left on device' })
    expect(told.steps.at(-1)).toMatchObject({ name: 'apply changes', failed: true })
    expect(sqlOf(told, 'apply changes').join()).toContain('insert into membership_change')
  })
})

describe('a run that goes on, and one that was killed', () => {
  test('have the steps that they told of', async () => {
    await database.session(async (client) => {
      await client.query('begin')
      await client.query('lock table lead_scores in access exclusive mode')
      const going = runElsewhere(database.url, undefined)
      const at = () => json('runs 1').then(({ steps }) => steps?.at(-1))
      await expect.poll(at, { timeout: 15_000 }).toMatchObject({ name: 'compare scores', unfinished: true })
      const { out } = await desk.typeAtTerminal('runs 1')
      expect(out).toMatch(/\n {2}looks at all leads\. No run was applied before\.\n/)
      expect(out).toMatch(/\ncompare scores \(goes on\) +–/)
      going.signal('SIGKILL')
      expect(await going.ended).toMatchObject({ signal: 'SIGKILL' })
      await client.query('rollback')
    })
    expect((await desk.type('run')).code).toBe(0)
    const { out } = await desk.typeAtTerminal('runs 1')
    expect(out).toMatch(/\n {2}was to look at all leads\. No run was applied before\.\n/)
    expect(out).toMatch(/\ncompare scores \(did not end\) +–/)
    expect(out).not.toContain('nothing has changed')
  })
})

describe('the lake in the ledger', () => {
  const folder = () => join(desk.folder, '.tideline/lake/events')
  beforeEach(() => desk.file('tideline.yaml', 'lake_from: 0\n'))

  test('what is executed stands with its step, what is between two steps after the first', async () => {
    await database.query(`insert into inbox_leads (lead_id) values ('d')`)
    await desk.type('run --as-of 2026-03-01T01:00Z')
    const told = await json('runs 1')
    expect(sqlOf(told, 'drain inboxes').join()).toContain('inbox_leads')
    const copied = stepOf(told, 'copy events to the lake')!
    expect(copied).toMatchObject({ rows: 1, lake: { files: 1, healed: [], rebuilt: 'missing' } })
    const copying = copied.sql!.join('\n')
    expect(copying).toMatch(/copy \(select "lead_id"[\s\S]*ingest_xid < cast\('…' as xid8\)/)
    expect(copying).toMatch(/order by lead_id, occurred_at, event_id\)\s+to '…' \(format parquet/)
    expect(copying).not.toContain('looked_at')
    expect(stepOf(told, 'pin definitions')!.sql_after!.join()).toContain('looked_at')
    expect(sqlOf(told, 'read the lake').join()).toContain('create temporary table planned')
    const every = told.steps.flatMap(({ sql = [], sql_after: after = [] }) => [...sql, ...after]).join('\n')
    expect(every).not.toContain(desk.folder)
    const { out } = await desk.type('runs 1 --sql')
    expect(out).toMatch(/\n-- after pin definitions\n[\s\S]*?create temporary view looked_at/)
    expect(out).not.toContain('not kept')
  })

  test('its texts stay the same from one full run to the next, whatever arrives', async () => {
    const kept = async () => (await database.query(`select from run_statements`)).length
    const counts: number[] = []
    for (const hour of ['01', '02', '03', '04']) {
      await addEvent(database, 'b', 'visit', `2026-03-01T${hour}:00:00Z`)
      await desk.type(`run --full --as-of 2026-03-01T${hour}:30Z`)
      counts.push(await kept())
    }
    expect(stepOf(await json('runs 4'), 'copy events to the lake')).toMatchObject({ rows: 1 })
    expect(counts[3]).toBe(counts[2])
  })

  test('what was damaged is told by the run, and afterwards', async () => {
    await desk.type('run --as-of 2026-03-01T01:00Z')
    await truncate(join(folder(), readdirSync(folder())[0]!), 10)
    const run = await desk.typeAtTerminal('run --full --as-of 2026-03-01T02:00Z')
    const healed = '1 file written anew: 2026-02 (its file was cut off).'
    expect(run.out).toContain(`\n  lake     ${healed}\n`)
    expect(stepOf(await json('runs 2'), 'copy events to the lake')).toMatchObject({
      rows: 1,
      lake: { healed: [{ period: '2026-02', damage: 'truncated' }] },
    })
    expect((await desk.typeAtTerminal('runs 2')).out).toContain(`\n  lake: ${healed}\n`)
    const status = (await desk.typeAtTerminal('status')).out.replace(/\s+/g, ' ')
    expect(status).toContain(`. In run 2: ${healed.slice(0, -1)} drift`)
    rmSync(join(folder(), '../manifest.json'))
    const anew = '1 file written anew, all of them: there was none.'
    expect((await desk.typeAtTerminal('run --full --as-of 2026-03-01T03:00Z')).out).toContain(anew)
  })
})

describe('run --dry-run', () => {
  test('says mode, reason, candidates and steps with SQL, as the run then does it, and writes nothing', async () => {
    await desk.type('run --as-of 2026-03-01T01:00Z')
    await addEvent(database, 'b', 'visit', '2026-03-01T01:30:00Z')
    const before = await everything()
    const would = await json('run --as-of 2026-03-01T02:00Z --dry-run --format json')
    expect(await everything()).toEqual(before)
    expect(would).toMatchObject({
      mode: 'incremental',
      chosen: { code: 'CHANGES_ONLY' },
      candidates: { leads: 1, reasons: { events: 1 } },
    })
    await desk.type('run --as-of 2026-03-01T02:00Z')
    const did = await json('runs 2')
    expect(names(would)).toEqual(names(did).filter((name) => !['drain inboxes', 'claim'].includes(name)))
    for (const { name, sql = [] } of would.steps) {
      if (name !== 'pin definitions') expect(sqlOf(did, name), name).toEqual(expect.arrayContaining(sql))
    }
  })

  test.each([
    ['postgres', ''],
    ['duckdb', 'lake_from: 0\n'],
  ])(
    'says why all leads would be looked at, in %s, and that nothing would be done',
    async (engine, settings) => {
      desk.file('tideline.yaml', settings)
      const first = await desk.type('run --dry-run --as-of 2026-03-01')
      expect(first.out).toMatch(
        /^-- a run as of 2026-03-01 00:00 UTC, horizon \d+, full, 2 segments; nothing is written\n/,
      )
      expect(first.out).toContain('No run was applied before.')
      expect(first.out).toMatch(/\n-- == evaluate\n/)
      const would = await json('run --dry-run --as-of 2026-03-01 --format json')
      await desk.type('run --as-of 2026-03-01')
      const did = await json('runs 1')
      expect([would.engine, did.engine]).toEqual([engine, engine])
      // The first run of all has no candidates, and the nightly one rolls up.
      expect(names(would)).toEqual(names(did).filter((name) => !['drain inboxes', 'claim'].includes(name)))
      expect(sqlOf(did, 'evaluate')).toEqual(expect.arrayContaining(sqlOf(would, 'evaluate').slice(0, 1)))
      const again = await desk.type('run --dry-run --as-of 2026-03-01')
      expect(again.out).toContain('Nothing would be done')
      expect(await json('run --dry-run --full --as-of 2026-03-01T02:00Z --format json')).toMatchObject({
        mode: 'full',
        chosen: { code: 'ASKED' },
      })
      expect(errorOf(await desk.type('run --dry-run --enqueue')).code).toBe('WRONG_USAGE')
    },
  )
})
