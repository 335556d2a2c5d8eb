import * as fc from 'fast-check'
import { afterAll, inject } from 'vitest'
import { endWhatIsLeft } from './elsewhere.ts'

/** Where random cases begin: at what `SEED=…` says, or where the commit does, so that what failed elsewhere fails here. */
export const seed = inject('seed')
fc.configureGlobal({ seed })

afterAll(endWhatIsLeft)

/** `SEED=…` repeats one case: what is said of all of them together does not hold for it. With `TIMES=…` it begins there. */
export const repeats = process.env.SEED !== undefined && process.env.TIMES === undefined

/** `TIMES=…` goes on for as many times as long. */
export const times = Number(process.env.TIMES ?? 1)

/** The seeds of so many cases, or of the one that is repeated. */
export const seeds = (count: number): number[] =>
  Array.from({ length: repeats ? 1 : count * times }, (_, index) => seed + index)
