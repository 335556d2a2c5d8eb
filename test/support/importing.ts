import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import { type ImportOptions, importFile } from '../../pipeline/import/import.ts'

/** A folder for the files of one test file, and ways to import from it. */
export function importing(database: () => Database) {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-import-'))
  type Some = Partial<ImportOptions> & Pick<ImportOptions, 'kind'>
  const take = (file: string, options: Some) =>
    importFile(database(), {
      map: {},
      set: {},
      timezone: 'UTC',
      temporary: join(folder, 'work'),
      file,
      ...options,
    })
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  return {
    folder,
    write,
    take,
    /** Writes a file and imports it. */
    takeText: (content: string | Buffer, options: Some, name = 'file.csv') =>
      take(write(name, content), options),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** The user error that this ends in. */
export async function refusal(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => new Error('nothing was refused'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof UserError) return error
  throw error
}
