import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead } from '../support/definitions.ts'
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

type Step = { name: string; rows?: number | null; milliseconds?: number; sql?: string[] }
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
