import { Temporal } from 'temporal-polyfill'
import type {
  Comparison,
  Events,
  Feature,
  Filter,
  Operand,
  Predicate,
  Score,
  Test,
  Tree,
  ValueType,
} from '../../compiler/ir.ts'
import type { Instant, Moment } from '../../compiler/time.ts'
import type { Event, Json, Lead, World } from './world.ts'

/**
 * The judge: what a predicate means, for one lead after the other, row by row.
 * Slow and obvious on purpose. It shares no code with the compiler but the types of ir.ts.
 */
export function members(predicate: Predicate, world: World): number[] {
  return leadsThatExist(world)
    .filter((lead) => holds(predicate, (test) => testFeature(test, lead, world)))
    .map((lead) => lead.id)
}

export function leadsThatExist(world: World): Lead[] {
  return world.leads.filter((lead) => !lead.late && firstSeen(lead, world) <= world.asOf)
}

/** Micro-points: every event of the lead earns what its type is worth. */
export function scoreOf(score: Score, lead: Lead, world: World): bigint {
  let total = 0n
  for (const event of eventsOf(lead, world)) {
    for (const rule of score.rules) if (rule.event === event.type) total += BigInt(rule.micropoints)
  }
  return total
}

/** What is compared: decimals as whole millionths, instants as text that sorts as they do in time. */
type Value =
  | { type: 'number'; value: bigint }
  | { type: 'text' | 'instant'; value: string }
  | { type: 'boolean'; value: boolean }
  | { type: 'json' }

function holds<Subject>(tree: Tree<Test<Subject>>, test: (test: Test<Subject>) => boolean): boolean {
  if (tree.kind === 'all') return tree.of.every((each) => holds(each, test))
  if (tree.kind === 'any') return tree.of.some((each) => holds(each, test))
  if (tree.kind === 'not') return !holds(tree.of, test)
  return test(tree)
}

function testFeature(test: Test<Feature>, lead: Lead, world: World): boolean {
  return compare(featureValue(test.subject, lead, world), test.is, world.asOf)
}

function featureValue(feature: Feature, lead: Lead, world: World): Value | undefined {
  switch (feature.kind) {
    case 'first_seen':
      return { type: 'instant', value: firstSeen(lead, world) }
    case 'score': {
      const score = world.scores.find((each) => each.name === feature.score)
      if (!score) throw new Error(`no score ${feature.score}`)
      return { type: 'number', value: scoreOf(score, lead, world) }
    }
    case 'attribute': {
      const account = attributeOf('lead', lead.id, '@account', world)
      if (feature.of === 'lead') return typed(attributeOf('lead', lead.id, feature.name, world), feature.type)
      if (account === null) return undefined
      return typed(attributeOf('account', Number(account), feature.name, world), feature.type)
    }
    case 'events': {
      const found = eventsOf(lead, world).filter((event) => counts(event, feature.events, world.asOf))
      if (feature.figure === 'count') return { type: 'number', value: BigInt(found.length) * million }
      const instants = found.map((event) => event.at).sort()
      const value = feature.figure === 'first' ? instants.at(0) : instants.at(-1)
      return value === undefined ? undefined : { type: 'instant', value }
    }
  }
}

function firstSeen(lead: Lead, world: World): Instant {
  return [lead.firstSeen, ...eventsOf(lead, world).map((event) => event.at)].sort()[0]!
}

/** The events that are known and have happened. */
const eventsOf = (lead: Lead, world: World): Event[] =>
  world.events.filter((event) => event.lead === lead.id && !event.late && event.at <= world.asOf)

function counts(event: Event, { types, where, from, to }: Events, asOf: Instant): boolean {
  if ('only' in types && !types.only.includes(event.type)) return false
  if ('allBut' in types && types.allBut.includes(event.type)) return false
  if (from && event.at < resolve(from, asOf)) return false
  if (to && event.at > resolve(to, asOf)) return false
  return passes(where, event, asOf)
}

function passes(filter: Filter, event: Event, asOf: Instant): boolean {
  return holds(filter, ({ subject, is }) =>
    compare(typed(event.properties[subject.name] ?? null, subject.type), is, asOf),
  )
}

/** The latest value that had begun to hold by asOf; before the first that is known, that one. */
function attributeOf(subject: 'lead' | 'account', id: number, attribute: string, world: World): Json | null {
  let latest: Json | null | undefined
  let latestFrom = ''
  let first: Json | null | undefined
  let firstFrom = ''
  for (const change of world.changes) {
    if (change.subject !== subject || change.id !== id || change.attribute !== attribute || change.late)
      continue
    if (change.from <= world.asOf && change.from >= latestFrom)
      [latest, latestFrom] = [change.value, change.from]
    if (first === undefined || change.from < firstFrom) [first, firstFrom] = [change.value, change.from]
  }
  return latest !== undefined ? latest : (first ?? null)
}

