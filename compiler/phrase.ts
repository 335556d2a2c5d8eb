import { Temporal } from 'temporal-polyfill'
import type {
  Comparison,
  EventFeature,
  Events,
  Feature,
  Filter,
  Operand,
  Property,
  Test,
  Tree,
  ValueType,
} from './ir.ts'
import { type Instant, printDuration } from './time.ts'

/** A feature's value for one lead, as text: a decimal, an instant, `true`; null where it is missing. */
export type FeatureValue = string | null

/** What a feature's value is, shortly: `3 times`, `16 days ago (2026-11-05 07:40)`, `1,200`, `unknown`. */
export function sayValue(feature: Feature, value: FeatureValue, asOf: Instant): string {
  if (value === null) return isEventful(feature) ? 'never' : 'unknown'
  // An attribute's first known value holds before it was known as well.
  if (feature.kind === 'attribute_history' && value.startsWith('0001-01-01')) return 'since ever'
  switch (feature.kind) {
    case 'first_seen':
    case 'attribute_history':
    case 'recorded':
    case 'level_entered':
      return sayInstant(value, asOf)
    case 'score':
    case 'score_change':
    case 'score_max':
      return withCommas(wholePoints(value))
    case 'attribute':
      return sayTyped(value, feature.type, asOf)
    case 'sequence':
    case 'segment':
    case 'listed':
    case 'inside':
      return value === 'true' ? 'yes' : 'no'
    case 'leads_of_account':
      return `${withCommas(value)} ${value === '1' ? 'lead' : 'leads'}`
    case 'bucket':
      return `share ${value}`
    case 'events':
      return sayFigure(feature, value, asOf)
  }
}

const isEventful = (feature: Feature): boolean =>
  feature.kind === 'recorded' ||
  feature.kind === 'level_entered' ||
  (feature.kind === 'attribute_history' && feature.figure === 'changed') ||
  (feature.kind === 'events' && (feature.figure.kind === 'first' || feature.figure.kind === 'last'))

function sayFigure({ figure }: EventFeature, value: string, asOf: Instant): string {
  switch (figure.kind) {
    case 'first':
    case 'last':
      return sayInstant(value, asOf)
    case 'count':
      return value === '1' ? '1 time' : `${withCommas(value)} times`
    case 'days':
      return value === '1' ? '1 day' : `${withCommas(value)} days`
    case 'periods':
      return `in ${value} of ${figure.from.length} periods`
    case 'distinct':
      return `${withCommas(value)} different`
    case 'sum':
    case 'mean':
      return withCommas(value)
    default:
      return sayTyped(value, figure.property.type, asOf)
  }
}

/** The same as a part of a sentence about the lead: `page view 3 times`, `score 62`, `company size 1,200`. */
export function phrase(feature: Feature, value: FeatureValue, asOf: Instant): string | undefined {
  const said = sayValue(feature, value, asOf).replace(/ \(\d{4}-.*\)$/, '')
  switch (feature.kind) {
    case 'first_seen':
      return `first seen ${said}`
    case 'score':
      return feature.score === 'engagement' ? `score ${said}` : `${spoken(feature.score)} score ${said}`
    case 'attribute': {
      const owner = feature.of === 'account' ? 'account ' : ''
      return `${owner}${spoken([feature.name, ...(feature.path ?? [])].join(' '))} ${said}`
    }
    case 'events': {
      const whose = feature.of === 'account' ? 'account: ' : ''
      const events = sayEvents(feature.events)
      if ('property' in feature.figure)
        return `${whose}${feature.figure.kind} ${spoken(feature.figure.property.name)} of ${events} ${said}`
      if (value === null || (feature.figure.kind === 'count' && value === '0')) return `${whose}no ${events}`
      return feature.figure.kind === 'first' ? `${whose}first ${events} ${said}` : `${whose}${events} ${said}`
    }
    default:
      return undefined
  }
}

