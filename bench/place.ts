import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { packageFolder, readConfig } from '../config.ts'
import { applySources } from '../pipeline/apply.ts'
import { removeServer, serverStatus, startServer, stopServer } from '../pipeline/embedded.ts'
import { type Database, openPostgres } from '../pipeline/engine.ts'
import { migrate } from '../pipeline/migrate.ts'
import { findProject, projectFile } from '../pipeline/project/settings.ts'
import { readSources } from '../pipeline/project/sources.ts'
import { loadWorld } from './load.ts'
import type { Size } from './words.ts'

/** A project with its world and its own server. */
export type Place = {
  readonly folder: string
  readonly database: Database
  readonly postmaster: number | undefined
  /** Where Postgres and DuckDB put files for a while. */
  readonly temporaryFolders: readonly string[]
  readonly lake: string
  /** How long it took to make it; undefined if it was there. */
  readonly made: number | undefined
  /** Stops the server, and removes everything unless it is to be kept. */
  leave(): Promise<void>
}

/** Opens the world in `kept`, and makes it if there is none of this size yet; without a folder in one of its own. */
export async function openPlace(
  size: Size,
  kept: string | undefined,
  say: (what: string) => void,
): Promise<Place> {
  const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'tideline-bench-')) : resolve(kept)
  const asked = JSON.stringify(size)
  const found = worldIn(folder)
  if (found !== undefined && found.size !== asked)
    throw new Error(`${folder} holds another world: ${found.size}`)
  if (found === undefined && existsSync(join(folder, projectFile))) {
    throw new Error(`${folder} holds a project of somebody's.`)
  }
  prepare(folder)
  const state = join(folder, '.tideline')
  const remember = (finished: boolean) =>
    writeFileSync(join(folder, marker), JSON.stringify({ size: asked, finished }))
  if (!found?.finished) remember(false)
  const started = performance.now()
  const { url } = await startServer({
    folder: state,
    binaries: readConfig().postgresBinaries,
    idleMinutes: 240,
  })
  const database = openPostgres(url)
  const leave = async () => {
    await database.close()
    if (kept !== undefined) return void (await stopServer(state))
    await removeServer(state)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await migrate(database)
    if (!found?.finished) {
      await loadWorld(database, size, join(state, 'tmp'), say)
      await applyProject(folder, database)
      await database.query('checkpoint')
      remember(true)
    }
  } catch (error) {
    await leave()
    throw error
  }
  const { pid, place } = await serverStatus(state)
  return {
    folder,
    database,
    postmaster: pid,
    temporaryFolders: [join(state, 'tmp'), join(place ?? state, 'data', 'base', 'pgsql_tmp')],
    lake: join(state, 'lake'),
    made: found?.finished ? undefined : performance.now() - started,
    leave,
  }
}

const marker = 'bench.json'

/** One that was interrupted is made anew. */
function worldIn(folder: string): { size: string; finished: boolean } | undefined {
  const file = join(folder, marker)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

function prepare(folder: string): void {
  mkdirSync(folder, { recursive: true })
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755)
  cpSync(join(packageFolder, 'bench', 'project'), folder, { recursive: true })
}

async function applyProject(folder: string, database: Database): Promise<void> {
  const project = findProject(folder, folder)
  const { warnings } = await applySources(database, readSources(project), project.settings.timezone, 'bench')
  for (const { code, message } of warnings) console.error(`  ${code}: ${message}`)
}
