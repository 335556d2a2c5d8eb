import { Temporal } from 'temporal-polyfill'
import type { CatalogScore } from './catalog.ts'
import type { EventFeature, Feature, SequenceFeature, ValueType } from './ir.ts'
import { type Instant, localDay, onClock, printDuration, toInstant } from './time.ts'

/** A feature's value for one lead, as text: a decimal, an instant, `true`; null where it is missing. */
export type FeatureValue = string | null

/** As of when something is said, and on the clock of which zone. */
export type Clock = { readonly asOf: Instant; readonly zone: string }

/** What was seen of one lead. */
export type Look = Clock & {
  value(feature: Feature): FeatureValue
  /** How far it came with a sequence: when it did each step, and at last what was not to follow, if that did. */
  steps(feature: SequenceFeature): readonly Instant[]
}

/** What a condition saw of one lead. */
export type Seen = Look & {
  readonly holds: boolean
  /** Those of its meaning, each once. */
  readonly features: readonly Feature[]
  /** Every score there is, with its levels. */
  readonly scores: readonly CatalogScore[]
}

/** What a feature's value is, shortly: `3 times`, `16 days ago (2026-11-05 07:40)`, `1,200`, `unknown`. */
export function sayValue(feature: Feature, value: FeatureValue, clock: Clock): string {
  if (value === null) return isEventful(feature) ? 'never' : 'unknown'
  switch (feature.kind) {
    case 'attribute_history':
      return isEver(value) ? 'since ever' : sayInstant(value, clock)
    case 'first_seen':
    case 'recorded':
    case 'level_entered':
      return sayInstant(value, clock)
    case 'score_change':
      return sayChange(value)
    case 'score':
    case 'score_max':
      return sayPoints(value)
    case 'attribute':
      return sayTyped(value, feature.type, clock)
    case 'segment':
      return value === 'true' ? 'in it' : 'not in it'
    case 'listed':
      return value === 'true' ? 'on it' : 'not on it'
    case 'inside':
      return value === 'true' ? 'it was' : 'it was not'
    case 'sequence':
      return value
    case 'leads_of_account':
      return `${withCommas(value)} ${value === '1' ? 'lead' : 'leads'}`
    case 'bucket':
      return `share ${value}`
    case 'events':
      return sayFigure(feature, value, clock)
  }
}

const isEventful = (feature: Feature): boolean =>
  feature.kind === 'recorded' ||
  feature.kind === 'level_entered' ||
  (feature.kind === 'attribute_history' && feature.figure === 'changed') ||
  (feature.kind === 'events' && (feature.figure.kind === 'first' || feature.figure.kind === 'last'))

/** An attribute's first known value holds before it was known as well. */
export const isEver = (value: string): boolean => value.startsWith('0001-01-01')

function sayFigure({ figure }: EventFeature, value: string, clock: Clock): string {
  switch (figure.kind) {
    case 'first':
    case 'last':
      return sayInstant(value, clock)
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
      return sayTyped(value, figure.property.type, clock)
  }
}

/** A stored value as it reads: `1,200`, `true`, `vip and beta`, `27 days ago (2026-11-01)`. */
export function sayTyped(value: string, type: ValueType, clock: Clock): string {
  switch (type) {
    case 'number':
    case 'size':
      return withCommas(value)
    case 'instant':
      return sayDate(value, clock)
    case 'boolean':
      return value === 't' ? 'true' : value === 'f' ? 'false' : value
    case 'json':
      return 'known'
    case 'texts':
    case 'numbers':
    case 'booleans':
      return sayElements(JSON.parse(value))
    default:
      return value
  }
}

const mostElements = 5

/** A value that is no list is a list of one. */
function sayElements(list: unknown): string {
  const all = Array.isArray(list) ? list : [list]
  const said = all
    .slice(0, mostElements)
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
  if (all.length > mostElements) return `${said.join(', ')} and ${all.length - mostElements} more`
  return said.length > 1 ? `${said.slice(0, -1).join(', ')} and ${said.at(-1)}` : said.join('')
}

