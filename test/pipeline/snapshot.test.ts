import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { override } from '../../pipeline/override.ts'
import { type Snapshotting, takeSnapshot } from '../../pipeline/snapshot.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf } from '../support/definitions.ts'

let database: Database
let folder: string
beforeEach(async () => {
  database = await testDatabase()
  folder = mkdtempSync(join(tmpdir(), 'tideline-snapshot-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  await database.close()
})

const day = (date: string) => `${date}T00:00:00.000000Z`
const snapshot = (key: string, from: Snapshotting['from'], how: Snapshotting['how'] = 'new') =>
  takeSnapshot(database, { key, name: key, how, from, by: 'me@here' })
const file = (text: string, name = 'ids.csv', column?: string) => {
  writeFileSync(join(folder, name), text)
  return { file: join(folder, name), column, temporary: folder }
}

describe('everyone as of an instant', () => {
  test('are those first seen at or before it', async () => {
    await addLead(database, 'before', { firstSeen: '2024-12-31T23:59:59.999999Z' })
    await addLead(database, 'at', { firstSeen: '2025-01-01T00:00:00Z' })
    await addLead(database, 'after', { firstSeen: '2025-01-01T00:00:00.000001Z' })
    // Whoever did something was there, whatever the import said later.
    await addLead(database, 'active before', {
      firstSeen: '2025-06-01T00:00:00Z',
      events: [['login', '2024-11-01T00:00:00Z']],
    })
    const taken = await snapshot('leads-2025', { key: 'everyone', asOf: day('2025-01-01') })
    expect(taken).toMatchObject({ members: 3, added: 3, from: { kind: 'evaluated', segment: 'everyone' } })
    await runAsOf(database)
    expect(await members(database, 'leads-2025')).toEqual(['active before', 'at', 'before'])
    expect(await history(database, 'leads-2025')).toHaveLength(3)
  })
})

describe('a segment as of an instant', () => {
  beforeEach(async () => {
    await addLead(database, 'a', { events: [['login', '2026-01-02T12:00:00Z']] })
    await addLead(database, 'b', { events: [['login', '2026-01-04T12:00:00Z']] })
    await apply(database, { recent: 'did login within 2 days' })
    for (const date of ['2026-01-03', '2026-01-05']) await runAsOf(database, day(date))
  })

  test('as recorded, where a run had looked at it by then, and says which', async () => {
    // It came late: the record does not know it.
    await addEvent(database, 'b', 'login', '2026-01-03T06:00:00Z')
    const recorded = await snapshot('back-then', { key: 'recent', asOf: '2026-01-04T06:00:00.000000Z' })
    expect(recorded.from).toMatchObject({ kind: 'recorded', run_id: '1', run_as_of: day('2026-01-03') })
    const evaluated = await snapshot('anew', {
      ...{ key: 'recent', asOf: '2026-01-04T06:00:00.000000Z', evaluate: true },
    })
    expect(evaluated.from).toMatchObject({ kind: 'evaluated', version: 1 })
    const before = await snapshot('before', { key: 'recent', asOf: '2026-01-02T18:00:00.000000Z' })
    expect(before.from).toMatchObject({ kind: 'evaluated', recorded_since: day('2026-01-03') })
    await runAsOf(database)
    expect(await members(database, 'back-then')).toEqual(['a'])
    expect(await members(database, 'anew')).toEqual(['a', 'b'])
    expect(await members(database, 'before')).toEqual(['a'])
  })

  test('runs never touch it, and definitions may refer to it', async () => {
    await snapshot('back-then', { key: 'recent', asOf: day('2026-01-03') })
    await apply(database, { recent: 'did login within 2 days', others: 'not in segment "back-then"' })
    await runAsOf(database, day('2026-01-20'))
    await runAsOf(database, day('2026-02-20'))
    expect(await members(database, 'back-then')).toEqual(['a'])
    expect(await members(database, 'others')).toEqual(['b'])
    expect(await members(database, 'recent')).toEqual([])
    const [row] = await database.query(`select status from segments where key = 'back-then'`)
    expect(row).toEqual({ status: 'active' })
  })

  test('hands may be at it as well', async () => {
    await snapshot('back-then', { key: 'recent', asOf: day('2026-01-03') })
    await override(database, { key: 'back-then', hand: 'add', leads: ['b'] })
    await override(database, { key: 'back-then', hand: 'remove', leads: ['a'] })
    await runAsOf(database)
    expect(await members(database, 'back-then')).toEqual(['b'])
  })

  test('wrong wishes are refused', async () => {
    await snapshot('back-then', { key: 'recent' })
    await expect(snapshot('back-then', { key: 'recent' })).rejects.toMatchObject({
      code: 'SEGMENT_EXISTS',
      hint: 'Say --append or --replace to change its list, or choose another --key.',
    })
    await expect(snapshot('recent', { key: 'recent' })).rejects.toMatchObject({ code: 'SEGMENT_EXISTS' })
    await expect(snapshot('recent', { key: 'back-then' }, 'append')).rejects.toMatchObject({
      code: 'SEGMENT_NOT_STATIC',
    })
    await expect(snapshot('new', { key: 'back-then' }, 'replace')).rejects.toMatchObject({
      code: 'UNKNOWN_SEGMENT',
    })
    await expect(snapshot('new', { key: 'recnt' })).rejects.toMatchObject({ code: 'UNKNOWN_SEGMENT' })
    await expect(snapshot('Q1', { key: 'recent' })).rejects.toMatchObject({ code: 'BAD_KEY' })
    await expect(snapshot('new', { key: 'recent', asOf: day('2999-01-01') })).rejects.toMatchObject({
      code: 'AS_OF_IN_FUTURE',
    })
    await expect(apply(database, { recent: 'everyone', 'back-then': 'everyone' })).rejects.toMatchObject({
      findings: [{ code: 'SEGMENT_IS_STATIC' }],
    })
  })
})

describe('a file of ids', () => {
  beforeEach(async () => {
    for (const id of ['a', 'b', 'c', '01']) await addLead(database, id)
    await apply(database, { all: 'everyone' })
  })

  test('every id is accounted for', async () => {
    const from = file('name,lead_id\nAnn,a\nBob,nobody\nAgain,a\nNone,\nZero,01\nEve,B\n')
    expect(await snapshot('list', from)).toMatchObject({
      members: 2,
      from: { kind: 'file', ids: 5, empty: 1, repeated: 1, unreadable: 0, unknown: ['nobody', 'B'] },
    })
  })

  test('without a first line that names the column, the first line is an id', async () => {
    expect(await snapshot('bare', file('a\nb\n'))).toMatchObject({ members: 2, from: { unknown: [] } })
    expect(await snapshot('titled', file('mql_id\na\n'))).toMatchObject({
      from: { ids: 2, unknown: ['mql_id'] },
    })
    expect(await snapshot('named', file('mql_id\na\n', 'ids.csv', 'mql_id'))).toMatchObject({
      from: { ids: 1 },
    })
    expect(await snapshot('json', file('{"id":"a"}\n{"id":"c"}\n', 'ids.ndjson'))).toMatchObject({
      members: 2,
    })
    await expect(snapshot('two', file('x,y\na,b\n'))).rejects.toMatchObject({ code: 'NO_SUCH_COLUMN' })
    await expect(snapshot('none', file('lead_id\nx\n'))).rejects.toMatchObject({ code: 'NO_KNOWN_LEAD' })
  })

  test('appended or in place of the list, from now on', async () => {
    await snapshot('list', file('a\nb\n'))
    await apply(database, { all: 'everyone', rest: 'not in segment "list"' })
    await runAsOf(database)
    const [{ past } = { past: '' }] = await database.query<{ past: string }>(
      `select to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as past`,
    )
    expect(await snapshot('list', file('b\nc\n'), 'append')).toMatchObject({
      ...{ version: 2, members: 3, added: 1, removed: 0, others: ['rest'] },
    })
    expect(await snapshot('list', file('c\n'), 'replace')).toMatchObject({
      ...{ version: 3, members: 1, added: 0, removed: 2 },
    })
    await runAsOf(database)
    expect(await members(database, 'list')).toEqual(['c'])
    expect(await members(database, 'rest')).toEqual(['01', 'a', 'b'])
    const causes = await database.query(`select distinct cause from membership_change`)
    expect(causes).toEqual([{ cause: 'definition' }])
    // What was on the list then is still on it then.
    await snapshot('before', { key: 'list', asOf: past, evaluate: true })
    await runAsOf(database)
    expect(await members(database, 'before')).toEqual(['a', 'b'])
  })
})
