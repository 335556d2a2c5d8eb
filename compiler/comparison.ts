import type { Context } from './condition.ts'
import { compareAnniversary, compareDay, comparePeriod } from './dates.ts'
import type { ComparisonNode, Scalar } from './definition.ts'
import { nobody, not, type ScalarComparison, type Test, type Tree, test } from './ir.ts'
import { allAsText, type Named, operand, scalarType, textComparison } from './operand.ts'
import { isDay, readInstant } from './time.ts'
import { printScalar } from './words.ts'

export type { Named } from './operand.ts'
export { printComparison, printName, printScalar, printStored, sayComparison, sayStored } from './words.ts'

/**
 * A positive comparison never matches a missing value; a negative one is `not` of the positive. Of a list it means any
 * element, or those that are said; `none` is `not any`. Comparing across types is a diagnostic.
 */
export function lowerComparison<Subject>(
  named: Named<Subject>,
  comparison: ComparisonNode,
  context: Context,
): Tree<Test<Subject>> {
  const { each, path, type } = named
  if (path && type !== undefined && type !== 'json') {
    const message = `Nothing lies within ${named.label}: its first part is of type ${type}.`
    context.report(named.node, 'TYPE_MISMATCH', message)
    return nobody
  }
  if (each === 'none') return not(lowerComparison({ ...named, each: 'any' }, comparison, context))
  const positive = positives[comparison.op]
  if (positive) {
    // That any element differs is: not all are equal. That all differ is: not any is equal.
    const opposite = each === 'any' ? 'all' : each === 'all' ? 'any' : each
    const is = { ...comparison, op: positive } as ComparisonNode
    return not(lowerComparison({ ...named, each: opposite }, is, context))
  }
  if (comparison.op === 'is known') return lowerKnown(named, context)
  if (each === 'size') {
    const size = { ...named, each: undefined, path: undefined, type: 'number' } as const
    return lowerValue(
      { ...size, label: `The size of ${named.label}`, subject: () => named.subject('size') },
      comparison,
      context,
    )
  }
  return isList(named) ? lowerElements(named, comparison, context) : lowerValue(named, comparison, context)
}

const positives: Partial<Record<ComparisonNode['op'], ComparisonNode['op']>> = {
  '!=': '=',
  'not in': 'in',
  'is unknown': 'is known',
  'not contains': 'contains',
  'not starts with': 'starts with',
  'not ends with': 'ends with',
  'not like': 'like',
  'not matches': 'matches',
}

/** What lies at a path is of no type that is known; whoever speaks of elements means a list. */
const isList = ({ type, path, each }: Pick<Named<unknown>, 'type' | 'path' | 'each'>): boolean =>
  type === 'json' || path !== undefined || (type === undefined && each !== undefined)

function lowerKnown<Subject>(named: Named<Subject>, context: Context): Tree<Test<Subject>> {
  if (named.each) {
    const hint = 'Leave out what stands in front of its name; how many there are, `size of … >= 1` asks.'
    const message = `Elements of ${named.label} are always known; only the whole can be missing.`
    context.report(named.node, 'TYPE_MISMATCH', message, { hint })
    return nobody
  }
  return test(named.subject(named.path ? 'json' : (scalarType(named) ?? 'json')), { op: 'known' })
}

/** Of a single value. */
function lowerValue<Subject>(
  named: Named<Subject>,
  is: ComparisonNode,
  context: Context,
): Tree<Test<Subject>> {
  const dates = scalarType(named) === 'instant'
  switch (is.op) {
    case 'period':
      return comparePeriod(named, is.when, context)
    case 'anniversary':
      return compareAnniversary(named, is.within, context)
    case 'between': {
      warnIfEmpty(named, is.low, is.high, context)
      const low = lowerValue(named, { op: '>=', value: is.low }, context)
      return { kind: 'all', of: [low, lowerValue(named, { op: '<=', value: is.high }, context)] }
    }
    case '=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (!dates || typeof is.value !== 'string' || !isDay(is.value)) break
      return compareDay(named, is.op, is.value, context)
    case 'in':
      // A day means the whole day, in a list as well.
      if (!dates) break
      return { kind: 'any', of: is.values.map((value) => lowerValue(named, { op: '=', value }, context)) }
  }
  const found = scalarComparison(named, is, context)
  return found ? test(named.subject(found.type), found.is) : nobody
}

