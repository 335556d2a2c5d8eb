import type { EventRule } from '../../../compiler/ir.ts'
import type { Instant } from '../../../compiler/time.ts'
import type { Event } from '../world.ts'
import { passes } from './events.ts'
import { localDay } from './time.ts'

/** What a rule comes to for a lead: how many events count, their points as if new and without a cap, and what is left. */
export type RulePoints = { readonly events: number; readonly before: bigint; readonly points: bigint }

/** UTC day by UTC day: so many events, no more than the cap, worth so much at their age; no more than the cap of all. */
export function pointsOfEvents(rule: EventRule, all: readonly Event[], asOf: Instant): RulePoints {
  const counting = all.filter((event) => passes(event, rule.events, asOf))
  const each = BigInt(rule.micropoints)
  const size = each < 0n ? -each : each
  let points = 0n
  for (const day of new Set(counting.map(({ at }) => localDay(at, 'UTC')))) {
    const count = BigInt(counting.filter(({ at }) => localDay(at, 'UTC') === day).length)
    const age = localDay(asOf, 'UTC') - day
    const isCapped = rule.capPerDay !== undefined && count * size > BigInt(rule.capPerDay)
    if (rule.fade)
      points += BigInt(rule.fade[isCapped ? 'capped' : 'each'][age] ?? 0) * (isCapped ? 1n : count)
    else points += isCapped ? BigInt(rule.capPerDay!) * (each < 0n ? -1n : 1n) : count * each
  }
  const most = rule.capPerLead === undefined ? undefined : BigInt(rule.capPerLead)
  if (most !== undefined && points > most && each >= 0n) points = most
  if (most !== undefined && points < -most && each < 0n) points = -most
  return { events: counting.length, before: BigInt(counting.length) * each, points }
}
