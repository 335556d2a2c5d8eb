import type { Condition } from '../condition.ts'
import { attribute } from './attribute.ts'
import { didEvent } from './did-event.ts'
import { everyone } from './everyone.ts'
import { firstSeen } from './first-seen.ts'
import { lastActivity } from './last-activity.ts'
import { score } from './score.ts'

/** The table of contents of the language. The text form tries them in this order: names of attributes come last. */
export const conditions: readonly Condition[] = [
  everyone,
  didEvent,
  lastActivity,
  firstSeen,
  score,
  attribute,
]

export const conditionOf = (kind: string): Condition | undefined =>
  conditions.find((each) => each.kind === kind)
