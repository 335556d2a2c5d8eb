import type { Condition } from '../condition.ts'
import { accountDid } from './account-did.ts'
import { activeDays } from './active-days.ts'
import { attribute } from './attribute.ts'
import { attributeBeen } from './attribute-been.ts'
import { attributeChanged } from './attribute-changed.ts'
import { bucket } from './bucket.ts'
import { converted } from './converted.ts'
import { didEvent } from './did-event.ts'
import { eventValue } from './event-value.ts'
import { everyone } from './everyone.ts'
import { firstSeen } from './first-seen.ts'
import { inSegment } from './in-segment.ts'
import { lastActivity } from './last-activity.ts'
import { leadsOfAccount } from './leads-of-account.ts'
import { level } from './level.ts'
import { levelEntered } from './level-entered.ts'
import { occurrence } from './occurrence.ts'
import { regularly } from './regularly.ts'
import { restarted } from './restarted.ts'
import { score } from './score.ts'
import { scoreChange } from './score-change.ts'
import { scoreMax } from './score-max.ts'
import { segmentChange } from './segment-change.ts'
import { sequence } from './sequence.ts'
import { stopped } from './stopped.ts'
import { wasInSegment } from './was-in-segment.ts'

/**
 * The table of contents of the language. The text form tries them in this order: `did … then` before `did`, the number
 * of days before the number of values; names of attributes come last.
 */
export const conditions: readonly Condition[] = [
  everyone,
  sequence,
  didEvent,
  lastActivity,
  firstSeen,
  occurrence,
  activeDays,
  eventValue,
  stopped,
  restarted,
  regularly,
  accountDid,
  leadsOfAccount,
  converted,
  scoreMax,
  score,
  scoreChange,
  level,
  levelEntered,
  inSegment,
  wasInSegment,
  segmentChange,
  bucket,
  attributeBeen,
  attributeChanged,
  attribute,
]

export const conditionOf = (kind: string): Condition | undefined =>
  conditions.find((each) => each.kind === kind)
