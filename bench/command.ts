import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { packageFolder } from '../config.ts'
import { type Peak, watch } from './memory.ts'
import type { Place } from './place.ts'

export type Measured = { readonly milliseconds: number; readonly peak: Peak }

/** One command in a process of its own, as a user would start it. */
export async function measure(place: Place, args: readonly string[]): Promise<Measured> {
  const program = join(packageFolder, 'bin', 'tideline.js')
  const started = performance.now()
  const child = spawn(process.execPath, [program, ...args, '--project', place.folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: place.folder,
  })
  const stop = watch(child.pid!, place.postmaster, place.temporaryFolders)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const peak = stop()
  if (code !== 0) throw new Error(`tideline ${args.join(' ')} ended with ${code}:\n${said.trim()}`)
  return { milliseconds: performance.now() - started, peak }
}
