import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Act, count, lakeOf, type Setting } from './setting.ts'

/** What befalls a lake between two runs. It is a cache: whatever it is, what runs write is the same. */

function filesOf(setting: Setting, pattern: RegExp): string[] {
  const folder = lakeOf(setting)
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => pattern.test(path) && statSync(path).isFile())
    .sort()
}

const anyFile = (setting: Setting, pattern = /./): string | undefined => {
  const files = filesOf(setting, pattern)
  return files.length > 0 ? setting.random.pick(files) : undefined
}

const gone: Act = async (setting) => rmSync(lakeOf(setting), { recursive: true, force: true })

const lostFile: Act = async (setting) => {
  const file = anyFile(setting)
  if (file) rmSync(file)
}

const cutFile: Act = async (setting) => {
  const file = anyFile(setting)
  if (file) truncateSync(file, Math.floor(statSync(file).size / 2))
}

const spoiltFile: Act = async (setting) => {
  const file = anyFile(setting)
  if (!file || statSync(file).size === 0) return
  const bytes = readFileSync(file)
  for (let times = 0; times < 5; times++) {
    const place = setting.random.below(bytes.length)
    bytes[place] = bytes[place]! ^ (1 + setting.random.below(255))
  }
  writeFileSync(file, bytes)
}

const strangeManifest: Act = async (setting) => {
  const file = anyFile(setting, /manifest/)
  if (file) writeFileSync(file, setting.random.pick(['', '{}', 'null', '{"files": [', '[]']))
}

const kept = (setting: Setting) => join(setting.folder, 'kept-lake')

/** As somebody does who puts back an older state of the disk. */
const olderState: Act = async (setting) => {
  if (!existsSync(kept(setting))) {
    if (filesOf(setting, /./).length > 0) cpSync(lakeOf(setting), kept(setting), { recursive: true })
    return
  }
  rmSync(lakeOf(setting), { recursive: true, force: true })
  cpSync(kept(setting), lakeOf(setting), { recursive: true })
  if (setting.random.chance(0.5)) rmSync(kept(setting), { recursive: true })
}

const leftovers: Act = async (setting) => {
  mkdirSync(lakeOf(setting), { recursive: true })
  for (const name of ['x.parquet.tmp', 'manifest.json.1234.tmp', '2024-01.9.parquet'])
    writeFileSync(join(lakeOf(setting), name), 'not a file of a lake')
}

const troubles: readonly (readonly [number, Act])[] = [
  [1, gone],
  [3, lostFile],
  [3, cutFile],
  [3, spoiltFile],
  [2, strangeManifest],
  [2, olderState],
  [1, leftovers],
]

export const troubleInLake: Act = async (setting) => {
  const trouble = setting.random.weighted(troubles)
  setting.log(`  lake: ${trouble.name}`)
  count(setting, `lake: ${trouble.name}`)
  await trouble(setting)
}

/** Runs `work` while there is no room for the lake, or for what DuckDB puts down. Root alone may mount such disks. */
export async function withoutRoom<T>(setting: Setting, work: () => Promise<T>): Promise<T> {
  const place = setting.random.pick(['lake', 'work'])
  const folder = join(setting.folder, place)
  mkdirSync(folder, { recursive: true })
  const size = setting.random.pick(['8k', '32k', '64k'])
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder]).status === 0
  if (mounted) count(setting, `without room: ${place}`)
  try {
    return await work()
  } finally {
    if (mounted) spawnSync('umount', ['-l', folder])
  }
}
