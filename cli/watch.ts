import { existsSync, type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Project } from '../pipeline/project/settings.ts'
import type { Io } from './io.ts'

/** Editors write a file in several steps: what comes within so long is one change. */
const settleMilliseconds = 80

/** Does the work now and after every change of the project's files, one at a time, until somebody interrupts. */
export async function watchProject({ folder }: Project, io: Io, work: () => Promise<void>): Promise<void> {
  let changed = Promise.withResolvers<boolean>()
  const watchers = new Map<string, FSWatcher>()
  const follow = (path: string, recursive: boolean) => {
    if (watchers.has(path) || !existsSync(path)) return
    const watcher = watch(path, { recursive }, (_, name) => {
      if (name === 'segments' || /\.ya?ml$/.test(name ?? '.yaml')) changed.resolve(true)
    })
    // A folder that is taken away is looked for again.
    watcher.on('error', () => watchers.delete(path))
    watchers.set(path, watcher)
  }
  const interrupted = io.interrupted?.().then(() => false)
  try {
    for (let going = true; going; ) {
      follow(folder, false)
      if (!existsSync(join(folder, 'segments'))) watchers.delete(join(folder, 'segments'))
      follow(join(folder, 'segments'), true)
      await work()
      going = await (interrupted ? Promise.race([changed.promise, interrupted]) : changed.promise)
      if (going) await sleep(settleMilliseconds)
      changed = Promise.withResolvers<boolean>()
    }
  } finally {
    for (const watcher of watchers.values()) watcher.close()
  }
}
