import { resolve } from 'node:path'

export { type LakeState, lakeProperties, readLakeState, rebuildLake, repairLake } from './repair.ts'
export { withoutFiles } from './shown.ts'
export type { Healed, Rebuilt } from './standing.ts'
export { rebuiltReasons } from './standing.ts'
export { type LakeTold, type SyncOptions, type SyncProgress, type SyncResult, syncLake } from './sync.ts'
export { hintOf } from './trouble.ts'
export { type Verified, verifyLake, type WrongFile } from './verify.ts'
export { type ViewOptions, viewLake } from './view.ts'

/** A folder of Parquet files with a copy of the events. It is a cache: it may be deleted at any time. */
export type Lake = { readonly folder: string }

/** Nothing is read or made yet. */
export const openLake = (folder: string): Lake => ({ folder: resolve(folder) })

/** The lake that a project wants; it may want none. */
export const lakeIn = (folder: string | undefined): Lake | undefined =>
  folder === undefined ? undefined : openLake(folder)
