import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Instant } from '../../compiler/index.ts'
import type { Client, Database } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { makeFolder, stillRetired, tidy } from './files.ts'
import type { Lake } from './lake.ts'
import { asWriter } from './lock.ts'
import { joinColumns, type Manifest, type StoredProperty, writeManifest } from './manifest.ts'
import { monthOf, type Period } from './periods.ts'
import { openRenewable } from './renewable.ts'
import { type Healed, type Rebuilt, standing } from './standing.ts'
import { explainTrouble, isOfFiles } from './trouble.ts'
import { bringUp, rowsOf, type Write } from './upkeep.ts'

export type SyncOptions = {
  readonly horizon: string
  /** A lake that reaches further stays as it is; else it is written anew, since readers want exactly the horizon. */
  readonly orFurther?: boolean
  /** What definitions read: each is a column afterwards. */
  readonly properties: readonly StoredProperty[]
  /** Writes everything anew, and no column that is not named. */
  readonly rebuild?: boolean
  /** Periods whose files are to be written anew from Postgres. */
  readonly suspect?: readonly Period[]
  /** Whose month has a file for each day; the database's clock, if left out. */
  readonly asOf?: Instant
  readonly waitMilliseconds?: number
  /** What DuckDB may take. */
  readonly memory?: string
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined
  /** Takes a connection and gives one that behaves the same, for whoever wants to know what is executed. */
  readonly watch?: (<T extends object>(connection: T) => T) | undefined
  /** Told before each step begins. Crash tests end the process here. */
  readonly onStep?: ((step: string) => void | Promise<void>) | undefined
}
export type SyncProgress = {
  readonly step: 'check' | 'copy' | 'write'
  readonly done: number
  readonly total: number
}

export type SyncResult = {
  readonly horizon: string
  readonly events: number
  readonly files: number
  readonly bytes: number
  /** How many events came out of Postgres: those that arrived, or were in files that had to be written anew. */
  readonly copied: number
  /** Periods whose file was written. */
  readonly written: readonly Period[]
  /** Files that were missing, damaged, or not what Postgres has. */
  readonly healed: readonly Healed[]
  /** Why everything was written anew. */
  readonly rebuilt: Rebuilt | null
}

/** What a run has to tell of it afterwards. */
export type LakeTold = Pick<SyncResult, 'healed' | 'rebuilt'> & { readonly files: number }

/**
 * Brings the lake up to exactly the horizon: adds what arrived, heals what is missing or damaged, and has a column for
 * every property. Its readers see it as it was until all of that is written.
 */
export async function syncLake(database: Database, lake: Lake, options: SyncOptions): Promise<SyncResult> {
  const once = (again?: Rebuilt) => {
    const { waitMilliseconds = 60_000, watch = unwatched } = options
    const { signal } = database
    return database.session((session) => {
      const client = watch(session)
      return asWriter(client, lake.folder, waitMilliseconds, () =>
        write(client, lake, { ...options, again, signal }),
      )
    })
  }
  try {
    await makeFolder(join(lake.folder, 'events'))
    return await once().catch((error: unknown) => {
      if (isOfFiles(error)) return once('failed')
      throw error
    })
  } catch (error) {
    throw explainTrouble(error, lake.folder)
  }
}

const unwatched = <T>(connection: T): T => connection

type Asked = SyncOptions & {
  readonly again?: Rebuilt | undefined
  readonly signal: AbortSignal | undefined
}

async function write(client: Client, { folder }: Lake, asked: Asked): Promise<SyncResult> {
  await asked.onStep?.('check')
  asked.onProgress?.({ step: 'check', done: 0, total: 1 })
  const found = await standing(client, folder, asked)
  const options = { ...asked, horizon: found.horizon }
  // First of all: it may be what killed writers left that fills the disk.
  await tidy(folder, found.before)
  const work = join(folder, `work-${found.announced.mark}`)
  await makeFolder(work)
  const { memory, signal, watch = unwatched } = options
  const duckdb = watch(await openRenewable({ temporary: join(work, 'spill'), memory, signal }))
  try {
    const going = begin({ client, duckdb, folder, work, options, found })
    const copied = await bringUp(going)
    return { ...(await conclude(going)), copied }
  } finally {
    duckdb.close()
    await rm(work, { recursive: true, force: true })
  }
}

function begin(given: Pick<Write, 'client' | 'duckdb' | 'folder' | 'work' | 'options' | 'found'>): Write {
  const { found, options } = given
  const before = found.rebuilt ? [] : (found.before?.files ?? [])
  const stay = options.rebuild ? [] : (found.before?.columns ?? [])
  const months = before.map(({ period }) => period).filter((period) => period === monthOf(period))
  return {
    ...given,
    columns: joinColumns(stay, options.properties),
    layout: { current: monthOf(options.asOf ?? found.announced.now), months: new Set(months) },
    files: new Map(before.map((file) => [file.period, file])),
    written: new Set(),
    healed: [...found.damaged],
  }
}

/** The manifest is the last to be written: until then nobody reads any of it. */
async function conclude(going: Write): Promise<Omit<SyncResult, 'copied'>> {
  const { client, folder, options, found, columns, written, healed } = going
  const { announced, before, rebuilt } = found
  const files = [...going.files.values()].sort((a, b) => (a.period < b.period ? -1 : 1))
  const manifest: Manifest = {
    format: 1,
    lake: announced.lake,
    token: announced.token,
    generation: announced.generation,
    system_identifier: announced.systemIdentifier,
    horizon: options.horizon,
    written_at: announced.now,
    columns: [...columns],
    files,
    retired: stillRetired(before, files, announced.now),
  }
  await options.onStep?.('manifest')
  const { rowCount } = await client.query(statement('lake/still'), [announced.lake, announced.generation])
  if (rowCount === 0)
    throw new UserError({ code: 'LAKE_BUSY', message: 'Another process took over the lake.' })
  await options.onStep?.('rename')
  await writeManifest(folder, manifest)
  await options.onStep?.('note')
  const events = rowsOf(going)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const noted = [announced.lake, announced.generation, options.horizon, events, bytes]
  await client.query(statement('lake/end'), noted)
  await options.onStep?.('tidy')
  await tidy(folder, manifest)
  await options.onStep?.('end')
  const { horizon } = options
  return { horizon, events, files: files.length, bytes, written: [...written], healed, rebuilt }
}
