import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { removeServer } from '../../pipeline/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the servers of this test run are kept, one per worker of vitest that asked for one. */
    servers: string
  }
}

/** Servers are started by the first test that needs one, and all removed here. */
export default function setup(project: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-test-'))
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755)
  project.provide('servers', folder)
  return async () => {
    for (const name of readdirSync(folder)) await removeServer(join(folder, name))
    rmSync(folder, { recursive: true, force: true })
  }
}
