import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { removeServer } from '../../pipeline/embedded.ts'
import { isAlive } from './server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the servers of this test run are kept, one per worker of vitest that asked for one. */
    servers: string
    /** Of all that is random in them. */
    seed: number
  }
}

/** Servers are started by the first test that needs one, and all removed here. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  for (const left of leftBehind()) await remove(left)
  const folder = mkdtempSync(`${join(place(), prefix)}${process.pid}-`)
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755)
  project.provide('servers', folder)
  const seed = process.env.SEED === undefined ? seedOfCommit() : Number(process.env.SEED)
  project.provide('seed', seed)
  console.log(`seed ${seed}`)
  // Many tests start processes: what is compiled for one of them is kept for the others.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'tideline-compiled')
  return () => remove(folder)
}

const prefix = 'tideline-test-'

/** In memory, where there is room: each test has a database of its own, and making hundreds of files takes disks long. */
function place(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > 4e9 ? '/dev/shm' : tmpdir()
  } catch {
    return tmpdir()
  }
}

/** What a test run that was killed could not remove. */
const leftBehind = (): string[] =>
  readdirSync(place())
    .filter((name) => name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length).split('-')[0])))
    .map((name) => join(place(), name))

async function remove(folder: string): Promise<void> {
  for (const name of readdirSync(folder)) await removeServer(join(folder, name))
  rmSync(folder, { recursive: true, force: true })
}

/** The same wherever a commit is tested, and another one for the next; without git any. */
function seedOfCommit(): number {
  try {
    const tree = execFileSync('git', ['rev-parse', 'HEAD^{tree}'], { stdio: ['ignore', 'pipe', 'ignore'] })
    return Number.parseInt(tree.toString().slice(0, 7), 16)
  } catch {
    return Math.floor(Math.random() * 2 ** 28)
  }
}
