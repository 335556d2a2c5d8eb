import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', 'guard: { at_least: 100 }\n')
  desk.file(
    'leads.csv',
    csv((n) => (n <= 150 ? 'retail' : 'banks')),
  )
  desk.file('segments/all.yaml', segments('industry = "retail"'))
  await desk.type('import leads leads.csv')
})
afterEach(() => database.close())

const csv = (industry: (n: number) => string) =>
  ['lead_id,industry', ...Array.from({ length: 300 }, (_, n) => `L${n + 1},${industry(n + 1)}`)].join('\n')
const segments = (retail: string) => `retail:
  where: ${retail}
shops:
  where: in segment "retail"
all:
  where: everyone
`

async function counts(): Promise<Record<string, number>> {
  const rows = await database.query<{ key: string; members: string }>(
    'select key, count(lead_id) as members from segments left join membership using (segment_id) group by key',
  )
  return Object.fromEntries(rows.map(({ key, members }) => [key, Number(members)]))
}

describe('a file that has lost a column', () => {
  test('parks what it would empty; approve lists it, and lets it through', async () => {
    expect((await desk.type('apply --run')).code).toBe(0)
    expect((await desk.typeAtTerminal('approve')).out).toBe('Nothing waits for approval.\n')
    desk.file(
      'leads.csv',
      csv(() => ''),
    )
    await desk.type('import leads leads.csv')
    const run = await desk.typeAtTerminal('run')
    expect(run.code).toBe(0)
    expect(run.out).toContain(
      '  parked   retail: 150 of 150 members leave (data): more than 30 % of its members. `tideline approve retail` lets it happen. It keeps its last members.',
    )
    expect(await counts()).toEqual({ retail: 150, shops: 150, all: 300 })
    expect((await desk.typeAtTerminal('runs 2')).out).toContain(
      '\nretail is parked: 150 of 150 members leave (data): more than 30 % of its members.\n',
    )
    expect((await desk.typeAtTerminal('status')).out.match(/tideline approve retail/g)).toHaveLength(1)
    const waiting = await desk.type('approve --format json')
    expect(JSON.parse(waiting.out)).toMatchObject([
      {
        segment: 'retail',
        version: 1,
        members: 150,
        entered: 0,
        left: 150,
        causes: 'data',
        approved_by: null,
      },
      { segment: 'shops' },
    ])
    expect((await desk.typeAtTerminal('approve')).out).toMatch(/^SEGMENT +VERSION +MEMBERS +ENTERED +LEFT/)
    expect(errorOf(await desk.type('approve retail all')).code).toBe('NOT_PARKED')
    expect(errorOf(await desk.type('approve retial')).message).toContain('Did you mean "retail"?')
    const approved = await desk.typeAtTerminal('approve retail shops --run')
    expect(approved.out).toContain('retail is let through: 150 of 150 members leave.')
    expect(approved.out).toMatch(/ {2}left +300\n/)
    expect(await counts()).toEqual({ retail: 0, shops: 0, all: 300 })
  })
})

