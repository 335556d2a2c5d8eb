import { UserError } from '../../../pipeline/errors.ts'
import { backfill } from '../../../pipeline/runs/backfill.ts'
import { meanwhile } from '../meanwhile.ts'
import { someAct } from './data.ts'
import { retypeOne } from './edits.ts'
import { type Act, count, shifted } from './setting.ts'

const hour = 3_600_000_000n

/** The history of some segments is computed again for a range that ends with the last run, or before it. */
export const rewrite: Act = async (setting) => {
  const { random, now } = setting
  const to = random.chance(0.5) ? now : shifted(now, -hour * BigInt(random.below(12)))
  const from = shifted(to, -hour * BigInt(1 + random.below(30)))
  const keys = Object.keys(setting.definitions)
  const segments = random.chance(0.5) ? undefined : [random.pick(keys), random.pick(keys)]
  setting.log(`  backfill from ${from} to ${to}: ${segments ?? 'all'}`)
  // As it begins, or somewhere on the way.
  const act = random.pick([someAct, retypeOne])
  const { onStep, done } = meanwhile(setting.database, random.pick([undefined, to, 'claim']), async () => {
    if (random.chance(0.6)) await act(setting)
  })
  try {
    const options = { from, to, segments, grain: 'hour', all: true, owner: 'chaos', onStep } as const
    const { entered, left } = await backfill(setting.database, options)
    count(setting, entered + left > 0 ? 'history rewritten' : 'history found as it was')
  } catch (error) {
    // What can't be understood just now, or was never evaluated, is refused.
    if (!(error instanceof UserError)) throw error
    count(setting, `backfill refused: ${error.code}`)
  }
  await done()
}
