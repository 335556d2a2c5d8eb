import { randomBytes } from 'node:crypto'
import {
  lchownSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { weAreRoot } from './account.ts'

/** What `server.json` in a project's `.tideline/` says: all that is needed to connect to the server, or to start it again. */
export type State = {
  /** The `.tideline/` this was written for; it differs after the project was moved or copied. */
  readonly folder: string
  /** The folder that holds `data/` and `postgres.log`: below `folder`, or elsewhere if Postgres can't reach that. */
  readonly place: string
  readonly port: number
  readonly password: string
}

export function readState(folder: string): State | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')) as State
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || cause instanceof SyntaxError) return undefined
    throw ofAnotherUser(folder, cause)
  }
}

/** Replaced as a whole, so that a reader sees the old or the new one. It holds the password: for its owner alone. */
export function writeState(folder: string, state: State): void {
  const fresh = join(folder, `server.json-${randomBytes(4).toString('hex')}`)
  writeFileSync(fresh, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  giveToOwnerOf(folder, fresh)
  renameSync(fresh, join(folder, 'server.json'))
}

/** Makes the folder if need be and finds out whether we may write into it. Returns its true path. */
export function prepareFolder(folder: string): string {
  try {
    if (mkdirSync(folder, { recursive: true }) !== undefined) giveToOwnerOf(dirname(folder), folder)
    const probe = join(folder, `.write-${randomBytes(4).toString('hex')}`)
    writeFileSync(probe, '')
    rmSync(probe)
    return realpathSync(folder)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ''
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC'].includes(code)) throw cause
    throw new UserError({
      code: 'FOLDER_NOT_WRITABLE',
      message: `The embedded database can't be kept in ${folder}: nothing can be written there (${code}).`,
      hint: 'Make the folder writable, or use a Postgres of your own: set DATABASE_URL.',
      cause,
    })
  }
}

/** What root makes in somebody's project is theirs. Never through a link that they may have put there. */
function giveToOwnerOf(folder: string, path: string): void {
  if (!weAreRoot) return
  const { uid, gid } = statSync(folder)
  lchownSync(path, uid, gid)
}

export function ofAnotherUser(folder: string, cause?: unknown): UserError {
  return new UserError({
    code: 'DATABASE_OF_ANOTHER_USER',
    message: `The embedded database in ${folder} belongs to another user.`,
    hint: 'Run Tideline as the user who made it, or as root.',
    cause,
  })
}
