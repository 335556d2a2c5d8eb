import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { importFile } from '../../pipeline/import/import.ts'
import { testDatabase } from '../support/database.ts'
import { importing } from '../support/importing.ts'

let database: Database
const files = importing(() => database)

beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(async () => {
  await database.query(
    'truncate events, quarantine, imports, catalog, event_types, leads restart identity cascade',
  )
})
afterAll(async () => {
  await database.close()
  await files.remove()
})

const count = async (what: string) =>
  Number((await database.query<{ n: string }>(`select count(*) as n from ${what}`))[0]?.n)

describe('events without ids', () => {
  const row = (index: number) =>
    `L${index % 700},view,2024-01-01T00:00:${String(index % 60).padStart(2, '0')}Z,/page/${index}`
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => row(from + index))
  const csv = (lines: string[]) => `lead_id,type,occurred_at,page\n${lines.join('\n')}\n`

  it('count once when a file is taken twice, renamed, and overlapping by half', async () => {
    expect(await files.takeText(csv(rows(0, 10_000)), { kind: 'events' }, 'one.csv')).toMatchObject({
      taken: 10_000,
      newLeads: 700,
    })
    const again = await files.takeText(csv(rows(5_000, 15_000)), { kind: 'events' }, 'two.csv')
    expect(again).toMatchObject({
      read: 10_000,
      taken: 5_000,
      alreadyHere: 5_000,
      newLeads: 0,
      quarantined: [],
    })
    expect(await count('events')).toBe(15_000)
    // In another order, with a column more that is empty, and instants written otherwise.
    const other = rows(0, 10_000)
      .toReversed()
      .map((line) => `${line.replace('T', ' ').replace('Z', '+00')},`)
    const third = await files.takeText(
      `lead_id,type,occurred_at,page,ref\n${other.join('\n')}\n`,
      { kind: 'events' },
      'three.csv',
    )
    expect(third).toMatchObject({ taken: 0, alreadyHere: 10_000 })
  })

  it('count twice when two rows of one file are equal', async () => {
    const twice = csv([row(1), row(2), row(1)])
    expect(await files.takeText(twice, { kind: 'events' })).toMatchObject({ taken: 3, alreadyHere: 0 })
    expect(await files.takeText(twice, { kind: 'events' })).toMatchObject({ taken: 0, alreadyHere: 3 })
    expect(await files.takeText(csv([row(1), row(1), row(1)]), { kind: 'events' })).toMatchObject({
      taken: 1,
      alreadyHere: 2,
    })
  })

  it('keep their id when the catalog gives a property another type', async () => {
    await files.takeText('lead_id,type,occurred_at,n\nL,t,2024-01-01,07\n', { kind: 'events' })
    await database.query(`update catalog set type = 'number' where name = 'n'`)
    expect(
      await files.takeText('lead_id,type,occurred_at,n\nL,t,2024-01-01,07\n', { kind: 'events' }),
    ).toMatchObject({ taken: 0 })
  })
})

describe('events with ids', () => {
  const csv = (...lines: string[]) => `event_id,lead_id,type,occurred_at,page\n${lines.join('\n')}\n`

  it('the first with an id wins; another that says something else goes to quarantine', async () => {
    const first = await files.takeText(
      csv('1,L,t,2024-01-01,/a', '1,L,t,2024-01-01T00:00Z,/a', '1,L,t,2024-01-01,/b', '2,L,t,2024-01-01,'),
      { kind: 'events' },
    )
    expect(first).toMatchObject({ read: 4, taken: 2, alreadyHere: 1 })
    expect(first.quarantined).toEqual([
      { code: 'EVENT_ID_CONFLICT', reason: 'same event_id as an event that says something else', rows: 1 },
    ])
    const second = await files.takeText(
      csv('1,L,t,2024-01-01,/a', '2,M,t,2024-01-01,', '3,L,t,2024-01-01,/c'),
      { kind: 'events' },
    )
    expect(second).toMatchObject({ taken: 1, alreadyHere: 1, newLeads: 1, quarantined: [{ rows: 1 }] })
    expect(
      await database.query(`select properties ->> 'page' as page from events where event_id = '1'`),
    ).toEqual([{ page: '/a' }])
    expect(
      await database.query(
        `select row_number, content ->> 'event_id' as id from quarantine order by quarantine_id`,
      ),
    ).toEqual([
      { row_number: '3', id: '1' },
      { row_number: '2', id: '2' },
    ])
  })

  it('some with and some without', async () => {
    const report = await files.takeText(
      csv('1,L,t,2024-01-01,/a', ',L,t,2024-01-01,/a', ',L,t,2024-01-01,/a'),
      { kind: 'events' },
    )
    expect(report.taken).toBe(3)
  })
})

