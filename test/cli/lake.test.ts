import { readdirSync } from 'node:fs'
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addEvents } from '../support/lake.ts'
import { deskOf, errorOf } from './support.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
  await addEvents(database, { from: '2025-01-15', days: 60, each: 7 })
  await database.query(`insert into event_types (type) values ('page_view'), ('order')`)
  await database.query(`insert into catalog (subject, event_type, name, type) values
    ('event', 'page_view', 'page', 'text'), ('event', 'order', 'amount', 'number')`)
})
afterAll(() => database.close())

const json = (out: string) => JSON.parse(out)

test('lake: status, verify, repair and rebuild, from nothing to damage and back', async () => {
  const desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  desk.file(
    'segments/s.yaml',
    'big:\n  where: sum amount of order > 10\nviewed:\n  where: did page_view where page = "/p1"\n',
  )
  expect((await desk.type('apply --yes')).code).toBe(0)
  const folder = join(desk.folder, '.tideline/lake')
  expect(json((await desk.type('lake status')).out)).toMatchObject({ state: 'missing', events: 0 })
  expect(json((await desk.type('lake verify')).out)).toMatchObject({ whole: false, unusable: 'missing' })

  const rebuilt = await desk.type('lake rebuild')
  expect([rebuilt.code, rebuilt.err]).toEqual([0, ''])
  expect(json(rebuilt.out)).toMatchObject({ rebuilt: 'missing', events: 420, files: 3 })
  expect(json((await desk.type('lake status')).out)).toMatchObject({ state: 'ok', events: 420, columns: 2 })
  const well = await desk.typeAtTerminal('lake verify')
  expect([well.code, well.out]).toEqual([0, 'All 420 events in 3 files are as in the database.\n'])

  const february = readdirSync(join(folder, 'events')).find((name) => name.startsWith('2025-02'))!
  await truncate(join(folder, 'events', february), 100)
  const found = await desk.type('lake verify')
  expect(found.code).toBe(3)
  expect(json(found.out)).toMatchObject({ whole: false, wrong: [{ period: '2025-02', damage: 'truncated' }] })
  expect((await desk.typeAtTerminal('lake verify')).out).toContain('2025-02  truncated')
  const repaired = await desk.typeAtTerminal('lake repair')
  expect(repaired.out).toContain('2025-02: its file was cut off\n1 file written anew.')
  expect((await desk.type('lake verify')).code).toBe(0)
  expect((await desk.typeAtTerminal('lake repair')).out).toContain('Nothing was to be repaired.')
  await rm(folder, { recursive: true })
  expect((await desk.typeAtTerminal('lake status')).out).toContain('to be written anew: there was none')
  expect((await desk.typeAtTerminal('lake repair')).out).toContain('written anew: there was none')
})

test('what lies there and is no lake: it says so, and status says the rest', async () => {
  const desk = deskOf(database.url)
  desk.file('tideline.yaml', 'lake_from: 0\n')
  const folder = join(desk.folder, '.tideline/lake')
  const manifest = join(folder, 'manifest.json')
  expect((await desk.type('lake rebuild')).code).toBe(0)
  const since = json((await desk.type('lake status')).out).compared_at
  expect(since).toMatch(/^20\d\d-/)
  expect((await desk.typeAtTerminal('lake status')).out).toContain(
    `; every row was copied or compared since ${since.slice(0, 10)} `,
  )
  await rm(manifest)
  expect(json((await desk.type('lake status')).out)).toMatchObject({ state: 'missing', strays: 3 })
  const gone = 'its manifest is gone, and without it nobody reads the 3 files that lie there'
  expect((await desk.typeAtTerminal('lake status')).out).toContain(`written anew: ${gone}. The next`)
  expect((await desk.typeAtTerminal('status')).out.replace(/\s+/g, ' ')).toContain(`next full run: ${gone}`)

  const unreadable = async (reason: string) => {
    const message = `The lake's folder can't be read: ${reason}.`
    for (const line of ['lake status', 'lake verify', 'lake repair'])
      expect(errorOf(await desk.type(line))).toMatchObject({ code: 'LAKE_UNREADABLE', message })
    const { lake, problems } = json((await desk.type('status')).out)
    expect(lake).toMatchObject({ state: 'unknown', code: 'LAKE_UNREADABLE', message })
    expect(problems.map(({ code }: { code: string }) => code)).toEqual(['NEVER_RUN'])
    expect((await desk.typeAtTerminal('status')).out).toContain(`\nlake       ${message} Let`)
  }
  await mkdir(manifest)
  await unreadable('manifest.json is a folder')
  expect(errorOf(await desk.type('lake rebuild')).code).toBe('LAKE_UNREADABLE')
  await rm(folder, { recursive: true })
  await writeFile(folder, 'a file')
  await unreadable('a file lies where a folder is needed')
  expect(errorOf(await desk.type('lake rebuild'))).toMatchObject({
    code: 'LAKE_NOT_WRITABLE',
    where: folder,
    hint: 'Let this user write there, or name another folder: lake: DIR; or lake: none.',
  })

  await desk.type('run')
  const told = json((await desk.type('status')).out)
  const ofLake = told.problems.filter(({ code }: { code: string }) => code !== 'SILENT')
  expect(ofLake).toEqual([
    expect.objectContaining({
      code: 'LAKE_UNUSED',
      message: expect.stringMatching(/made in Postgres: The lake's folder can't be written: a file lies/),
      hint: expect.stringContaining('Let this user write there'),
    }),
  ])
})

test('the lake may lie elsewhere, or nowhere', async () => {
  const desk = deskOf(database.url)
  desk.file('tideline.yaml', 'lake: elsewhere/lake\n')
  expect((await desk.type('lake rebuild')).code).toBe(0)
  expect(await readFile(join(desk.folder, 'elsewhere/lake/manifest.json'), 'utf8')).toContain('"files"')
  desk.file('tideline.yaml', 'lake: none\n')
  const none = await desk.type('lake status')
  expect([none.code, json(none.err).error.code]).toEqual([1, 'NO_LAKE'])
})
