import type { CatalogType } from './catalog.ts'
import type { Context } from './condition.ts'
import type { ComparisonNode, Scalar } from './definition.ts'
import {
  type Comparison,
  nobody,
  not,
  type Operand,
  type Test,
  type Tree,
  test,
  type ValueType,
} from './ir.ts'
import { isDay, nextDay, readInstant } from './time.ts'

/** One name and what it is compared with: how attributes and event properties alike get their meaning. */
export type Named<Subject> = {
  readonly node: object
  readonly label: string
  /** Undefined where the catalog doesn't know the name: then the value compared with decides. */
  readonly type: CatalogType | undefined
  readonly subject: (type: ValueType) => Subject
}

/**
 * A positive comparison never matches a missing value; a negative one is `not` of the positive. Comparing across
 * types is a diagnostic.
 */
export function lowerComparison<Subject>(
  named: Named<Subject>,
  comparison: ComparisonNode,
  context: Context,
): Tree<Test<Subject>> {
  const type = named.type === 'json' ? undefined : named.type
  const compare = (value: Scalar, build: (to: Operand) => Comparison): Tree<Test<Subject>> => {
    const to = operand(named, type, value, context)
    return to ? test(named.subject(to.type), build(to)) : nobody
  }
  const exactly = 'exactly' in comparison && comparison.exactly ? ({ exactly: true } as const) : {}
  switch (comparison.op) {
    case 'is known':
      return test(named.subject(named.type ?? 'json'), { op: 'known' })
    case 'is unknown':
      return not(lowerComparison(named, { op: 'is known' }, context))
    case 'is true':
      return compare(true, (to) => ({ op: '=', to }))
    case 'is false':
      return compare(false, (to) => ({ op: '=', to }))
    case 'between':
      return {
        kind: 'all',
        of: [
          compare(comparison.low, (to) => ({ op: '>=', to })),
          compare(comparison.high, (to) => ({ op: '<=', to })),
        ],
      }
    case 'not in':
      return not(lowerComparison(named, { ...comparison, op: 'in' }, context))
    case 'in': {
      // A day means the whole day, in a list as well.
      if (type === 'instant') {
        const days = comparison.values.map((value) => lowerComparison(named, { op: '=', value }, context))
        return { kind: 'any', of: days }
      }
      const operands = comparison.values.map((value) => operand(named, type, value, context))
      const known = operands.filter((each) => each !== undefined)
      const first = known[0]
      if (!first || known.length < operands.length) return nobody
      if (known.some((each) => each.type !== first.type)) {
        context.report(named.node, 'TYPE_MISMATCH', `The list for ${named.label} mixes types.`)
        return nobody
      }
      const folding = first.type === 'text' ? exactly : {}
      return test(named.subject(first.type), { op: 'in', to: known, ...folding })
    }
    case '!=':
      return not(lowerComparison(named, { ...comparison, op: '=' }, context))
    case '=':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const { op, value } = comparison
      if (type === 'instant' && typeof value === 'string' && isDay(value))
        return compareDay(named, op, value, context)
      return compare(value, (to) => ({ op, to, ...(to.type === 'text' ? exactly : {}) }))
    }
    default: {
      const negative = comparison.op.startsWith('not ')
      const op = (negative ? comparison.op.slice(4) : comparison.op) as
        | 'contains'
        | 'starts with'
        | 'ends with'
      if (type === 'instant') {
        reportType(named, type, comparison.value, context)
        return nobody
      }
      const positive = compare(comparison.value, (to) => ({ op, to, ...exactly }))
      return negative ? not(positive) : positive
    }
  }
}

/** A date means its whole local day: `= d` is [d, d+1), `> d` begins at d+1, `<= d` ends there. */
function compareDay<Subject>(
  named: Named<Subject>,
  op: '=' | '<' | '<=' | '>' | '>=',
  day: string,
  context: Context,
): Tree<Test<Subject>> {
  const start = readInstant(day, context.zone)
  if (!start) {
    context.report(named.node, 'BAD_INSTANT', `"${day}" is not a day of the calendar.`)
    return nobody
  }
  const at = (instant: string): Operand => ({ type: 'instant', moment: { kind: 'at', instant } })
  const subject = named.subject('instant')
  const from = test(subject, { op: '>=', to: at(start) })
  const end = nextDay(start, context.zone)
  // Nothing that is known lies after the last day of the calendar.
  const untilEnd = end ? test(subject, { op: '<', to: at(end) }) : test(subject, { op: 'known' })
  if (op === '=') return { kind: 'all', of: [from, untilEnd] }
  if (op === '>') return end ? test(subject, { op: '>=', to: at(end) }) : nobody
  if (op === '<=') return untilEnd
  return test(subject, { op, to: at(start) })
}