describe('apply, where a definition moves more than the guard lets pass', () => {
  beforeEach(async () => {
    await desk.type('apply --run')
    desk.file('segments/all.yaml', segments('industry = "banks"'))
  })

  test('asks at a terminal, and goes on with whoever agrees', async () => {
    const refused = await desk.typeAtTerminal('apply', 'n')
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('retail: 150 of 150 members leave, 150 leads enter\n')
    expect(refused.err).toContain('Nothing was applied.')
    const agreed = await desk.typeAtTerminal('apply --run', 'y')
    expect(agreed.out).toContain('Accepted: the next run brings them in.')
    expect(agreed.out).not.toContain('parked')
    const causes = await database.query(`select distinct cause from membership_change where change = 'left'`)
    expect(causes).toEqual([{ cause: 'definition' }])
  })

  test('agrees by --yes', async () => {
    const { out } = await desk.type('apply --run --yes --format json')
    expect(JSON.parse(out)).toMatchObject({
      large_changes: [
        { segment: 'retail', members: 150, enter: 150, leave: 150, accepted: true },
        { segment: 'shops', accepted: true },
      ],
      run: { failing: [], entered: 300, left: 300 },
    })
  })

  test('plan says so beforehand, of what was evaluated and moves as much', async () => {
    desk.file('segments/new.yaml', 'new:\n  where: industry = "banks"\n')
    const { segments: found } = JSON.parse((await desk.type('plan')).out) as {
      segments: { key: string; large: boolean }[]
    }
    expect(found.map(({ key, large }) => [key, large])).toEqual([
      ['retail', true],
      ['shops', true],
      ['new', false],
    ])
    const then = '`tideline apply` asks whether that is meant, and --yes agrees; unasked, the next run parks'
    const lines = (await desk.type('plan --format table')).out.replace(/\n {2}(?=\w|--)/g, ' ')
    expect(lines.split(`More come and go than the guard lets pass: ${then} it.`)).toHaveLength(3)
    expect((await desk.type('plan --format markdown')).out).toContain(
      `**More come and go than the guard lets pass**: \`retail\`, \`shops\`. ${then} them.`,
    )
    desk.file('tideline.yaml', 'guard: none\n')
    expect((await desk.type('plan')).out).not.toContain('"large": true')
  })

  test('where nobody can be asked it is applied, and the run parks it', async () => {
    const { out, code } = await desk.type('apply --run --format table')
    expect(code).toBe(0)
    expect(out).toContain(
      'Those are more than 30 % of the members, and nobody agreed. The next run parks them until `tideline approve retail shops`; --yes agrees beforehand.',
    )
    expect(out).toContain('  parked   retail: ')
    expect(await counts()).toEqual({ retail: 150, shops: 150, all: 300 })
  })

  test('says nothing where there is no guard, or too little moves', async () => {
    desk.file('tideline.yaml', 'guard: none\n')
    const { out } = await desk.type('apply --run --format json')
    expect(JSON.parse(out)).toMatchObject({ run: { failing: [], left: 300 } })
    expect(out).not.toContain('large_changes')
    desk.file('tideline.yaml', 'guard: { max_change: 100% }\n')
    desk.file('segments/all.yaml', segments('industry = "retail"'))
    expect((await desk.type('apply --format json')).out).not.toContain('large_changes')
    desk.file('tideline.yaml', 'guard: { max_change: much }\n')
    expect(errorOf(await desk.type('apply')).code).toBe('BAD_SETTINGS')
  })

  test('compares with the members there are: putting back what was parked moves nobody', async () => {
    expect((await desk.type('apply --run --format table')).out).toContain('  parked   retail: ')
    const planned = (await desk.type('plan --format table')).out
    expect(planned).toBe('Nothing to do: 3 unchanged.\n')
    desk.file('segments/all.yaml', segments('industry = "retail"'))
    expect((await desk.type('plan --format table')).out).toContain(
      '  A run parked it: its members stay as they were before; what is counted as now is what it means\n  now.\n',
    )
    const back = await desk.type('apply --run --format json')
    expect(back.out).not.toContain('large_changes')
    expect(JSON.parse(back.out)).toMatchObject({ run: { failing: [], entered: 0, left: 0 } })
    expect(await counts()).toEqual({ retail: 150, shops: 150, all: 300 })
    desk.file('segments/all.yaml', segments('industry = "nothing"'))
    expect(JSON.parse((await desk.type('apply --format json')).out)).toMatchObject({
      large_changes: [
        { segment: 'retail', members: 150, enter: 0, leave: 150, accepted: false },
        { segment: 'shops', members: 150, enter: 0, leave: 150 },
      ],
    })
  })

  test('so do rules of a score that were parked', async () => {
    desk.file('segments/all.yaml', 'hot:\n  where: score >= 50\nall:\n  where: everyone\n')
    desk.file('scoring.yaml', scoring(5))
    desk.file('events.csv', ['lead_id,type,occurred_at', ...logins].join('\n'))
    await desk.type('import events events.csv')
    await desk.type('apply --run --yes')
    desk.file('scoring.yaml', scoring(50))
    expect((await desk.type('apply --run --format table')).out).toContain('  parked   hot: ')
    desk.file('scoring.yaml', scoring(5))
    expect((await desk.type('apply --format table')).out).not.toMatch(/hot: |parks/)
  })

  test('rules of a score count for what reads it', async () => {
    desk.file('segments/all.yaml', 'hot:\n  where: score >= 50\nall:\n  where: everyone\n')
    desk.file('scoring.yaml', scoring(5))
    desk.file('events.csv', ['lead_id,type,occurred_at', ...logins].join('\n'))
    await desk.type('import events events.csv')
    await desk.type('apply --run --yes')
    desk.file('scoring.yaml', scoring(50))
    const { out } = await desk.type('apply --run --yes --format json')
    expect(JSON.parse(out)).toMatchObject({
      large_changes: [{ segment: 'hot', members: 0, enter: 300, leave: 0 }],
      run: { failing: [], entered: 300 },
    })
  })
})

const logins = Array.from({ length: 300 }, (_, n) => `L${n + 1},login,2026-01-01T00:00:00Z`)
const scoring = (points: number) => `scores:
  engagement:
    points: { login: ${points} }
    levels: { cold: 0, hot: 50 }
`
