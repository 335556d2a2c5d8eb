import { plan } from '../../compiler/index.ts'
import type { Database } from '../engine.ts'
import { pinDefinitions } from '../runs/definitions.ts'
import { readLastApplied } from '../runs/instants.ts'
import { countFiles } from './files.ts'
import type { Lake } from './lake.ts'
import { readManifest, type StoredProperty } from './manifest.ts'
import { type SyncOptions, type SyncResult, syncLake } from './sync.ts'
import { verifyLake } from './verify.ts'

type RepairOptions = Omit<SyncOptions, 'horizon' | 'suspect' | 'rebuild'> & { readonly temporary: string }

/** Compares the lake with Postgres, and writes anew whatever is not the same. It reaches as far as it did. */
export async function repairLake(
  database: Database,
  lake: Lake,
  options: RepairOptions,
): Promise<SyncResult> {
  const { temporary, onProgress, ...rest } = options
  const verified = await verifyLake(database, lake, {
    temporary,
    onProgress: (done, total) => onProgress?.({ step: 'check', done, total }),
  })
  return syncLake(database, lake, {
    ...rest,
    onProgress,
    horizon: verified.horizon ?? (await reach(database)),
    // A run may have brought it up to its own horizon since it was compared.
    orFurther: true,
    suspect: verified.wrong.map(({ period }) => period),
  })
}

/** Writes all of the lake anew, as far as the last run saw; columns that no definition reads any more are left out. */
export async function rebuildLake(
  database: Database,
  lake: Lake,
  options: Omit<RepairOptions, 'temporary'>,
): Promise<SyncResult> {
  return syncLake(database, lake, { ...options, rebuild: true, horizon: await reach(database) })
}

/** The last run's horizon, so that what it still has to roll up finds what it saw; before the first run the present. */
async function reach(database: Database): Promise<string> {
  const last = await database.session(readLastApplied)
  const present = BigInt(last.next_horizon)
  const applied = last.horizon === null ? present : BigInt(last.horizon)
  return String(applied < present ? applied : present)
}

/** What the current definitions read of events: the columns that the lake needs. */
export async function lakeProperties(database: Database): Promise<readonly StoredProperty[]> {
  const { segments, scores, references } = await pinDefinitions(database)
  return plan(segments, scores, references).properties
}

export type LakeState = {
  readonly folder: string
  readonly state: 'ok' | 'missing' | 'unreadable' | 'format'
  readonly horizon: string | null
  readonly writtenAt: string | null
  readonly events: number
  readonly files: number
  readonly bytes: number
  readonly columns: number
  /** When the file that was compared with Postgres longest ago was. */
  readonly comparedAt: string | null
  /** Files that lie there while no manifest says what they hold. */
  readonly strays: number
}

/** What the lake's manifest says of it; its files are not looked at. Throws LAKE_UNREADABLE. */
export async function readLakeState({ folder }: Lake): Promise<LakeState> {
  const manifest = await readManifest(folder)
  if (typeof manifest === 'string') {
    const none = { horizon: null, writtenAt: null, events: 0, files: 0, bytes: 0, columns: 0 }
    return { folder, state: manifest, ...none, comparedAt: null, strays: await countFiles(folder) }
  }
  const { files, horizon, written_at, columns } = manifest
  const [comparedAt = null] = files.map((file) => file.verified_at).sort()
  return {
    ...{ folder, state: 'ok', horizon, writtenAt: written_at, comparedAt, strays: 0 },
    events: files.reduce((sum, { rows }) => sum + rows, 0),
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    columns: columns.length,
  }
}
