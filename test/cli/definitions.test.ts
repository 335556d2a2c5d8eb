import { existsSync, readFileSync } from 'node:fs'
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
})
afterEach(() => database.close())

async function project(segments: string): Promise<Desk> {
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  desk.file('segments/trials.yaml', segments)
  await database.query(
    `insert into catalog (subject, event_type, name, type) values
       ('lead', '', 'company_size', 'number'), ('lead', '', 'title', 'text'), ('event', 'page_view', 'page', 'text')`,
  )
  await database.query(`insert into event_types (type) values ('page_view'), ('trial_signup')`)
  return desk
}

const wrong = `ok:
  where: company_size > 500

wrong:
  name: Wrong
  where: |
    did trial_signup
      and compnay_size > 500
    and title > 5
`

describe('a wrong definition', () => {
  test('check says where, what was understood, and what to do', async () => {
    await project(wrong)
    const { code, out } = await desk.type('check --format table')
    expect(code).toBe(1)
    const [first, second] = out.split('\n\n')
    expect(first).toBe(
      `segments/trials.yaml:8:11  error  UNKNOWN_ATTRIBUTE
  8 │   and compnay_size > 500
    │       ^^^^^^^^^^^^
  There is no attribute "compnay_size" on leads.
  Did you mean "company_size"?`,
    )
    expect(second).toMatch(
      /^segments\/trials\.yaml:9:9 {2}error {2}TYPE_MISMATCH\n {2}9 │ {3}and title > 5\n/,
    )
    expect(out).toMatch(/\n1 segment ok, 2 errors\.\n$/)
  })

  test('the JSON form is pointed at as well, at its very value', async () => {
    await project(`wrong:
  where:
    kind: all
    of:
      - { kind: last_activity, is: last, when: { is: within, duration: { amount: 3, unit: fortnight } } }
misnamed:
  where:
    kind: all
    of:
      - kind: everyone
      - { kind: attribute, of: lead, name: plan, is: { op: is known } }
`)
    const { out } = await desk.type('check --format ndjson')
    const places = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(places.map(({ line, column, code }) => `${line}:${column} ${code}`)).toEqual([
      '5:91 SHAPE',
      '11:9 UNKNOWN_ATTRIBUTE',
    ])
  })

  test('as JSON', async () => {
    await project(wrong)
    const { out } = await desk.type('check')
    const { ok, findings } = JSON.parse(out)
    expect(ok).toBe(1)
    expect(findings[0]).toMatchObject({
      file: 'segments/trials.yaml',
      line: 8,
      column: 11,
      severity: 'error',
      code: 'UNKNOWN_ATTRIBUTE',
      message: 'There is no attribute "compnay_size" on leads.',
      hint: 'Did you mean "company_size"?',
    })
  })

  test('apply refuses all of it, and says the same', async () => {
    await project(wrong)
    const said = await desk.type('apply')
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(errorOf(said)).toMatchObject({ code: 'INVALID_DEFINITIONS' })
    expect(errorOf(said).findings).toHaveLength(2)
    const seen = await desk.typeAtTerminal('apply')
    expect(seen.err).toContain('segments/trials.yaml:8:11  error  UNKNOWN_ATTRIBUTE')
    expect(await database.query('select from segments')).toEqual([])
  })

  test('check of single files says what is wrong in these', async () => {
    await project(wrong)
    desk.file('segments/sub/fine.yaml', 'fine:\n  where: everyone\n')
    desk.file('scoring.yaml', 'scores: { max: {} }\n')
    const seen = async (line: string) => {
      const { code, out } = await desk.type(line)
      const { ok, findings } = JSON.parse(out) as { ok: number; findings: { code: string }[] }
      return [code, ok, ...findings.map((each) => each.code)]
    }
    expect(await seen('check')).toEqual([1, 2, 'BAD_KEY', 'UNKNOWN_ATTRIBUTE', 'TYPE_MISMATCH'])
    expect(await seen('check segments/sub/fine.yaml')).toEqual([0, 1])
    expect(await seen('check scoring.yaml segments/sub/fine.yaml')).toEqual([1, 1, 'BAD_KEY'])
    expect(await seen('check segments/trials.yaml')).toEqual([1, 1, 'UNKNOWN_ATTRIBUTE', 'TYPE_MISMATCH'])
    expect(errorOf(await desk.type('check wrong')).code).toBe('NO_SUCH_FILE')
  })

  test('broken YAML, a key twice, a segment without a meaning', async () => {
    await project('a:\n  where: everyone\n  colour: red\nA b:\n  where: everyone\nc:\n  name: C\n')
    desk.file('segments/zz.yaml', 'a:\n  where: everyone\n')
    desk.file('segments/zzz.yaml', 'x: [1\n')
    const { out } = await desk.type('check')
    const codes = JSON.parse(out).findings.map(
      (each: { code: string; file: string }) => `${each.file} ${each.code}`,
    )
    expect(codes).toEqual([
      'segments/trials.yaml BAD_FILE',
      'segments/trials.yaml BAD_KEY',
      'segments/trials.yaml BAD_FILE',
      'segments/zzz.yaml BAD_YAML',
    ])
  })
})

