import { sql } from 'kysely'
import type { Dialect } from '../dialect.ts'
import type { ValueType } from '../ir.ts'
import { postgres } from './postgres.ts'

/**
 * Reads a columnar copy that Postgres made unique, typed and cut at the horizon: properties are columns `p0`, `p1`, …
 * in the plan's order, attribute values one column per type, instants timestamps without a zone.
 */
export const duckdb: Dialect = {
  ...postgres,
  name: 'duckdb',
  instant: (value) => sql`cast(${value.slice(0, -1)} as timestamp)`,
  number: (value) => sql`cast(${value} as decimal(38,6))`,
  fold: (text) => sql`lower(${text})`,
  oneOf: (value, list, type, exactly) => {
    const items = JSON.stringify(list)
    if (type === 'number') return sql`list_contains(from_json(${items}, '["DECIMAL(38,6)"]'), ${value})`
    if (type === 'boolean') return sql`list_contains(from_json(${items}, '["BOOLEAN"]'), ${value})`
    return exactly || type !== 'text'
      ? sql`list_contains(from_json(${items}, '["VARCHAR"]'), ${value})`
      : sql`list_contains(from_json(lower(${items}), '["VARCHAR"]'), lower(${value}))`
  },
  bytes: (text) => text,
  known: () => sql`true`,
  property: (_property, position) => sql`${sql.ref(`p${position}`)}`,
  attribute: (type) => sql`${sql.ref(attributeColumns[type])}`,
  accountLink: () => sql`cast(value_number as bigint)`,
  total: (points) => sql`cast(sum(${points}) as hugeint)`,
}

const attributeColumns: Record<ValueType, string> = {
  number: 'value_number',
  text: 'value_text',
  instant: 'value_text',
  boolean: 'value_boolean',
  json: 'value_known',
}
