import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { importFile } from '../../pipeline/import/import.ts'
import { openLake, verifyLake } from '../../pipeline/lake/lake.ts'
import { faults } from '../support/checker.ts'
import { copiesOf } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf } from '../support/definitions.ts'
import { type Elsewhere, runElsewhere } from '../support/elsewhere.ts'
import { cuttingProxy } from '../support/proxy.ts'

/** What a process, a connection or another process may do to a run: afterwards all is as if it had not. */

const at = (hour: number, minute = 0) =>
  `2026-03-01T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00.000000Z`
const definitions = {
  clicked: 'did click within 2 hours',
  hot: 'score >= 2',
  pro: 'plan = "pro"',
  both: 'in segment "clicked" and not in segment "pro"',
}
const scoring = { points: { click: 1 } }

let database: Database
const going: Elsewhere[] = []
const copy = await copiesOf(async (world) => {
  await addLead(world, 'a', { attributes: { plan: 'pro' }, events: [['click', at(0)]] })
  await addLead(world, 'b', { attributes: { plan: 'free' }, events: [['click', at(1)]] })
  await addLead(world, 'c')
  await apply(world, definitions, scoring)
  await runAsOf(world, at(2))
  await arrive(world)
})
beforeEach(async () => {
  database = await copy({ max: 8 })
})
afterEach(async () => {
  for (const child of going.splice(0)) child.signal('SIGKILL')
  await database.close()
})

/** What the next run finds: entries, exits by time, points, and something in an inbox. */
async function arrive(world: Database): Promise<void> {
  await addEvent(world, 'a', 'click', at(2, 30))
  await addEvent(world, 'c', 'click', at(2, 45))
  await world.query(
    `insert into inbox_events (lead_id, type, occurred_at) values ('c', 'click', '2026-03-01T02:50:00Z'), ('d', 'click', '2026-03-01T02:50:00Z')`,
  )
}

function elsewhere(...parameters: Parameters<typeof runElsewhere>): Elsewhere {
  const child = runElsewhere(...parameters)
  going.push(child)
  return child
}

async function expectApplied(world = database): Promise<void> {
  expect(await members(world, 'clicked')).toEqual(['a', 'c', 'd'])
  expect(await members(world, 'hot')).toEqual(['a', 'c'])
  expect((await history(world, 'clicked')).slice(2)).toEqual([
    'b left time 2026-03-01T03:30Z',
    'c entered data 2026-03-01T03:30Z',
    'd entered data 2026-03-01T03:30Z',
  ])
  expect(await faults(world, { sources: true })).toEqual([])
}

const slot = at(3, 30)
const done = () => database.query(`select as_of, mode from runs where status = 'done' order by run_id`)

describe('S1: killed between two runs of the same day', () => {
  test('at each of its steps, and repeated, it ends as if never killed', async () => {
    const { mode, steps } = await runAsOf(database, at(3))
    expect(mode).toBe('incremental')
    const struck = [...new Set(steps.map(({ name }) => name)), 'commit', 'end']
    expect(struck).toEqual(expect.arrayContaining(['claim', 'find candidates', 'evaluate', 'apply scores']))
    for (const [n, step] of struck.entries()) {
      const [hour, minute] = [4 + Math.floor(n / 4), 15 * (n % 4)]
      const id = `new-${n}`
      await addLead(database, id, { firstSeen: at(hour - 1, 50), attributes: { plan: 'pro' } })
      await addEvent(database, 'a', 'click', at(hour - 1, 55))
      const { signal } = await elsewhere(database.url, at(hour, minute), { step }).ended
      expect(signal).toBe('SIGKILL')
      const again = await runAsOf(database, at(hour, minute))
      expect(again).toMatchObject(step === 'end' ? { status: 'unchanged' } : { mode: 'incremental' })
      expect(await faults(database, { sources: true }), step).toEqual([])
      expect(await members(database, 'pro')).toContain(id)
    }
  }, 120_000)
})

describe('S2: the same slot four times at once', () => {
  test('one does it, and nothing is there twice', async () => {
    for (const minute of [30, 31]) {
      const before = (await done()).length
      const children = [1, 2, 3, 4].map(() => elsewhere(database.url, at(3, minute)))
      const ended = await Promise.all(children.map((child) => child.ended))
      expect(ended.map(({ said }) => said.status).sort()).toEqual([
        'done',
        'unchanged',
        'unchanged',
        'unchanged',
      ])
      expect((await done()).length).toBe(before + 1)
      expect(await faults(database, { sources: true })).toEqual([])
    }
  })
})

