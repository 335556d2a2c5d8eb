import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { chaos } from './support/chaos/chaos.ts'
import { commonOptions, readCommandLine } from './support/command-line.ts'

const usage = 'npm run chaos -- [--minutes 30] [--seed 7] [--verbose]'

/**
 * Things go wrong at random. Runs are killed, paused, cut off and doubled while data arrive and people edit; after each
 * round everything is recomputed. It prints its seed: the same one does the same again, as far as time and the operating
 * system allow.
 */
const {
  values,
  minutes,
  seed: first,
} = readCommandLine(usage, () =>
  parseArgs({ options: { ...commonOptions, verbose: { type: 'boolean', default: false } } }),
)

const started = performance.now()
const left = () => minutes * 60 - (performance.now() - started) / 1000
const total = new Map<string, number>()
let rounds = 0
// A new world every few minutes, since one whose years are over only moves on by seconds.
for (let seed = first; left() > 0 && process.exitCode !== 1; seed++) {
  const lines: string[] = []
  const folder = mkdtempSync(join(tmpdir(), 'tideline-chaos-'))
  // As root the server runs as another user, who has to get in.
  chmodSync(folder, 0o755)
  console.log(`seed ${seed}`)
  try {
    const outcome = await chaos({
      seed,
      seconds: Math.min(300, left()),
      folder,
      binaries: readConfig().postgresBinaries,
      log: values.verbose ? console.log : (line) => void lines.push(line),
    })
    rounds += outcome.rounds
    for (const [what, times] of outcome.did) total.set(what, (total.get(what) ?? 0) + times)
  } catch (error) {
    console.log(lines.slice(-40).join('\n'))
    console.log(`with --seed ${seed}:`, error)
    process.exitCode = 1
  }
}
console.log(`${rounds} rounds, ${Math.round(minutes * 60 - left())} seconds`)
for (const [what, times] of [...total].sort()) console.log(`${String(times).padStart(6)} ${what}`)
