import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse } from '../../compiler/parse.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { bundled, type Migrations, migrate, pendingMigrations } from '../../pipeline/migrate.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'

const dump = readFileSync(new URL('../support/schema_dump.sql', import.meta.url), 'utf8')
const names = bundled().migrations.map(({ name }) => name)

describe('the migrations', () => {
  it('result in the schema that is committed', async () => {
    const database = await opened(testDatabase())
    const objects = await database.query<{ text: string }>(dump)
    const text = `${objects.map((object) => object.text).join('\n\n')}\n`
    // After a change: npm test -- -u test/pipeline/migrate.test.ts
    await expect(text).toMatchFileSnapshot('../../sql/schema.dump.sql')
  })

  it('are applied once when two processes start at once', async () => {
    const database = await opened(emptyDatabase())
    const other = await opened(openPostgres(database.url))
    expect(await pendingMigrations(database)).toEqual(names)
    const results = await Promise.all([migrate(database), migrate(other)])
    expect(results.map(({ applied }) => applied).sort((a, b) => a.length - b.length)).toEqual([[], names])
    expect(await pendingMigrations(database)).toEqual([])
    expect(await migrate(database)).toEqual({ applied: [] })
  })

  it('go into the schema that is asked for, and two stand side by side', async () => {
    const database = await opened(emptyDatabase())
    const other = await opened(openPostgres(database.url, { schema: 'second' }))
    expect(await migrate(database)).toEqual({ applied: names })
    expect(await migrate(other)).toEqual({ applied: names })
  })

  it('leave nothing behind when one of them fails', async () => {
    const database = await opened(emptyDatabase())
    await migrate(database, first)
    const broken = {
      ...first,
      migrations: [...first.migrations, { name: '0002_more', text: 'create table more (); select 1 / 0' }],
    }
    await expect(migrate(database, broken)).rejects.toMatchObject({ code: '22012' })
    expect(await database.query("select to_regclass('more') as more")).toEqual([{ more: null }])
    expect(await pendingMigrations(database, first)).toEqual([])
  })

  it('are refused once edited', async () => {
    const database = await opened(emptyDatabase())
    await migrate(database, first)
    const edited = { ...first, migrations: [{ ...first.migrations[0]!, text: 'create table one (id int8)' }] }
    await expect(migrate(database, edited)).rejects.toMatchObject({ code: 'MIGRATION_EDITED' })
    await expect(pendingMigrations(database, edited)).rejects.toMatchObject({ code: 'MIGRATION_EDITED' })
  })

  it('are refused by an older Tideline', async () => {
    const database = await opened(emptyDatabase())
    await migrate(database, {
      ...first,
      migrations: [...first.migrations, { name: '0002_future', text: 'select 1' }],
    })
    await expect(migrate(database, first)).rejects.toMatchObject({ code: 'DATABASE_IS_NEWER' })
  })
})

describe('stored definitions', () => {
  it('take the shape that the language has now, and mean what they meant', async () => {
    const database = await opened(emptyDatabase())
    const all = bundled()
    const before = all.migrations.findIndex(({ name }) => name.endsWith('_trees'))
    await migrate(database, { migrations: all.migrations.slice(0, before), views: [] })
    await database.query(`insert into segments (key, name, version) values ('a', 'A', 1)`)
    const ago = (amount: number) => ({ amount, unit: 'day' })
    const tree = {
      kind: 'all',
      of: [
        { kind: 'did', event: 'say "within": {"unit"', within: ago(7), times: { op: 'at least', n: 2 } },
        { kind: 'did', event: 'b' },
        { kind: 'last_activity', is: 'within', duration: ago(1) },
        { kind: 'not', of: { kind: 'last_activity', is: 'more than', duration: ago(2) } },
        { kind: 'last_activity', is: 'not within', duration: ago(3) },
        { kind: 'first_seen', is: 'within', duration: ago(4) },
        { kind: 'first_seen', is: 'more than', duration: ago(5) },
      ],
    }
    await database.query(
      `insert into segment_versions (segment_id, version, definition, tree, fingerprint) values (1, 1, '', $1::jsonb, '')`,
      [JSON.stringify(tree)],
    )
    await migrate(database)
    const [stored] = await database.query<{ tree: object }>('select tree from segment_versions')
    const text = [
      'did `say "within": {"unit"` at least 2 times within 7 days and did b and last activity within 1 day',
      'and not last activity more than 2 days ago and no activity within 3 days',
      'and first seen within 4 days and first seen more than 5 days ago',
    ]
    expect({ definition: stored?.tree }).toEqual(parse(text.join(' ')))
  })
})

describe('the views', () => {
  it('are made anew when one changes, also below a migration that changes their tables', async () => {
    const database = await opened(emptyDatabase())
    await migrate(database, first)
    const changed = { ...first, views: [view('a', 'select 2 as two'), view('b', 'select two from a')] }
    expect(await pendingMigrations(database, changed)).toEqual(['views'])
    await migrate(database, changed)
    expect(await pendingMigrations(database, changed)).toEqual([])
    expect(await database.query('select * from b')).toEqual([{ two: 2 }])

    const migrations = [
      ...first.migrations,
      { name: '0002_type', text: 'alter table one alter id type text' },
    ]
    await migrate(database, { migrations, views: [view('c', 'select id from one')] })
    expect(await database.query("select to_regclass('a') as a, to_regclass('b') as b")).toEqual([
      { a: null, b: null },
    ])
    expect(await database.query('select * from c')).toEqual([])
  })
})

const view = (name: string, query: string) => ({ name, text: `create view ${name} as ${query}` })
const first: Migrations = {
  migrations: [{ name: '0001_one', text: 'create table one (id integer)' }],
  views: [view('a', 'select id from one'), view('b', 'select id from a')],
}

async function opened(database: Database | Promise<Database>): Promise<Database> {
  const open = await database
  onTestFinished(() => open.close())
  return open
}
