import type { EventRule } from '../../../compiler/ir.ts'
import type { Instant } from '../../../compiler/time.ts'
import type { Event } from '../world.ts'
import { passes } from './events.ts'
import { localDay } from './time.ts'

/**
 * What a rule comes to for a lead: how many events count, their points as if new and without a cap, and what is left;
 * and the same of each day, the latest first, with what the cap per day left of it.
 */
export type RulePoints = {
  readonly events: number
  readonly before: bigint
  readonly points: bigint
  readonly days: readonly DayPoints[]
}
export type DayPoints = Omit<RulePoints, 'days'> & { readonly age: number; readonly capped: bigint }

/** UTC day by UTC day: so many events, no more than the cap, worth so much at their age; no more than the cap of all. */
export function pointsOfEvents(rule: EventRule, all: readonly Event[], asOf: Instant): RulePoints {
  const counting = all.filter((event) => passes(event, rule.events, asOf))
  const each = BigInt(rule.micropoints)
  const size = each < 0n ? -each : each
  const days = new Set(counting.map(({ at }) => localDay(at, 'UTC')))
  const byDay = [...days].map((day): DayPoints => {
    const count = BigInt(counting.filter(({ at }) => localDay(at, 'UTC') === day).length)
    const age = localDay(asOf, 'UTC') - day
    const isCapped = rule.capPerDay !== undefined && count * size > BigInt(rule.capPerDay)
    const capped = isCapped ? BigInt(rule.capPerDay!) * (each < 0n ? -1n : 1n) : count * each
    const faded = () => BigInt(rule.fade?.[isCapped ? 'capped' : 'each'][age] ?? 0) * (isCapped ? 1n : count)
    return { age, events: Number(count), before: count * each, capped, points: rule.fade ? faded() : capped }
  })
  let points = byDay.reduce((sum, day) => sum + day.points, 0n)
  const most = rule.capPerLead === undefined ? undefined : BigInt(rule.capPerLead)
  if (most !== undefined && points > most && each >= 0n) points = most
  if (most !== undefined && points < -most && each < 0n) points = -most
  return {
    events: counting.length,
    before: BigInt(counting.length) * each,
    points,
    days: byDay.sort((a, b) => a.age - b.age),
  }
}