describe('S3: a process that stands still, and goes on when others have taken its place', () => {
  const leaseSeconds = 1
  /** A run of a world of its own that stands still before a step, and another one that waits for its lease to be over. */
  async function standStill(step: string): Promise<{ world: Database; zombie: Elsewhere }> {
    const world = await copy({ max: 8 })
    onTestFinished(() => world.close())
    const zombie = elsewhere(world.url, slot, { step, signal: 'SIGSTOP', options: { leaseSeconds } })
    expect(await zombie.reached).toBe(step)
    expect((await runAsOf(world, slot, { waitMilliseconds: 30_000 })).status, step).toBe('done')
    await expectApplied(world)
    return { world, zombie }
  }
  const historyOf = (world: Database) => world.query('select * from membership_change order by 1, 2, 3')

  async function expectNoTrace(step: string, code: unknown): Promise<void> {
    const { world, zombie } = await standStill(step)
    const before = await historyOf(world)
    zombie.signal('SIGCONT')
    const { said } = await zombie.ended
    expect(said, step).toMatchObject({ code, message: expect.any(String) })
    expect(said.status).toBeUndefined()
    expect(await historyOf(world)).toEqual(before)
    await expectApplied(world)
    const states = await world.query('select status from runs order by status')
    expect(states.map(({ status }) => status)).toEqual(['done', 'done', 'failed'])
  }

  test('before it applies anything: it is fenced off, and changes nothing', async () => {
    const steps = ['pin definitions', 'find candidates', 'evaluate', 'compare scores', 'find causes', 'guard']
    await Promise.all(steps.map((step) => expectNoTrace(step, 'FENCED_OFF')))
  })

  test('while it brings a lake up to date or reads it: others go on, and the lake stays whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tideline-zombie-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    await Promise.all(
      ['copy events to the lake', 'read the lake', 'evaluate'].map(async (step) => {
        const world = await copy({ max: 8 })
        onTestFinished(() => world.close())
        const options = { lake: openLake(join(folder, step)), temporary: join(folder, 'work'), full: true }
        const zombie = elsewhere(world.url, slot, {
          ...{ step, signal: 'SIGSTOP' as const },
          options: { ...options, leaseSeconds },
        })
        expect(await zombie.reached).toBe(step)
        await runAsOf(world, slot, { ...options, waitMilliseconds: 30_000 })
        await addEvent(world, 'a', 'click', at(3, 30))
        expect(await runAsOf(world, at(3, 40), options)).toMatchObject({ engine: 'duckdb', drift: 0 })
        const before = await historyOf(world)
        zombie.signal('SIGCONT')
        expect((await zombie.ended).said, step).toMatchObject({ code: expect.any(String) })
        expect(await historyOf(world)).toEqual(before)
        expect(await faults(world)).toEqual([])
        const verified = await verifyLake(world, options.lake, { temporary: options.temporary })
        expect(verified, step).toMatchObject({ unusable: null, wrong: [] })
        expect(await runAsOf(world, at(3, 50), options)).toMatchObject({ engine: 'duckdb', drift: 0 })
      }),
    )
  }, 120_000)

  test('inside its transaction: Postgres ends its session when the time of its lease is over', async () => {
    const steps = ['apply left', 'apply changes', 'apply scores', 'apply figures', 'commit']
    await Promise.all(
      steps.map((step) => expectNoTrace(step, expect.stringMatching(/^(25P03|57P01|FAILED)$/))),
    )
  })

  test('inside its transaction, until then others are told, not kept waiting', async () => {
    const zombie = elsewhere(database.url, slot, { step: 'commit', signal: 'SIGSTOP' })
    expect(await zombie.reached).toBe('commit')
    // Even if nobody had prolonged it in time.
    await database.query(
      `update run_lease set lease_until = clock_timestamp() - interval '1 s'
       where only_row in (select only_row from run_lease for update skip locked)`,
    )
    const asked = performance.now()
    await expect(runAsOf(database, slot, { waitMilliseconds: 500 })).rejects.toMatchObject({
      code: 'RUN_IN_PROGRESS',
    })
    expect(performance.now() - asked).toBeLessThan(10_000)
    zombie.signal('SIGCONT')
    expect((await zombie.ended).said.status).toBe('done')
    await expectApplied()
  })

  test('after it was applied: it is done, and others find it so', async () => {
    const zombie = elsewhere(database.url, slot, {
      step: 'end',
      signal: 'SIGSTOP',
      options: { leaseSeconds },
    })
    expect(await zombie.reached).toBe('end')
    expect((await runAsOf(database, slot, { waitMilliseconds: 30_000 })).status).toBe('unchanged')
    zombie.signal('SIGCONT')
    expect((await zombie.ended).said.status).toBe('done')
    await expectApplied()
  })

  test('a run that goes on keeps its lease, however long it takes', async () => {
    const run = runAsOf(database, slot, {
      leaseSeconds,
      onStep: (step) => (step === 'evaluate' ? sleep(2500) : undefined),
    })
    await sleep(500)
    await expect(runAsOf(database, slot, { waitMilliseconds: 1500 })).rejects.toMatchObject({
      code: 'RUN_IN_PROGRESS',
    })
    expect((await run).status).toBe('done')
    await expectApplied()
  })
})

