/** Numbers that look random and are the same for the same seed. */
export type Random = {
  /** From 0 up to, and without, the number. */
  below(limit: number): number
  chance(share: number): boolean
  pick<T>(from: readonly T[]): T
  /** As often as their weights say. */
  weighted<T>(from: readonly (readonly [weight: number, value: T])[]): T
}

export function random(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    chance: (share) => next() < share,
    pick: (from) => from[below(from.length)]!,
    weighted(from) {
      let left = next() * from.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, value] of from) {
        left -= weight
        if (left < 0) return value
      }
      return from.at(-1)![1]
    },
  }
}
