import { randomBytes } from 'node:crypto'
import { type Database, openPostgres } from '../../pipeline/engine.ts'
import { migrate } from '../../pipeline/migrate.ts'
import { emptyDatabase } from './database.ts'

/**
 * A migrated database whose own locale is this one of ICU: in Turkish `lower('I')` is ı, in Swedish ö stands behind z
 * and text is in no order of its bytes. `close()` drops it.
 */
export async function databaseIn(locale: string): Promise<Database> {
  const home = await emptyDatabase({ max: 1 })
  const name = `test_${locale.replace('-', '_').toLowerCase()}_${randomBytes(4).toString('hex')}`
  await home.query(
    `create database ${name} template template0 encoding 'UTF8' locale 'C' locale_provider icu icu_locale '${locale}'`,
  )
  const url = new URL(home.url)
  url.pathname = `/${name}`
  const database = openPostgres(url.href)
  await migrate(database)
  return {
    ...database,
    async close() {
      await database.close()
      await home.query(`drop database ${name} with (force)`)
      await home.close()
    },
  }
}
