import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorOf, newFolder, type Said, typed, writeInto } from './support.ts'

const leads = `mql_id,title,company_size,code
L-1,VP of Marketing,"1,200",0012
L-2,Engineer,50,0013
L-3,Sales Director,800,0014
,Nobody,1,0015
`
const events = [
  { lead_id: 'L-1', type: 'page_view', occurred_at: '2026-01-05T10:00:00Z', page: '/pricing' },
  { lead_id: 'L-2', type: 'page_view', occurred_at: '2026-01-06T10:00:00Z', page: '/docs' },
  { lead_id: 'L-9', type: 'page_view', occurred_at: '2026-01-07T10:00:00Z', page: '/pricing' },
]
const segments = `big:
  name: Big companies
  where: company_size > 500
saw-pricing:
  where: did page_view where page = "/pricing"
`

const json = ({ out }: Said) => JSON.parse(out)

describe('from files to true segments, each command a process of its own, on an embedded database', () => {
  test('init → check → import → apply → run → members', { timeout: 120_000 }, async () => {
    const folder = newFolder()
    const say = (...line: string[]) => typed(folder, line)

    const begun = await say('init')
    expect(begun).toMatchObject({ code: 0, err: '' })
    expect(json(begun).map((each: { file: string }) => each.file)).toEqual([
      'tideline.yaml',
      'segments/example.yaml',
      'scoring.yaml',
      'events.yaml',
      '.gitignore',
    ])
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('.tideline/\n')
    expect((await say('check')).code).toBe(0)
    const again = await say('init')
    expect(json(again).every((each: { action: string }) => each.action === 'kept')).toBe(true)

    writeInto(folder, 'leads.csv', leads)
    writeInto(folder, 'events.ndjson', events.map((event) => JSON.stringify(event)).join('\n'))
    const first = await say('import', 'leads', 'leads.csv', '--map', 'lead_id=mql_id', '--format', 'table')
    expect(first.code).toBe(0)
    expect(first.out.replace(/[\d.]+ m?s$/m, 'N ms')).toBe(
      `leads.csv   4 rows   N ms
  taken                3
  new leads            3
  quarantined          1     1 × no lead_id
                             tideline query "select row_number, reason, content from quarantine where import_id = 1"
  new names    code text, company_size number, title text
`,
    )
    expect(json(await say('import', 'events', 'events.ndjson'))[0]).toMatchObject({ taken: 3, new_leads: 1 })
    expect(json(await say('import', 'events', 'events.ndjson'))[0]).toMatchObject({
      taken: 0,
      already_here: 3,
    })

    writeInto(folder, 'segments/example.yaml', segments)
    const applied = await say('apply')
    expect(
      json(applied).segments.map((each: { key: string; action: string }) => [each.key, each.action]),
    ).toEqual([
      ['big', 'create'],
      ['saw-pricing', 'create'],
    ])
    const before = await say('segments')
    expect(json(before).map((each: { members: unknown }) => each.members)).toEqual([null, null])
    expect(errorOf(await say('members', 'big')).code).toBe('NEVER_EVALUATED')

    const done = json(await say('run'))
    expect(done).toMatchObject({ run_id: 1, status: 'done', leads: 4, segments: 2, entered: 4, left: 0 })
    const members = json(await say('members', 'saw-pricing'))
    expect(members.map((each: { lead_id: string }) => each.lead_id)).toEqual(['L-1', 'L-9'])
    expect(json(await say('run'))).toMatchObject({ run_id: 2, entered: 0, left: 0 })

    const table = await say('members', 'big', '--format', 'table')
    expect(table.out.split('\n')[0]).toMatch(/^LEAD +SINCE +SCORE +LEVEL$/)
    const detail = json(await say('runs', '1'))
    expect(detail.segments).toEqual([
      { segment: 'big', version: 1, outcome: 'done', entered: 2, left: 0, causes: 'definition', error: null },
      {
        segment: 'saw-pricing',
        version: 1,
        outcome: 'done',
        entered: 2,
        left: 0,
        causes: 'definition',
        error: null,
      },
    ])
    expect(detail.steps.map((step: { name: string }) => step.name)).toContain('evaluate')

    expect(json(await say('db', 'status'))).toMatchObject({ embedded: true, running: true })
    expect(json(await say('db', 'stop'))).toEqual({ stopped: true })
    expect((await say('query', 'select count(*) as n from leads', '--format', 'csv')).out).toBe('n\n4\n')
    expect((await say('db', 'url')).out).toMatch(
      /^postgres(ql)?:\/\/tideline:[0-9a-f]+@127\.0\.0\.1:\d+\/tideline\n$/,
    )
    expect(existsSync(join(folder, '.tideline', 'server.json'))).toBe(true)
  })

  test('a run that is killed at any of its steps, and repeated, ends as if it had not been', {
    timeout: 120_000,
  }, async () => {
    const folder = newFolder()
    const say = (...line: string[]) => typed(folder, line)
    await say('init')
    writeInto(folder, 'leads.csv', leads.replace('mql_id', 'lead_id'))
    writeInto(
      folder,
      'segments/example.yaml',
      segments.replace(
        'saw-pricing:\n  where: did page_view where page = "/pricing"',
        'all:\n  where: everyone',
      ),
    )
    await say('import', 'leads', 'leads.csv')
    await say('apply')
    for (const step of ['evaluate', 'commit']) {
      const killed = await typed(folder, ['run'], { TIDELINE_FAILPOINT: step })
      expect(killed).toMatchObject({ code: -1, out: '' })
      expect((await say('query', 'select count(*) as n from membership', '--format', 'csv')).out).toBe(
        'n\n0\n',
      )
    }
    expect(json(await say('run'))).toMatchObject({ status: 'done', entered: 5 })
    const runs = json(await say('runs'))
    expect(runs.map((run: { status: string }) => run.status)).toEqual(['done', 'failed', 'failed'])
    expect(runs[1].error_code).toBe('INTERRUPTED')
  })
})
