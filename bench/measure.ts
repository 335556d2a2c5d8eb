import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nextDay } from '../compiler/index.ts'
import { measure } from './command.ts'
import { arrive } from './load.ts'
import type { Peak } from './memory.ts'
import type { Place } from './place.ts'
import { type Size, worldEnd } from './words.ts'

/** One run as it was measured, and what the ledger says of it. */
export type Line = {
  readonly what: string
  readonly asOf: string
  readonly mode: string
  readonly engine: string | null
  readonly why: string | null
  /** How many leads were looked at: all, in a full run. */
  readonly looked: number
  readonly candidates: { readonly leads: number; readonly reasons: Record<string, number> } | null
  /** How many rows had arrived before it. */
  readonly arrived: number
  readonly changes: number
  readonly drift: number | null
  /** From the process's start to its end, and from the start of the run to its commit. */
  readonly seconds: number
  readonly runSeconds: number
  readonly steps: readonly { name: string; rows: number | null; milliseconds: number }[]
  readonly peak: Peak
}

export type Asked = {
  /** Also in Postgres alone, without a lake. */
  readonly postgres: boolean
  /** How often each incremental run is measured: the median counts. */
  readonly repeat: number
  readonly say: (what: string) => void
  readonly onLine: (line: Line) => void
}

/** A day in the life of the installation: a run at midnight, hourly ones, and the next midnight. */
export async function measureRuns(place: Place, size: Size, asked: Asked): Promise<Line[]> {
  const lines: Line[] = []
  const one = async (what: string, at: { from: string; until: string; leads: number }): Promise<Line> => {
    asked.say(`${what}: rows arrive`)
    const arrived = await arrive(place.database, size, join(place.folder, '.tideline', 'tmp'), at)
    asked.say(what)
    const line = await measureRun(place, what, at.until, arrived)
    lines.push(line)
    asked.onLine(line)
    return line
  }
  const last = await lastAsOf(place)
  let at = worldEnd
  if (last === undefined) await one('first run', { from: at, until: at, leads: 0 })
  else {
    at = midnightAfter(last)
    await one('nightly', { from: last, until: at, leads: aDay(size) })
  }
  const hourly: readonly (readonly [string, number])[] = [
    ['nothing new', 0],
    ['0.1 % changed', 0.001],
    ['1 % changed', 0.01],
  ]
  for (const [what, share] of hourly) {
    for (let time = 0; time < asked.repeat; time++) {
      const until = hourAfter(at)
      await one(what, { from: at, until, leads: Math.round(share * size.leads) })
      at = until
    }
  }
  if (last === undefined) {
    const until = midnightAfter(at)
    await one('nightly', { from: at, until, leads: aDay(size) })
    at = until
  }
  if (asked.postgres) {
    const until = midnightAfter(at)
    await withoutLake(place, () =>
      one('nightly, Postgres alone', { from: at, until, leads: aDay(size) }).then(() => {}),
    )
  }
  return lines
}

async function measureRun(place: Place, what: string, asOf: string, arrived: number): Promise<Line> {
  const { milliseconds, peak } = await measure(place, ['run', '--as-of', asOf])
  const [row] = await place.database.query<Told>(
    `select mode, to_jsonb(r) ->> 'engine' as engine, to_jsonb(r) -> 'chosen' ->> 'code' as why, candidates, steps,
       leads::float8 as leads, (entered + "left")::float8 as changes, drift::float8 as drift,
       extract(epoch from finished_at - started_at)::float8 as seconds
     from runs r where as_of = $1::timestamptz and status = 'done'`,
    [asOf],
  )
  if (!row) throw new Error(`There is no run as of ${asOf}.`)
  const { mode, engine, why, candidates, steps, changes, drift } = row
  const looked = mode === 'incremental' ? (candidates?.leads ?? 0) : row.leads
  const seconds = milliseconds / 1000
  return {
    ...{ what, asOf, mode, engine, why, looked, candidates, arrived, changes, drift },
    ...{ seconds, runSeconds: row.seconds, steps, peak },
  }
}

type Told = Pick<Line, 'mode' | 'engine' | 'why' | 'candidates' | 'changes' | 'drift' | 'steps'> & {
  leads: number
  seconds: number
}

async function lastAsOf(place: Place): Promise<string | undefined> {
  const [row] = await place.database.query<{ as_of: string | null }>(
    `select to_char(max(as_of) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of
     from runs where status = 'done' and mode <> 'backfill'`,
  )
  return row?.as_of ?? undefined
}

/** The lake is turned off by the project's settings, and deleted: the next run would find it behind. */
async function withoutLake(place: Place, work: () => Promise<void>): Promise<void> {
  const file = join(place.folder, 'tideline.yaml')
  writeFileSync(file, 'timezone: UTC\nlake: none\n')
  rmSync(place.lake, { recursive: true, force: true })
  try {
    await work()
  } finally {
    writeFileSync(file, 'timezone: UTC\n')
  }
}

/** In two years as many leads do something on a day as this; twice as many at the end as in the middle. */
const aDay = ({ events }: Size): number => Math.round(((events / 731) * 1.74) / 1.5)

const hourAfter = (instant: string): string =>
  `${new Date(Date.parse(instant) + 3_600_000).toISOString().slice(0, 19)}.000000Z`

const midnightAfter = (instant: string): string => nextDay(`${instant.slice(0, 10)}T00:00:00.000000Z`, 'UTC')!
