import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { inject } from 'vitest'
import { readConfig } from '../../config.ts'
import { startServer } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { migrate } from '../../pipeline/migrate.ts'

const template = 'tideline_template'
let server: Promise<string> | undefined

/** A fresh migrated database of its own. `close()` drops it. */
export async function testDatabase(options: { max?: number } = {}): Promise<Database> {
  server ??= startTestServer()
  return freshDatabase(await server, copyOf(template), options)
}

/** A database of its own with nothing in it. `close()` drops it. */
export async function emptyDatabase(options: { max?: number } = {}): Promise<Database> {
  server ??= startTestServer()
  return freshDatabase(await server, '', options)
}

/** Makes copies of one migrated database, which is filled once. */
export async function copiesOf(
  make: (database: Database) => Promise<unknown>,
): Promise<(options?: { max?: number }) => Promise<Database>> {
  server ??= startTestServer()
  const [url, name] = [await server, someName()]
  await administer(url, `create database ${name} ${copyOf(template)}`)
  const origin = openPostgres(withName(url, name))
  await make(origin).finally(() => origin.close())
  return (options = {}) => freshDatabase(url, copyOf(name), options)
}

/** As files: through the log takes three times as long. */
const copyOf = (name: string) => `template ${name} strategy file_copy`

const someName = () => `test_${randomBytes(6).toString('hex')}`

async function freshDatabase(url: string, origin: string, options: { max?: number }): Promise<Database> {
  const name = someName()
  await administer(url, `create database ${name} ${origin}`)
  const database = openPostgres(withName(url, name), options)
  return {
    ...database,
    async close() {
      await database.close()
      await administer(url, `drop database ${name} with (force)`)
    },
  }
}

/** This vitest worker's own server, with the template. Losing its data on a crash is no loss. */
async function startTestServer(): Promise<string> {
  const { url } = await startServer({
    folder: join(inject('servers'), `worker-${process.env.VITEST_POOL_ID}`),
    binaries: readConfig().postgresBinaries,
    idleMinutes: 10,
    settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '128MB', max_wal_size: '512MB' },
  })
  const database = openPostgres(withName(url, 'postgres'), { max: 1 })
  const [made] = await database.query('select from pg_database where datname = $1', [template])
  if (!made) {
    await database.query('create database template_making')
    const making = openPostgres(withName(url, 'template_making'), { max: 1 })
    await migrate(making).finally(() => making.close())
    await database.query(`alter database template_making rename to ${template}`)
  }
  await database.close()
  return url
}

async function administer(url: string, text: string): Promise<void> {
  const database = openPostgres(withName(url, 'postgres'), { max: 1 })
  await database.query(text).finally(() => database.close())
}

function withName(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
