import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { UserError } from '../errors.ts'
import { accountFor, canReach, weAreRoot } from './account.ts'
import { type Binaries, programOf } from './binaries.ts'
import type { Account } from './processes.ts'
import { ofAnotherUser, type State } from './state.ts'

/** Where the data may lie that Postgres can't reach in the project. */
const shelters = ['/var/lib/tideline', '/var/tmp/tideline']

/** Where the data lies, which programs run it, and as whom. */
export type Home = {
  readonly place: string
  readonly binaries: string
  readonly account: Account | undefined
}

/**
 * As an ordinary user: everything where it is. As root the server runs as another user, who often can enter neither
 * the project nor node_modules (both below /root, say): then the data, or a copy of the programs, goes where it can.
 */
export function settle(folder: string, state: State | undefined, binaries: Binaries): Home {
  const known = state && isOurs(state, folder) ? state.place : undefined
  const place = known ?? join(folder, 'postgres')
  const account = accountFor([dataOf(place), folder, dirname(folder)])
  if (!account) {
    if (existsSync(dataOf(place)) && statSync(dataOf(place)).uid !== process.getuid?.())
      throw ofAnotherUser(folder)
    return { place, binaries: binaries.folder, account }
  }
  const home = { place, binaries: reachableBinaries(binaries, account), account }
  if (canReach(account, existsSync(place) ? place : folder)) return home
  if (!existsSync(dataOf(place))) return { ...home, place: join(shelter(), randomBytes(8).toString('hex')) }
  throw new UserError({
    code: 'DATABASE_OUT_OF_REACH',
    message: `Postgres runs as ${account.name}, who can't enter ${place}, where the embedded database lies.`,
    hint: `Let others enter the folders above it (chmod o+x), or run Tideline as the user who made it.`,
  })
}

export const dataOf = (place: string) => join(place, 'data')
export const logOf = (place: string) => join(place, 'postgres.log')

/** The major version that the data was made by, or undefined if there is none yet. */
export function dataMajor(place: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(join(dataOf(place), 'PG_VERSION'), 'utf8'), 10)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw ofAnotherUser(place, cause)
  }
}

/** Whether we may look into the data. Others than their owner may not, and still may connect. */
export function isReadable(place: string): boolean {
  try {
    accessSync(dataOf(place), constants.R_OK | constants.X_OK)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}

export function makeFolder(path: string, account: Account | undefined, mode: number): void {
  mkdirSync(path, { recursive: true })
  chmodSync(path, mode)
  giveTo(account, path)
}

/** Never through a link that the account may have put there. */
export function giveTo(account: Account | undefined, path: string): void {
  if (account) lchownSync(path, account.uid, account.gid)
}

/** Data that root copied without keeping their owner are of no use to anybody else. */
export function giveData(home: Home): void {
  const data = dataOf(home.place)
  if (!existsSync(data) || realpathSync(data) !== data) return
  // A copy made by other programs may be open to others, and the server refuses that.
  if (statSync(data).uid === process.getuid?.()) chmodSync(data, 0o700)
  if (!home.account || statSync(data).uid !== 0) return
  giveTo(home.account, home.place)
  giveTo(home.account, data)
  for (const name of readdirSync(data, { recursive: true, encoding: 'utf8' }))
    giveTo(home.account, join(data, name))
  if (existsSync(logOf(home.place))) giveTo(home.account, logOf(home.place))
}

/** Whether data that are said to lie at `place` can be this folder's: anything else root must not touch. */
export function belongsTo(folder: string, place: string): boolean {
  return (
    place === join(folder, 'postgres') ||
    shelters.some((shelter) => /^[0-9a-f]{16}$/.test(relative(shelter, place)))
  )
}

/** Whether the data that `server.json` names is this folder's: not if the folder is a copy of another that still stands. */
function isOurs(state: State, folder: string): boolean {
  if (!belongsTo(state.folder, state.place)) return false
  if (state.folder === folder) return true
  const external = dirname(state.place) !== state.folder
  return external && !existsSync(join(state.folder, 'server.json'))
}

function reachableBinaries(binaries: Binaries, account: Account): string {
  const reachable = canReach(account, programOf(binaries.folder, 'postgres'))
  if (reachable) return binaries.folder
  const copy = join(shelter(), `programs-${binaries.version}-${process.arch}`)
  if (existsSync(copy)) return copy
  const fresh = `${copy}-${randomBytes(4).toString('hex')}`
  cpSync(binaries.folder, fresh, { recursive: true, verbatimSymlinks: true })
  chmodSync(fresh, 0o755)
  try {
    renameSync(fresh, copy)
  } catch (error) {
    // Another process has put its copy there meanwhile; it's the same.
    rmSync(fresh, { recursive: true, force: true })
    if (!existsSync(copy)) throw error
  }
  return copy
}

/** A folder that any user can enter and only root can change. */
function shelter(): string {
  for (const folder of shelters) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o755 })
      const { uid, mode } = statSync(folder)
      if (weAreRoot && uid === 0 && (mode & 0o022) === 0) return folder
    } catch {
      // Not here: the next one.
    }
  }
  throw new UserError({
    code: 'NO_PLACE_FOR_DATABASE',
    message:
      "Postgres can't run as root, and there is no folder where another user could reach the embedded database.",
    hint: 'Make /var/lib/tideline writable, run Tideline as an ordinary user, or set DATABASE_URL.',
  })
}
