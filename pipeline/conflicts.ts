import { setTimeout as sleep } from 'node:timers/promises'

const attempts = 5
/** Two waited for each other's rows, or wrote the same ones: whoever comes later finds nothing in its way. */
const passing = new Set(['40P01', '40001'])

/** Does it again if it was in somebody's way. `work` is to begin from the beginning, in a transaction of its own. */
export async function untilNobodyInTheWay<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attempts || !passing.has((error as { code?: string }).code ?? '')) throw error
      await sleep(50 * attempt * (1 + Math.random()))
    }
  }
}
