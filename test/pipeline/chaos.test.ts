import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../config.ts'
import { chaos } from '../support/chaos/chaos.ts'
import { seed } from '../support/seed.ts'

/** Somebody was killed, and both kinds of runs were made. */
const until = (did: ReadonlyMap<string, number>) =>
  ['killed indeed', 'run incremental', 'run full'].every((what) =>
    [...did.keys()].some((each) => each.startsWith(what)),
  )

/** A short one: `npm run chaos -- --minutes 30` goes on for longer. `SEED=` repeats one that failed. */
test('whatever happens to runs, what stands there afterwards is what a full recompute gives', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-chaos-'))
  chmodSync(folder, 0o755)
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const binaries = readConfig().postgresBinaries
  try {
    const { rounds, did } = await chaos({ seed, seconds: 18, atMost: 90, until, folder, binaries, log })
    expect(rounds).toBeGreaterThan(0)
    expect(until(did), JSON.stringify([...did])).toBe(true)
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error)
    throw new Error(`With SEED=${seed}: ${told}\n${lines.slice(-30).join('\n')}`, { cause: error })
  }
}, 120_000)
