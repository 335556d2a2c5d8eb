import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applySources } from '../../pipeline/apply.ts'
import { approve, readParked } from '../../pipeline/approve.ts'
import type { Database } from '../../pipeline/engine.ts'
import { pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { evaluationFailure, failedWith, mayBeOfSegments } from '../../pipeline/runs/failures.ts'
import { writeOutcomes } from '../../pipeline/runs/outcomes.ts'
import { takeSnapshot } from '../../pipeline/snapshot.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { apply, runAsOf as runWith, sources } from '../support/definitions.ts'

const at = (day: number, hour = 0) =>
  `2026-03-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00.000000Z`
/** The usual limits are for worlds of some size. */
const runAsOf = (to: Database, asOf: string, options: Parameters<typeof runWith>[2] = {}) =>
  runWith(to, asOf, { guard: { maxChange: 0.3, atLeast: 100 }, rollUp: false, ...options })

let database: Database
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.close())

/** So many leads since January, the first half in retail; each has logged in once, unless they are too many. */
async function addLeads(count: number, login: string | null = at(1)): Promise<void> {
  await database.query(
    `insert into catalog (subject, name, type) values ('lead', 'industry', 'text') on conflict do nothing`,
  )
  await database.query(`insert into event_types (type) values ('login') on conflict do nothing`)
  await database.query(
    `insert into leads (external_id, first_seen_at, attributes)
     select 'L' || n, '2026-01-01', jsonb_build_object('industry', case when n <= $1::int / 2 then 'retail' else 'banks' end)
     from generate_series(1, $1::int) n`,
    [count],
  )
  await database.query(`update attribute_change set from_at = '2026-01-01'`)
  if (login === null) return
  await database.query(
    `insert into events (event_id, lead_id, type, occurred_at)
     select 'e' || lead_id, lead_id, 'login', $1::timestamptz from leads`,
    [login],
  )
}

/** What an import does that has lost a column, or found it again. */
async function setIndustry(sql: string, since: string): Promise<void> {
  await database.query(`update leads set attributes = ${sql}`)
  await database.query(`update attribute_change set from_at = $1::timestamptz where from_at > '2026-06-01'`, [
    since,
  ])
}
const lost = `'{}'::jsonb`
const found = `jsonb_build_object('industry', case when substr(external_id, 2)::int <= 150 then 'retail' else 'banks' end)`

async function counts(key: string): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `select to_char(as_of, 'DD HH24') || ' ' || change || ' ' || cause || ' ' || count(*) as line
     from membership_change join segments s using (segment_id) where s.key = $1::text
     group by as_of, change, cause order by as_of, change`,
    [key],
  )
  return rows.map(({ line }) => line)
}

async function memberCount(key: string): Promise<number> {
  const [row] = await database.query<{ members: string }>(
    'select count(*) as members from membership join segments s using (segment_id) where s.key = $1::text',
    [key],
  )
  return Number(row!.members)
}

const states = async () =>
  Object.fromEntries(
    (
      await database.query<{ key: string; state: string }>(
        'select key, state from segments join segment_state using (segment_id)',
      )
    ).map(({ key, state }) => [key, state]),
  )

const told = (failing: readonly { key: string; outcome: string; code: string }[]) =>
  failing.map(({ key, outcome, code }) => `${key} ${outcome} ${code}`).sort()

const three = {
  retail: 'industry = "retail"',
  'active-retail': 'in segment "retail" and did login',
  all: 'everyone',
}

