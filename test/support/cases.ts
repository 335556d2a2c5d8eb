import * as fc from 'fast-check'
import { seeds, times } from './seed.ts'

/** A law over random cases that take seconds each. */
export type Law<Case> = {
  readonly drawn: fc.Arbitrary<Case>
  /** So many are checked; where the machine is slow, no fewer than `least` and as many as begin within `seconds`. */
  readonly cases: number
  readonly least: number
  readonly seconds: number
  /** Whether what was to be seen was seen: until then more are drawn, as far as there are cases. */
  readonly seen?: () => boolean
  /** What whoever reads a failure wants to see of the case: a world printed fills many screens. */
  readonly tell: (drawn: Case) => unknown
}

/**
 * Checks one case after the other, and waits for each: nothing goes on in the background once it has ended. A case that
 * fails is told by its seed, which draws the same one again. Returns how many were checked.
 */
export async function forAll<Case>(
  { drawn, cases, least, seconds, seen, tell }: Law<Case>,
  check: (drawn: Case, index: number) => Promise<void>,
): Promise<number> {
  const deadline = performance.now() + seconds * times * 1000
  let checked = 0
  for (const seed of seeds(cases)) {
    if (checked >= least * times && performance.now() > deadline && (seen?.() ?? true)) break
    const [each] = fc.sample(drawn, { seed, numRuns: 1 })
    try {
      await check(each!, checked)
    } catch (error) {
      const told = error instanceof Error ? error.message : String(error)
      throw new Error(`With SEED=${seed}: ${told}\n${JSON.stringify(tell(each!), null, 2)}`, { cause: error })
    }
    checked++
  }
  return checked
}
