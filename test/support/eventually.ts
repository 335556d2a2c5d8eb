import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is the one hoped for, and says which it was at last if it never is. */
export async function eventually<T>(
  ask: () => Promise<T>,
  hope: (answer: T) => boolean,
  seconds = 20,
): Promise<T> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const answer = await ask()
    if (hope(answer)) return answer
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(answer)} after ${seconds} seconds`)
    await sleep(50)
  }
}
