import { spawn } from 'node:child_process'
import { existsSync, realpathSync, rmSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Binaries, findBinaries } from './embedded/binaries.ts'
import { createData, newPassword, resetPassword } from './embedded/creation.ts'
import { withLock } from './embedded/lock.ts'
import { belongsTo, dataMajor, giveData, type Home, isReadable, settle } from './embedded/place.ts'
import { freePort, halt, launch, mendPidFile, runningPostmaster } from './embedded/postmaster.ts'
import { type Answer, ask, urlOf, waitUntilReady } from './embedded/readiness.ts'
import { prepareFolder, readState, type State, writeState } from './embedded/state.ts'
import { UserError } from './errors.ts'

export type ServerOptions = {
  /** The project's `.tideline/`. */
  readonly folder: string
  /** A folder with `bin/postgres` to use in place of the embedded package's. */
  readonly binaries?: string | undefined
  /** A port that it must have; otherwise the one it had before, or any free one. */
  readonly port?: number | undefined
  /** It stops by itself after standing idle so long. Default 60; 0: never. */
  readonly idleMinutes?: number | undefined
  /** Further settings for a database that is created now. */
  readonly settings?: Readonly<Record<string, string>> | undefined
}

export type Server = {
  readonly url: string
  readonly port: number
  /** Whether this call started it, rather than found it running. */
  readonly startedByUs: boolean
}

/**
 * The project's own PostgreSQL, made and started if need be. Any number of processes may call this at once: one
 * starts the server under a lock file, the others connect. It outlives its starter; the next caller adopts it.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const known = stateOf(options.folder)
  const answer = known && (await answerOf(known))
  if (known && typeof answer === 'object') return welcome(options, known, answer, false)

  const folder = prepareFolder(options.folder)
  return withLock(join(folder, 'server.lock'), async () => {
    const state = stateOf(folder)
    const second = state && (await answerOf(state))
    if (state && typeof second === 'object') return welcome(options, state, second, false)
    return startLocked(folder, readState(folder), options)
  })
}

/** Stops the project's server. Tells whether it was running. */
export async function stopServer(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false
  const path = prepareFolder(folder)
  return withLock(join(path, 'server.lock'), async () => {
    const state = readState(path)
    const home = settle(path, state, await findBinaries())
    if (!runningPostmaster(home.place)) return false
    await halt(home)
    return true
  })
}

/** Stops the project's server and deletes its data, wherever they lie. */
export async function removeServer(folder: string): Promise<void> {
  if (!existsSync(folder)) return
  await stopServer(folder)
  const path = realpathSync(folder)
  const state = readState(path)
  if (state?.folder === path && belongsTo(path, state.place))
    rmSync(state.place, { recursive: true, force: true })
  rmSync(join(path, 'postgres'), { recursive: true, force: true })
  rmSync(join(path, 'server.json'), { force: true })
}

export type ServerStatus = {
  readonly running: boolean
  readonly url: string | undefined
  readonly port: number | undefined
  readonly pid: number | undefined
  /** The folder that holds the data and the log; undefined if none was made yet. */
  readonly place: string | undefined
}

/** Looks, and changes nothing. */
export async function serverStatus(folder: string): Promise<ServerStatus> {
  const state = stateOf(folder)
  if (!state) return { running: false, url: undefined, port: undefined, pid: undefined, place: undefined }
  const running = typeof (await answerOf(state)) === 'object'
  const pid = running ? runningPostmaster(state.place)?.pid : undefined
  return { running, url: urlOf(state), port: state.port, pid, place: state.place }
}

/** What was written for this very folder: in a copy of a project, `server.json` names the original's server. */
function stateOf(folder: string): State | undefined {
  if (!existsSync(folder)) return undefined
  const path = realpathSync(folder)
  const state = readState(path)
  return state?.folder === path ? state : undefined
}

/** A look at the pid file first: whoever else may have got the port by now could keep us waiting. */
async function answerOf(state: State): Promise<Answer> {
  return isReadable(state.place) && !runningPostmaster(state.place) ? 'refused' : ask(state)
}

async function startLocked(
  folder: string,
  known: State | undefined,
  options: ServerOptions,
): Promise<Server> {
  const binaries = await findBinaries(options.binaries)
  const home = settle(folder, known, binaries)
  giveData(home)
  mendPidFile(home)
  const state = await ensureData(folder, home, binaries, known, options)
  const found = runningPostmaster(home.place)
  const port =
    found?.port ||
    (await launch(home, { wanted: options.port ?? state.port, fixed: options.port !== undefined }))
  const current = { ...state, port }
  writeState(folder, current)
  await waitUntilReady(current, () => runningPostmaster(home.place) !== undefined)
  return welcome(options, current, { watched: false }, found === undefined)
}

/** The state of a database that exists: as it was, with a new password if that was lost, or just made. */
async function ensureData(
  folder: string,
  home: Home,
  binaries: Binaries,
  known: State | undefined,
  options: ServerOptions,
): Promise<State> {
  const major = dataMajor(home.place)
  if (major === binaries.major && known?.place === home.place) return { ...known, folder }
  if (major !== undefined && major !== binaries.major) throw ofOtherVersion(home, major, binaries)
  const state = {
    folder,
    place: home.place,
    port: options.port ?? (await freePort()),
    password: newPassword(),
  }
  if (major === undefined) {
    // Before the data get their name: from then on the password must be known.
    writeState(folder, state)
    await createData(home, state.password, options.settings ?? {})
  } else {
    if (runningPostmaster(home.place)) await halt(home)
    await resetPassword(home, state.password)
    writeState(folder, state)
  }
  return state
}

function welcome(
  options: ServerOptions,
  state: State,
  answer: Exclude<Answer, string>,
  startedByUs: boolean,
): Server {
  if (options.port !== undefined && options.port !== state.port) throw onOtherPort(state.port)
  if (!answer.watched && options.idleMinutes !== 0) watchIdle(state, options.idleMinutes ?? 60)
  return { url: urlOf(state), port: state.port, startedByUs }
}

/** A process of its own, so that it outlives us. A second one finds the first and ends. */
function watchIdle(state: State, minutes: number): void {
  const here = fileURLToPath(import.meta.url)
  const program = fileURLToPath(new URL(`./embedded/watcher${extname(here)}`, import.meta.url))
  const watcher = spawn(process.execPath, [program, state.folder, String(minutes)], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: 'ignore',
    windowsHide: true,
  })
  // Without one the server runs on until it's stopped; no reason to fail.
  watcher.on('error', () => {})
  watcher.unref()
}

function ofOtherVersion(home: Home, major: number, binaries: Binaries): UserError {
  return new UserError({
    code: 'DATABASE_OF_OTHER_VERSION',
    message: `The embedded database in ${home.place} was made by Postgres ${major}; this is Postgres ${binaries.version}.`,
    hint: `Set TIDELINE_POSTGRES_BINARIES to a Postgres ${major}, or move .tideline away and import again.`,
  })
}

function onOtherPort(port: number): UserError {
  return new UserError({
    code: 'SERVER_ON_OTHER_PORT',
    message: `The embedded database is already running, on port ${port}.`,
    hint: 'Stop it with `tideline db stop` first to give it another port.',
  })
}
