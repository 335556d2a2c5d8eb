import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../pipeline/engine.ts'
import { type Lake, openLake } from '../../pipeline/lake/lake.ts'
import { judged, outcome, present } from './sequence-check.ts'
import { begin, play } from './sequence-play.ts'
import type { Sequence } from './sequences.ts'

/** What runs did, to see whether the law looked at anything. */
export type Tally = Record<string, number>

export type Broken = { readonly step: number; readonly message: string; readonly lines: readonly string[] }

/** Where the sequence is played: as it says, and once more with all runs in full, in Postgres. */
export type Places = { readonly mixed: Database; readonly full: Database }

/**
 * Plays a sequence twice and compares after each step what has come of it; and now and then with the reference. Where
 * it says so, full runs look at a lake. Undefined: nothing differs.
 */
export async function breaks(places: Places, sequence: Sequence, tally: Tally): Promise<Broken | undefined> {
  if (!sequence.overLake) return playBoth(places, sequence, tally, undefined)
  const folder = await mkdtemp(join(tmpdir(), 'tideline-lake-'))
  return playBoth(places, sequence, tally, openLake(folder)).finally(() => rm(folder, { recursive: true }))
}

async function playBoth(
  { mixed, full }: Places,
  sequence: Sequence,
  tally: Tally,
  lake: Lake | undefined,
): Promise<Broken | undefined> {
  await begin(mixed)
  await begin(full)
  for (const index of sequence.steps.keys()) {
    const run = await play(mixed, sequence, index, { allFull: false, ...(lake ? { lake } : {}) })
    await play(full, sequence, index, { allFull: true })
    count(tally, run.mode)
    if (run.engine === 'duckdb') count(tally, 'duckdb')
    else if (lake && run.mode === 'full')
      return { step: index, message: 'the lake was not used', lines: [JSON.stringify(run.chosen)] }
    if (run.drift)
      return { step: index, message: `${run.drift} differences are called drift`, lines: await drift(mixed) }
    const [found, expected] = [await outcome(mixed), await outcome(full)]
    for (const [what, lines] of Object.entries(found)) {
      const differing = difference(lines, expected[what]!)
      if (differing.length > 0) {
        return { step: index, message: `${what}, ${run.mode} (-) against full (+)`, lines: differing }
      }
    }
    for (const line of found.changes!) countChange(tally, line, run)
    // The other steps are as right as the full runs are.
    if (run.mode === 'full' && index < sequence.steps.length - 1) continue
    const differing = difference(await present(mixed), await judged(mixed, sequence, index))
    if (differing.length > 0)
      return { step: index, message: 'run (-) against reference (+)', lines: differing }
  }
  return undefined
}

function count(tally: Tally, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1
}

/** Changes by mode and cause. */
function countChange(
  tally: Tally,
  line: string,
  { mode, runId }: { mode: string; runId: string | null },
): void {
  const [, , , , cause, , by] = line.split(' ')
  if (by === runId) count(tally, `${mode} ${cause}`)
}

function difference(found: readonly string[], expected: readonly string[]): string[] {
  const [ours, theirs] = [new Set(found), new Set(expected)]
  return [
    ...found.filter((line) => !theirs.has(line)).map((line) => `- ${line}`),
    ...expected.filter((line) => !ours.has(line)).map((line) => `+ ${line}`),
  ]
}

const drift = async (database: Database): Promise<string[]> =>
  (
    await database.query<{ line: string }>(
      `select concat_ws(' ', run_id, key, leads, sample) as line from run_drift left join segments using (segment_id)`,
    )
  ).map(({ line }) => line)

/** As little of the sequence as still breaks the law, within some seconds. */
export async function smallest(
  places: Places,
  sequence: Sequence,
  { step, lines }: Broken,
  seconds: number,
): Promise<Sequence> {
  const deadline = performance.now() + seconds * 1000
  const fails = async (each: Sequence): Promise<boolean> =>
    performance.now() < deadline && (await breaks(places, each, {}).catch(() => undefined)) !== undefined
  let small: Sequence = { ...sequence, steps: sequence.steps.slice(0, step + 1) }
  const keys = Object.keys(small.versions[0]!)
  const named = keys.filter((key) => lines.some((line) => line.split(' ').includes(key)))
  for (const kept of [named.slice(0, 1), named, keys]) {
    const fewer = withKeys(small, kept)
    if (kept.length > 0 && (await fails(fewer))) {
      small = fewer
      break
    }
  }
  for (const without of simpler) {
    for (let size = 64; size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from < without.of(small).length; ) {
        const fewer = without.drop(small, from, size)
        if (await fails(fewer)) small = fewer
        else from += size
      }
    }
  }
  return small
}

