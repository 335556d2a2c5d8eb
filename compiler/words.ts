import type { ComparisonNode, Scalar, StoredNode } from './definition.ts'
import { printPeriod, sayPeriod } from './period.ts'

/** The text form of a comparison, as it stands behind a name. */
export function printComparison(comparison: ComparisonNode): string {
  const exactly = 'exactly' in comparison && comparison.exactly ? 'exactly ' : ''
  switch (comparison.op) {
    case 'between':
      return `between ${printScalar(comparison.low)} and ${printScalar(comparison.high)}`
    case 'period':
      return printPeriod(comparison.when)
    case 'anniversary':
      return `anniversary within next ${comparison.within} days`
  }
  if ('values' in comparison) {
    return `${comparison.op} ${exactly}(${comparison.values.map(printScalar).join(', ')})`
  }
  return 'value' in comparison ? `${comparison.op} ${exactly}${printScalar(comparison.value)}` : comparison.op
}

export const printScalar = (value: Scalar): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'boolean'
      ? String(value)
      : value.number

/** A comparison in words, behind the words for what is compared. */
export function sayComparison(comparison: ComparisonNode): string {
  const exactly = 'exactly' in comparison && comparison.exactly ? ' (exactly)' : ''
  switch (comparison.op) {
    case 'between':
      return `is between ${sayScalar(comparison.low)} and ${sayScalar(comparison.high)}`
    case 'period':
      return `is ${sayPeriod(comparison.when)}`
    case 'anniversary':
      return `has an anniversary ${sayAhead(comparison.within)}`
    case 'in':
    case 'not in':
      return `${comparison.op === 'in' ? 'is' : 'is not'} ${sayList(comparison.values)}${exactly}`
  }
  if (!('value' in comparison)) return comparison.op
  const verb = typeof comparison.value === 'string' ? textVerbs[comparison.op] : undefined
  return `${verb ?? verbs[comparison.op]} ${sayScalar(comparison.value)}${exactly}`
}

const sayAhead = (days: number): string =>
  days === 0 ? 'today' : days === 1 ? 'today or tomorrow' : `in the next ${days} days`

const verbs = {
  '=': 'is',
  '!=': 'is not',
  '>': 'is more than',
  '>=': 'is at least',
  '<': 'is less than',
  '<=': 'is at most',
  contains: 'contains',
  'not contains': 'does not contain',
  'starts with': 'starts with',
  'not starts with': 'does not start with',
  'ends with': 'ends with',
  'not ends with': 'does not end with',
  like: 'is like',
  'not like': 'is not like',
  matches: 'matches',
  'not matches': 'does not match',
} as const

/** Text and dates come after each other; they aren't more or less. */
const textVerbs: Readonly<Record<string, string>> = {
  '>': 'is after',
  '>=': 'is not before',
  '<': 'is before',
  '<=': 'is not after',
}

const sayScalar = (value: Scalar): string =>
  typeof value === 'object' ? withSeparators(value.number) : printScalar(value)

/** 1200 reads as 1,200. */
const withSeparators = (number: string): string => number.replace(/\d(?=(?:\d{3})+(?!\d))(?<!\.\d*)/g, '$&,')

function sayList(values: readonly Scalar[]): string {
  const said = values.slice(0, 5).map(sayScalar)
  if (values.length > 5) return `${said.join(', ')} and ${values.length - 5} more`
  return said.length > 1 ? `${said.slice(0, -1).join(', ')} or ${said.at(-1)}` : `${said[0]}`
}

const plain = /^[A-Za-z_][A-Za-z0-9_]*$/
const reserved = new Set(['and', 'or', 'not', 'where', 'did', 'everyone', 'true', 'false'])

/** A name as the text form has it: in backquotes where it would be mistaken for something else. */
export const printName = (name: string, taken: ReadonlySet<string> = reserved): string =>
  plain.test(name) && !taken.has(name) && !reserved.has(name) ? name : `\`${escapeName(name)}\``

const escapeName = (name: string): string =>
  JSON.stringify(name)
    .slice(1, -1)
    .replace(/\\(.)|`/g, (found, escaped) => (found === '`' ? '\\`' : escaped === '"' ? '"' : found))

/** A name with its path, and which of its elements are meant: `any of address.cities`. */
export function printStored(
  { name, path = [], each }: StoredNode,
  { taken, owner = '' }: { taken?: ReadonlySet<string>; owner?: string } = {},
): string {
  const steps = path.map((key) => `.${printName(key)}`)
  return `${each ? `${each} of ` : ''}${owner}${printName(name, taken)}${steps.join('')}`
}

/** The same in words: "any of address cities". */
export function sayStored({ name, path = [], each }: StoredNode, owner = ''): string {
  const front = each === undefined ? '' : each === 'size' ? 'number of ' : `${each} of `
  const words = [name, ...path].map((word) => word.replaceAll('_', ' ').trim() || word)
  return `${front}${owner}${words.join(' ')}`
}
