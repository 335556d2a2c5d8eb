import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Instant } from '../../../compiler/time.ts'
import { type Database, openPostgres } from '../../../pipeline/engine.ts'
import { instantOf, microsOf } from '../reference/time.ts'
import type { Random } from './random.ts'

/** All that a random sequence acts on, and what it expects to find in the end. */
export type Setting = {
  readonly random: Random
  readonly folder: string
  /** The project's folder, whose server it is; all that there were. */
  server: string
  readonly servers: string[]
  readonly binaries: string | undefined
  database: Database
  /** The instant as of which the last run was, in a time of its own that goes faster than ours. */
  now: Instant
  /** What was given to imports: an event's id and its row. Each has to be there in the end, once. */
  readonly events: Map<string, string>
  leads: number
  files: number
  /** So many ids of events were given out. */
  given: number
  /** What the segments mean now, by their keys; what events are worth; and which of the segments rest. */
  definitions: Record<string, string>
  scoring: Record<string, number>
  paused: readonly string[]
  /** Whether the next run has a lake to evaluate over, and whether it is to look at all leads. */
  lake: boolean
  full: boolean
  kept: Kept | undefined
  /** Whether history is rewritten now and then. Some of the bookkeeping can't be done after that. */
  readonly rewrites: boolean
  /** Whether there is a guard that parks what moves a few leads already. */
  readonly guarded: boolean
  readonly did: Map<string, number>
  /** Steps of the runs so far: where the next ones are struck. */
  readonly steps: Set<string>
  readonly log: (line: string) => void
}

/** Servers of which nothing has to outlive the machine. */
export const serverSettings = { idleMinutes: 10, settings: { fsync: 'off', full_page_writes: 'off' } }

/** A dump, and what is expected of whoever puts it back. */
export type Kept = Pick<
  Setting,
  'database' | 'events' | 'leads' | 'now' | 'definitions' | 'scoring' | 'paused'
>

/** What people and systems do between runs, and while one is going. */
export type Act = (setting: Setting) => Promise<void>

export const anyLead = ({ random, leads }: Setting) => `L${random.below(leads)}`

export const lakeOf = ({ folder }: Setting): string => join(folder, 'lake')

export function newSetting(
  given: Pick<Setting, 'random' | 'folder' | 'server' | 'servers' | 'binaries' | 'log'> & { url: string },
): Setting {
  const { url, ...rest } = given
  mkdirSync(join(rest.folder, 'files'), { recursive: true })
  return {
    ...rest,
    database: openPostgres(url, { max: 8 }),
    now: '2021-01-30T21:00:00.000000Z',
    events: new Map(),
    leads: 30,
    files: 0,
    given: 0,
    definitions: {},
    scoring: {},
    paused: [],
    lake: true,
    full: false,
    kept: undefined,
    rewrites: rest.random.chance(0.4),
    guarded: rest.random.chance(0.4),
    did: new Map(),
    steps: new Set(['claim', 'evaluate', 'commit', 'end']),
  }
}

export const count = (setting: Setting, what: string): void =>
  void setting.did.set(what, (setting.did.get(what) ?? 0) + 1)

const [second, hour, day] = [1_000_000n, 3_600_000_000n, 86_400_000_000n]

export const shifted = (instant: Instant, micros: bigint): Instant => instantOf(microsOf(instant) + micros)

/** Seconds, hours or months later, often on the full hour or at midnight; never in the future of the server's clock. */
export function later({ random, now }: Setting): Instant {
  const step = random.weighted<() => bigint>([
    [2, () => 1n],
    [3, () => second * BigInt(1 + random.below(90))],
    [8, () => hour * BigInt(1 + random.below(5))],
    [4, () => hour - (microsOf(now) % hour)],
    [4, () => day - (microsOf(now) % day)],
    [2, () => day * BigInt(1 + random.below(9))],
    [1, () => day * BigInt(20 + random.below(30))],
  ])()
  const next = shifted(now, step)
  return next < '2026-01-01' ? next : shifted(now, second)
}

/** Around the present: mostly lately, now and then long ago or still to come. */
export function around({ random, now }: Setting): Instant {
  const back = random.weighted<() => bigint>([
    [8, () => BigInt(random.below(72)) * hour + BigInt(random.below(3600)) * second],
    [2, () => 0n],
    [3, () => BigInt(random.below(60)) * day],
    [2, () => -BigInt(random.below(48)) * hour],
  ])()
  return shifted(now, -back)
}
