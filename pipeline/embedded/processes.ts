import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** An operating-system user other than ours that a program runs as. */
export type Account = { readonly uid: number; readonly gid: number; readonly name: string }

export type Outcome = { readonly code: number; readonly output: string }

/**
 * Runs a program to its end. It gets no environment of ours (PGDATA, PGPORT and the like would change what it does)
 * and works in `/`, because the other account may not be able to enter the folder we stand in.
 */
export function runProgram(
  program: string,
  parameters: readonly string[],
  options: { account?: Account | undefined; input?: string; silent?: boolean } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const stream = options.silent ? 'ignore' : 'pipe'
    const child = spawn(program, parameters, {
      cwd: process.platform === 'win32' ? undefined : '/',
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', stream, stream],
      windowsHide: true,
      ...(options.account ? { uid: options.account.uid, gid: options.account.gid } : {}),
    })
    let output = ''
    const take = (chunk: Buffer) => {
      output += chunk.toString()
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
    // A program that dies early closes its input; its exit code tells, not the broken pipe.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
  })
}

export function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * A name for one life of one process. Where the system tells when a process began, a later process with the same
 * number (after a reboot, in a restarted container) has another name.
 */
export function lifeOf(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    if (fields[0] === 'Z') return undefined
    return `${pid} ${boot} ${fields[19]}`
  } catch {
    return process.platform === 'linux' ? undefined : `${pid}`
  }
}

export const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds))
