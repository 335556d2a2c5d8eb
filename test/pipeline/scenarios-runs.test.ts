import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { faults } from '../support/checker.ts'
import { testDatabase } from '../support/database.ts'
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
beforeEach(async () => {
  database = await testDatabase({ max: 8 })
  await addLead(database, 'a', { attributes: { plan: 'pro' }, events: [['click', at(0)]] })
  await addLead(database, 'b', { attributes: { plan: 'free' }, events: [['click', at(1)]] })
  await addLead(database, 'c')
  await apply(database, definitions, scoring)
  await runAsOf(database, at(2))
  await arrive()
})
afterEach(async () => {
  for (const child of going.splice(0)) child.signal('SIGKILL')
  await database.close()
})

/** What the next run finds: entries, exits by time, points, and something in an inbox. */
async function arrive(): Promise<void> {
  await addEvent(database, 'a', 'click', at(2, 30))
  await addEvent(database, 'c', 'click', at(2, 45))
  await database.query(
    `insert into inbox_events (lead_id, type, occurred_at) values ('c', 'click', '2026-03-01T02:50:00Z'), ('d', 'click', '2026-03-01T02:50:00Z')`,
  )
}

function elsewhere(...parameters: Parameters<typeof runElsewhere>): Elsewhere {
  const child = runElsewhere(...parameters)
  going.push(child)
  return child
}

async function expectApplied(): Promise<void> {
  expect(await members(database, 'clicked')).toEqual(['a', 'c', 'd'])
  expect(await members(database, 'hot')).toEqual(['a', 'c'])
  expect((await history(database, 'clicked')).slice(2)).toEqual([
    'b left time 2026-03-01T03:30Z',
    'c entered data 2026-03-01T03:30Z',
    'd entered data 2026-03-01T03:30Z',
  ])
  expect(await faults(database, { sources: true })).toEqual([])
}

const slot = at(3, 30)
const done = () => database.query(`select as_of, mode from runs where status = 'done' order by run_id`)
/** As if the time of the lease were over. */
const loseLease = () =>
  database.query(`update run_lease set lease_until = clock_timestamp() - interval '1 s'`)

describe('S1: killed between two runs of the same day', () => {
  test('at each of its steps, and repeated, it ends as if never killed', async () => {
    const steps = new Set((await runAsOf(database, at(3))).steps.map(({ name }) => name))
    // The nightly run is killed at all of them elsewhere.
    const struck = ['claim', 'find candidates', 'evaluate', 'find causes', 'apply entered', 'apply scores']
    expect(struck.filter((step) => !steps.has(step))).toEqual([])
    for (const [n, step] of [...struck, 'commit', 'end'].entries()) {
      const hour = 4 + n
      await addEvent(database, 'a', 'click', at(hour, 10))
      await addLead(database, `new-${hour}`, { firstSeen: at(hour, 20), attributes: { plan: 'pro' } })
      const { signal } = await elsewhere(database.url, at(hour, 30), { step }).ended
      expect(signal).toBe('SIGKILL')
      const again = await runAsOf(database, at(hour, 30))
      if (again.status === 'done') expect(again.mode).toBe('incremental')
      expect(await faults(database, { sources: true }), step).toEqual([])
      expect(await members(database, 'pro')).toContain(`new-${hour}`)
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

describe('S3: a process that stands still and goes on when its lease is over', () => {
  test.each(['evaluate', 'pin definitions'])(
    'before "%s": it is fenced off and changes nothing',
    async (step) => {
      const zombie = elsewhere(database.url, slot, { step, signal: 'SIGSTOP' })
      expect(await zombie.reached).toBe(step)
      await loseLease()
      expect((await runAsOf(database, slot)).status).toBe('done')
      await expectApplied()
      const before = await database.query('select * from membership_change order by 1, 2, 3')
      zombie.signal('SIGCONT')
      expect((await zombie.ended).said).toMatchObject({ code: 'FENCED_OFF' })
      expect(await database.query('select * from membership_change order by 1, 2, 3')).toEqual(before)
      await expectApplied()
      const states = await database.query('select status from runs order by status')
      expect(states.map(({ status }) => status)).toEqual(['done', 'done', 'failed'])
    },
  )

  test('inside its transaction: others are told, not kept waiting; its session is ended within a minute', async () => {
    const zombie = elsewhere(database.url, slot, { step: 'commit', signal: 'SIGSTOP' })
    expect(await zombie.reached).toBe('commit')
    await loseLeaseUnlessLocked()
    const asked = performance.now()
    await expect(runAsOf(database, slot, { waitMilliseconds: 500 })).rejects.toMatchObject({
      code: 'RUN_IN_PROGRESS',
    })
    expect(performance.now() - asked).toBeLessThan(10_000)
    // The server does this by itself when the minute is over.
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction'`,
    )
    expect((await runAsOf(database, slot)).status).toBe('done')
    zombie.signal('SIGCONT')
    const { said } = await zombie.ended
    expect(said.status).toBeUndefined()
    await expectApplied()
  })

  const loseLeaseUnlessLocked = () =>
    database.query(
      `update run_lease set lease_until = clock_timestamp() - interval '1 s'
       where only_row in (select only_row from run_lease for update skip locked)`,
    )
})

describe('S4: clocks that differ', () => {
  test.each([40, -86_400])(
    'by %i seconds: slots and leases go by the clock of the database',
    async (shiftSeconds) => {
      const wrong = elsewhere(database.url, slot, {
        step: 'evaluate',
        signal: 'SIGSTOP',
        options: { shiftSeconds },
      })
      expect(await wrong.reached).toBe('evaluate')
      await expect(runAsOf(database, slot, { waitMilliseconds: 300 })).rejects.toMatchObject({
        code: 'RUN_IN_PROGRESS',
      })
      wrong.signal('SIGCONT')
      expect((await wrong.ended).said).toMatchObject({ status: 'done' })
      await expectApplied()
      // Without an instant it is the present one of the database.
      const { ended } = elsewhere(database.url, undefined, { options: { shiftSeconds } })
      expect((await ended).said).toMatchObject({ status: 'done' })
      const [last] = await database.query(
        `select abs(extract(epoch from clock_timestamp() - max(as_of))) < 120 as near from runs where status = 'done'`,
      )
      expect(last).toEqual({ near: true })
    },
  )
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
