import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { UserError } from '../errors.ts'
import { lifeOf, pause } from './processes.ts'

const pause_ms = 40
const attempts_max = 4500 // three minutes

/** Runs `work` while no other process holds the lock file `path`. A lock whose holder is dead is taken over. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await acquire(path)
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

/**
 * The file appears with its content at once: it's written under a name of its own and then linked.
 *
 * A dead holder's lock may be removed by one process only, or the second remover would remove the new holder's.
 * So the right to remove is itself a lock, named after the dead holder's token.
 */
async function acquire(path: string): Promise<void> {
  const token = randomBytes(6).toString('hex')
  for (let attempt = 0; attempt < attempts_max; attempt++) {
    if (create(path, `${token}\n${lifeOf(process.pid) ?? process.pid}`)) return
    const holder = read(path)
    if (holder && !holder.alive) {
      await withLock(`${path}.${holder.token}`, async () => {
        if (read(path)?.token === holder.token) rmSync(path, { force: true })
      })
    } else if (holder) {
      await pause(pause_ms)
    }
  }
  throw new UserError({
    code: 'SERVER_LOCKED',
    message: `Another process has been starting or stopping the embedded database for minutes (lock ${path}).`,
    hint: `If process ${read(path)?.pid ?? '?'} hangs, end it and try again.`,
  })
}

function create(path: string, content: string): boolean {
  const own = `${path}-${randomBytes(6).toString('hex')}`
  writeFileSync(own, content, { mode: 0o644 })
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

function read(path: string): { token: string; pid: number; alive: boolean } | undefined {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  const [token = '', life = ''] = content.split('\n')
  const pid = Number.parseInt(life, 10)
  return { token, pid, alive: lifeOf(pid) === life }
}
