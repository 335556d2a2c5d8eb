import { sql } from 'kysely'
import type { Dialect, Sql } from './dialect.ts'
import type { Comparison, ListType, Operand, ScalarComparison, ScalarType, ValueType } from './ir.ts'
import { type Instant, resolve } from './time.ts'

/** `moment` is an instant as engines have it, `instant` one as JSON has it; `micropoints` are whole numbers. */
export type ComparedType = ValueType | 'moment' | 'micropoints'

type Side = { readonly dialect: Dialect; readonly asOf: Instant; readonly type: ComparedType }

/** What an array's elements are read as. */
export const elementType: Record<ListType, ScalarType> = {
  texts: 'text',
  numbers: 'number',
  booleans: 'boolean',
}

/** A comparison in SQL: true or false, never null. What is missing compares as false. */
export function compare(value: Sql, is: Comparison, side: Side): Sql {
  const { dialect, type } = side
  if (is.op === 'known') return sql`(${value} is not null)`
  if (is.op === 'some' || is.op === 'every') {
    const element = elementType[type as ListType]
    const holds = (item: Sql) => compare(item, is.is, { ...side, type: element })
    return is.op === 'some' ? dialect.some(value, element, holds) : dialect.every(value, element, holds)
  }
  if (is.op === 'between') {
    const [low, high] = [
      compare(value, { op: '>=', to: is.low }, side),
      compare(value, { op: '<=', to: is.high }, side),
    ]
    return sql`(${low} and ${high})`
  }
  if (is.op === 'in' && type === 'moment') {
    // Lists travel as text, and only engines' own instants are none.
    const each = is.to.map((to) => compare(value, { op: '=', to }, side))
    return sql`(${sql.join(each, sql` or `)})`
  }
  if (is.op === 'in') {
    const list = is.to.map((operand) => plainValue(operand, side))
    return sql`coalesce(${dialect.oneOf(value, list, listType(type), is.exactly === true)}, false)`
  }
  return sql`coalesce(${plainly(value, is, side)}, false)`
}

function plainly(value: Sql, is: Exclude<ScalarComparison, { op: 'in' | 'between' }>, side: Side): Sql {
  const { dialect, type } = side
  const operand = operandOf(is.to, side)
  const folds = type === 'text' && !is.exactly
  const [left, right] = folds ? [dialect.fold(value), dialect.fold(operand)] : [value, operand]
  switch (is.op) {
    case 'contains':
      return sql`strpos(${left}, ${right}) > 0`
    case 'starts with':
      return sql`left(${left}, length(${right})) = ${right}`
    case 'ends with':
      return sql`right(${left}, length(${right})) = ${right}`
    case 'like':
      return sql`${dialect.bytes(left)} like ${dialect.bytes(right)} escape '\\'`
    case 'matches':
      // The pattern was folded when it was read: folding it here would change its escapes.
      return dialect.matches(left, operand)
    case '=':
      return sql`${left} = ${right}`
    default: {
      const [lower, higher] = type === 'text' ? [dialect.bytes(left), dialect.bytes(right)] : [left, right]
      return sql`${lower} ${sql.raw(is.op)} ${higher}`
    }
  }
}

/** `mean > x` is `sum > x × count`, so that nothing is divided. */
export function compareMean(total: Sql, count: Sql, is: Comparison, side: Side): Sql {
  if (is.op === 'known') return sql`(${total} is not null)`
  if (
    is.op === 'some' ||
    is.op === 'every' ||
    is.op === 'in' ||
    is.op === 'between' ||
    is.to.type !== 'number'
  ) {
    throw new Error(`a mean can't be asked: ${is.op}`)
  }
  return sql`coalesce(${total} ${sql.raw(is.op)} ${operandOf(is.to, side)} * ${count}, false)`
}

function operandOf(operand: Operand, side: Side): Sql {
  const { dialect, type } = side
  switch (operand.type) {
    case 'boolean':
      return sql.lit(operand.value)
    case 'text':
      return dialect.text(operand.value)
    case 'number':
      return dialect.number(plainValue(operand, side))
    case 'instant': {
      // Instants among attributes and properties are text of one fixed shape, so they compare as text does.
      const instant = plainValue(operand, side)
      return type === 'moment' ? dialect.instant(instant) : dialect.bytes(dialect.text(instant))
    }
  }
}

function plainValue(operand: Operand, { asOf, type }: Side): string {
  if (operand.type === 'instant') return resolve(operand.moment, asOf)
  return operand.type === 'number' && type === 'micropoints'
    ? micropoints(operand.value)
    : String(operand.value)
}

const listType = (type: ComparedType): ScalarType =>
  type === 'text' || type === 'boolean'
    ? type
    : type === 'moment' || type === 'instant'
      ? 'instant'
      : 'number'

/** A decimal of at most six places times 1,000,000, digit by digit. */
export function micropoints(decimal: string): string {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(decimal) ?? []
  if (whole === undefined) throw new RangeError(`not a decimal of at most six places: ${decimal}`)
  return String(BigInt(`${sign}${whole}${fraction.padEnd(6, '0')}`))
}