describe('an import that empties an attribute', () => {
  beforeEach(async () => {
    await addLeads(300)
    await apply(database, three)
    await runAsOf(database, at(1, 12))
    await setIndustry(lost, at(1, 13))
  })

  test('parks the segment, blocks what refers to it, and nobody else', async () => {
    await database.query(`insert into leads (external_id, first_seen_at) values ('new', '2026-03-01T13:00Z')`)
    const result = await runAsOf(database, at(1, 14))
    expect(told(result.failing)).toEqual([
      'active-retail needs_approval NEEDS_APPROVAL',
      'retail needs_approval NEEDS_APPROVAL',
    ])
    expect(result.failing.find(({ key }) => key === 'retail')?.message).toBe(
      '150 of 150 members leave (data): more than 30 % of its members.',
    )
    expect(result.segments).toBe(1)
    expect(await memberCount('retail')).toBe(150)
    expect(await counts('retail')).toEqual(['01 12 entered definition 150'])
    expect(await counts('all')).toEqual(['01 12 entered definition 300', '01 14 entered data 1'])
    const [fresh] = await database.query(`select * from freshness where segment = 'retail'`)
    expect(fresh).toMatchObject({
      state: 'needs_approval',
      error_code: 'NEEDS_APPROVAL',
      good_as_of: '2026-03-01 12:00:00+00',
    })
    expect((await database.query('select * from segment_stats where as_of > $1', [at(1, 12)])).length).toBe(1)
  })

  test('what waits makes no run full, and is not tried again before the next full one', async () => {
    await runAsOf(database, at(1, 14))
    const before = await database.query('select * from segment_state order by segment_id')
    await database.query(`insert into leads (external_id, first_seen_at) values ('new', '2026-03-01T13:00Z')`)
    const hourly = await runAsOf(database, at(1, 15))
    expect(hourly.mode).toBe('incremental')
    expect(told(hourly.failing)).toHaveLength(2)
    expect(await database.query('select * from segment_state order by segment_id')).toEqual(before)
    expect(
      await database.query('select from run_segments where run_id = $1::bigint', [hourly.runId]),
    ).toEqual([])
    const nightly = await runAsOf(database, at(2))
    expect(nightly.mode).toBe('full')
    expect(told(nightly.failing)).toHaveLength(2)
    expect(await memberCount('retail')).toBe(150)
  })

  test('the data comes back: it goes on, and its history shows nothing', async () => {
    await runAsOf(database, at(1, 14))
    await setIndustry(found, at(1, 15))
    const hourly = await runAsOf(database, at(1, 16))
    expect(told(hourly.failing)).toHaveLength(2)
    const nightly = await runAsOf(database, at(2))
    expect(nightly.failing).toEqual([])
    expect(nightly.drift ?? 0).toBe(0)
    expect(await states()).toEqual({ retail: 'ok', 'active-retail': 'ok', all: 'ok' })
    expect(await counts('retail')).toEqual(['01 12 entered definition 150'])
    expect((await runAsOf(database, at(2, 1))).mode).toBe('incremental')
  })

  test('who left meanwhile leaves by data, and is no drift', async () => {
    await runAsOf(database, at(1, 14))
    await setIndustry(found.replace('150', '140'), at(1, 15))
    await runAsOf(database, at(1, 16))
    const nightly = await runAsOf(database, at(2))
    expect([nightly.failing, nightly.drift]).toEqual([[], 0])
    expect(await counts('retail')).toEqual(['01 12 entered definition 150', '02 00 left data 10'])
  })

  test('approved, the next run lets it through by its own causes', async () => {
    await runAsOf(database, at(1, 14))
    expect(await readParked(database)).toMatchObject([
      { segment: 'active-retail', approved_by: null },
      { segment: 'retail', version: 1, members: '150', entered: '0', left: '150', causes: 'data' },
    ])
    await approve(database, { keys: ['retail', 'active-retail'], by: 'ana@desk' })
    const result = await runAsOf(database, at(1, 15))
    expect(result.mode).toBe('full')
    expect(result.failing).toEqual([])
    expect(await memberCount('retail')).toBe(0)
    expect(await counts('retail')).toEqual(['01 12 entered definition 150', '01 15 left data 150'])
    expect(await states()).toEqual({ retail: 'ok', 'active-retail': 'ok', all: 'ok' })
    expect(await readParked(database)).toEqual([])
    expect(
      (await database.query('select approved_by from segment_state where approved_by is not null')).length,
    ).toBe(0)
  })

  test('a run that began before the approval does not take it away', async () => {
    await runAsOf(database, at(1, 14))
    // So that it has something else to say when it parks once more.
    await database.query(
      `insert into leads (external_id, first_seen_at, attributes)
       values ('new', '2026-03-01T13:00Z', '{"industry": "retail"}')`,
    )
    await database.query(
      `update attribute_change set from_at = '2026-03-01T13:00Z' where from_at > '2026-06-01'`,
    )
    await runAsOf(database, at(2), {
      onStep: async (step) => {
        if (step === 'apply left')
          await approve(database, { keys: ['retail', 'active-retail'], by: 'ana@desk' })
      },
    })
    expect((await readParked(database)).map(({ approved_by }) => approved_by)).toEqual([
      'ana@desk',
      'ana@desk',
    ])
  })

  test('what was edited since is judged anew, and an approval comes too late', async () => {
    await runAsOf(database, at(1, 14))
    await apply(database, { ...three, retail: 'industry = "retail" or industry is unknown' })
    await expect(approve(database, { keys: ['retail'], by: 'ana@desk' })).rejects.toMatchObject({
      code: 'CHANGED_SINCE',
    })
    const result = await runAsOf(database, at(1, 15))
    expect(told(result.failing)).toContain('retail needs_approval NEEDS_APPROVAL')
    await apply(database, { ...three, retail: 'everyone and first seen before "2026-02-01"' })
    await approve(database, { keys: ['all'], by: 'ana@desk' }).catch((error: { code: string }) =>
      expect(error.code).toBe('NOT_PARKED'),
    )
  })

  test('an edit of a score that it does not read is none of it', async () => {
    await apply(database, three, { points: { login: 1 } })
    await runAsOf(database, at(1, 14))
    await apply(database, three, { points: { login: 2 } })
    await approve(database, { keys: ['retail', 'active-retail'], by: 'ana@desk' })
    await apply(database, three, { points: { login: 3 } })
    expect((await runAsOf(database, at(1, 15))).failing).toEqual([])
  })

  test('what was approved and then edited is parked as what it is now', async () => {
    await runAsOf(database, at(1, 14))
    await approve(database, { keys: ['retail', 'active-retail'], by: 'ana@desk' })
    await apply(database, { ...three, retail: 'industry = "banks"' })
    const { failing } = await runAsOf(database, at(1, 15))
    expect(failing.find(({ key }) => key === 'retail')).toMatchObject({ version: 2, code: 'NEEDS_APPROVAL' })
    expect(await memberCount('retail')).toBe(150)
    expect((await readParked(database)).map(({ approved_by }) => approved_by)).toEqual([null, null])
  })

  test('one that refers to it is blocked, even where it is new', async () => {
    await apply(database, { ...three, fresh: 'in segment "retail" and not did login' })
    const { failing } = await runAsOf(database, at(1, 14))
    expect(failing.find(({ key }) => key === 'fresh')).toMatchObject({
      outcome: 'blocked',
      code: 'SEGMENT_PARKED',
      message: 'It refers to "retail", which waits for somebody to approve its change.',
    })
    expect((await readParked(database)).find(({ segment }) => segment === 'retail')?.blocked).toEqual([
      'fresh',
    ])
    expect((await runAsOf(database, at(1, 15))).mode).toBe('incremental')
  })
})

