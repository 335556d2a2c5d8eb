import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from './lake/files.ts'

/** What the folders are for: their names begin so. */
const kinds = ['columns', 'verify', 'import', 'ids'] as const
const named = new RegExp(`^(?:${kinds.join('|')})-(\\d+)-`)

/** Works with a folder of its own below `temporary`, which is gone afterwards; what killed processes left goes as well. */
export async function inFolder<T>(
  temporary: string,
  kind: (typeof kinds)[number],
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await makeFolder(temporary)
  const folder = join(temporary, `${kind}-${process.pid}-${randomUUID()}`)
  used.add(folder)
  try {
    await removeLeftovers(temporary)
    await mkdir(folder)
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
    used.delete(folder)
  }
}

const used = new Set<string>()

async function removeLeftovers(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const owner = Number(named.exec(name)?.[1])
    const folder = join(temporary, name)
    // A container's first process has the same number each time.
    const isUsed = owner === process.pid ? used.has(folder) : isAlive(owner)
    // Somebody else's may not be ours to remove: that keeps nobody from working.
    if (owner && !isUsed) await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
