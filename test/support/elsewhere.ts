import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Instant } from '../../compiler/time.ts'

const script = fileURLToPath(new URL('run-process.ts', import.meta.url))

export type Ended = {
  readonly signal: NodeJS.Signals | null
  /** What it said last: `status` of a run that was done, or `code` and `message`. */
  readonly said: { status?: string; runId?: string; code?: string; message?: string; at?: string }
}

export type Elsewhere = {
  /** The step at which it was told to stop; undefined if it ended without getting there. */
  readonly reached: Promise<string | undefined>
  readonly ended: Promise<Ended>
  signal(signal: NodeJS.Signals): void
}

type How = {
  readonly step?: string
  readonly signal?: NodeJS.Signals
  readonly options?: Record<string, unknown>
  readonly fileLimit?: number | undefined
}

/**
 * A script of TypeScript in a process of its own. `fileLimit`: how large its files may become, in units of 512 bytes;
 * that is as a full disk, for whoever may not mount a small one.
 */
export function spawnScript(parameters: readonly string[], fileLimit?: number) {
  const program = [process.execPath, ...parameters]
  const limited = ['sh', '-c', `ulimit -f ${fileLimit} && exec "$0" "$@"`, ...program]
  const [command, ...rest] = fileLimit === undefined ? program : limited
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  left.add(child)
  child.once('close', () => left.delete(child))
  return child
}

const left = new Set<ChildProcess>()

/** Whoever stands still for ever would hold what they inherited, and keep whoever reads it waiting. */
export function endWhatIsLeft(): void {
  for (const child of left) child.kill('SIGKILL')
}

/** A run in a process of its own, which ends itself (or stands still, with SIGSTOP) before a step. */
export function runElsewhere(url: string, asOf: Instant | undefined, how: How = {}): Elsewhere {
  const { step = '', signal = 'SIGKILL', options = {}, fileLimit } = how
  const child = spawnScript([script, url, asOf ?? '', step, signal, JSON.stringify(options)], fileLimit)
  let said: Ended['said'] = {}
  let rest = ''
  const reached = new Promise<string | undefined>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        said = JSON.parse(line)
        if (said.at !== undefined) resolve(said.at)
      }
    })
    child.once('close', () => resolve(undefined))
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (_, by) => resolve({ signal: by, said }))
  })
  return { reached, ended, signal: (name) => void child.kill(name) }
}