describe('S16: a segment that is archived while a run is going', () => {
  test('is left out, and the rest is applied', async () => {
    const { pro: _, both: __, ...rest } = definitions
    const result = await runAsOf(database, slot, {
      onStep: async (step) => {
        if (step === 'evaluate') await apply(database, rest, scoring)
      },
    })
    expect(result.superseded).toBe(2)
    await expectApplied()
    expect(
      await database.query(`select key, status from segments where status = 'archived' order by 1`),
    ).toEqual([
      { key: 'both', status: 'archived' },
      { key: 'pro', status: 'archived' },
    ])
    await runAsOf(database, at(3, 40))
    expect(await faults(database, { sources: true })).toEqual([])
  })
})

describe('S23: the connection breaks after the commit, before the answer', () => {
  test('whoever asks again hears that it is done', async () => {
    const proxy = await cuttingProxy(database.url, 'from run_lease where fence')
    const through = openPostgres(proxy.url, { max: 4 })
    await expect(runAsOf(through, slot)).rejects.toThrow(/terminated|closed|ended/)
    expect(proxy.cut()).toBe(1)
    proxy.close()
    await through.close()
    await expectApplied()
    expect((await runAsOf(database, slot)).status).toBe('unchanged')
    expect((await done()).length).toBe(2)
    await expectApplied()
  })
})

