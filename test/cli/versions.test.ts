import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  await addLead(database, 'a', { attributes: { size: 50 } })
  await addLead(database, 'b', { attributes: { size: 5 } })
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)
const define = (text: string) => desk.file('segments/a.yaml', text)
const held = () => readFileSync(join(desk.folder, 'segments/a.yaml'), 'utf8')
const membersOf = async (key: string) =>
  (await json(`members ${key}`)).map((each: { lead_id: string }) => each.lead_id)

describe('versions', () => {
  test('every version, when, by whom, what changed', async () => {
    define('big:\n  where: size > 10\n')
    await desk.type('apply --run')
    define('big:\n  where: size > 1\n')
    await desk.type('apply')
    desk.file('tideline.yaml', 'timezone: Europe/Berlin\n')
    define('big:\n  where: size > 1 and first seen this month\n')
    await desk.type('apply')
    const found = await json('versions big')
    expect(found).toMatchObject([
      {
        version: 3,
        reason: 'edited',
        before: 'size > 1',
        zone: 'Europe/Berlin',
        current: true,
        evaluated: false,
      },
      { version: 2, reason: 'edited', before: 'size > 10', definition: 'size > 1', current: false },
      { version: 1, reason: 'created', before: null, definition: 'size > 10', evaluated: true },
    ])
    expect(found[0].applied_by).toMatch(/^\S+@\S+$/)
    const shown = await desk.type('versions big --format table')
    expect(
      shown.out.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC {2}\S+ {2}[0-9a-f]{8}/g, 'WHEN'),
    ).toBe(`big  ·  3 versions

   3  WHEN  edited  current  not evaluated yet
      size > 1
      →  size > 1 and first seen this month

   2  WHEN  edited
      size > 10
      →  size > 1

   1  WHEN  created
      size > 10
`)
    expect(errorOf(await desk.type('versions bgi')).message).toContain('Did you mean "big"?')
  })
})

describe('a definition with a comment', () => {
  test('is shown on one line without it, everywhere, and in the file as it was written', async () => {
    const before = 'size > 10 # large\n    and last activity within 7 days'
    define(`big:\n  where: |\n    ${before}\n`)
    const said = 'size > 10 and last activity within 7 days'
    expect((await desk.type('plan --format table')).out).toContain(`+ big  ${said}\n`)
    expect((await desk.type('apply --format table')).out).toContain(`+ big  ${said}\n`)
    const after = 'size > 10 # large\n    and last activity within 9 days'
    define(`big:\n  where: |\n    ${after}\n`)
    const change = `~ big  ${said}  →  ${said.replace('7', '9')}\n`
    expect((await desk.type('plan --format table')).out).toContain(change)
    expect((await desk.type('plan --format markdown')).out).toContain('\n+ size > 10 # large\n+ and last')
    expect((await desk.type('apply --format table')).out).toContain(change)
    expect((await desk.type('versions big --format table')).out).toContain(`\n      ${said}\n      →  size`)
    const back = (await desk.type('apply big --to 1 --format table')).out
    expect(back).toContain(`\n  →  ${said}\n`)
    expect(back).toContain('\n    size > 10 # large\n    and')
  })
})

describe('apply KEY --to VERSION', () => {
  beforeEach(async () => {
    define('big:\n  where: size > 10   # for now\nnot-big:\n  where: not in segment "big"\n')
    await desk.type('apply --run')
    define('big:\n  where: size > 1   # for now\nnot-big:\n  where: not in segment "big"\n')
    await desk.type('apply --run')
    expect(await membersOf('big')).toEqual(['a', 'b'])
  })

  test('makes it current as a new version, with what refers to it, and says what the file must hold', async () => {
    const done = await json('apply big --to 1')
    expect(done).toMatchObject({
      segment: 'big',
      version: 3,
      went_back_to: 1,
      before: 'size > 1',
      after: 'size > 10',
      also_changed: ['not-big'],
      file: { state: 'differs', file: 'segments/a.yaml' },
    })
    expect(await json('versions big')).toMatchObject([{ version: 3, reason: 'back to version 1' }, {}, {}])
    expect((await json('versions not-big'))[0]).toMatchObject({ version: 3, reason: 'big changed' })
    await desk.type('run')
    expect(await membersOf('big')).toEqual(['a'])
    expect(await membersOf('not-big')).toEqual(['b'])
    const again = await desk.type('apply big --to 1 --format table')
    expect(again.out).toContain('big means what version 1 means already: nothing was done.')
    expect(again.out).toMatch(
      /still holds the other definition.*\n.*--write:\n\nbig:\n {2}where: \|\n {4}size > 10\n$/,
    )
  })

  test('--write puts it into the file as well, and nothing else', async () => {
    expect(await json('apply big --to 1 --write')).toMatchObject({ file: { state: 'written' } })
    expect(held()).toBe('big:\n  where: size > 10   # for now\nnot-big:\n  where: not in segment "big"\n')
    expect((await desk.type('apply --format table')).out).toBe('2 unchanged.\n')
  })

  test('is refused for a version or segment that is not there, or no longer understood', async () => {
    expect(errorOf(await desk.type('apply big --to 9')).code).toBe('UNKNOWN_VERSION')
    expect(errorOf(await desk.type('apply bgi --to 1')).code).toBe('UNKNOWN_SEGMENT')
    expect(errorOf(await desk.type('apply big')).code).toBe('WRONG_USAGE')
    expect((await desk.type('apply --to 1')).code).toBe(2)
    await database.query(`delete from catalog where name = 'size'`)
    expect(errorOf(await desk.type('apply big --to 1'))).toMatchObject({
      code: 'UNKNOWN_ATTRIBUTE',
      message: expect.stringContaining(`Version 1 of "big" can't be taken up again`),
    })
  })
})

