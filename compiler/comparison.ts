import type { CatalogType } from './catalog.ts'
import type { Context } from './condition.ts'
import type { ComparisonNode, Scalar } from './definition.ts'
import { nobody, not, type Operand, type Test, type Tree, test, type ValueType } from './ir.ts'
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
  switch (comparison.op) {
    case 'is known':
      return test(named.subject(named.type ?? 'json'), { op: 'known' })
    case 'is unknown':
      return not(lowerComparison(named, { op: 'is known' }, context))
    case 'is true':
      return lowerOrder(named, { op: '=', value: true }, context)
    case 'is false':
      return lowerOrder(named, { op: '=', value: false }, context)
    case 'between': {
      const low = lowerOrder(named, { op: '>=', value: comparison.low }, context)
      return { kind: 'all', of: [low, lowerOrder(named, { op: '<=', value: comparison.high }, context)] }
    }
    case 'in':
      return lowerList(named, comparison.values, exactlyIn(comparison), context)
    case 'not in':
      return not(lowerComparison(named, { ...comparison, op: 'in' }, context))
    case '!=':
      return not(lowerComparison(named, { ...comparison, op: '=' }, context))
    case '=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return lowerOrder(named, { ...comparison, op: comparison.op }, context)
    case 'contains':
    case 'starts with':
    case 'ends with':
      return lowerText(named, { ...comparison, op: comparison.op }, context)
    case 'not contains':
      return not(lowerText(named, { ...comparison, op: 'contains' }, context))
    case 'not starts with':
      return not(lowerText(named, { ...comparison, op: 'starts with' }, context))
    case 'not ends with':
      return not(lowerText(named, { ...comparison, op: 'ends with' }, context))
  }
}

type Exactly = { readonly exactly?: true }
const exactlyIn = (comparison: { exactly?: true | undefined }): Exactly =>
  comparison.exactly ? { exactly: true } : {}

type Order = { op: '=' | '<' | '<=' | '>' | '>='; value: Scalar; exactly?: true | undefined }

function lowerOrder<Subject>(named: Named<Subject>, is: Order, context: Context): Tree<Test<Subject>> {
  const { op, value } = is
  if (named.type === 'instant' && typeof value === 'string' && isDay(value)) {
    return compareDay(named, op, value, context)
  }
  const to = operand(named, value, context)
  return to ? test(named.subject(to.type), { op, to, ...(to.type === 'text' ? exactlyIn(is) : {}) }) : nobody
}

function lowerList<Subject>(
  named: Named<Subject>,
  values: readonly Scalar[],
  exactly: Exactly,
  context: Context,
): Tree<Test<Subject>> {
  // A day means the whole day, in a list as well.
  if (named.type === 'instant') {
    return { kind: 'any', of: values.map((value) => lowerOrder(named, { op: '=', value }, context)) }
  }
  const operands = values.map((value) => operand(named, value, context))
  const to = operands.filter((each) => each !== undefined)
  const first = to[0]
  if (!first || to.length < operands.length) return nobody
  if (to.some((each) => each.type !== first.type)) {
    context.report(named.node, 'TYPE_MISMATCH', `The list for ${named.label} mixes types.`)
    return nobody
  }
  return test(named.subject(first.type), { op: 'in', to, ...(first.type === 'text' ? exactly : {}) })
}

type Within = { op: 'contains' | 'starts with' | 'ends with'; value: string; exactly?: true | undefined }

function lowerText<Subject>(named: Named<Subject>, is: Within, context: Context): Tree<Test<Subject>> {
  if (named.type === 'instant') {
    reportType(named, named.type, is.value, context)
    return nobody
  }
  const to = operand(named, is.value, context)
  return to ? test(named.subject(to.type), { op: is.op, to, ...exactlyIn(is) }) : nobody
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

function operand<Subject>(named: Named<Subject>, value: Scalar, context: Context): Operand | undefined {
  const { type } = named
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
