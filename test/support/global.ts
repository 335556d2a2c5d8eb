import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { removeServer } from '../../pipeline/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the servers of this test run are kept, one per worker of vitest that asked for one. */
    servers: string
    /** Of all that is random in them. */
    seed: number
  }
}

/** Servers are started by the first test that needs one, and all removed here. */
export default function setup(project: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-test-'))
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755)
  project.provide('servers', folder)
  const seed = process.env.SEED === undefined ? seedOfCommit() : Number(process.env.SEED)
  project.provide('seed', seed)
  console.log(`seed ${seed}`)
  // Many tests start processes: what is compiled for one of them is kept for the others.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'tideline-compiled')
  return async () => {
    for (const name of readdirSync(folder)) await removeServer(join(folder, name))
    rmSync(folder, { recursive: true, force: true })
  }
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
