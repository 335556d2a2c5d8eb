import { UserError } from '../errors.ts'

/** What keeps the lake from being used, as something that somebody can do something about; anything else as it is. */
export function explainTrouble(error: unknown, folder: string): unknown {
  if (error instanceof UserError) return error
  const { code } = error as { code?: string }
  const message = error instanceof Error ? error.message : String(error)
  const said = (name: string, text: string, hint: string) =>
    new UserError({ code: name, message: text, hint, where: folder, cause: error })
  if (
    ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code ?? '') ||
    /no space left|quota exceeded|file too large|max_temp_directory_size/i.test(message)
  )
    return said(
      'LAKE_DISK_FULL',
      'The disk of the lake is full.',
      'Make room there, or name another folder: lake: DIR.',
    )
  if (
    ['EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EEXIST'].includes(code ?? '') ||
    /read-only file system|permission denied/i.test(message)
  )
    return said(
      'LAKE_NOT_WRITABLE',
      "The lake's folder can't be written.",
      'Name another folder: lake: DIR; or lake: none.',
    )
  if (/^out of memory error|out of memory/i.test(message))
    return said(
      'LAKE_MEMORY',
      'Writing the lake took more memory than it may take.',
      'Free memory, or set lake: none.',
    )
  return error
}

/** Whether it may be the files that are there: then it helps to write them anew. */
export function isOfFiles(error: unknown): boolean {
  if (error instanceof UserError) return error.code === 'LAKE_DIFFERS'
  const { severity } = error as { severity?: string }
  // Postgres says how severe an error is, the operating system has codes; DuckDB has neither.
  const ofDuckdb = severity === undefined && error instanceof Error && / Error: /.test(error.message)
  return ofDuckdb && explainTrouble(error, '') === error
}