test('of a hundred thousand leads, with the usual limits: parked, and let through, in seconds', async () => {
  await addLeads(100_000, null)
  await apply(database, { retail: three.retail })
  await runWith(database, at(1, 12), { rollUp: false })
  await setIndustry(lost, at(1, 13))
  const parked = await runWith(database, at(1, 14), { rollUp: false })
  expect(told(parked.failing)).toEqual(['retail needs_approval NEEDS_APPROVAL'])
  expect(await memberCount('retail')).toBe(50_000)
  expect(await counts('retail')).toEqual(['01 12 entered definition 50000'])
  await approve(database, { keys: ['retail'], by: 'test' })
  expect(await runWith(database, at(1, 15), { rollUp: false })).toMatchObject({ left: 50_000, failing: [] })
  expect(await faults(database)).toEqual([])
}, 120_000)

test('a repair is parked as well, and stays so when it is tried again', async () => {
  await addLeads(300)
  await apply(database, { all: 'everyone' })
  await runAsOf(database, at(1, 12))
  await database.query('delete from membership where lead_id > 100')
  const full = { full: true }
  expect((await runAsOf(database, at(1, 13), full)).failing[0]?.message).toContain('(repair)')
  const nightly = await runAsOf(database, at(2))
  expect(nightly.failing[0]?.message).toBe(
    '200 leads enter, 100 are in it (repair): more than 30 % of its members.',
  )
  await approve(database, { keys: ['all'], by: 'ana@desk' })
  expect(await runAsOf(database, at(2, 1))).toMatchObject({ failing: [], drift: 200 })
  expect(await memberCount('all')).toBe(300)
  expect((await counts('all')).at(-1)).toBe('02 01 entered repair 200')
})