/** These, and what they refer to. */
function withKeys(sequence: Sequence, wanted: readonly string[]): Sequence {
  const kept = new Set(wanted)
  for (const key of kept) {
    for (const version of sequence.versions) {
      for (const other of Object.keys(version))
        if (version[key]?.includes(`segment "${other}"`)) kept.add(other)
    }
  }
  const only = (version: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(version).filter(([key]) => kept.has(key)))
  return {
    ...sequence,
    versions: sequence.versions.map(only),
    hands: sequence.hands.filter(({ segment }) => kept.has(segment) || !(segment in sequence.versions[0]!)),
    steps: sequence.steps.map((each) => ({ ...each, paused: each.paused.filter((key) => kept.has(key)) })),
  }
}

const simpler = [
  part('hands'),
  part('moves'),
  part('removals'),
  rows('leads'),
  rows('events'),
  rows('changes'),
  {
    of: ({ steps }: Sequence): readonly unknown[] => steps,
    drop: (sequence: Sequence, from: number, size: number): Sequence => dropSteps(sequence, from, size),
  },
]

function part(name: 'hands' | 'moves' | 'removals') {
  return {
    of: (sequence: Sequence): readonly unknown[] => sequence[name],
    drop: (sequence: Sequence, from: number, size: number): Sequence => ({
      ...sequence,
      [name]: (sequence[name] as readonly unknown[]).toSpliced(from, size),
    }),
  }
}

function rows(name: 'leads' | 'events' | 'changes') {
  return {
    of: ({ world }: Sequence): readonly unknown[] => world[name],
    drop: ({ world, arrivals, ...rest }: Sequence, from: number, size: number): Sequence => ({
      ...rest,
      world: { ...world, [name]: (world[name] as readonly unknown[]).toSpliced(from, size) },
      arrivals: { ...arrivals, [name]: arrivals[name].toSpliced(from, size) },
    }),
  }
}

/** What came with a step that is left out comes with the one after it. */
function dropSteps(sequence: Sequence, from: number, size: number): Sequence {
  const earlier = (step: number) => (step <= from ? step : Math.max(from, step - size))
  const { leads, events, changes } = sequence.arrivals
  return {
    ...sequence,
    arrivals: { leads: leads.map(earlier), events: events.map(earlier), changes: changes.map(earlier) },
    hands: sequence.hands.map((hand) => ({
      ...hand,
      arrives: earlier(hand.arrives),
      ends: earlier(hand.ends),
    })),
    moves: sequence.moves.map((move) => ({ ...move, step: earlier(move.step) })),
    removals: sequence.removals.map((removal) => ({ ...removal, step: earlier(removal.step) })),
    steps: sequence.steps.toSpliced(from, size),
  }
}

/** Short enough to be read. */
export function told({ step, message, lines }: Broken, { world, arrivals, ...rest }: Sequence): string {
  const rowsOf = (name: 'leads' | 'events' | 'changes') =>
    world[name].map((row, index) => `${name} with step ${arrivals[name][index]}: ${JSON.stringify(row)}`)
  return [
    `step ${step}: ${message}`,
    ...lines.slice(0, 20),
    ...(lines.length > 20 ? [`… and ${lines.length - 20} more`] : []),
    ...rest.steps.map((each, index) => `${index}: ${JSON.stringify(each)}`),
    ...rest.versions.map((version, index) =>
      JSON.stringify(changedFrom(rest.versions[index - 1], version), null, 1),
    ),
    ...rest.hands.map((hand) => JSON.stringify(hand)),
    ...[...rest.moves, ...rest.removals].map((each) => JSON.stringify(each)),
    ...(world.events.length > 60 ? [] : [...rowsOf('leads'), ...rowsOf('events'), ...rowsOf('changes')]),
  ].join('\n')
}

const changedFrom = (
  before: Readonly<Record<string, string>> | undefined,
  version: Readonly<Record<string, string>>,
) => Object.fromEntries(Object.entries(version).filter(([key, text]) => before?.[key] !== text))
