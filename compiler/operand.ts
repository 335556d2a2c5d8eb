import type { CatalogType } from './catalog.ts'
import type { Context } from './condition.ts'
import type { Scalar, StoredNode } from './definition.ts'
import type { Operand, ScalarComparison, ScalarType, TextOp, TextOperand, ValueType } from './ir.ts'
import { readPattern } from './pattern.ts'
import { readInstant } from './time.ts'

/** One name and what it is compared with: how attributes and event properties alike get their meaning. */
export type Named<Subject> = Pick<StoredNode, 'path' | 'each'> & {
  readonly node: object
  readonly label: string
  /** Undefined where the catalog doesn't know the name: then the value compared with decides. */
  readonly type: CatalogType | undefined
  readonly subject: (type: ValueType) => Subject
}

/** As which type a single value is compared: undefined if the value compared with decides. */
export const scalarType = ({ type }: { type: CatalogType | undefined }): ScalarType | 'json' | undefined =>
  type === 'range' ? 'number' : type

/** A value compared with, of the type that the name has; undefined if it is wrong, which is then reported. */
export function operand<Subject>(
  named: Named<Subject>,
  value: Scalar,
  context: Context,
): Operand | undefined {
  const type = scalarType(named)
  if (type === 'instant' && typeof value === 'string') return instant(named, value, context)
  if (type !== undefined && type !== typeOf(value)) return mismatch(named, type, value, context)
  if (typeof value === 'string') return { type: 'text', value }
  if (typeof value === 'boolean') return { type: 'boolean', value }
  return decimal(named, value.number, context)
}

type WithText = { op: TextOp; value: string; exactly?: true | undefined }

/** A comparison with a part of a text. */
export function textComparison<Subject>(
  named: Named<Subject>,
  { op, value, exactly }: WithText,
  context: Context,
): ScalarComparison | undefined {
  const type = scalarType(named)
  if (type !== undefined && type !== 'text') return mismatch(named, type, value, context)
  const to = textFor(op, value, exactly === true, named.node, context)
  return to && { op, to, ...(exactly ? { exactly } : {}) }
}

function textFor(
  op: TextOp,
  value: string,
  exactly: boolean,
  node: object,
  context: Context,
): TextOperand | undefined {
  if (op === 'like' && endsOpen(value)) {
    const hint = 'Write two backslashes for one as such (in quotes: "\\\\\\\\").'
    context.report(node, 'BAD_PATTERN', 'The pattern of like ends with a backslash that nothing follows.', {
      hint,
    })
    return undefined
  }
  if (op !== 'matches') return { type: 'text', value }
  const read = readPattern(value, exactly)
  if ('pattern' in read) return { type: 'text', value: read.pattern }
  const message = `The pattern of matches ${read.problem} (character ${read.at}).`
  context.report(node, 'BAD_PATTERN', message, { hint: read.hint })
  return undefined
}

/** An odd number of backslashes at the end: the last one escapes nothing. */
function endsOpen(pattern: string): boolean {
  let backslashes = 0
  while (pattern.at(-1 - backslashes) === '\\') backslashes++
  return backslashes % 2 === 1
}

function instant<Subject>(named: Named<Subject>, value: string, context: Context): Operand | undefined {
  const found = readInstant(value, context.zone)
  if (found) return { type: 'instant', moment: { kind: 'at', instant: found } }
  const message = `${named.label} is an instant, and "${value}" can't be read as one.`
  context.report(named.node, 'BAD_INSTANT', message, {
    hint: 'Write it as "2026-11-23" or "2026-11-23 14:00".',
  })
  return undefined
}

const typeOf = (value: Scalar): 'text' | 'boolean' | 'number' =>
  typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'boolean' : 'number'

export function mismatch<Subject>(
  named: Named<Subject>,
  type: ValueType,
  value: Scalar,
  context: Context,
): undefined {
  context.report(
    named.node,
    'TYPE_MISMATCH',
    `${named.label} is of type ${type}, but is compared with a value of type ${typeOf(value)}.`,
    { hint: hintFor(named.type === 'range' ? 'range' : type, value) },
  )
}

/** A decimal as engines keep it, with no zero too many. */
export function decimal<Subject>(
  named: Named<Subject>,
  written: string,
  context: Context,
): Operand | undefined {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)0*(\d+?)(?:\.(\d+?)0*)?$/.exec(written) ?? []
  if (whole.length > 22 || fraction.length > 6) {
    const message = `${written} has more digits than are kept (22 before and 6 after the point).`
    const hint =
      whole.length > 22
        ? 'An id of so many digits is text: it stands in quotes.'
        : `Write ${sign}${whole}.${fraction.slice(0, 6)}.`
    context.report(named.node, 'BAD_NUMBER', message, { hint })
    return undefined
  }
  const digits = fraction && fraction !== '0' ? `${whole}.${fraction}` : whole
  return { type: 'number', value: digits === '0' ? '0' : `${sign}${digits}` }
}

function hintFor(type: ValueType | 'range', value: Scalar): string | undefined {
  if (type === 'number' || type === 'range') return hintForNumber(type, value)
  if (type === 'text') return `Write the text in quotes: "${printed(value)}".`
  if (type === 'boolean') return 'Write `is true` or `is false`.'
  if (type === 'instant')
    return 'Write a date ("2026-11-23"), or a period such as within 7 days or this month.'
  return undefined
}

/** Numbers as people write them who put them in quotes: with separators, as a range, as a least one. */
function hintForNumber(type: 'number' | 'range', value: Scalar): string {
  const plain = String(value).replaceAll(',', '')
  const [, low, high] = /^(\d+(?:\.\d+)?)(?: *[-–] *(\d+(?:\.\d+)?)|\+)?$/.exec(plain) ?? []
  if (low === undefined) return 'Write a number, without quotes.'
  if (low === plain) return `Write the number without quotes: ${low}.`
  if (type === 'range') return `A range is kept as the number it begins with: write ${low} in its place.`
  return high === undefined ? `Write >= ${low}.` : `Write between ${low} and ${high}.`
}

const printed = (value: Scalar): string => (typeof value === 'object' ? value.number : String(value))

/** A list of values of several types, as the one type that all of them can have. */
export const allAsText = (values: readonly Scalar[]): string =>
  `(${values
    .slice(0, 5)
    .map((each) => JSON.stringify(printed(each)))
    .join(', ')}${values.length > 5 ? ', …' : ''})`