it('event types come to be known, and conversions are marked', async () => {
  await files.takeText('lead_id,type,occurred_at\nL,won,2024-01-01\n', { kind: 'events' })
  await files.takeText('deal,type,closed,amount\nL,new business,2024-02-01,"1,000"\n', {
    kind: 'conversions',
    map: { lead_id: 'deal', occurred_at: 'closed', value: 'amount' },
    set: { type: 'won' },
  })
  await files.takeText('lead_id,type,occurred_at\nL,view,2024-01-01\n', { kind: 'events' })
  expect(await database.query('select type, conversion from event_types order by type')).toEqual([
    { type: 'view', conversion: false },
    { type: 'won', conversion: true },
  ])
  const [won] = await database.query(`select properties from events where occurred_at = '2024-02-01'`)
  expect(won).toEqual({ properties: { value: 1000, type: 'new business' } })
})

it('two imports of one file at once take it once', async () => {
  const rows = Array.from({ length: 5_000 }, (_, index) => `${index},L${index},t,2024-01-01`)
  const file = files.write('both.csv', `event_id,lead_id,type,occurred_at\n${rows.join('\n')}\n`)
  const other = files.write(
    'reversed.csv',
    `event_id,lead_id,type,occurred_at\n${rows.toReversed().join('\n')}\n`,
  )
  const reports = await Promise.all([file, other, file].map((name) => files.take(name, { kind: 'events' })))
  expect(reports.map(({ taken }) => taken).sort()).toEqual([0, 0, 5_000])
  expect(await count('leads')).toBe(5_000)
})

it('an import that is killed took nothing, and the next one says so', async () => {
  const rows = Array.from({ length: 30_000 }, (_, index) => `L${index},t,2024-01-01`)
  const file = files.write('killed.csv', `lead_id,type,occurred_at\n${rows.join('\n')}\n`)
  const program = `
    import { openPostgres } from ${JSON.stringify(new URL('../../pipeline/engine.ts', import.meta.url).href)}
    import { importFile } from ${JSON.stringify(new URL('../../pipeline/import/import.ts', import.meta.url).href)}
    const options = { kind: 'events', file: ${JSON.stringify(file)}, map: {}, set: {}, timezone: 'UTC', temporary: ${JSON.stringify(join(files.folder, 'killed'))},
      onProgress: ({ stage }) => { if (stage === 'writing') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20) } }
    await importFile(openPostgres(${JSON.stringify(database.url)}), options)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' })
  expect(await new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)))).toBe('SIGKILL')
  expect(await count('events')).toBe(0)
  expect(await count('leads')).toBe(0)

  await untilAlone()
  const report = await files.take(file, { kind: 'events' })
  expect(report).toMatchObject({ taken: 30_000, interrupted: [{ kind: 'events', source: file }] })
  expect(await database.query('select status from imports order by import_id')).toEqual([
    { status: 'failed' },
    { status: 'done' },
  ])
})

/** The server needs a moment to see that a client is gone. */
async function untilAlone(): Promise<void> {
  const others = async () =>
    (
      await database.query(
        `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
      )
    ).length
  for (let tries = 0; tries < 200 && (await others()) > 0; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
}

it('an import that fails is recorded as failed', async () => {
  const one = openPostgres(database.url, { max: 2 })
  await database.query(
    `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$`,
  )
  await database.query('create trigger refuse before insert on events execute function refuse()')
  const file = files.write('fails.csv', 'lead_id,type,occurred_at\nL,t,2024-01-01\n')
  const failing = importFile(one, {
    kind: 'events',
    file,
    map: {},
    set: {},
    timezone: 'UTC',
    temporary: files.folder,
  })
  await expect(failing).rejects.toThrow('disk full')
  await database.query('drop trigger refuse on events')
  await one.close()
  expect(await database.query('select status, error from imports')).toEqual([
    { status: 'failed', error: 'disk full' },
  ])
  expect(await count('leads')).toBe(0)
  expect(await count('catalog')).toBe(0)
})
