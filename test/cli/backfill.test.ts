import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', '')
  desk.file(
    'scoring.yaml',
    'scores:\n  engagement:\n    points: { visit: 10.5 }\n    levels: { cold: 0, warm: 20 }\n',
  )
  desk.file(
    'segments/a.yaml',
    'active:\n  where: last activity within 2 days\nidle:\n  status: draft\n  where: everyone\n',
  )
  await addLead(database, 'a', { events: [['visit', '2026-03-01T12:00:00Z']] })
  await addLead(database, 'b', { events: [['visit', '2026-03-02T12:00:00Z']] })
  await addEvent(database, 'a', 'visit', '2026-02-01T00:00:00Z')
  await desk.type('apply')
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)
const table = async (line: string) => (await desk.type(`${line} --format table`)).out
async function threeNights(): Promise<void> {
  for (const day of ['02', '03', '04']) await desk.type(`run --as-of 2026-03-${day}`)
}

test('a range without its end', async () => {
  await threeNights()
  const done = await json('backfill --from 2026-02-26 --to 2026-03-02')
  expect(done).toMatchObject({
    from: '2026-02-26T00:00:00.000000Z',
    to: '2026-03-02T00:00:00.000000Z',
    instants: 4,
    segments: 1,
  })
  expect((await json('runs --limit 1'))[0]).toMatchObject({ mode: 'backfill', status: 'done' })
  expect(await json('members active')).toHaveLength(1)
})

test('what is done is done again only if all of it is asked for, and says whether it differs', async () => {
  await threeNights()
  const range = '--from 2026-03-01 --to 2026-03-04'
  const slots = await table(`backfill ${range} --dry-run`)
  expect(slots.split('\n')).toEqual([
    expect.stringMatching(/^AS OF +OF +COUNT +SEGMENTS$/),
    expect.stringMatching(/^2026-03-01 00:00 +grain +1 +active$/),
    expect.stringMatching(/^2026-03-01 23:59:59 +day +0 +scores at its end$/),
    '1 instant, scores of 1 day.',
    '',
  ])
  expect(await json(`backfill ${range} --dry-run --all`)).toMatchObject([
    { recorded: false, segments: ['active'] },
    { scores: true },
    { recorded: true },
    { scores: true },
    { recorded: true },
    { scores: true },
  ])
  expect(await json(`backfill ${range}`)).toMatchObject({ instants: 1, resumed: 0 })
  const again = await desk.type(`backfill ${range} --format table`)
  expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^Nothing to do: .* --all /) })
  expect(await json(`backfill ${range}`)).toMatchObject({ run_id: null, instants: 0 })
  expect(await json(`backfill ${range} --all`)).toMatchObject({ instants: 3, written: 0, removed: 0 })
  expect(await table(`backfill ${range} --all`)).toContain('\nIt is what was recorded already.\n')
  await addEvent(database, 'a', 'visit', '2026-02-28T12:00:00Z')
  expect(await table(`backfill ${range} --all`)).toContain(
    '\nOf that, 1 change was not recorded so far; 1 recorded one is no more.\n',
  )
})

test('by the versions of then', async () => {
  await threeNights()
  desk.file('segments/a.yaml', 'active:\n  where: last activity within 3 days\n')
  await desk.type('apply --yes')
  await desk.type('run --as-of 2026-03-05')
  const range = '--from 2026-03-02 --to 2026-03-05 --all'
  expect(await json(`backfill ${range} --versions then`)).toMatchObject({ written: 0, removed: 0 })
  expect(await table('runs 5')).toMatch(
    /^run 5 {2}backfill from 2026-03-02 00:00, by the versions of then, UTC/,
  )
  expect(await json(`backfill ${range}`)).toMatchObject({ written: 1, removed: 1 })
  expect(await json(`backfill ${range} --versions then`)).toMatchObject({ written: 1, removed: 1 })
  const wrong = await desk.type(`backfill ${range} --versions now`)
  expect(wrong.code).toBe(2)
  // Before the first version there was none.
  const early = await desk.type('backfill --from 2026-02-01 --to 2026-02-03 --versions then --segment active')
  expect(errorOf(early)).toMatchObject({
    code: 'UNKNOWN_SEGMENT',
    message: expect.stringContaining('in that range'),
  })
})

test('names who looks at the history that is another now, and the command that does these too', async () => {
  desk.file(
    'segments/a.yaml',
    'active:\n  where: last activity within 2 days\nlately:\n  where: was in segment "active" within 3 days\nnever:\n  where: not in segment "lately"\nother:\n  where: everyone\n',
  )
  await desk.type('apply --yes')
  await threeNights()
  const range = '--from 2026-03-02 --to 2026-03-04'
  expect(await json(`backfill ${range} --segment active --all`)).toMatchObject({
    looking: ['lately', 'never'],
  })
  expect((await table(`backfill ${range} --segment active --all`)).split('\n').slice(-4)).toEqual([
    '',
    'Look at this history, and are left as they were: lately, never. To do them, too:',
    `  tideline backfill ${range} --segment lately --segment never --all`,
    '',
  ])
  const upToNow = await table('backfill --from 2026-03-02 --segment active --all')
  const command = /^ {2}tideline (backfill --from 2026-03-02 --to 2026-03-04T00:00:00.000001Z .*)$/m.exec(
    upToNow,
  )
  expect(await json(command?.[1] ?? '')).toMatchObject({ instants: 3, looking: [] })
  expect(await json(`backfill ${range} --segment other --all`)).toMatchObject({ looking: [] })
  expect(await json(`backfill ${range} --segment lately --segment never --all`)).toMatchObject({
    looking: [],
  })
})

