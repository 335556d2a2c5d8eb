import type { Instant } from '../../../compiler/time.ts'
import type { ScoreDay } from '../world.ts'
import { instantOf, microsOf } from './time.ts'

const dayLong = 86_400_000_000n

/** When a UTC day is over. */
export const endOf = (day: string): Instant => instantOf(microsOf(`${day}T00:00:00.000000Z`) + dayLong)

/** What is recorded of days that are over at asOf, oldest first. */
export const daysOver = (
  days: readonly ScoreDay[],
  { score, lead, asOf }: { score: string; lead: number; asOf: Instant },
): ScoreDay[] =>
  days
    .filter((each) => each.score === score && each.lead === lead && endOf(each.day) <= asOf)
    .sort((a, b) => (a.day < b.day ? -1 : 1))

/** When the level was last come to from another one; asOf, if that is only now. */
export function enteredLevel(
  days: readonly ScoreDay[],
  { level, now, asOf }: { level: string; now: string | undefined; asOf: Instant },
): Instant | undefined {
  const last = days.at(-1)
  if (last && last.level !== level && now === level) return asOf
  const entries = days.filter((each, index) => {
    const before = days[index - 1]
    return before !== undefined && each.level === level && before.level !== level
  })
  const entry = entries.at(-1)
  return entry && endOf(entry.day)
}
