import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'
import { addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf, newFolder, run, typed, writeInto } from './support.ts'

/** Each of these must give one message, and lose nothing. */
async function refused(desk: Desk, line: string, code: string, exitCode = 1) {
  const said = await desk.type(line)
  expect(said.err.trim().split('\n')).toHaveLength(1)
  expect(said).toMatchObject({ code: exitCode, out: '' })
  const error = errorOf(said)
  expect(error.code).toBe(code)
  expect(error.message).toMatch(/[.)?:]$/)
  return error
}

function newDesk(url: string | undefined): Desk {
  const desk = deskOf(url)
  desk.file('tideline.yaml', '')
  return desk
}

describe('what is typed', () => {
  const desk = () => newDesk('postgres://nobody@127.0.0.1:1/none')
  test('an unknown command, option or choice; a missing argument', async () => {
    expect((await refused(desk(), 'segment', 'WRONG_USAGE', 2)).hint).toBe('Did you mean segments?')
    await refused(desk(), 'segments --colour', 'WRONG_USAGE', 2)
    await refused(desk(), 'members', 'WRONG_USAGE', 2)
    await refused(desk(), 'import people x.csv', 'WRONG_USAGE', 2)
    await refused(desk(), 'members x --limit many', 'WRONG_USAGE', 2)
    await refused(desk(), 'run --wait', 'WRONG_USAGE', 2)
    await refused(desk(), 'import leads x.csv --map lead_id', 'WRONG_USAGE', 2)
  })

  test('at a terminal it is said in words', async () => {
    const said = await desk().typeAtTerminal('segments --format xml')
    expect(said.code).toBe(2)
    expect(said.err).toMatch(
      /^error {2}segments has no answer as xml\.\n +Choose one of table, json, ndjson, csv\.\n/,
    )
  })

  test('through npm, it is meant where it was typed', async () => {
    const folder = newFolder()
    writeInto(folder, 'tideline.yaml', 'timezone: Mars/Olympus\n')
    const typedThere = { npm_lifecycle_event: 'tideline', INIT_CWD: folder }
    const error = errorOf(await run('/', ['segments'], typedThere))
    expect(error).toMatchObject({ code: 'BAD_SETTINGS', where: `${join(folder, 'tideline.yaml')}:1:11` })
  })

  test('no project', async () => {
    expect(errorOf(await deskOf(undefined).type('segments')).code).toBe('NO_PROJECT')
  })

  test('wrong settings say which', async () => {
    const wrong = desk()
    wrong.file('tideline.yaml', 'timezone: Mars/Olympus\n')
    const error = await refused(wrong, 'segments', 'BAD_SETTINGS')
    expect(error.where).toBe(`${join(wrong.folder, 'tideline.yaml')}:1:11`)
  })

  test('help is no error', async () => {
    const said = await desk().type('members --help')
    expect(said).toMatchObject({ code: 0, err: '' })
    expect(said.out).toContain('tideline members hot-leads')
    expect((await desk().type('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect((await desk().type('')).code).toBe(2)
  })
})

describe('the database', () => {
  test('is down', async () => {
    const error = await refused(
      newDesk('postgres://me:secret@127.0.0.1:1/shop'),
      'segments',
      'DATABASE_UNREACHABLE',
    )
    expect(error.message).toContain('127.0.0.1:1/shop')
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  test('is not prepared: asks for migrate, which prepares it', async () => {
    const empty = await emptyDatabase()
    onTestFinished(() => empty.close())
    const desk = newDesk(empty.url)
    for (const line of ['segments', 'check', 'apply', 'run', 'worker', 'members x'])
      await refused(desk, line, 'NOT_MIGRATED')
    const migrated = JSON.parse((await desk.type('migrate')).out)
    expect(migrated.schema).toBe('tideline')
    expect(migrated.applied[0]).toBe('0001_sources')
    expect(JSON.parse((await desk.type('migrate')).out).applied).toEqual([])
    expect((await desk.type('segments')).code).toBe(0)
  })

  test('does not let this user write', async () => {
    const database = await testDatabase()
    onTestFinished(() => database.close())
    await database.query('create role looker login')
    onTestFinished(async () => {
      await database.query('drop owned by looker; drop role looker').catch(() => {})
    })
    await database.query('grant usage on schema tideline to looker')
    await database.query('grant select on all tables in schema tideline to looker')
    const url = new URL(database.url)
    await database.query(`alter role looker password 'x'`)
    url.username = 'looker'
    url.password = 'x'
    const desk = newDesk(url.href)
    desk.file('segments/a.yaml', 'a:\n  where: everyone\n')
    expect((await desk.type('check')).code).toBe(0)
    await refused(desk, 'apply', 'PERMISSION_DENIED')
  })

  test('ends the connection while it is in use', async () => {
    const database = await testDatabase()
    onTestFinished(() => database.close())
    const desk = newDesk(database.url)
    const slow = desk.type(['query', 'select pg_sleep(20)'])
    for (let tries = 0; tries < 100; tries++) {
      const killed = await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'fetch%'`,
      )
      if (killed.length > 0) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(errorOf(await slow).code).toBe('DATABASE_WENT_AWAY')
  })

  test('is somebody’s own: db start and stop leave it alone', async () => {
    const desk = newDesk('postgres://me:secret@db.example:5432/shop')
    await refused(desk, 'db start', 'NOT_EMBEDDED')
    await refused(desk, 'db stop', 'NOT_EMBEDDED')
    const status = await desk.type('db status')
    expect(JSON.parse(status.out)).toEqual({
      embedded: false,
      database: 'db.example:5432/shop',
      named_by: 'DATABASE_URL',
    })
  })

  test('the embedded one can not have a port that somebody else has', async () => {
    const other: Server = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const folder = newFolder()
    writeInto(folder, 'tideline.yaml', '')
    const said = await typed(folder, ['db', 'start', '--port', String(port)])
    expect(said.code).toBe(1)
    expect(errorOf(said)).toMatchObject({ code: 'PORT_IN_USE' })
    expect(errorOf(said).message).toContain(String(port))
  })

  test('a folder that can not be written to', async () => {
    // Root may write anywhere, so a file stands where the folder would have to be made.
    const desk = deskOf(undefined)
    desk.file('tideline.yaml', '')
    desk.file('.tideline', 'in the way')
    await refused(desk, 'segments', 'FOLDER_NOT_WRITABLE')
    const begun = deskOf(undefined)
    begun.file('there', '')
    const error = await refused(begun, 'init there/project', 'FILE')
    expect(error.message).toContain('there')
  })
})

describe('with a database', () => {
  let database: Database
  let desk: Desk
  beforeEach(async () => {
    database = await testDatabase()
    desk = newDesk(database.url)
  })
  afterEach(() => database.close())

  const imports = () => database.query('select status from imports order by import_id')

  test('files: missing, a folder, empty, a spreadsheet, cut off, without the column', async () => {
    await refused(desk, 'import leads nowhere.csv', 'FILE_NOT_FOUND')
    await refused(desk, 'import leads .', 'FILE_IS_A_FOLDER')
    desk.file('empty.csv', '')
    await refused(desk, 'import leads empty.csv', 'EMPTY_FILE')
    desk.file('sheet.csv', 'PK\u0003\u0004 something')
    await refused(desk, 'import leads sheet.csv', 'MALFORMED_FILE')
    writeFileSync(join(desk.folder, 'cut.csv.gz'), gzipSync('lead_id\nL-1\n').subarray(0, 12))
    await refused(desk, 'import leads cut.csv.gz', 'MALFORMED_FILE')
    desk.file('leads.csv', 'mql_id,name\nL-1,Ann\n')
    const missing = await refused(desk, 'import leads leads.csv', 'MISSING_COLUMN')
    expect(missing.hint).toBe('Did you mean --map lead_id=mql_id?')
    const unknown = await refused(desk, 'import leads leads.csv --map lead_id=mq_id', 'UNKNOWN_COLUMN')
    expect(unknown.message).toContain('It has: mql_id, name')
    expect(await database.query('select from leads')).toEqual([])
    expect((await imports()).every((each) => each.status !== 'running')).toBe(true)
  })

  test('a column that is called nearly as what a lead knows is told', async () => {
    desk.file('nearly.csv', 'lead_id,account\nL-1,A\n')
    expect((await desk.type('import leads nearly.csv --format table')).out).toContain(
      '  The column account was taken as an attribute; did you mean account_id? --map account_id=account\n',
    )
    const [{ mistaken }] = JSON.parse((await desk.type('import leads nearly.csv')).out)
    expect(mistaken).toEqual([{ column: 'account', target: 'account_id' }])
  })

  test('a file with half its rows wrong: the others are taken, these are kept with their reason', async () => {
    const rows = Array.from({ length: 20 }, (_, index) =>
      index % 2 ? `L-${index},visit,2026-01-0${(index % 9) + 1}T00:00:00Z` : `L-${index},visit,someday`,
    )
    desk.file('half.csv', `lead_id,type,occurred_at\n${rows.join('\n')}\n`)
    const { code, out } = await desk.type('import events half.csv')
    expect(code).toBe(0)
    expect(JSON.parse(out)[0]).toMatchObject({ read: 20, taken: 10, quarantined: 10 })
    expect(await database.query('select count(*)::int as kept from quarantine')).toEqual([{ kept: 10 }])
  })

  test('what was taken before a file that can not be is told', async () => {
    desk.file('a.csv', 'lead_id\nL-1\n')
    const said = await desk.type('import leads a.csv b.csv')
    expect(said.code).toBe(1)
    expect(JSON.parse(said.out)).toMatchObject([{ file: 'a.csv', taken: 1 }])
    expect(errorOf(said).code).toBe('FILE_NOT_FOUND')
  })

  test('a column that can be read in two ways is a question', async () => {
    desk.file('won.csv', 'lead_id,occurred_at\nL-1,01/02/2026\nL-2,03/04/2026\n')
    const error = await refused(desk, 'import conversions won.csv', 'AMBIGUOUS_DATE_FORMAT')
    expect(`${error.message} ${error.hint}`).toContain('--date-format')
    const taken = await desk.type('import conversions won.csv --date-format occurred_at=DMY')
    expect(JSON.parse(taken.out)[0]).toMatchObject({
      taken: 2,
      dates: [{ column: 'occurred_at', format: 'DMY' }],
    })
  })

  test('mappings are kept by name in imports.yaml, and the command line goes before', async () => {
    desk.file(
      'imports.yaml',
      'mappings:\n  touches:\n    map: { lead_id: mql_id, occurred_at: day }\n    set: { type: touch }\n',
    )
    desk.file('touches.csv', 'mql_id,day\nL-1,2026-01-02\n')
    expect(errorOf(await desk.type('import events touches.csv --mapping touch')).message).toContain(
      'Did you mean "touches"?',
    )
    await desk.type('import events touches.csv --mapping touches')
    await desk.type('import events touches.csv --mapping touches --set type=first_touch')
    expect(await database.query('select type from events order by type')).toEqual([
      { type: 'first_touch' },
      { type: 'touch' },
    ])
    desk.file('imports.yaml', 'mappings:\n  touches:\n    maps: {}\n')
    const wrong = await refused(desk, 'import events touches.csv --mapping touches', 'BAD_MAPPINGS')
    expect(wrong).toMatchObject({
      message: 'mappings.touches.maps: This key is not known here.',
      where: `${join(desk.folder, 'imports.yaml')}:3:5`,
      hint: expect.stringMatching(/^Did you mean "map"\? It holds mappings:/),
    })
  })

  test('an asOf in the future, before the last run, or none at all', async () => {
    await addLead(database, 'a')
    await refused(desk, 'run --as-of 2099-01-01', 'AS_OF_IN_FUTURE')
    await desk.type('run')
    const late = await refused(desk, 'run --as-of 2020-01-01', 'AS_OF_NOT_AFTER_LAST_RUN')
    expect(late.hint).toContain('tideline backfill --from 2020-01-01')
    await refused(desk, 'run --as-of noon', 'BAD_INSTANT', 2)
    await refused(desk, 'backfill --from 2026-01-02 --to 2026-01-02', 'BAD_RANGE', 2)
    await refused(desk, 'backfill --from 2026-01-01 --to 2026-01-02 --segment none', 'UNKNOWN_SEGMENT')
    await refused(desk, 'runs 99', 'UNKNOWN_RUN')
    await refused(desk, 'runs last', 'WRONG_USAGE', 2)
    await refused(desk, 'report', 'NOTHING_ROLLED_UP')
    await refused(desk, 'catalog clicks', 'UNKNOWN_EVENT')
  })

  test('a date is 00:00 in the time zone of the project', async () => {
    desk.file('tideline.yaml', 'timezone: Europe/Berlin\n')
    const { out } = await desk.type('run --as-of 2026-01-15')
    expect(JSON.parse(out).as_of).toBe('2026-01-14T23:00:00.000000Z')
  })
})
