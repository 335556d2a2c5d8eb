import { sql } from 'kysely'
import type { Dialect, Sql } from './dialect.ts'
import type { Comparison, Operand, ValueType } from './ir.ts'
import { type Instant, resolve } from './time.ts'

/** `moment` is an instant as engines have it, `instant` one as JSON has it; `micropoints` are whole numbers. */
export type ComparedType = ValueType | 'moment' | 'micropoints'

type Side = { readonly dialect: Dialect; readonly asOf: Instant; readonly type: ComparedType }

/** A comparison in SQL: true or false, never null. What is missing compares as false. */
export function compare(value: Sql, is: Comparison, side: Side): Sql {
  const { dialect, type } = side
  if (is.op === 'known') return sql`(${value} is not null)`
  if (is.op === 'in') {
    const list = is.to.map((operand) => plainValue(operand, side))
    return sql`coalesce(${dialect.oneOf(value, list, listType(type), is.exactly === true)}, false)`
  }
  const operand = operandOf(is.to, side)
  const folds = type === 'text' && !is.exactly
  const [left, right] = folds ? [dialect.fold(value), dialect.fold(operand)] : [value, operand]
  switch (is.op) {
    case 'contains':
      return sql`coalesce(strpos(${left}, ${right}) > 0, false)`
    case 'starts with':
      return sql`coalesce(left(${left}, length(${right})) = ${right}, false)`
    case 'ends with':
      return sql`coalesce(right(${left}, length(${right})) = ${right}, false)`
    case '=':
      return sql`coalesce(${left} = ${right}, false)`
    default: {
      const [lower, higher] = type === 'text' ? [dialect.bytes(left), dialect.bytes(right)] : [left, right]
      return sql`coalesce(${lower} ${sql.raw(is.op)} ${higher}, false)`
    }
  }
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

const listType = (type: ComparedType): ValueType =>
  type === 'micropoints' ? 'number' : type === 'moment' ? 'instant' : type

/** A decimal of at most six places times 1,000,000, digit by digit. */
export function micropoints(decimal: string): string {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(decimal) ?? []
  if (whole === undefined) throw new RangeError(`not a decimal of at most six places: ${decimal}`)
  return String(BigInt(`${sign}${whole}${fraction.padEnd(6, '0')}`))
}