/** Of the elements of a list; a value that is none counts as a list of one. */
function lowerElements<Subject>(
  named: Named<Subject>,
  is: ComparisonNode,
  context: Context,
): Tree<Test<Subject>> {
  if (is.op === 'period' || is.op === 'anniversary') {
    const message = `Of what lies in ${named.label} no type is known: it can't be compared as a date.`
    const hint = 'Dates are compared where an attribute or property of its own holds one.'
    context.report(named.node, 'TYPE_MISMATCH', message, { hint })
    return nobody
  }
  const found = scalarComparison({ ...named, type: undefined }, is, context)
  if (!found || found.type === 'instant') return nobody
  const op = named.each === 'all' ? 'every' : 'some'
  return test(named.subject(`${found.type}s`), { op, is: found.is })
}

function warnIfEmpty<Subject>(
  named: Named<Subject>,
  low: Scalar,
  high: Scalar,
  { report, zone }: Context,
): void {
  const place = (value: Scalar): number | string | undefined =>
    typeof value === 'object'
      ? Number(value.number)
      : scalarType(named) === 'instant' && typeof value === 'string'
        ? readInstant(value, zone)
        : undefined
  const [from, to] = [place(low), place(high)]
  if (from === undefined || to === undefined || from <= to) return
  const message = `Nothing lies between ${printScalar(low)} and ${printScalar(high)}.`
  report(named.node, 'BAD_RANGE', message, { severity: 'warning', hint: 'The lesser one comes first.' })
}

type Found = { readonly type: 'number' | 'text' | 'boolean' | 'instant'; readonly is: ScalarComparison }

/** What is compared, and as which type; undefined if it can't be, which is then reported. */
function scalarComparison<Subject>(
  named: Named<Subject>,
  is: ComparisonNode,
  context: Context,
): Found | undefined {
  switch (is.op) {
    case 'is true':
    case 'is false':
      return scalarComparison(named, { op: '=', value: is.op === 'is true' }, context)
    case '=':
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const to = operand(named, is.value, context)
      return to && { type: to.type, is: { op: is.op, to, ...exactlyIn(is, to.type) } }
    }
    case 'between': {
      warnIfEmpty(named, is.low, is.high, context)
      const [low, high] = [operand(named, is.low, context), operand(named, is.high, context)]
      return low && high && { type: low.type, is: { op: 'between', low, high } }
    }
    case 'in':
      return listComparison(named, is, context)
    case 'contains':
    case 'starts with':
    case 'ends with':
    case 'like':
    case 'matches': {
      const found = textComparison(named, { ...is, op: is.op }, context)
      return found && { type: 'text', is: found }
    }
    default:
      throw new Error(`no plain comparison: ${is.op}`)
  }
}

type List = { values: readonly Scalar[]; exactly?: true | undefined }

function listComparison<Subject>(named: Named<Subject>, is: List, context: Context): Found | undefined {
  const operands = is.values.map((value) => operand(named, value, context))
  const to = operands.filter((each) => each !== undefined)
  const first = to[0]
  if (!first || to.length < operands.length) return undefined
  if (to.some((each) => each.type !== first.type)) {
    context.report(named.node, 'TYPE_MISMATCH', `The list for ${named.label} mixes types.`, {
      hint: `As text all of them stand in quotes: ${allAsText(is.values)}.`,
    })
    return undefined
  }
  return { type: first.type, is: { op: 'in', to, ...exactlyIn(is, first.type) } }
}

const exactlyIn = ({ exactly }: { exactly?: true | undefined }, type: string): { exactly?: true } =>
  exactly && type === 'text' ? { exactly } : {}