test('a list that is replaced is what somebody named', async () => {
  await addLeads(300)
  await apply(database, { retail: 'industry = "retail"', banks: 'industry = "banks"' })
  const snapshot = (how: 'new' | 'replace', key: string) =>
    takeSnapshot(database, { key: 'list', how, from: { key } })
  await runAsOf(database, at(1, 12))
  await snapshot('new', 'retail')
  await runAsOf(database, at(1, 13))
  await snapshot('replace', 'banks')
  const now = await runWith(database, undefined, { guard: { maxChange: 0.3, atLeast: 100 }, rollUp: false })
  expect(now.failing).toEqual([])
  expect(now.left).toBe(150)
})

describe('rules and definitions', () => {
  const hot = { hot: 'score >= 50', cold: 'score < 50' }

  test('a rule with one zero too many parks what reads the score', async () => {
    await addLeads(200)
    await apply(database, { ...hot, all: 'everyone' }, { points: { login: 5 } })
    await runAsOf(database, at(1, 12))
    await apply(database, { ...hot, all: 'everyone' }, { points: { login: 50 } })
    const { failing } = await runAsOf(database, at(1, 13))
    expect(told(failing)).toEqual(['cold needs_approval NEEDS_APPROVAL', 'hot needs_approval NEEDS_APPROVAL'])
    expect(failing[0]?.message).toContain('(definition)')
    expect((await runAsOf(database, at(1, 14))).mode).toBe('incremental')
    // Put right: tried at once, and nothing has happened.
    await apply(database, { ...hot, all: 'everyone' }, { points: { login: 5 } })
    expect((await runAsOf(database, at(1, 15))).failing).toEqual([])
    expect(await counts('hot')).toEqual([])
    expect(await memberCount('cold')).toBe(200)
  })

  test('what whoever applied was shown and agreed to passes, and versions in between add up', async () => {
    await addLeads(300)
    const by = (definitions: Record<string, string>, accepted: [string, number][] = []) =>
      applySources(database, sources(definitions), 'UTC', 'ana', undefined, new Map(accepted))
    await by({ one: 'industry = "retail"', two: 'industry = "retail"' })
    await runAsOf(database, at(1, 12))
    await by({ one: 'everyone', two: 'everyone' }, [['one', 150]])
    await by({ one: 'industry = "banks"', two: 'industry = "banks"' }, [['one', 150]])
    const { failing } = await runAsOf(database, at(1, 13))
    expect(told(failing)).toEqual(['two needs_approval NEEDS_APPROVAL'])
    expect(await counts('one')).toEqual([
      '01 12 entered definition 150',
      '01 13 entered definition 150',
      '01 13 left definition 150',
    ])
  })

  test('so does a score, for what keeps its definition', async () => {
    await addLeads(200)
    await apply(database, hot, { points: { login: 5 } })
    await runAsOf(database, at(1, 12))
    const next = sources(hot, { points: { login: 50 } })
    await applySources(database, next, 'UTC', 'ana', undefined, new Map([['hot', 200]]))
    expect(told((await runAsOf(database, at(1, 13))).failing)).toEqual(['cold needs_approval NEEDS_APPROVAL'])
    expect(await memberCount('hot')).toBe(200)
  })
})