/** `16 days ago (2026-11-05 07:40)`. What is no instant is shown as it is. */
export function sayInstant(text: string, clock: Clock): string {
  const at = sayMinute(text, clock.zone)
  return at === undefined ? text : `${sayAgo(text, clock)} (${at})`
}

/** The same of a date that somebody wrote down: a whole local day has no time of day. */
function sayDate(text: string, clock: Clock): string {
  const day = localDay(text, clock.zone)
  return day === undefined ? sayInstant(text, clock) : `${sayDays(day, clock)} (${day})`
}

/** `2026-11-05 07:40`, or the day alone where one begins then. */
export const sayMoment = (text: string, zone: string): string =>
  localDay(text, zone) ?? sayMinute(text, zone) ?? text

/** On the clock of the zone, without seconds. */
export const sayMinute = (text: string, zone: string): string | undefined =>
  onClock(text, zone)?.slice(0, 16).replace('T', ' ')

/** Of a date: `27 days ago`, `in 3 days`; of a whole local day in days of the calendar. */
export function sayDistance(text: string, clock: Clock): string {
  const day = localDay(text, clock.zone)
  return day === undefined ? sayAgo(text, clock) : sayDays(day, clock)
}

/** Of a local day: `today`, `in 3 days`. */
export function sayDays(day: string, { asOf, zone }: Clock): string {
  const today = Temporal.Instant.from(asOf).toZonedDateTimeISO(zone).toPlainDate()
  const { days } = today.until(day, { largestUnit: 'day' })
  if (days === 0) return 'today'
  const said = printDuration({ amount: Math.abs(days), unit: 'day' })
  return days > 0 ? `in ${said}` : `${said} ago`
}

/** `19 days ago`, `in 2 hours`, `just now`. */
export function sayAgo(text: string, { asOf }: Pick<Clock, 'asOf'>): string {
  const length = sayLength(text, { asOf })
  if (length === undefined) return 'just now'
  return Temporal.Instant.compare(toInstant(text)!, asOf) > 0 ? `in ${length}` : `${length} ago`
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/**
 * How long it is between an instant and asOf, in the largest unit of which there are two or more, rounded down: what
 * is shown never overstates an age. Undefined for less than a second.
 */
export function sayLength(text: string, { asOf }: Pick<Clock, 'asOf'>): string | undefined {
  const [from, to] = [toInstant(text)!, Temporal.Instant.from(asOf)]
  const apart = Math.abs(to.epochMilliseconds - from.epochMilliseconds) / 1000
  if (apart < 1) return undefined
  const [unit, length] = units.find(([, seconds]) => apart >= 2 * seconds) ?? units[3]
  return printDuration({ amount: Math.floor(apart / length), unit })
}

/** 12345.600000 → 12,345.6 */
export function withCommas(decimal: string): string {
  const [, sign = '', whole = decimal, fraction = ''] = /^(-?)(\d+)(?:\.(\d+?)0*)?$/.exec(decimal) ?? []
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${sign}${grouped}${fraction === '' || fraction === '0' ? '' : `.${fraction}`}`
}

/** Micro-points by which a score changed, as points: every digit counts where the change is small. */
export function sayChange(micropoints: string): string {
  const [, sign = '', digits = ''] = /^(-?)(\d+)/.exec(micropoints) ?? []
  const padded = digits.padStart(7, '0')
  return withCommas(`${sign}${padded.slice(0, -6)}.${padded.slice(-6)}`)
}

/** Micro-points as points, rounded down. */
export function sayPoints(micropoints: string): string {
  const points = BigInt(micropoints.split('.')[0]!)
  const million = 1_000_000n
  return withCommas(String(points >= 0n ? points / million : (points - million + 1n) / million))
}
