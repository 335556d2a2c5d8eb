import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { openLake, verifyLake } from '../../pipeline/lake/lake.ts'
import { problemsOf } from '../../pipeline/problems.ts'
import { readStatus } from '../../pipeline/status.ts'
import { faults } from '../support/checker.ts'
import { copiesOf } from '../support/database.ts'
import { addEvent, addLead, apply, members, runAsOf } from '../support/definitions.ts'
import { runElsewhere } from '../support/elsewhere.ts'

/** What happens to full runs over a lake: the lake is a cache, and the truth is in Postgres. */

const at = (day: number, hour = 0) =>
  `2026-03-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00.000000Z`
let database: Database
let folder: string

const copy = await copiesOf(async (world) => {
  for (const id of ['a', 'b', 'c']) await addLead(world, id, { attributes: { plan: 'pro' } })
  await world.query(`insert into event_types (type) values ('click'), ('view')`)
  // Random ids, so that they can't be packed into next to nothing.
  await world.query(
    `insert into events (event_id, lead_id, type, occurred_at)
     select gen_random_uuid()::text, 1 + n % 3, case when n % 20 = 1 then 'view' else 'click' end, '2026-01-01T00:00:00Z'::timestamptz + n * interval '17 minutes'
     from generate_series(1, 4000) n`,
  )
  await apply(world, { clicked: 'did click within 2 days', pro: 'plan = "pro"' }, { points: { click: 1 } })
})

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tideline-scenario-'))
  database = await copy()
})
const disks: string[] = []
afterEach(async () => {
  for (const path of disks.splice(0)) spawnSync('umount', ['-l', path])
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

const lake = () => openLake(join(folder, 'lake'))
const full = (asOf: string, temporary = join(folder, 'work')) =>
  runAsOf(database, asOf, { lake: lake(), temporary, full: true })

/** A disk of its own with next to no room; false where we may not mount one. */
function smallDisk(path: string, size: string): boolean {
  mkdirSync(path, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', path]).status === 0
  if (mounted) disks.push(path)
  return mounted
}

const due = () => database.query(`select rollup_due from runs where rollup_due`)

describe('S59, S60: a full disk', () => {
  const fellBack = { engine: 'postgres', code: 'LAKE_DISK_FULL' }
  const last = async () =>
    (
      await database.query(
        `select engine, chosen -> 'lake' ->> 'code' as code from runs where status = 'done' order by run_id desc limit 1`,
      )
    )[0]
  /** A full run that may write no larger files than so many blocks: for anybody, that is as a disk without room. */
  const crowded = (asOf: string, fileLimit: number) =>
    runElsewhere(database.url, asOf, {
      fileLimit,
      options: { lake: lake(), temporary: join(folder, 'work'), full: true },
    }).ended

  test('where the lake is: Postgres does the run, and the lake is made once there is room', async () => {
    expect((await crowded(at(2), 64)).said).toMatchObject({ status: 'done' })
    expect(await last()).toEqual(fellBack)
    expect(await faults(database)).toEqual([])
    // The roll-up of the night has to wait as well, and keeps nobody waiting.
    expect(await due()).toHaveLength(1)
    await addEvent(database, 'c', 'click', at(2, 6))
    expect(await full(at(2, 8))).toMatchObject({ engine: 'duckdb', drift: 0 })
    expect(await due()).toEqual([])
    expect(await faults(database)).toEqual([])
  })

  test('where DuckDB puts what it has no memory for: the same', async () => {
    await full(at(1))
    // Leads are copied each time; of events only what has arrived.
    await database.query(
      `insert into leads (external_id, first_seen_at) select 'L' || n, '2026-01-01' from generate_series(1, 3000) n`,
    )
    await addEvent(database, 'c', 'click', at(1, 6))
    expect((await crowded(at(2), 24)).said).toMatchObject({ status: 'done' })
    expect(await last()).toEqual(fellBack)
    expect(await faults(database)).toEqual([])
    expect(await due()).toHaveLength(1)
    expect((await crowded(at(2, 4), 24)).said).toMatchObject({ status: 'done' })
    expect(await due()).toHaveLength(1)
    expect(await full(at(2, 8))).toMatchObject({ engine: 'duckdb', drift: 0 })
    expect(await faults(database)).toEqual([])
  })

  test('a small disk for the lake (only root may mount one): the same', async ({ skip }) => {
    if (!smallDisk(lake().folder, '24k')) skip('only root may mount a disk')
    expect(await full(at(2))).toMatchObject({
      engine: 'postgres',
      chosen: { lake: { code: 'LAKE_DISK_FULL' } },
    })
    expect(await faults(database)).toEqual([])
    spawnSync('umount', ['-l', lake().folder])
    expect(await full(at(2, 8))).toMatchObject({ engine: 'duckdb' })
    expect(await faults(database)).toEqual([])
  })

  test('a small disk for DuckDB (only root may mount one): the same', async ({ skip }) => {
    const work = join(folder, 'work')
    if (!smallDisk(work, '16k')) skip('only root may mount a disk')
    const crowded = await full(at(2), work)
    expect(crowded).toMatchObject({ engine: 'postgres', chosen: { lake: { code: 'LAKE_DISK_FULL' } } })
    expect(await faults(database)).toEqual([])
    // The roll-up of the night has to wait as well, and keeps nobody waiting.
    expect(await due()).toHaveLength(1)
    const told = async () =>
      problemsOf(await readStatus(database), [])
        .filter(({ code }) => code !== 'SILENT')
        .map(({ code, message }) => [code, message])
    const unrolled = [
      'ROLLUP_WAITS',
      expect.stringMatching(/^Top events and .*: There was no room .*\(LAKE_DISK_FULL, since 20.* UTC\)$/),
    ]
    const waiting = (await told()).find(([code]) => code === 'ROLLUP_WAITS')
    expect(waiting).toEqual(unrolled)
    expect(await full(at(2, 4), work)).toMatchObject({ status: 'done', engine: 'postgres' })
    expect(await due()).toHaveLength(1)
    // Since when does not move, however often it is tried.
    const since = (each: unknown) => /since .* UTC\)$/.exec(String(each))?.[0]
    expect((await told()).map(since)).toContain(since(waiting))
    expect(await full(at(2, 8), join(folder, 'roomy'))).toMatchObject({ engine: 'duckdb' })
    expect(await faults(database)).toEqual([])
    expect(await full(at(3), join(folder, 'roomy'))).toMatchObject({ nightly: true })
    expect(await told()).toEqual([])
  })
})

describe('S36: the lake is not what Postgres has', () => {
  const files = () => {
    const events = join(lake().folder, 'events')
    return readdirSync(events).map((name) => join(events, name))
  }
  const flip = (path: string) => {
    const bytes = readFileSync(path)
    const place = Math.floor(bytes.length / 2)
    bytes[place] = bytes[place]! ^ 1
    writeFileSync(path, bytes)
  }
  test.each<[string, () => unknown]>([
    ['a file is deleted', () => rmSync(files()[0]!)],
    ['all files are cut off', () => files().map((path) => truncateSync(path, 900))],
    ['one bit of each file is another', () => files().map(flip)],
    ['one file is a copy of another', () => copyFileSync(files()[0]!, files()[1]!)],
    [
      'rows are removed in Postgres',
      () => database.query(`delete from events where type = 'view' and event_id < '8'`),
    ],
  ])('%s: a run finds it, mends it, and reads what is right', async (_, harm) => {
    await full(at(1))
    await harm()
    await addEvent(database, 'a', 'click', at(1, 12))
    const mended = await full(at(1, 20))
    expect(mended).toMatchObject({ mode: 'full', engine: 'duckdb', drift: 0 })
    expect(mended.chosen).not.toHaveProperty('lake')
    expect(await members(database, 'clicked')).toContain('a')
    expect(await faults(database)).toEqual([])
    const options = { temporary: join(folder, 'work') }
    expect(await verifyLake(database, lake(), options)).toMatchObject({ unusable: null, wrong: [] })
  })
})

describe('S60: no memory', () => {
  test('for DuckDB: Postgres does the run, and the next one has what it needs', async () => {
    const starved = await runAsOf(database, at(2), {
      ...{ lake: lake(), temporary: join(folder, 'work'), memory: '4MB' },
    })
    expect(starved).toMatchObject({ engine: 'postgres', chosen: { lake: { code: 'LAKE_MEMORY' } } })
    expect(await faults(database)).toEqual([])
    expect(await full(at(2, 8))).toMatchObject({ engine: 'duckdb', drift: 0 })
    expect(await faults(database)).toEqual([])
  })
})

describe('S61: two processes over one lake', () => {
  test('the same slot at once: one does it, and the lake is whole', async () => {
    const options = { lake: lake(), full: true, temporary: join(folder, 'work') }
    const both = [1, 2].map(() => runElsewhere(database.url, at(2), { options }).ended)
    expect((await Promise.all(both)).map(({ said }) => said.status).sort()).toEqual(['done', 'unchanged'])
    expect(await faults(database)).toEqual([])
    expect(await full(at(2, 8))).toMatchObject({ engine: 'duckdb', drift: 0 })
  })
})

describe('S62: killed while the lake is written or read', () => {
  test('at each step, and repeated, it ends as if never killed', async () => {
    // The others are no other than where Postgres evaluates.
    const own = [
      'copy events to the lake',
      'read the lake',
      'stage score days',
      'evaluate',
      'find causes',
      'commit',
      'roll up',
    ]
    const steps = (await full(at(1))).steps.map(({ name }) => name)
    expect(['commit', ...steps]).toEqual(expect.arrayContaining(own))
    let day = 2
    for (const step of own) {
      await addEvent(database, 'a', 'click', at(day - 1, 12))
      const options = { lake: lake(), temporary: join(folder, 'work') }
      const { signal } = await runElsewhere(database.url, at(day), { step, options }).ended
      expect(signal, step).toBe('SIGKILL')
      expect(await faults(database), step).toEqual([])
      const again = await runAsOf(database, at(day), options)
      if (again.status === 'done') expect(again).toMatchObject({ mode: 'full', engine: 'duckdb', drift: 0 })
      expect(await faults(database), step).toEqual([])
      expect(await members(database, 'clicked')).toContain('a')
      day++
    }
  }, 180_000)
})

describe('S63: the lake is gone', () => {
  test('while a run is about to read it: Postgres does the run; the next one makes it again', async () => {
    await full(at(1))
    await addEvent(database, 'a', 'click', at(1, 12))
    const robbed = await runAsOf(database, at(2), {
      ...{ lake: lake(), temporary: join(folder, 'work') },
      onStep: (step) => {
        if (step === 'read the lake') rmSync(lake().folder, { recursive: true })
      },
    })
    expect(robbed).toMatchObject({ engine: 'postgres', drift: 0 })
    expect(robbed.chosen?.lake).toBeDefined()
    expect(await faults(database)).toEqual([])
    expect(await full(at(2, 8))).toMatchObject({ engine: 'duckdb', drift: 0 })
    expect(await faults(database)).toEqual([])
  })
})