function operand<Subject>(
  named: Named<Subject>,
  type: ValueType | undefined,
  value: Scalar,
  context: Context,
): Operand | undefined {
  if (named.type === 'json') {
    context.report(
      named.node,
      'TYPE_MISMATCH',
      `${named.label} holds lists or objects; ask whether it is known.`,
    )
    return undefined
  }
  const given = typeOf(value)
  if (type === 'instant' && typeof value === 'string') {
    const instant = readInstant(value, context.zone)
    if (instant) return { type: 'instant', moment: { kind: 'at', instant } }
    context.report(
      named.node,
      'BAD_INSTANT',
      `${named.label} is an instant, and "${value}" can't be read as one.`,
      {
        hint: 'Write it as "2026-11-23" or "2026-11-23 14:00".',
      },
    )
    return undefined
  }
  if (type !== undefined && type !== given) {
    reportType(named, type, value, context)
    return undefined
  }
  if (typeof value === 'string') return { type: 'text', value }
  if (typeof value === 'boolean') return { type: 'boolean', value }
  return decimal(named, value.number, context)
}

const typeOf = (value: Scalar) =>
  typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : 'number'

function reportType<Subject>(named: Named<Subject>, type: ValueType, value: Scalar, context: Context): void {
  context.report(
    named.node,
    'TYPE_MISMATCH',
    `${named.label} is of type ${type}, but is compared with a value of type ${typeOf(value)}.`,
    { hint: hintFor(type, value) },
  )
}

function decimal<Subject>(named: Named<Subject>, written: string, context: Context): Operand | undefined {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)0*(\d+?)(?:\.(\d+?)0*)?$/.exec(written) ?? []
  if (whole.length > 22 || fraction.length > 6) {
    context.report(
      named.node,
      'BAD_NUMBER',
      `${written} has more digits than are kept (22 before and 6 after the point).`,
    )
    return undefined
  }
  const digits = fraction && fraction !== '0' ? `${whole}.${fraction}` : whole
  return { type: 'number', value: digits === '0' ? '0' : `${sign}${digits}` }
}

function hintFor(type: ValueType, value: Scalar): string | undefined {
  if (type === 'number' && typeof value === 'string' && /^[\d,]+(\.\d+)?$/.test(value)) {
    return `Write the number without quotes: ${value.replaceAll(',', '')}.`
  }
  if (type === 'text' && typeof value === 'object') return `Write the text in quotes: "${value.number}".`
  if (type === 'boolean') return 'Write `is true` or `is false`.'
  return undefined
}

/** The text form of a comparison, as it stands behind a name. */
export function printComparison(comparison: ComparisonNode): string {
  const exactly = 'exactly' in comparison && comparison.exactly ? 'exactly ' : ''
  if ('values' in comparison)
    return `${comparison.op} ${exactly}(${comparison.values.map(printScalar).join(', ')})`
  if ('value' in comparison) return `${comparison.op} ${exactly}${printScalar(comparison.value)}`
  if (comparison.op === 'between') return `between ${comparison.low.number} and ${comparison.high.number}`
  return comparison.op
}

export const printScalar = (value: Scalar): string =>
  typeof value === 'string'
    ? JSON.stringify(value)
    : typeof value === 'boolean'
      ? String(value)
      : value.number

const plain = /^[A-Za-z_][A-Za-z0-9_]*$/
const reserved = new Set(['and', 'or', 'not', 'where', 'did', 'everyone', 'true', 'false'])

/** A name as the text form has it: in backquotes where it would be mistaken for something else. */
export const printName = (name: string, taken: ReadonlySet<string> = reserved): string =>
  plain.test(name) && !taken.has(name) && !reserved.has(name) ? name : `\`${escapeName(name)}\``

const escapeName = (name: string): string =>
  JSON.stringify(name)
    .slice(1, -1)
    .replace(/\\(.)|`/g, (found, escaped) => (found === '`' ? '\\`' : escaped === '"' ? '"' : found))
