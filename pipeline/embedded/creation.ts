import { randomBytes } from 'node:crypto'
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { programOf } from './binaries.ts'
import { dataOf, giveTo, type Home, makeFolder } from './place.ts'
import { runProgram } from './processes.ts'

export const superuser = 'tideline'

const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // A socket's path has a length limit that a project's folder may exceed.
  unix_socket_directories: '',
  // Containers give /dev/shm 64 MB, which one parallel hash join can fill.
  ...(process.platform === 'linux' ? { dynamic_shared_memory_type: 'sysv' } : {}),
  timezone: 'UTC',
  log_timezone: 'UTC',
  shared_buffers: '256MB',
  work_mem: '32MB',
  maintenance_work_mem: '256MB',
  max_wal_size: '2GB',
  // Nobody replicates from it, and without that bulk loads write less.
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  // The log holds no values and no statements: they may be about people.
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
}

/** Makes the data folder. It gets its name when it is whole, so that a creation that was killed counts for nothing. */
export async function createData(
  home: Home,
  password: string,
  extra: Readonly<Record<string, string>>,
): Promise<void> {
  makeFolder(home.place, home.account, 0o755)
  for (const name of readdirSync(home.place)) {
    if (name.startsWith('making-')) rmSync(join(home.place, name), { recursive: true, force: true })
  }
  const making = join(home.place, `making-${randomBytes(4).toString('hex')}`)
  makeFolder(making, undefined, 0o700)
  const secret = join(making, 'secret')
  writeFileSync(secret, password, { mode: 0o600, flag: 'wx' })
  giveTo(home.account, secret)
  giveTo(home.account, making)
  const fresh = join(making, 'data')
  const options = Object.entries({ ...settings, ...extra }).flatMap(([name, value]) => [
    '--set',
    `${name}=${value}`,
  ])
  const { code, output } = await runProgram(
    programOf(home.binaries, 'initdb'),
    [
      ...['-D', fresh, '-U', superuser, '--pwfile', secret, '--auth', 'scram-sha-256'],
      ...['--encoding', 'UTF8', '--locale', 'C', '--no-instructions', ...options],
    ],
    { account: home.account },
  )
  if (code !== 0) throw notCreated(output)
  renameSync(fresh, dataOf(home.place))
  rmSync(making, { recursive: true, force: true })
}

/** Gives a server that stands still a new password: the way back in when `server.json` was lost. */
export async function resetPassword(home: Home, password: string): Promise<void> {
  const { code, output } = await runProgram(
    programOf(home.binaries, 'postgres'),
    ['--single', '-D', dataOf(home.place), 'postgres'],
    { account: home.account, input: `alter role ${superuser} password '${password}'\n` },
  )
  if (code !== 0) throw notCreated(output)
}

export const newPassword = () => randomBytes(24).toString('hex')

function notCreated(output: string): UserError {
  const reason = output.split('\n').find((line) => /error|fatal/i.test(line))
  return new UserError({
    code: 'SERVER_NOT_CREATED',
    message: `The embedded database could not be made ready: ${(reason ?? output).trim()}`,
    hint: 'Use a Postgres of your own: set DATABASE_URL, or database: in tideline.yaml.',
  })
}
