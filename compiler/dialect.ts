import type { Expression, RawBuilder } from 'kysely'
import type { AttributeFeature, Property, ScalarType } from './ir.ts'
import type { Instant, OffsetChanges } from './time.ts'

export type Sql = RawBuilder<unknown> | Expression<unknown>

/** Everything that may differ between engines, and nothing else. The base grammar is Postgres. */
export type Dialect = {
  readonly name: DialectName
  /** An instant as a parameter, microseconds kept. */
  instant(value: Instant): Sql
  /** What instants are called among the engine's types. */
  readonly instantType: string
  /** A text that is an instant in the one form in which they are stored; null for any other. */
  readInstant(text: Sql): Sql
  /** A decimal as a parameter, compared exactly. */
  number(value: string): Sql
  text(value: string): Sql
  /** Comparing ignores case: the simple lower-case mapping, the same on every engine and in every locale. */
  fold(text: Sql): Sql
  /** Whether a value is one of a list, which travels as one parameter. */
  oneOf(value: Sql, list: readonly string[], type: ScalarType, exactly: boolean): Sql
  /** Whether a lead is one of these. */
  among(id: Sql, leads: Among): Sql
  /** Whether events of the leads of a table are looked up once, for all parts of a statement: they may be anywhere. */
  readonly gathers: boolean
  /** Text in the order of its bytes. */
  bytes(text: Sql): Sql
  /** Whether a regular expression of the common subset is found in a text. */
  matches(text: Sql, pattern: Sql): Sql
  /** A row is known at the horizon. */
  known(horizon: string | Sql): Sql
  /** An event's property as a value of its type; null where it is of another type. */
  property(property: Property, column: string): Sql
  /** `attribute_change.value` as a value of the feature's type; null where it is of another. */
  attribute(feature: AttributeFeature, column: string): Sql
  /** Sources of what was recorded: (segment, lead_id, as_of, change), with the segment's key. */
  changes(): Sql
  /** (segment, lead_id, list, from_at, until_at), with the segment's key; rows above the horizon left out. */
  lists(horizon: string | Sql): Sql
  /** (lead_id, score, day, micropoints, level): how a score stood at the end of a UTC day. */
  scoreHistory(): Sql
  /** The account that a `@account` row names. */
  accountLink(): Sql
  /** An array of one text, as the dialect has what is read as `texts`. */
  listOfOne(text: Sql): Sql
  /** Whether some, or every one and at least one, of an array's elements holds: true or false, never null. */
  some(list: Sql, element: ScalarType, holds: (item: Sql) => Sql): Sql
  every(list: Sql, element: ScalarType, holds: (item: Sql) => Sql): Sql
  /** So many seconds later. */
  later(instant: Sql, seconds: number): Sql
  /** The local day of an instant, in a zone given as its changes of the clock. */
  day(instant: Sql, changes: OffsetChanges): Sql
  /** A text's hash as a number from 0 to 2³²−1. */
  hash(text: Sql): Sql
  /** The UTC day of an instant, and of one given as a parameter; two of them apart are days. */
  utcDay(instant: Sql): Sql
  /** A whole number as a parameter, of a type that products and sums of micro-points don't overflow. */
  whole(value: string): Sql
  /** A sum of micro-points that can't overflow. */
  total(points: Sql): Sql
  /** The instant at which the day after a day begins, in UTC. */
  dayEnd(day: Sql): Sql
  /** Whole numbers divided, rounded towards 0. */
  quotient(of: Sql, by: Sql): Sql
  /** One of a list of whole numbers, which travels as one parameter, by its position from 0; null beyond its end. */
  entry(list: readonly string[], position: Sql): Sql
}

/** Internal ids of leads; or a table that has them in its column `lead_id`. */
export type Among = readonly string[] | { readonly table: string }

export type DialectName = 'postgres' | 'duckdb'
