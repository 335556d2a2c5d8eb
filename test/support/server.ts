import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { removeServer, serverStatus } from '../../pipeline/embedded.ts'
import { type Database, openPostgres } from '../../pipeline/engine.ts'

/** A folder like a project's `.tideline/`, whose server is removed after the test. Anybody may enter it, unless said otherwise. */
export function serverFolder(options: { secret?: boolean } = {}): string {
  const project = mkdtempSync(join(tmpdir(), 'tideline-project-'))
  if (!options.secret) chmodSync(project, 0o755)
  const folder = join(project, '.tideline')
  onTestFinished(async () => {
    await removeServer(folder)
    rmSync(project, { recursive: true, force: true })
  })
  return folder
}

/** Starts the folder's server from a process of its own, which then stands still until it's killed. */
export function startElsewhere(folder: string): {
  said: Promise<{ url: string; startedByUs: boolean }>
  kill(): void
} {
  const embedded = new URL('../../pipeline/embedded.ts', import.meta.url)
  const program = `
    import { startServer } from ${JSON.stringify(embedded.href)}
    console.log(JSON.stringify(await startServer({ folder: ${JSON.stringify(folder)}, idleMinutes: 5 })))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = new Promise<{ url: string; startedByUs: boolean }>((resolve, reject) => {
    child.stdout.on('data', (line: Buffer) => resolve(JSON.parse(line.toString())))
    child.on('close', () => reject(new Error('ended without a word')))
  })
  return { said, kill: () => void child.kill('SIGKILL') }
}

/** One statement on a connection of its own. */
export async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const database: Database = openPostgres(url, { max: 1 })
  return database.query(text).finally(() => database.close())
}

/** Ends a folder's server: SIGQUIT and SIGKILL leave no time for good order. Returns once it is gone. */
export async function crashServer(folder: string, signal: NodeJS.Signals): Promise<void> {
  const { pid } = await serverStatus(folder)
  if (pid === undefined) return
  process.kill(pid, signal)
  for (let waited = 0; waited < 200 && isAlive(pid); waited++) await sleep(50)
}

/** Whether a process is there, whatever it does. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
