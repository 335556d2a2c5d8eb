import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LakeFile, Manifest } from './manifest.ts'
import { syncFolder } from './manifest.ts'

export type Damage = { readonly file: LakeFile; readonly damage: 'missing' | 'truncated' | 'changed' }

/** The manifest's files that are not as they were written. */
export async function damagedFiles(folder: string, files: readonly LakeFile[]): Promise<Damage[]> {
  const found: Damage[] = []
  for (const file of files) {
    const damage = await damageOf(join(folder, file.file), file)
    if (damage) found.push({ file, damage })
  }
  return found
}

async function damageOf(path: string, { bytes, checksum }: LakeFile): Promise<Damage['damage'] | undefined> {
  try {
    if ((await stat(path)).size !== bytes) return 'truncated'
    return (await checksumOf(path)) === checksum ? undefined : 'changed'
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing'
    if (code === 'EIO' || code === 'EISDIR') return 'changed'
    throw error
  }
}

async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Node says of a read-only file system that a folder above does not exist: where that is so, it says so now. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await mkdir(path)
  }
}

/** Gives a written file its name: only now is it the lake's, and it is whole. */
export async function publish(
  folder: string,
  written: Pick<LakeFile, 'period' | 'rows' | 'verified_at'> & { path: string; mark: string },
): Promise<LakeFile> {
  const { path, period, mark, rows, verified_at } = written
  const file = `events/${period}.${mark}.parquet`
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  const { size } = await stat(path)
  const checksum = await checksumOf(path)
  await makeFolder(join(folder, 'events'))
  await rename(path, join(folder, file))
  await syncFolder(join(folder, 'events'))
  return { period, file, rows, bytes: size, checksum, verified_at }
}

/**
 * Removes what nobody reads: files that no manifest names or named lately, and what killed writers left. Without a
 * manifest nobody can read any of them.
 */
export async function tidy(folder: string, manifest: Manifest | undefined): Promise<void> {
  const named = new Set([...(manifest?.files ?? []), ...(manifest?.retired ?? [])].map(({ file }) => file))
  for (const name of await list(join(folder, 'events'))) {
    if (!named.has(`events/${name}`)) await rm(join(folder, 'events', name), { recursive: true, force: true })
  }
  for (const name of await list(folder)) {
    const left = name.startsWith('work-') || (name.startsWith('manifest.json.') && name.endsWith('.tmp'))
    if (left) await rm(join(folder, name), { recursive: true, force: true })
  }
}

const keptMilliseconds = 6 * 3_600_000

/** What is retired now or was not long ago. `now` is the database's clock. */
export function stillRetired(
  before: Manifest | undefined,
  files: readonly LakeFile[],
  now: string,
): Manifest['retired'] {
  const kept = new Set(files.map(({ file }) => file))
  const limit = Date.parse(now) - keptMilliseconds
  return [
    ...(before?.retired ?? []).filter(({ at }) => Date.parse(at) > limit),
    ...(before?.files ?? []).filter(({ file }) => !kept.has(file)).map(({ file }) => ({ file, at: now })),
  ]
}

/** How many files lie there, whatever they are. */
export const countFiles = async (folder: string): Promise<number> =>
  (await list(join(folder, 'events'))).length

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