const spoken = (name: string): string => name.replaceAll('_', ' ')

export function sayEvents({ types, where }: Events): string {
  const which =
    'only' in types
      ? types.only.map(spoken).join(' or ')
      : 'prefix' in types
        ? `${types.prefix}…`
        : types.allBut.length > 0
          ? 'activity'
          : 'event'
  return where.kind === 'all' && where.of.length === 0 ? which : `${which} (${sayFilter(where)})`
}

function sayFilter(filter: Filter): string {
  const each = (tree: Tree<Test<Property>>): string =>
    tree.kind === 'all' || tree.kind === 'any' ? `(${sayFilter(tree)})` : sayFilter(tree)
  if (filter.kind === 'not') return `not ${each(filter.of)}`
  if (filter.kind !== 'test') return filter.of.map(each).join(filter.kind === 'all' ? ' and ' : ' or ')
  const { name, path = [] } = filter.subject
  return `${spoken([name, ...path].join(' '))} ${sayComparison(filter.is)}`
}

function sayComparison(is: Comparison): string {
  if (is.op === 'known') return 'known'
  if (is.op === 'some' || is.op === 'every') return sayComparison(is.is)
  if (is.op === 'between') return `${sayOperand(is.low)} to ${sayOperand(is.high)}`
  if (is.op === 'in') return `in ${is.to.map(sayOperand).join(', ')}`
  return is.op === '=' ? sayOperand(is.to) : `${is.op} ${sayOperand(is.to)}`
}

function sayOperand(operand: Operand): string {
  if (operand.type === 'instant') {
    return 'instant' in operand.moment ? operand.moment.instant.slice(0, 10) : 'a time'
  }
  return operand.type === 'number' ? withCommas(operand.value) : String(operand.value)
}

function sayTyped(value: string, type: ValueType, asOf: Instant): string {
  switch (type) {
    case 'number':
    case 'size':
      return withCommas(value)
    case 'instant':
      return sayInstant(value, asOf)
    case 'boolean':
      return value === 'true' || value === 't' ? 'yes' : 'no'
    case 'json':
      return 'known'
    default:
      return value
  }
}

/** `16 days ago (2026-11-05 07:40)`. What is no instant is shown as it is. */
export function sayInstant(text: string, asOf: Instant): string {
  const at = toInstant(text)
  if (!at) return text
  return `${sayDistance(at, asOf)} (${at.toString({ smallestUnit: 'minute' }).slice(0, 16).replace('T', ' ')})`
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** The largest unit of which there are two or more, rounded down: what is shown never overstates an age. */
export function sayDistance(at: Temporal.Instant, asOf: Instant): string {
  const apart = Math.abs(Temporal.Instant.from(asOf).epochMilliseconds - at.epochMilliseconds) / 1000
  if (apart < 1) return 'just now'
  const [unit, length] = units.find(([, seconds]) => apart >= 2 * seconds) ?? units[3]
  const said = printDuration({ amount: Math.floor(apart / length), unit })
  return Temporal.Instant.compare(at, asOf) > 0 ? `in ${said}` : `${said} ago`
}

/** As Postgres and as we write it. */
function toInstant(text: string): Temporal.Instant | undefined {
  try {
    return Temporal.Instant.from(text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00'))
  } catch {
    return undefined
  }
}

/** 12345.600000 → 12,345.6 */
function withCommas(decimal: string): string {
  const [, sign = '', whole = decimal, fraction = ''] = /^(-?)(\d+)(?:\.(\d+?)0*)?$/.exec(decimal) ?? []
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${sign}${grouped}${fraction === '' || fraction === '0' ? '' : `.${fraction}`}`
}

/** Micro-points as points, rounded down. */
function wholePoints(micropoints: string): string {
  const points = BigInt(micropoints.split('.')[0]!)
  const million = 1_000_000n
  return String(points >= 0n ? points / million : (points - million + 1n) / million)
}
