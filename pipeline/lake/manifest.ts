import { createHash, randomUUID } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Property } from '../../compiler/index.ts'
import type { NamedProperty } from '../columnar.ts'
import { explainReading } from './trouble.ts'

export const manifestName = 'manifest.json'
const format = 1

const fileShape = z.object({
  period: z.string().regex(/^\d{4}-\d\d(-\d\d)?$/),
  /** Below the lake's folder. */
  file: z.string().regex(/^events\/[\w.-]+$/),
  rows: z.number().int(),
  bytes: z.number().int(),
  /** SHA-256 of the file. */
  checksum: z.string(),
  /** When its rows came from the database, or were last compared with it. */
  verified_at: z.string(),
})
const types = [
  'text',
  'number',
  'boolean',
  'instant',
  'json',
  'texts',
  'numbers',
  'booleans',
  'size',
] as const
const columnShape = z.object({
  column: z.string().regex(/^p_[0-9a-f]{16}$/),
  name: z.string(),
  path: z.array(z.string()).optional(),
  type: z.enum(types),
})
const manifestShape = z.object({
  format: z.literal(format),
  lake: z.uuid(),
  /** Names the write, here and in the database. */
  token: z.uuid(),
  generation: z.number().int(),
  system_identifier: z.string(),
  horizon: z.string().regex(/^\d+$/),
  written_at: z.string(),
  columns: z.array(columnShape),
  files: z.array(fileShape),
  /** No longer named, but perhaps still read; `at` says since when. */
  retired: z.array(z.object({ file: fileShape.shape.file, at: z.string() })),
})

/** What the lake holds. Whoever reads it first sees one state of all files. */
export type Manifest = z.infer<typeof manifestShape>
export type LakeFile = z.infer<typeof fileShape>
export type LakeColumn = z.infer<typeof columnShape>
export type StoredProperty = Pick<Property, 'name' | 'path' | 'type'>

/** Why there is no manifest to go on from. */
export type Unreadable = 'missing' | 'unreadable' | 'format'

/** Throws LAKE_UNREADABLE where the folder, or what lies in place of the manifest, can't be read. */
export async function readManifest(folder: string): Promise<Manifest | Unreadable> {
  const path = join(folder, manifestName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return 'missing'
    throw explainReading(error, folder, path)
  }
  try {
    const stored = JSON.parse(text) as { format?: unknown; checksum?: unknown; manifest?: unknown }
    if (stored.format !== format) return typeof stored.format === 'number' ? 'format' : 'unreadable'
    const parsed = manifestShape.safeParse(stored.manifest)
    const whole = stored.checksum === checksumOf(JSON.stringify(stored.manifest))
    return whole && parsed.success ? parsed.data : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

/** In one step: a reader finds the manifest as it was, or as it is. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const text = JSON.stringify({ format, checksum: checksumOf(JSON.stringify(manifest)), manifest }, null, 1)
  const temporary = join(folder, `${manifestName}.${manifest.generation}-${randomUUID().slice(0, 8)}.tmp`)
  const file = await open(temporary, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(folder, manifestName))
  await syncFolder(folder)
}

/** What was renamed into a folder outlives a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().catch(() => {})
  await handle.close()
}

const checksumOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The column that holds a property read as a type: the same in every lake. */
export function columnOf({ name, path, type }: StoredProperty): LakeColumn {
  const digest = checksumOf(JSON.stringify([type, name, ...(path ?? [])]))
  return {
    column: `p_${digest.slice(0, 16)}`,
    name,
    ...(path && path.length > 0 ? { path: [...path] } : {}),
    type,
  }
}

/** These columns and those, each once. */
export function joinColumns(
  columns: readonly LakeColumn[],
  properties: readonly StoredProperty[],
): LakeColumn[] {
  const all = [...columns, ...properties.map(columnOf)]
  return [...new Map(all.map((each) => [each.column, each])).values()]
}

export const namedProperties = (columns: readonly LakeColumn[]): NamedProperty[] =>
  columns.map(({ column, name, path, type }) => ({
    name: column,
    property: { name, type, ...(path ? { path } : {}) },
  }))
