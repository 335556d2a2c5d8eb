import type { Expression, RawBuilder } from 'kysely'
import type { Property, ValueType } from './ir.ts'
import type { Instant } from './time.ts'

export type Sql = RawBuilder<unknown> | Expression<unknown>

/** Everything that may differ between engines, and nothing else. The base grammar is Postgres. */
export type Dialect = {
  readonly name: DialectName
  /** An instant as a parameter, microseconds kept. */
  instant(value: Instant): Sql
  /** A decimal as a parameter, compared exactly. */
  number(value: string): Sql
  text(value: string): Sql
  /** Comparing ignores case: the simple lower-case mapping, the same on every engine and in every locale. */
  fold(text: Sql): Sql
  /** Whether a value is one of a list, which travels as one parameter. */
  oneOf(value: Sql, list: readonly string[], type: ValueType, exactly: boolean): Sql
  /** Text in the order of its bytes. */
  bytes(text: Sql): Sql
  /** A row is known at the horizon. */
  known(horizon: string): Sql
  /** An event's property as a value of its type; null where it is of another type. */
  property(property: Property, position: number): Sql
  /** `attribute_change.value` as a value of this type; null where it is of another. */
  attribute(type: ValueType): Sql
  /** The account that a `@account` row names. */
  accountLink(): Sql
  /** A sum of micro-points that can't overflow. */
  total(points: Sql): Sql
}

export type DialectName = 'postgres' | 'duckdb'
