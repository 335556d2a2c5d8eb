import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as fc from 'fast-check'
import { readConfig } from '../config.ts'
import { removeServer, startServer } from '../pipeline/embedded.ts'
import { openPostgres } from '../pipeline/engine.ts'
import { migrate } from '../pipeline/migrate.ts'
import { type Case, holdsFor } from './support/agreement.ts'
import { commonOptions, leave, readCommandLine } from './support/command-line.ts'
import { predicateCases } from './support/predicates.ts'
import { definitionCases } from './support/questions.ts'
import { breaks, smallest, type Tally, told } from './support/sequence-law.ts'
import { sequences } from './support/sequences.ts'

const usage = 'npm run sim -- [--minutes 30] [--seed 7] [--only predicates|definitions|sequences] [--go-on]'

/**
 * Long random runs. Random worlds and random questions, on both engines and by the reference, and random sequences of
 * runs, until the time is over or something differs. It prints the seed of what failed, made small: given to --seed, it
 * fails at once. With --go-on the run goes on with other seeds.
 */
const {
  values,
  minutes,
  seed: first,
} = readCommandLine(usage, () =>
  parseArgs({
    options: {
      ...commonOptions,
      only: { type: 'string' },
      'go-on': { type: 'boolean', default: false },
    },
  }),
)
let seed = first

const kinds = {
  predicates: predicateCases(60),
  definitions: definitionCases(60),
}
const chosen = Object.entries(kinds).filter(([name]) => values.only === undefined || name === values.only)
const withSequences = values.only === undefined || values.only === 'sequences'
if (chosen.length === 0 && !withSequences) {
  leave(usage, `--only is one of ${Object.keys(kinds).join(', ')}, sequences; not "${values.only}".`)
}

const folder = mkdtempSync(join(tmpdir(), 'tideline-sim-'))
// As root the server runs as another user, who has to get in.
chmodSync(folder, 0o755)
const started = performance.now()
const left = () => minutes * 60 - (performance.now() - started) / 1000
let [cases, failures] = [0, 0]
/** What the runs of sequences did: without it nobody would notice if all of them were full. */
const tally: Tally = {}
console.log(`seed ${seed}, ${minutes} minutes`)
try {
  const settings = { fsync: 'off', full_page_writes: 'off' }
  const { url } = await startServer({
    folder,
    binaries: readConfig().postgresBinaries,
    idleMinutes: 10,
    settings,
  })
  const database = openPostgres(url)
  await migrate(database)
  const places = {
    mixed: openPostgres(url, { schema: 'mixed' }),
    full: openPostgres(url, { schema: 'full' }),
  }
  for (const place of Object.values(places)) await migrate(place)
  while (left() > 0 && (failures === 0 || values['go-on'])) {
    for (const [name, arbitrary] of chosen) await oneRound(name, arbitrary)
    if (withSequences) await someSequences()
    seed += 10
  }
  for (const each of [database, ...Object.values(places)]) await each.close()

  async function someSequences(): Promise<void> {
    for (let each = seed; each < seed + 10 && left() > 0; each++) {
      const [sequence] = fc.sample(sequences, { seed: each, numRuns: 1 })
      const broken = await breaks(places, sequence!, tally).catch((error) => ({
        step: -1,
        message: `${error}`,
        lines: [],
      }))
      cases += sequence!.steps.length
      if (!broken) continue
      failures++
      const small = broken.step < 0 ? sequence! : await smallest(places, sequence!, broken, 60)
      console.log(
        `\nsequences: With SEED=${each}:\n${told((await breaks(places, small, {})) ?? broken, small)}`,
      )
    }
    console.log(JSON.stringify(tally))
    say()
  }

  function say(): void {
    const seconds = (performance.now() - started) / 1000
    console.log(
      `${cases} cases, ${(cases / seconds).toFixed(0)} a second, ${failures} failures; seed ${seed}`,
    )
  }

  async function oneRound(name: string, arbitrary: fc.Arbitrary<Case>): Promise<void> {
    try {
      const outcome = await holdsFor(database, arbitrary, { seconds: Math.max(0, left()), worlds: 10, seed })
      cases += outcome.cases
    } catch (error) {
      failures++
      console.log(`\n${name}: ${error instanceof Error ? error.message : error}`)
    }
    say()
  }
} finally {
  await removeServer(folder)
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failures > 0 ? 1 : 0
