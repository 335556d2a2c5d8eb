import { createHash } from 'node:crypto'
import { tooOld } from './embedded/binaries.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'
import { statement, statements } from './sql.ts'

export type Migration = { readonly name: string; readonly text: string }

/** What this Tideline brings along. Views are made anew when one of them, or anything below them, has changed. */
export type Migrations = { readonly migrations: readonly Migration[]; readonly views: readonly Migration[] }

/**
 * Brings the schema up to date: all or nothing, in one transaction, and safe when several processes start at once.
 * Returns the names of what was applied.
 */
export function migrate(database: Database, source: Migrations = bundled()): Promise<{ applied: string[] }> {
  return database.transaction(async (client) => {
    await client.query(statement('migrate/lock'), [database.schema])
    const { schema_exists, create_schema } = await inspect(client, database.schema)
    if (!schema_exists) await client.query(create_schema)
    await client.query(statement('migrate/table'))
    const recorded = await readRecorded(client)
    const pending = pendingOf(recorded, source)
    if (pending.length > 0 || viewsDiffer(recorded, source)) {
      await dropViews(client, recorded, source)
      for (const migration of pending) await apply(client, migration, migration.name)
      for (const view of source.views) await apply(client, view, `views/${view.name}`)
    }
    return { applied: pending.map(({ name }) => name) }
  })
}

/** What `migrate` would apply: names of migrations, or `views`. Changes nothing. Refuses what `migrate` would refuse. */
export function pendingMigrations(database: Database, source: Migrations = bundled()): Promise<string[]> {
  return database.session(async (client) => {
    const { table_exists } = await inspect(client, database.schema)
    const recorded = table_exists ? await readRecorded(client) : new Map<string, string>()
    const pending = pendingOf(recorded, source).map(({ name }) => name)
    return pending.length === 0 && viewsDiffer(recorded, source) ? ['views'] : pending
  })
}

export const bundled = (): Migrations => ({
  migrations: statements('migrations'),
  views: statements('views'),
})

type Inspection = {
  version: string
  version_number: number
  schema_exists: boolean
  table_exists: boolean
  create_schema: string
}

async function inspect(client: Client, schema: string): Promise<Inspection> {
  const found = (await client.query<Inspection>(statement('migrate/inspect'), [schema])).rows[0]!
  if (found.version_number < 170_000) throw tooOld(found.version)
  return found
}

async function readRecorded(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; sha256: string }>(statement('migrate/applied'))
  return new Map(rows.map(({ name, sha256 }) => [name, sha256]))
}

function pendingOf(recorded: ReadonlyMap<string, string>, source: Migrations): Migration[] {
  const ours = new Set(source.migrations.map(({ name }) => name))
  const foreign = [...recorded.keys()].filter((name) => !isView(name) && !ours.has(name))
  if (foreign.length > 0) throw fromTheFuture(foreign)
  const edited = source.migrations.find(({ name, text }) => (recorded.get(name) ?? hash(text)) !== hash(text))
  if (edited) throw wasEdited(edited.name)
  return source.migrations.filter(({ name }) => !recorded.has(name))
}

function viewsDiffer(recorded: ReadonlyMap<string, string>, source: Migrations): boolean {
  const recordedViews = [...recorded.keys()].filter(isView)
  return (
    recordedViews.length !== source.views.length ||
    source.views.some(({ name, text }) => recorded.get(`views/${name}`) !== hash(text))
  )
}

/** Backwards, because a view may stand on one before it. Those this version doesn't know any more go too. */
async function dropViews(
  client: Client,
  recorded: ReadonlyMap<string, string>,
  source: Migrations,
): Promise<void> {
  const old = [...recorded.keys()].filter(isView).map((name) => name.slice('views/'.length))
  const names = new Set([...source.views.map(({ name }) => name), ...old])
  for (const name of [...names].sort().reverse()) {
    const { rows } = await client.query<{ drop_view: string }>(statement('migrate/drop_view'), [name])
    await client.query(rows[0]!.drop_view)
  }
}

async function apply(client: Client, migration: Migration, name: string): Promise<void> {
  await client.query(migration.text)
  await client.query(statement('migrate/record'), [name, hash(migration.text)])
}

const isView = (name: string) => name.startsWith('views/')
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

function fromTheFuture(names: readonly string[]): UserError {
  return new UserError({
    code: 'DATABASE_IS_NEWER',
    message: `A newer Tideline has migrated this database: it has ${names.join(', ')}, which this version doesn't know.`,
    hint: 'Install that version (or a later one), or use another schema or database.',
  })
}

function wasEdited(name: string): UserError {
  return new UserError({
    code: 'MIGRATION_EDITED',
    message: `The migration ${name} was changed after it had been applied to this database.`,
    hint: 'Restore the file and write a new migration; a database made only for trying out can be dropped and made anew.',
  })
}
