import type { Comparison, Operand, ScalarComparison } from '../../../compiler/ir.ts'
import type { Instant } from '../../../compiler/time.ts'
import { resolve } from './time.ts'
import { decimal, type Scalar, type Value } from './values.ts'

/** Two-valued: what is missing compares as false. */
export function compare(value: Value | undefined, is: Comparison, asOf: Instant): boolean {
  if (is.op === 'known') return value !== undefined
  if (is.op === 'some' || is.op === 'every') {
    if (value === undefined) return false
    if (!('elements' in value)) throw new Error(`a ${value.type} has no elements`)
    const { elements } = value
    const holds = (element: Scalar | undefined) => compareScalar(element, is.is, asOf)
    return is.op === 'some' ? elements.some(holds) : elements.length > 0 && elements.every(holds)
  }
  if (value !== undefined && !('value' in value)) throw new Error(`a ${value.type} can't be compared`)
  return compareScalar(value, is, asOf)
}

function compareScalar(value: Scalar | undefined, is: ScalarComparison, asOf: Instant): boolean {
  if (value === undefined) return false
  switch (is.op) {
    case 'in':
      return is.to.some((operand) => order(value, operand, is.exactly, asOf) === 0)
    case '=':
      return order(value, is.to, is.exactly, asOf) === 0
    case '<':
      return order(value, is.to, is.exactly, asOf) < 0
    case '<=':
      return order(value, is.to, is.exactly, asOf) <= 0
    case '>':
      return order(value, is.to, is.exactly, asOf) > 0
    case '>=':
      return order(value, is.to, is.exactly, asOf) >= 0
    case 'between':
      return order(value, is.low, undefined, asOf) >= 0 && order(value, is.high, undefined, asOf) <= 0
  }
  if (value.type !== 'text') throw new Error(`a ${value.type} has no text in it`)
  const text = is.exactly ? value.value : fold(value.value)
  const part = is.exactly || is.op === 'matches' ? is.to.value : fold(is.to.value)
  switch (is.op) {
    case 'contains':
      return text.includes(part)
    case 'starts with':
      return text.startsWith(part)
    case 'ends with':
      return text.endsWith(part)
    case 'like':
      return like([...text], [...part])
    case 'matches':
      return new RegExp(part, 'su').test(text)
  }
}

/** Letter by letter: `%` takes as many as it needs, `_` one, and a backslash makes the next stand for itself. */
export function like(text: readonly string[], pattern: readonly string[]): boolean {
  // Which beginnings of the text the pattern so far can stand for, by their lengths.
  let lengths = new Set([0])
  for (let position = 0; position < pattern.length; position++) {
    const next = new Set<number>()
    const letter = pattern[position]!
    const literal = letter === '\\' ? pattern[++position] : letter
    for (const length of lengths) {
      if (letter === '%') for (let end = length; end <= text.length; end++) next.add(end)
      else if (length < text.length && (letter === '_' || text[length] === literal)) next.add(length + 1)
    }
    lengths = next
  }
  return lengths.has(text.length)
}

/** Negative if the value is the lesser, 0 if they are equal. */
function order(value: Scalar, operand: Operand, exactly: true | undefined, asOf: Instant): number {
  if (value.type === 'number' && operand.type === 'number') {
    return sign(value.value, decimal(operand.value)! * (value.over ?? 1n))
  }
  if (value.type === 'boolean' && operand.type === 'boolean') return sign(value.value, operand.value)
  if (value.type === 'instant' && operand.type === 'instant')
    return bytewise(value.value, resolve(operand.moment, asOf))
  if (value.type === 'text' && operand.type === 'text') {
    return exactly ? bytewise(value.value, operand.value) : bytewise(fold(value.value), fold(operand.value))
  }
  throw new Error(`a ${value.type} is compared with a ${operand.type}`)
}

const sign = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
export const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

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