describe('what is never parked', () => {
  test('a window that ends for thousands together: the run warns', async () => {
    await addLeads(5000)
    await apply(database, { lately: 'did login within 7 days' })
    await runWith(database, at(2))
    const result = await runWith(database, at(9))
    expect(result.failing).toEqual([])
    expect(result.warnings).toMatchObject([
      {
        key: 'lately',
        code: 'LARGE_CHANGE',
        message: '5,000 of 5,000 members leave, most of them because time went by.',
      },
    ])
    expect(await counts('lately')).toEqual(['02 00 entered definition 5000', '09 00 left time 5000'])
    const [row] = await database.query('select outcome, error from run_segments where run_id = $1::bigint', [
      result.runId,
    ])
    expect(row).toMatchObject({ outcome: 'done', error: { code: 'LARGE_CHANGE' } })
  })

  test('first evaluations, and what was evaluated when there was not one lead', async () => {
    await apply(database, { all: 'everyone' })
    await runAsOf(database, at(1))
    await addLeads(200)
    await apply(database, { all: 'everyone', retail: 'industry = "retail"', lately: 'did login' })
    expect((await runAsOf(database, at(2))).failing).toEqual([])
    expect(await memberCount('all')).toBe(200)
  })

  test('what stays below the limits, or where there are none', async () => {
    await addLeads(300)
    await apply(database, three)
    await runAsOf(database, at(1, 12))
    await setIndustry(lost, at(1, 13))
    const few = await runAsOf(database, at(1, 14), { guard: { maxChange: 0.3, atLeast: 151 } })
    expect(few.failing).toEqual([])
    await setIndustry(found, at(1, 15))
    expect((await runAsOf(database, at(1, 16), { guard: 'none' })).failing).toEqual([])
    expect(await memberCount('retail')).toBe(150)
  })
})

