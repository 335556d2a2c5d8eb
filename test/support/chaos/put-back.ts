import { openPostgres } from '../../../pipeline/engine.ts'
import { migrate } from '../../../pipeline/migrate.ts'
import { restore } from '../restore.ts'
import { count, type Kept, type Setting } from './setting.ts'

/**
 * The database is dumped, and some rounds later put back as it was then, under another name. What was given to it since
 * is gone; the lake has stayed, and knows too much.
 */
export async function dumpOrPutBack(setting: Setting): Promise<void> {
  if (setting.kept === undefined) {
    setting.log('  dump')
    setting.kept = await dump(setting)
    return
  }
  setting.log(`  put back as of ${setting.kept.now}`)
  count(setting, 'put back')
  const { database, events, leads, now, definitions } = setting.kept
  await setting.database.close()
  Object.assign(setting, { database, leads, now, definitions, kept: undefined })
  setting.events.clear()
  for (const [id, row] of events) setting.events.set(id, row)
}

async function dump(setting: Setting): Promise<Kept> {
  const { leads, now, definitions } = setting
  const url = new URL(setting.database.url)
  url.pathname = `/kept_${setting.files++}`
  await setting.database.query(`create database ${url.pathname.slice(1)}`)
  const database = openPostgres(url.href, { max: 8 })
  await migrate(database)
  await restore(setting.database, database)
  return { database, events: new Map(setting.events), leads, now, definitions }
}