describe('apply', () => {
  test('says what was created, changed, described anew and archived', async () => {
    await project(
      'big:\n  where: company_size > 500\nold:\n  where: everyone\nsame:\n  where: did page_view\n',
    )
    const first = await desk.type('apply --format table')
    expect(first.out).toMatch(
      /^\+ big {3}company_size > 500\n\+ old {3}everyone\n\+ same {2}did page_view\n\n3 created\.\nMembers follow with the next run: .* UTC if a worker is at work, or now by `tideline run`\.\n$/,
    )
    expect((await desk.type('apply --format table')).out).toBe('3 unchanged.\n')
    desk.file(
      'segments/trials.yaml',
      'big:\n  name: Large\n  where: company_size > 1000\nsame:\n  name: The Same\n  where: did page_view\n',
    )
    const refused = await desk.type('apply')
    expect(errorOf(refused)).toMatchObject({ code: 'NOT_CONFIRMED' })
    expect(errorOf(refused).message).toContain('old')
    expect((await desk.typeAtTerminal('apply', 'n')).code).toBe(1)
    const applied = await desk.typeAtTerminal('apply', 'y')
    expect(applied.out).toMatch(
      /^~ big {3}company_size > 500 {2}→ {2}company_size > 1000\n {8}name: "big" {2}→ {2}"Large"\n· same {2}name: "same" {2}→ {2}"The Same"\n- old {3}archived: no file holds it any more\n\n1 changed, 1 described anew, 1 archived\.\n/,
    )
    expect(applied.err).toMatch(
      /^tideline {2}tideline-cli-\w+\/ {2}· {2}127\.0\.0\.1:\d+\/test_\w+, PostgreSQL \d/,
    )
  })

  test('--run lets members follow at once', async () => {
    await project('all:\n  where: everyone\n')
    await addLead(database, 'a')
    const { code, out } = await desk.type('apply --run --yes')
    expect(code).toBe(0)
    expect(JSON.parse(out).run).toMatchObject({ status: 'done', entered: 1 })
    const { out: listed } = await desk.type('segments --format csv')
    expect(listed.split('\n')[1]).toMatch(/^all,all,,active,ok,.*,1,1,0,0,,/)
  })

  test('a segment that a run can not compile is broken, says why, and keeps its members', async () => {
    await project('all:\n  where: everyone\nbig:\n  where: company_size is unknown\n')
    await addLead(database, 'a')
    await desk.type('apply --run')
    await database.query(`delete from catalog where name = 'company_size'`)
    const run = await desk.type('run --format table')
    expect(run.code).toBe(0)
    expect(run.out).toMatch(/broken {3}big: There is no attribute "company_size" on leads\./)
    const listed = await desk.type('segments --format table')
    expect(listed.out).toMatch(/big +1 +100\.0 % .*broken\n/)
    expect(listed.out).toMatch(
      /\nbig is broken: There is no attribute "company_size" on leads\..* Its members are\s+those as of /,
    )
    expect(JSON.parse((await desk.type('members big')).out)).toHaveLength(1)
  })

  test('a paused segment keeps its members, and members says as of when they were true', async () => {
    await project('all:\n  where: everyone\n')
    await addLead(database, 'a')
    await desk.type('apply --run')
    desk.file('segments/trials.yaml', 'all:\n  status: paused\n  where: everyone\n')
    expect((await desk.type('apply --format table')).out).toBe(
      '· all  status: "active"  →  "paused"\n\n1 described anew.\n',
    )
    await desk.type('run')
    const paused = await desk.typeAtTerminal('members all')
    expect(paused.err).toMatch(/\nIt is paused\. These are its members as of \d{4}-\d\d-\d\d .* UTC\.\n/)
    expect(paused.out).toMatch(/\na /)
    desk.file('segments/trials.yaml', 'all:\n  where: everyone\n')
    await desk.type('apply')
    expect((await desk.typeAtTerminal('members all')).err).toMatch(/waits for its next run/)
    await desk.type('run')
    expect((await desk.typeAtTerminal('members all')).err).not.toMatch(/as of/)
  })
})

describe('sql', () => {
  test('one statement for all, on either engine, with its parameters', async () => {
    await project('all:\n  where: everyone\nbig:\n  where: company_size > 500\n')
    const both = await desk.type('sql --as-of 2026-11-23')
    const { sql, parameters, segments, as_of } = JSON.parse(both.out)
    expect(segments).toEqual(['all', 'big'])
    expect(as_of).toBe('2026-11-23T00:00:00.000000Z')
    expect(await database.query(sql, parameters)).toEqual([])
    const shown = await desk.type('sql big --dialect duckdb --format table')
    expect(shown.out).toMatch(/^-- 1 segment in one statement, for duckdb\.\n-- w0 bit 0 big\nwith /)
    expect(errorOf(await desk.type('sql bgi')).message).toBe(
      'The files define no segment "bgi". Did you mean "big"?',
    )
    expect((await desk.type('sql --dialect oracle')).code).toBe(2)
  })
})

describe('init', () => {
  test('--templates brings the segments of the demo; nothing is overwritten', async () => {
    desk = deskOf(database.url)
    desk.file('shop/scoring.yaml', '# mine\n')
    const { out } = await desk.type('init shop --templates')
    const files = JSON.parse(out) as { file: string; action: string }[]
    expect(files.filter((each) => each.action === 'kept')).toEqual([{ file: 'scoring.yaml', action: 'kept' }])
    expect(files.map((each) => each.file)).toContain(join('segments', 'trials.yaml'))
    expect(readFileSync(join(desk.folder, 'shop/scoring.yaml'), 'utf8')).toBe('# mine\n')
    expect(existsSync(join(desk.folder, 'shop/segments/example.yaml'))).toBe(false)
    expect((await desk.type('--project shop segments')).out).toBe('[]\n')
  })
})