test('says what is wrong with a range or a segment', async () => {
  const early = errorOf(await desk.type('backfill --from 2026-01-01 --to 2999-01-01'))
  expect(early).toMatchObject({
    code: 'BACKFILL_AFTER_LAST_RUN',
    hint: expect.stringContaining('no run was'),
  })
  expect(early.message).toMatch(/^A backfill computes what is over, and the database's clock says 2/)
  await threeNights()
  expect(errorOf(await desk.type('backfill --from 2026-03-01 --to 2026-03-09'))).toMatchObject({
    code: 'BACKFILL_AFTER_LAST_RUN',
    message: expect.stringContaining('before the last run, as of 2026-03-04T'),
  })
  const everyone = await desk.type('backfill --from 2026-03-01 --to 2026-03-02 --segment everyone')
  expect(errorOf(everyone)).toMatchObject({
    code: 'UNKNOWN_SEGMENT',
    message: '"everyone" is no segment but a definition, which holds for all leads.',
  })
})

describe('interrupted', () => {
  const script = fileURLToPath(new URL('../support/backfill-process.ts', import.meta.url))
  const asked = { from: '2026-03-01T00:00:00.000000Z', to: '2026-03-03T23:59:59.999999Z', all: true }
  const same = 'tideline backfill --from 2026-03-01T00:00:00Z --to 2026-03-04T00:00:00Z --all'
  const other = 'backfill --from 2026-03-02 --to 2026-03-03 --all'

  beforeEach(threeNights)
  const interrupt = async (asked: object) => {
    const child = spawn(
      process.execPath,
      [script, database.url, JSON.stringify(asked), '2026-03-03T00:00:00.000000Z'],
      { stdio: 'inherit' },
    )
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL')
    const sessions = 'select from backfills join pg_stat_activity on pid = backend_pid'
    while ((await database.query(sessions)).length > 0) await sleep(20)
  }

  test('is told by what looks at the ledger, which is left alone', async () => {
    await interrupt(asked)
    const [run] = await json('runs')
    expect(run).toMatchObject({
      run_id: 4,
      mode: 'backfill',
      status: 'interrupted',
      error_code: 'INTERRUPTED',
    })
    const took = run.milliseconds
    await sleep(50)
    expect((await json('runs'))[0].milliseconds).toBe(took)
    expect(await table('runs 4')).toMatch(/^run 4 {2}backfill .* interrupted, by command/)
    expect(await database.query('select status from runs where run_id = 4')).toEqual([{ status: 'running' }])
    const { problems } = await json('status')
    const [problem] = problems.filter(({ code }: { code: string }) => code === 'BACKFILL_INTERRUPTED')
    expect(problem).toMatchObject({
      stale: false,
      hint: expect.stringContaining(`\`${same}\` goes on from there`),
    })
    expect(problem.message).toBe(
      'The backfill of run 4 from 2026-03-01 00:00 until 2026-03-04 00:00 UTC was interrupted after 4 of 6 instants.',
    )
    expect(await json(same.replace('tideline ', ''))).toMatchObject({ run_id: 4, resumed: 4, discarded: [] })
    expect((await json('status')).problems).toEqual(
      problems.filter(({ code }: { code: string }) => code !== 'BACKFILL_INTERRUPTED'),
    )
  })

  test('is thrown away by another one only if somebody agrees', async () => {
    await interrupt(asked)
    const refused = errorOf(await desk.type(other))
    expect(refused).toMatchObject({ code: 'BACKFILL_INTERRUPTED', hint: expect.stringContaining(same) })
    expect(refused.message).toMatch(
      /interrupted after 4 of 6 instants\. Once .* can't go on\. Nothing was done\.$/,
    )
    expect((await desk.typeAtTerminal(other, 'n')).code).toBe(1)
    expect(await database.query('select run_id from backfills')).toEqual([{ run_id: '4' }])
    const done = await desk.typeAtTerminal(other, 'y')
    expect(done).toMatchObject({
      code: 0,
      out: expect.stringContaining('interrupted run 4 had computed is thrown away'),
    })
    expect(await database.query('select from backfills')).toEqual([])
  })

  test('goes on by the command that is named, also where a run has moved the end since', async () => {
    // As without --to: the last run belongs to it.
    await interrupt({ ...asked, to: '2026-03-04T00:00:00.000000Z' })
    await desk.type('run --as-of 2026-03-05')
    const named = 'backfill --from 2026-03-01T00:00:00Z --to 2026-03-04T00:00:00.000001Z --all'
    const refused = errorOf(await desk.type('backfill --from 2026-03-01 --all'))
    expect(refused).toMatchObject({
      code: 'BACKFILL_INTERRUPTED',
      hint: expect.stringContaining(`\`tideline ${named}\``),
    })
    expect(await json(named)).toMatchObject({ run_id: 4, resumed: 4, discarded: [] })
  })

  test('and repeated by other definitions, it begins anew, and says so', async () => {
    await interrupt(asked)
    desk.file('segments/a.yaml', 'active:\n  where: last activity within 3 days\n')
    await desk.type('apply --yes')
    expect(await json(same.replace('tideline ', ''))).toMatchObject({ resumed: 0, discarded: ['4'] })
  })
})

test('a run whose process is gone is not said to be running', async () => {
  await threeNights()
  await database.query(
    `insert into runs (mode, origin, status, as_of, horizon, fence) values ('full', 'command', 'running', now(), '9', 999)`,
  )
  expect((await json('runs'))[0]).toMatchObject({
    status: 'interrupted',
    milliseconds: null,
    error_code: 'INTERRUPTED',
  })
  await database.session(async (client) => {
    await client.query(
      `update run_lease set fence = 999, backend_pid = pg_backend_pid(), backend_start = null, lease_until = now()`,
    )
    expect((await json('runs'))[0]).toMatchObject({ status: 'running', error_code: null })
  })
})