describe('an evaluation that fails', () => {
  const waiting = async () => {
    const [row] = await database.query<{ failures: number; minutes: string | null }>(
      `select failures, round(extract(epoch from retry_at - clock_timestamp()) / 60) as minutes
       from segment_state join segments using (segment_id) where key = 'large'`,
    )
    return [row!.failures, Number(row!.minutes)]
  }
  /** As a run does in which the shared statement failed with the segment in it. */
  const fail = (runId: string | null, keys: readonly string[] = ['large']) =>
    database.session(async (client) => {
      const definitions = await pinDefinitions(client)
      const suspects = definitions.segments.filter(({ key }) => keys.includes(key))
      const failing = failedWith({ code: '57014', message: 'canceling statement' }, suspects)
      const ended = { runId: runId!, lastAsOf: at(1), warnings: [], superseded: [] }
      await client.query('delete from run_segments')
      await writeOutcomes(client, { ...ended, evaluation: { segments: definitions.segments, failing } })
    })

  test('is left alone for a while, longer each time, and never given up', async () => {
    await addLeads(10)
    const segments = { all: 'everyone', large: 'did login', 'of-large': 'in segment "large"' }
    await apply(database, segments)
    const { runId } = await runAsOf(database, at(1))
    await fail(runId)
    expect(await waiting()).toEqual([1, 5])
    expect(told((await runAsOf(database, at(2))).failing)).toEqual([
      'large broken TIMEOUT',
      'of-large blocked SEGMENT_BROKEN',
    ])
    expect((await runAsOf(database, at(2, 1))).mode).toBe('incremental')
    await fail(runId)
    expect(await waiting()).toEqual([2, 10])
    for (let n = 0; n < 10; n++) await fail(runId)
    expect(await waiting()).toEqual([12, 1440])
    await database.query('update segment_state set retry_at = clock_timestamp() where failures > 0')
    const tried = await runAsOf(database, at(2, 2))
    expect([tried.mode, tried.failing]).toEqual(['full', []])
    expect(await waiting()).toEqual([0, 0])
    await fail(runId)
    // Another version is tried at once.
    await apply(database, { ...segments, large: 'did login within 90 days' })
    expect((await runAsOf(database, at(2, 3))).failing).toEqual([])
  })

  test('where all are new, those at fault are found, and the others come in', async () => {
    await addLeads(10)
    // Together more figures than Postgres can hold in one row.
    const counting = (from: number) =>
      Array.from({ length: 450 }, (_, n) => `did e${from + n} at least 2 times`).join(' or ')
    const many = Object.fromEntries([0, 450, 900, 1350].map((from) => [`many-${from}`, counting(from)]))
    await apply(database, { all: 'everyone', ...many }, { points: { login: 5 } })
    const first = await runAsOf(database, at(1))
    expect(told(first.failing).map((line) => line.replace(/^\S+ /, ''))).toEqual(
      Array(5).fill('broken TOO_LARGE'),
    )
    expect(await database.query('select from lead_scores')).toHaveLength(10)
    await database.query('update segment_state set retry_at = clock_timestamp()')
    expect((await runAsOf(database, at(1, 1))).failing).toHaveLength(2)
    expect(await memberCount('all')).toBe(10)
  }, 180_000)

  test('those that failed together are tried again by halves', async () => {
    await addLeads(10)
    const keys = ['large', 'b', 'c', 'd']
    await apply(database, Object.fromEntries(keys.map((key) => [key, 'did login'])))
    const { runId } = await runAsOf(database, at(1))
    await fail(runId, keys)
    await database.query('update segment_state set retry_at = clock_timestamp()')
    const failing = async (hour: number) =>
      (await runAsOf(database, at(1, hour))).failing.map(({ key }) => key).sort()
    expect(await failing(1)).toEqual(['c', 'd'])
    expect(await failing(2)).toEqual(['d'])
    expect(await failing(3)).toEqual([])
  })

  test('each reason has its code, and no message of the database is told', () => {
    const errors = [
      ['57014', 'canceling statement due to statement timeout', 'TIMEOUT'],
      ['53200', 'out of memory', 'MEMORY'],
      [undefined, 'Out of Memory Error: could not allocate block', 'MEMORY'],
      ['53100', 'could not extend file', 'DISK_FULL'],
      [undefined, 'IO Error: No space left on device', 'DISK_FULL'],
      ['54011', 'target lists can have at most 1664 entries', 'TOO_LARGE'],
      ['22012', 'division by zero', 'INVALID'],
      [undefined, 'Binder Error: no such column', 'INVALID'],
      ['XX000', 'internal', 'EVALUATION_FAILED'],
    ] as const
    expect(['57P01', '08006', '40P01', undefined].map((code) => mayBeOfSegments({ code }, 5))).not.toContain(
      true,
    )
    expect(['57014', '54011'].map((code) => mayBeOfSegments({ code }, 5))).toEqual([true, true])
    expect(['57014', '54011'].map((code) => mayBeOfSegments({ code }, 0))).toEqual([false, true])
    for (const [code, message, expected] of errors) {
      const told = evaluationFailure({ code, message })
      expect(told.code, message).toBe(expected)
      expect(told.message).not.toContain(message)
    }
  })
})