describe('renamed_from', () => {
  beforeEach(async () => {
    define('big:\n  where: size > 10\n')
    await desk.type('apply --run')
  })

  test('keeps members, history and versions under the new key, and may stay in the file', async () => {
    define('large:\n  renamed_from: big\n  where: size > 10\nother:\n  where: in segment "large"\n')
    expect((await json('check')).findings).toEqual([])
    const applied = await desk.type('apply --format table')
    expect(applied.out).toBe(`» big is large now; its members and its history stay
· large  name: "big"  →  "large"
+ other  in segment "large"

1 created, 1 renamed.
${applied.out.split('\n').at(-2)}
`)
    expect(await membersOf('large')).toEqual(['a'])
    expect(errorOf(await desk.type('members big')).code).toBe('UNKNOWN_SEGMENT')
    expect(await json('versions large')).toHaveLength(1)
    expect((await desk.type('versions large --format table')).out).toMatch(/\ncalled big until \d{4}-/)
    const run = await json('run')
    expect(run).toMatchObject({ entered: 1, left: 0, segments: 2 })
    expect((await desk.type('apply --format table')).out).toBe('2 unchanged.\n')
    // And on: the middle name is forgotten by the files.
    define('largest:\n  renamed_from: large\n  where: size > 10\nother:\n  where: in segment "largest"\n')
    expect(await json('apply')).toMatchObject({ renames: [{ from: 'large', to: 'largest' }] })
    expect(await json('versions largest')).toHaveLength(1)
    // The old key is free again for something else.
    define('largest:\n  renamed_from: large\n  where: size > 10\nother:\n  where: everyone\nbig:\n  where: everyone\n')
    expect((await json('apply')).segments).toMatchObject([
      { action: 'keep' },
      { action: 'change' },
      { action: 'create' },
    ])
  })

  test.each([
    [
      'big:\n  where: size > 10\nlarge:\n  renamed_from: big\n  where: size > 10\n',
      /The files still hold a segment "big"/,
    ],
    [
      'large:\n  renamed_from: bgi\n  where: size > 10\n',
      /There has never been a segment "bgi". Did you mean "big"\?/,
    ],
    ['big:\n  renamed_from: big\n  where: size > 10\n', /not renamed from its own key/],
    [
      'l1:\n  renamed_from: big\n  where: size > 10\nl2:\n  renamed_from: big\n  where: size > 10\n',
      /Both "l1" and "l2"/,
    ],
  ])('%# is refused, with its place', async (text, message) => {
    define(text)
    const { findings } = await json('check')
    expect(findings).toMatchObject([
      { code: 'BAD_RENAME', severity: 'error', message: expect.stringMatching(message) },
    ])
    expect(findings[0].excerpt).toMatch(/renamed_from/)
    expect(errorOf(await desk.type('apply --yes')).findings).toHaveLength(1)
    expect(await membersOf('big')).toEqual(['a'])
  })

  test('comes too late for one that has a history of its own; a database without segments takes no notice', async () => {
    define('large:\n  where: size > 10\n')
    await desk.type('apply --yes')
    define('large:\n  renamed_from: big\n  where: size > 10\n')
    expect((await json('check')).findings).toMatchObject([{ code: 'BAD_RENAME', severity: 'warning' }])
    expect((await desk.type('apply')).code).toBe(0)
    await database.query('truncate segments cascade')
    expect((await json('check')).findings).toEqual([])
    expect((await json('apply')).segments).toMatchObject([{ action: 'create' }])
  })
})
