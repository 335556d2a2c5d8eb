import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { openLake } from '../../pipeline/lake/lake.ts'
import { problemsOf } from '../../pipeline/problems.ts'
import { readStatus } from '../../pipeline/status.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, members, runAsOf } from '../support/definitions.ts'
import { runElsewhere } from '../support/elsewhere.ts'

/** What happens to full runs over a lake: the lake is a cache, and the truth is in Postgres. */

const at = (day: number, hour = 0) =>
  `2026-03-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00.000000Z`
let database: Database
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tideline-scenario-'))
  database = await testDatabase()
  for (const id of ['a', 'b', 'c']) await addLead(database, id, { attributes: { plan: 'pro' } })
  await database.query(`insert into event_types (type) values ('click')`)
  // Random ids, so that they can't be packed into next to nothing.
  await database.query(
    `insert into events (event_id, lead_id, type, occurred_at)
     select gen_random_uuid()::text, 1 + n % 3, 'click', '2026-01-01T00:00:00Z'::timestamptz + n * interval '17 minutes'
     from generate_series(1, 4000) n`,
  )
  await apply(database, { clicked: 'did click within 2 days', pro: 'plan = "pro"' }, { points: { click: 1 } })
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

describe('S59, S60: a full disk', () => {
  test('where the lake is: Postgres does the run, and the lake is made once there is room', async ({
    skip,
  }) => {
    if (!smallDisk(lake().folder, '24k')) skip('only root may mount a disk')
    const crowded = await full(at(2))
    expect(crowded).toMatchObject({ engine: 'postgres', chosen: { lake: { code: 'LAKE_DISK_FULL' } } })
    expect(await faults(database)).toEqual([])
    spawnSync('umount', ['-l', lake().folder])
    await addEvent(database, 'c', 'click', at(2, 6))
    expect(await full(at(2, 8))).toMatchObject({ engine: 'duckdb' })
    expect(await faults(database)).toEqual([])
  })

  test('where DuckDB puts what it has no memory for: the same', async ({ skip }) => {
    const work = join(folder, 'work')
    if (!smallDisk(work, '16k')) skip('only root may mount a disk')
    const crowded = await full(at(2), work)
    expect(crowded).toMatchObject({ engine: 'postgres', chosen: { lake: { code: 'LAKE_DISK_FULL' } } })
    expect(await faults(database)).toEqual([])
    // The roll-up of the night has to wait as well, and keeps nobody waiting.
    const due = () => database.query(`select rollup_due from runs where rollup_due`)
    expect(await due()).toHaveLength(1)
    const told = async () =>
      problemsOf(await readStatus(database), []).map(({ code, message }) => [code, message])
    const unrolled = [
      'ROLLUP_WAITS',
      expect.stringMatching(/^Top events and .*: There was no room .*\(LAKE_DISK_FULL, since 20.* UTC\)$/),
    ]
    const [, waiting] = await told()
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
    const steps = (await full(at(1))).steps.map(({ name }) => name)
    expect(steps).toEqual(expect.arrayContaining(['copy events to the lake', 'read the lake']))
    let day = 2
    for (const step of new Set(steps.slice(steps.indexOf('claim') + 1))) {
      await addEvent(database, 'a', 'click', at(day - 1, 12))
      const options = { lake: lake(), temporary: join(folder, 'work') }
      const { signal } = await runElsewhere(database.url, at(day), { step, options }).ended
      expect(signal, step).toBe('SIGKILL')
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
