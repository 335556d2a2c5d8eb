import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { UserError } from '../errors.ts'
import type { Account } from './processes.ts'

export const weAreRoot = process.getuid?.() === 0

/**
 * Postgres refuses to run as root. Whoever owns the data runs it, otherwise the owner of the project,
 * otherwise `postgres` or `nobody`. Undefined: ourselves.
 */
export function accountFor(paths: readonly string[]): Account | undefined {
  if (!weAreRoot) return undefined
  const accounts = readAccounts()
  const owners = paths.map(ownerOf).filter((uid) => uid !== undefined && uid !== 0)
  const account =
    accounts.find(({ uid }) => uid === owners[0]) ??
    accounts.find(({ name }) => name === 'postgres') ??
    accounts.find(({ name }) => name === 'nobody')
  if (account) return account
  throw new UserError({
    code: 'NO_ORDINARY_USER',
    message: "Postgres can't run as root, and this system has neither a user postgres nor a user nobody.",
    hint: 'Run Tideline as an ordinary user, or use a Postgres of your own: set DATABASE_URL.',
  })
}

/** Whether the account may enter the folder, or run the program, at `path`. Asked of the system itself. */
export function canReach(account: Account, path: string): boolean {
  const asked = spawnSync('/bin/sh', ['-c', 'test -x "$0"', path], {
    cwd: '/',
    uid: account.uid,
    gid: account.gid,
    stdio: 'ignore',
  })
  if (!asked.error) return asked.status === 0
  throw new UserError({
    code: 'CANT_CHANGE_USER',
    message: `Postgres can't run as root, and running it as ${account.name} is not permitted here.`,
    hint: 'Run Tideline as an ordinary user, or use a Postgres of your own: set DATABASE_URL.',
    cause: asked.error,
  })
}

function readAccounts(): Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid }) => name !== '' && uid > 0)
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid
  } catch {
    return undefined
  }
}
