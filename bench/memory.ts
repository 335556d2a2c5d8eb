import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The most that was taken at any time, in bytes. Undefined where the system doesn't say (it does on Linux). */
export type Peak = {
  /** Resident memory of the command's own process: Node, and DuckDB within it. */
  process?: number
  /** Private memory of the largest backend of Postgres, and of all its processes together. */
  backend?: number
  postgres?: number
  /** Files for a while, of DuckDB and of Postgres together. */
  temporary?: number
  /** Seconds of computing: of the command's process, and of Postgres meanwhile. On a busy machine they say more than time. */
  processCpu?: number
  postgresCpu?: number
}

/** Looks at a process, at the children of a postmaster and at folders of temporary files until it is stopped. */
export function watch(pid: number, postmaster: number | undefined, folders: readonly string[]): () => Peak {
  const peak: Peak = {}
  const most = (name: keyof Peak, bytes: number | undefined) => {
    if (bytes !== undefined) peak[name] = Math.max(peak[name] ?? 0, bytes)
  }
  const spent = new Map<number, { first: number; last: number }>()
  const note = (process: number, isNew: boolean) => {
    const seconds = cpuOf(process)
    if (seconds === undefined) return
    const known = spent.get(process)
    spent.set(process, { first: known?.first ?? (isNew ? 0 : seconds), last: seconds })
  }
  let looks = 0
  const look = () => {
    most('process', field(pid, 'VmHWM'))
    const backends = postmaster === undefined ? [] : childrenOf(postmaster)
    const taken = backends.map((backend) => field(backend, 'RssAnon') ?? 0)
    if (taken.length > 0) {
      most('backend', Math.max(...taken))
      most(
        'postgres',
        taken.reduce((sum, bytes) => sum + bytes, 0),
      )
    }
    // Who is there when the command starts has worked for others before.
    for (const backend of backends) note(backend, looks > 0)
    note(pid, true)
    if (looks++ % 5 === 0)
      most(
        'temporary',
        folders.map(sizeOf).reduce((sum, bytes) => sum + bytes, 0),
      )
  }
  look()
  const timer = setInterval(look, 50)
  return () => {
    clearInterval(timer)
    const { last = 0 } = spent.get(pid) ?? {}
    spent.delete(pid)
    const postgresCpu = [...spent.values()].reduce((sum, each) => sum + each.last - each.first, 0)
    return spent.size > 0 ? { ...peak, processCpu: last, postgresCpu } : peak
  }
}

/** Bytes of all files in a folder and below it. Files may vanish meanwhile. */
export function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0
  let bytes = 0
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false })
      if (stat?.isFile()) bytes += stat.size
    }
  } catch {
    return bytes
  }
  return bytes
}

function field(pid: number, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`))
  return found ? Number(found[1]) * 1024 : undefined
}

/** In ticks of a hundredth of a second, after the name in parentheses. */
function cpuOf(pid: number): number | undefined {
  const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')
  return fields && (Number(fields[11]) + Number(fields[12])) / 100
}

const childrenOf = (pid: number): number[] =>
  read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
