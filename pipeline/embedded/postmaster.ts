import { randomBytes } from 'node:crypto'
import {
  existsSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { programOf } from './binaries.ts'
import { dataOf, giveTo, type Home, logOf } from './place.ts'
import { isAlive, pause, runProgram } from './processes.ts'

const startAttempts = 60
const log_bytes_max = 10_000_000

/** The server that runs on this data, if one does. A `postmaster.pid` left behind by a killed one doesn't count. */
export function runningPostmaster(place: string): { pid: number; port: number } | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(dataOf(place), 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Number.parseInt(lines[0] ?? '', 10)
  if (!(pid > 0) || !isAlive(pid)) return undefined
  return worksIn(pid, dataOf(place)) ? { pid, port: Number.parseInt(lines[3] ?? '', 10) } : undefined
}

/** Starts the server and returns its port: `wanted` if it's free. */
export async function launch(
  home: Home,
  options: { wanted?: number | undefined; fixed?: boolean },
): Promise<number> {
  trimLog(home.place)
  let port = options.wanted ?? (await freePort())
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    const failure = await startOnce(home, port)
    const running = runningPostmaster(home.place)
    if (running) return running.port || port
    if (/could not bind|could not create any TCP/.test(failure)) {
      if (options.fixed) throw portInUse(port)
      port = await freePort()
    } else if (/pre-existing shared memory block|is another postmaster/.test(failure)) {
      // The last processes of a killed server are still on their way out.
      await pause(500)
    } else {
      throw didNotStart(home, failure)
    }
  }
  throw didNotStart(home, 'it gave up after many attempts')
}

export async function halt(home: Home): Promise<void> {
  const parameters = ['stop', '-D', dataOf(home.place), '-m', 'fast', '-w', '-t', '120']
  const { code, output } = await runProgram(programOf(home.binaries, 'pg_ctl'), parameters, {
    account: home.account,
  })
  if (code === 0 || !runningPostmaster(home.place)) return
  throw new UserError({
    code: 'SERVER_DID_NOT_STOP',
    message: `The embedded database did not stop: ${lastLine(output)}.`,
    hint: 'Its log is below .tideline/postgres; end its clients and try again.',
  })
}

async function startOnce(home: Home, port: number): Promise<string> {
  const before = logSize(home.place)
  const data = dataOf(home.place)
  // Silent, because the server would inherit our pipes and we would wait for its end.
  const { code } = await runProgram(
    programOf(home.binaries, 'pg_ctl'),
    ['start', '-D', data, '-l', logOf(home.place), '-w', '-t', '120', '-o', `-p ${port}`],
    { account: home.account, silent: true },
  )
  if (code === 0 || logSize(home.place) <= before) return ''
  return readFileSync(logOf(home.place)).subarray(before).toString()
}

/**
 * Postgres trusts the number in `postmaster.pid` even if by now it belongs to another program of the same user.
 * Then it gets one that no process can have. The file stays: by its other lines Postgres finds out whether
 * processes of the killed server still live.
 */
export function mendPidFile(home: Home): void {
  const path = join(dataOf(home.place), 'postmaster.pid')
  const content = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (!isAlive(Number.parseInt(content, 10)) || runningPostmaster(home.place)) return
  const fresh = `${path}-${randomBytes(4).toString('hex')}`
  writeFileSync(fresh, content.replace(/^\d+/, '2147483647'), { mode: 0o600, flag: 'wx' })
  giveTo(home.account, fresh)
  renameSync(fresh, path)
}

/** A postmaster's working folder is its data. Where that can't be asked, a living process is taken for it. */
function worksIn(pid: number, data: string): boolean {
  if (process.platform !== 'linux') return true
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data)
  } catch {
    return false
  }
}

/** A log that has grown too long begins anew. It's the server's account that makes it, through pg_ctl. */
function trimLog(place: string): void {
  if (logSize(place) > log_bytes_max) rmSync(logOf(place))
}

function logSize(place: string): number {
  return statSync(logOf(place), { throwIfNoEntry: false })?.size ?? 0
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function portInUse(port: number): UserError {
  return new UserError({
    code: 'PORT_IN_USE',
    message: `Port ${port} is used by another program.`,
    hint: 'Choose another port, or leave it out: a free one is found.',
  })
}

function didNotStart(home: Home, failure: string): UserError {
  return new UserError({
    code: 'SERVER_DID_NOT_START',
    message: `The embedded database did not start: ${lastLine(failure) || 'it said nothing'}.`,
    hint: `Its log is ${logOf(home.place)}. A Postgres of your own can be used instead: set DATABASE_URL.`,
  })
}

/** The first complaint of a log is the cause; what follows are its consequences. */
function lastLine(text: string): string {
  const lines = text.trim().split('\n')
  const complaint = lines.find((line) => /FATAL|PANIC|error:/i.test(line)) ?? lines.at(-1) ?? ''
  return complaint.replace(/^.*?(FATAL|PANIC|error): */i, '').replace(/\.$/, '')
}
