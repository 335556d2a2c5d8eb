import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { repeats, seeds, times } from '../support/seed.ts'
import { breaks, type Places, smallest, type Tally, told } from '../support/sequence-law.ts'
import { sequences } from '../support/sequences.ts'

let places: Places
beforeAll(async () => {
  places = { mixed: await testDatabase(), full: await testDatabase() }
})
afterAll(async () => {
  await places.mixed.close()
  await places.full.close()
})

/** What failed, repeated by its SEED, is made small for so many seconds. */
const { SHRINK } = process.env

describe('runs that look only at what changed', () => {
  test(
    'leave what runs in full leave, and what the reference says, after every step of whatever happens',
    async () => {
      const tally: Tally = {}
      for (const seed of seeds(4)) {
        const [sequence] = fc.sample(sequences, { seed, numRuns: 1 })
        const broken = await breaks(places, sequence!, tally).catch((error) => {
          throw new Error(`With SEED=${seed}: ${error}`, { cause: error })
        })
        if (!broken) continue
        const small = SHRINK ? await smallest(places, sequence!, broken, Number(SHRINK)) : sequence!
        const still = small === sequence ? broken : await breaks(places, small, {})
        expect.fail(`With SEED=${seed}: ${told(still ?? broken, still ? small : sequence!)}`)
      }
      if (repeats) return
      // Much is looked at only in part, and there is something to be found there.
      expect(tally.incremental).toBeGreaterThan((tally.full ?? 0) / 4)
      expect(Object.keys(tally)).toEqual(expect.arrayContaining(['incremental time', 'incremental data']))
    },
    (times + Number(SHRINK ?? 0) / 60) * 300_000,
  )
})
