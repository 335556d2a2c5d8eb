import { relative } from 'node:path'
import { UserError } from '../errors.ts'

type System = { readonly code?: string; readonly path?: string }

/** What keeps the lake from being used, as something that somebody can do something about; anything else as it is. */
export function explainTrouble(error: unknown, folder: string): unknown {
  if (error instanceof UserError) return error
  const { code } = error as System
  const message = error instanceof Error ? error.message : String(error)
  if (
    ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code ?? '') ||
    /no space left|quota exceeded|file too large|max_temp_directory_size/i.test(message)
  )
    return trouble('LAKE_DISK_FULL', 'The disk of the lake is full.', folder, error)
  const reason = reasonOf(error as System, folder)
  if (reason !== undefined || /read-only file system|permission denied/i.test(message))
    return trouble('LAKE_NOT_WRITABLE', sentence("The lake's folder can't be written", reason), folder, error)
  if (/^out of memory error|out of memory/i.test(message))
    return trouble('LAKE_MEMORY', 'Writing the lake took more memory than it may take.', folder, error)
  return error
}

/** The same of a file that was only to be read. */
export function explainReading(error: unknown, folder: string, path: string): unknown {
  const reason = reasonOf({ ...(error as System), path }, folder)
  if (reason === undefined) return error
  return trouble('LAKE_UNREADABLE', sentence("The lake's folder can't be read", reason), folder, error)
}

const trouble = (code: string, message: string, where: string, cause: unknown): UserError =>
  new UserError({ code, message, hint: hintOf(code), where, cause })

const sentence = (what: string, reason: string | undefined): string =>
  reason === undefined ? `${what}.` : `${what}: ${reason}.`

/** Why the system refuses, in words; undefined for what it is not known for. */
function reasonOf({ code = '', path }: System, folder: string): string | undefined {
  const inside = path?.startsWith(folder) ? relative(folder, path) : ''
  const reasons: Record<string, string> = {
    EROFS: 'its file system is read-only',
    EACCES: 'this user may not',
    EPERM: 'this user may not',
    ENOTDIR: 'a file lies where a folder is needed',
    EEXIST: 'a file lies where a folder is needed',
    EISDIR: `${inside || 'what should be a file'} is a folder`,
  }
  return reasons[code]
}

const hints: Record<string, string> = {
  LAKE_DISK_FULL: 'Make room there, or name another folder: lake: DIR.',
  LAKE_NOT_WRITABLE: 'Let this user write there, or name another folder: lake: DIR; or lake: none.',
  LAKE_UNREADABLE:
    'Let this user read it; if something else lies in its place, remove that: the next full run writes the lake anew.',
  LAKE_MEMORY: 'Free memory, let DuckDB take more (`memory` in tideline.yaml), or set lake: none.',
  LAKE_BUSY: 'The next full run uses it again, once whoever writes it is done.',
}

/** What to do about a lake that could not be used, by the code of why. */
export const hintOf = (code: string): string =>
  hints[code] ?? '`tideline lake rebuild` writes all of it anew; should that not help, set lake: none.'

/** Whether it may be the files that are there: then it helps to write them anew. */
export function isOfFiles(error: unknown): boolean {
  if (error instanceof UserError) return error.code === 'LAKE_DIFFERS'
  const { severity } = error as { severity?: string }
  // Postgres says how severe an error is, the operating system has codes; DuckDB has neither.
  const ofDuckdb = severity === undefined && error instanceof Error && / Error: /.test(error.message)
  return ofDuckdb && explainTrouble(error, '') === error
}