/** A stored value, if it is of the type asked for; missing otherwise. */
function typed(json: Json | null, type: ValueType): Value | undefined {
  if (json === null || json === 'null' || json === '""' || json === '[]') return undefined
  if (type === 'json') return { type: 'json' }
  if (type === 'boolean')
    return json === 'true' || json === 'false' ? { type, value: json === 'true' } : undefined
  if (type === 'number') {
    const value = /^[-0-9]/.test(json) ? decimal(json) : undefined
    return value === undefined ? undefined : { type, value }
  }
  return json.startsWith('"') ? { type, value: JSON.parse(json) as string } : undefined
}

const million = 1_000_000n

/** A JSON number in millionths, half away from zero; missing from 10^28 on. */
export function decimal(json: string): bigint | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(json) ?? []
  if (whole === undefined) throw new Error(`not a number: ${json}`)
  const digits = BigInt(whole + fraction)
  // The number is digits × 10^power.
  const power = Number(exponent) - fraction.length
  if (power >= 0 ? digits * 10n ** BigInt(power) >= 10n ** 28n : digits >= 10n ** BigInt(28 - power))
    return undefined
  const divisor = 10n ** BigInt(Math.max(0, -(power + 6)))
  const scaled = digits * 10n ** BigInt(Math.max(0, power + 6))
  const rounded = (scaled * 2n + divisor) / (divisor * 2n)
  return sign ? -rounded : rounded
}

function compare(value: Value | undefined, is: Comparison, asOf: Instant): boolean {
  if (value === undefined) return false
  if (is.op === 'known') return true
  if (is.op === 'in') return is.to.some((operand) => order(value, operand, is.exactly, asOf) === 0)
  if (is.op === 'contains' || is.op === 'starts with' || is.op === 'ends with') {
    if (value.type !== 'text' || is.to.type !== 'text') throw new Error('only text contains text')
    const [text, part] = is.exactly ? [value.value, is.to.value] : [fold(value.value), fold(is.to.value)]
    if (is.op === 'contains') return text.includes(part)
    return is.op === 'starts with' ? text.startsWith(part) : text.endsWith(part)
  }
  const found = order(value, is.to, is.exactly, asOf)
  switch (is.op) {
    case '=':
      return found === 0
    case '<':
      return found < 0
    case '<=':
      return found <= 0
    case '>':
      return found > 0
    case '>=':
      return found >= 0
  }
}

/** Negative if the value is the lesser, 0 if they are equal. */
function order(value: Value, operand: Operand, exactly: true | undefined, asOf: Instant): number {
  if (value.type === 'number' && operand.type === 'number') {
    return sign(value.value, decimal(operand.value)!)
  }
  if (value.type === 'boolean' && operand.type === 'boolean') return sign(value.value, operand.value)
  if (value.type === 'instant' && operand.type === 'instant')
    return bytes(value.value, resolve(operand.moment, asOf))
  if (value.type === 'text' && operand.type === 'text') {
    return exactly ? bytes(value.value, operand.value) : bytes(fold(value.value), fold(operand.value))
  }
  throw new Error(`a ${value.type} is compared with a ${operand.type}`)
}

const sign = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/**
 * The simple lower-case mapping: one code point for one. JavaScript makes two of İ, knows a final sigma, and maps
 * letters that are newer than those Postgres knows.
 */
export function fold(text: string): string {
  return [...text]
    .map((letter) => (letter === 'İ' ? 'i' : tooNew.test(letter) ? letter : letter.toLowerCase()))
    .join('')
}

/** Capital letters of Unicode 17: Postgres 18 and DuckDB 1.5 leave them as they are. */
const tooNew = /[\u{a7ce}\u{a7d2}\u{a7d4}\u{16ea0}-\u{16eb8}]/u

function resolve(moment: Moment, asOf: Instant): Instant {
  if (moment.kind === 'at') return moment.instant
  const { amount, unit } = moment.duration
  if (unit === 'second') return instantOf(microseconds(asOf) - BigInt(amount) * million)
  const local = Temporal.Instant.from(asOf).toZonedDateTimeISO(moment.zone ?? 'UTC')
  return instantOf(local.subtract({ months: amount }).epochNanoseconds / 1000n)
}

export const microseconds = (instant: Instant): bigint =>
  Temporal.Instant.from(instant).epochNanoseconds / 1000n

export const instantOf = (microseconds: bigint): Instant =>
  Temporal.Instant.fromEpochNanoseconds(microseconds * 1000n).toString({ smallestUnit: 'microsecond' })
