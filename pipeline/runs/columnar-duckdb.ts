import type { QueryPlan } from '../../compiler/index.ts'
import { type Duckdb, openDuckdb } from '../engine.ts'
import { UserError } from '../errors.ts'
import { type Lake, withoutFiles } from '../lake/lake.ts'
import { inFolder } from '../temporary.ts'
import type { Chosen } from './mode.ts'
import type { Shown } from './steps.ts'

/** Makes the relations in DuckDB that a plan's statement reads. */
export type Relate = (duckdb: Duckdb, folder: string, plan: QueryPlan) => Promise<void>

/** A chunk of leads needs half of it; what is sorted as a whole goes on disk beyond it. */
const usualMemory = '1GB'

type Opening = { readonly memory?: string | undefined; readonly signal?: AbortSignal | undefined }

/** A DuckDB of its own, with a folder for its files; both are gone afterwards. */
export function inDuckdb<T>(
  temporary: string,
  work: (duckdb: Duckdb, folder: string) => Promise<T>,
  { memory = usualMemory, signal }: Opening = {},
): Promise<T> {
  return inFolder(temporary, 'columns', async (folder) => {
    const duckdb = await openDuckdb({ temporary: folder, memory, signal })
    try {
      await duckdb.run('set preserve_insertion_order = false')
      return await work(duckdb, folder)
    } finally {
      duckdb.close()
    }
  })
}

/** How statements are kept: their folder, and the files of the lake, are others in each run. */
export const shownIn =
  (folder: string, lake: Lake | undefined): Shown =>
  (text) => {
    const kept = text.replaceAll(folder, '…')
    return lake ? withoutFiles(kept, lake.folder) : kept
  }

/**
 * Why the lake could not be used, where Postgres can do the same; undefined for what nothing helps against: a lost
 * connection, a lost lease, a defect of ours outside of DuckDB.
 */
export function lakeFailure(error: unknown): Chosen | undefined {
  if (error instanceof UserError) {
    return error.code.startsWith('LAKE_') ? { code: error.code, message: error.message } : undefined
  }
  const { code, message, severity } = (error ?? {}) as Record<'code' | 'message' | 'severity', unknown>
  // Postgres says how severe an error is; nobody else does.
  if (severity !== undefined || typeof message !== 'string') return undefined
  if (full.test(message) || code === 'EDQUOT' || code === 'EFBIG')
    return { code: 'LAKE_DISK_FULL', message: 'There was no room on the disk for evaluating in DuckDB.' }
  if (/^out of memory error/i.test(message))
    return { code: 'LAKE_MEMORY', message: 'Evaluating in DuckDB took more memory than it may take.' }
  if (typeof code === 'string' && files.has(code))
    return { code: 'LAKE_UNREADABLE', message: `Files of the lake could not be read or written (${code}).` }
  const kind = /^([A-Z][A-Za-z]*(?: [A-Za-z]+)*) Error: /.exec(message)?.[1]
  if (kind === undefined) return undefined
  return { code: 'LAKE_FAILED', message: `DuckDB could not evaluate (${kind.toLowerCase()} error).` }
}

const full = /no space left|max_temp_directory_size|quota exceeded|file too large/i
const files = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'EISDIR'])
