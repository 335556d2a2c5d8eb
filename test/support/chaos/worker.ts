import { fileURLToPath } from 'node:url'
import { spawnScript } from '../elsewhere.ts'

const script = fileURLToPath(new URL('worker-process.ts', import.meta.url))

export type CrewOptions = {
  readonly lake?: { readonly folder: string }
  readonly guard: 'none' | { readonly maxChange: number; readonly atLeast: number }
  readonly temporary: string
  /** The step before which it kills itself. */
  readonly failpoint?: string
}

/** A worker in a process of its own that does what is on the queue, and knows no slots: here time is another one. */
export function crewAt(url: string, options: CrewOptions): { ended: Promise<unknown>; kill(): void } {
  const child = spawnScript([script, url, JSON.stringify(options)])
  const ended = new Promise((resolve) => child.once('close', resolve))
  return { ended, kill: () => void child.kill('SIGKILL') }
}
