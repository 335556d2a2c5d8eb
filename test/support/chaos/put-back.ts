import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../../pipeline/engine.ts'
import { migrate } from '../../../pipeline/migrate.ts'
import { restore } from '../restore.ts'
import { count, type Kept, type Setting, serverSettings } from './setting.ts'

/**
 * The database is dumped, and some rounds later put back as it was then: under another name, or in another cluster. What
 * was given to it since is gone; the lake has stayed, and knows too much.
 */
export async function dumpOrPutBack(setting: Setting): Promise<void> {
  if (setting.kept === undefined) {
    setting.log('  dump')
    setting.kept = await dump(setting)
    return
  }
  const { database, events, ...rest } = setting.kept
  const elsewhere = setting.random.chance(0.5)
  setting.log(`  put back as of ${rest.now}${elsewhere ? ' in another cluster' : ''}`)
  count(setting, elsewhere ? 'put back in another cluster' : 'put back')
  await setting.database.close()
  Object.assign(setting, rest, {
    kept: undefined,
    database: elsewhere ? await moved(setting, database) : database,
  })
  setting.events.clear()
  for (const [id, row] of events) setting.events.set(id, row)
}

async function dump(setting: Setting): Promise<Kept> {
  const { leads, now, definitions, scoring, paused } = setting
  const database = await copyOf(setting.database, setting.database.url, `kept_${setting.files++}`)
  return { database, events: new Map(setting.events), leads, now, definitions, scoring, paused }
}

/** From now on this is the server; the one before goes on, with nothing in it that anybody asks for. */
async function moved(setting: Setting, from: Database): Promise<Database> {
  setting.server = join(setting.folder, `elsewhere-${setting.servers.length}`, '.tideline')
  setting.servers.push(setting.server)
  mkdirSync(join(setting.server, '..'))
  const { binaries } = setting
  const { url } = await startServer({ folder: setting.server, binaries, ...serverSettings })
  const database = await copyOf(from, url, 'moved')
  await from.close()
  return database
}

async function copyOf(from: Database, url: string, name: string): Promise<Database> {
  const there = openPostgres(url, { max: 1 })
  await there.query(`create database ${name}`)
  await there.close()
  const named = new URL(url)
  named.pathname = `/${name}`
  const database = openPostgres(named.href, { max: 8 })
  await migrate(database)
  await restore(from, database)
  return database
}