describe('S38: leads that are removed, or begin earlier, while a run holds them', () => {
  test.each(['find candidates', 'evaluate', 'find causes', 'guard'])(
    'before "%s": nothing is written about them, and the next run counts them out',
    async (step) => {
      await runAsOf(database, slot, {
        onStep: async (each) => {
          // One enters, one leaves, one stays.
          if (each === step) await database.query(`delete from leads where external_id in ('a', 'b', 'c')`)
        },
      })
      expect(await members(database, 'clicked')).toEqual(['d'])
      await runAsOf(database, at(3, 40))
      expect((await database.query('select lead_id from membership')).length).toBe(
        (await members(database, 'clicked')).length + (await members(database, 'both')).length,
      )
      expect(await faults(database)).toEqual([])
    },
  )

  test('together with all that was written about them, they leave nothing behind', async () => {
    const tables = ['membership', 'membership_change', 'lead_scores', 'score_history']
    const remove = () =>
      database.transaction(async (client) => {
        await client.query('select from run_lease for update')
        for (const each of ['events', ...tables]) {
          await client.query(
            `delete from ${each} where lead_id in (select lead_id from leads where external_id in ('b', 'c'))`,
          )
        }
        await client.query(`delete from leads where external_id in ('b', 'c')`)
      })
    await runAsOf(database, slot, { onStep: (step) => (step === 'guard' ? remove() : undefined) })
    await runAsOf(database, at(3, 40))
    for (const each of tables) {
      const left = `select lead_id from ${each} where lead_id not in (select lead_id from leads)`
      expect(await database.query(left), each).toEqual([])
    }
    const ofRemoval = /figures|counted other changes/
    expect((await faults(database)).filter(({ what }) => !ofRemoval.test(what))).toEqual([])
  })

  test('a full run right after them finds no drift', async () => {
    await runAsOf(database, at(3))
    await database.query(`delete from leads where external_id in ('a', 'c')`)
    const { candidates } = await runAsOf(database, at(3, 10))
    expect(candidates).toMatchObject({ reasons: { removed: 2 } })
    await database.query(`delete from leads where external_id = 'b'`)
    const { drift, mode } = await runAsOf(database, at(3, 20), {
      full: true,
      onStep: async (step) => {
        if (step === 'evaluate') await database.query(`delete from leads where external_id = 'd'`)
      },
    })
    expect({ drift, mode }).toEqual({ drift: 0, mode: 'full' })
    expect(await members(database, 'clicked')).toEqual([])
    expect(await faults(database)).toEqual([])
  })

  test('whose beginning is moved meanwhile is no drift', async () => {
    await apply(database, { ...definitions, old: 'first seen more than 90 days ago' }, scoring)
    await runAsOf(database, at(3))
    const { drift } = await runAsOf(database, at(3, 20), {
      full: true,
      onStep: async (step) => {
        if (step === 'evaluate')
          await database.query(`update leads set first_seen_at = '2025-01-01' where external_id = 'a'`)
      },
    })
    expect(drift).toBe(0)
    expect(await history(database, 'old')).toEqual(['a entered data 2026-03-01T03:20Z'])
    expect(await faults(database)).toEqual([])
  })

  test('what is known of them and dated later makes nobody due for ever', async () => {
    await addEvent(database, 'a', 'click', at(3, 15))
    await database.query(`delete from leads where external_id = 'a'`)
    await runAsOf(database, at(3, 10))
    expect(
      await database.query('select present from lead_state where due_at = $1::timestamptz', [at(3, 15)]),
    ).toEqual([{ present: false }])
    await runAsOf(database, at(3, 20), { full: true })
    expect(
      await database.query('select from lead_state where due_at <= $1::timestamptz', [at(3, 20)]),
    ).toEqual([])
  })
})

describe('S29: a row that becomes visible late', () => {
  test('committed after a run that passed its number, it is seen by the next one', async () => {
    await database.session(async (slow) => {
      await slow.query('begin')
      await slow.query(
        `insert into events (event_id, lead_id, type, occurred_at)
         select 'slow', lead_id, 'click', '2026-03-01T02:59:00Z' from leads where external_id = 'b'`,
      )
      // Later numbers, committed before.
      await addEvent(database, 'c', 'click', at(3, 1))
      await runAsOf(database, at(3, 2))
      await addEvent(database, 'c', 'click', at(3, 3))
      await runAsOf(database, at(3, 4))
      expect(await faults(database, { sources: true })).toEqual([])
      await slow.query('commit')
    })
    expect(await members(database, 'hot')).not.toContain('b')
    await runAsOf(database, at(3, 6))
    expect(await members(database, 'hot')).toContain('b')
    expect(await history(database, 'hot')).toContain('b entered data 2026-03-01T03:06Z')
    expect(await faults(database, { sources: true })).toEqual([])
  })
})

describe('S28: an event of a lead that nobody has told of', () => {
  test('makes it a lead, which enters; what is told of it later is of the same one', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tideline-late-lead-')), 'leads.csv')
    onTestFinished(() => rmSync(dirname(file), { recursive: true }))
    const numbers = () =>
      database.query(`select lead_id, first_seen_at < '2026-02-01' as old from leads where external_id = 'd'`)
    await runAsOf(database, slot)
    await expectApplied()
    const [before] = await numbers()
    expect(before).toMatchObject({ old: false })
    writeFileSync(file, 'lead_id,plan,first_seen_at\nd,pro,2026-01-07\n')
    const options = {
      kind: 'leads',
      file,
      map: {},
      set: {},
      timezone: 'UTC',
      temporary: dirname(file),
    } as const
    expect(await importFile(database, options)).toMatchObject({ taken: 1, newLeads: 0 })
    await runAsOf(database, at(3, 40))
    expect(await numbers()).toEqual([{ ...before, old: true }])
    expect(await members(database, 'pro')).toEqual(['a', 'd'])
    expect(await members(database, 'clicked')).toContain('d')
    expect((await history(database, 'clicked')).filter((line) => line.startsWith('d '))).toHaveLength(1)
    expect(await faults(database, { sources: true })).toEqual([])
  })
})
