import { sql } from 'kysely'
import type { Dialect } from '../dialect.ts'
import type { AttributeFeature, ValueType } from '../ir.ts'
import { postgres, storedInstant } from './postgres.ts'

/**
 * Reads a columnar copy that Postgres made unique, typed and cut at the horizon: properties are columns `p0`, `p1`, …
 * in the plan's order, attribute values one column per type (those inside of others one per feature), instants
 * timestamps without a zone.
 */
export const duckdb: Dialect = {
  ...postgres,
  name: 'duckdb',
  instant: (value) => sql`cast(${value.slice(0, -1)} as timestamp)`,
  instantType: 'timestamp',
  readInstant: (text) => sql`case when regexp_matches(${text}, ${sql.lit(storedInstant)})
    then try_cast(left(${text}, 26) as timestamp) end`,
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
  gathers: false,
  among: (id, leads) =>
    'table' in leads
      ? postgres.among(id, leads)
      : sql`list_contains(from_json(${JSON.stringify(leads)}, '["BIGINT"]'), ${id})`,
  bytes: (text) => text,
  matches: (text, pattern) => sql`regexp_matches(${text}, ${pattern}, 's')`,
  known: () => sql`true`,
  property: (_property, column) => sql.ref(column),
  attribute: (feature, column) => sql.ref(hasOwnColumn(feature) ? column : attributeColumns[feature.type]!),
  changes: () => sql`segment_change`,
  lists: () => sql`listed`,
  scoreHistory: () => sql`score_day`,
  accountLink: () => sql`cast(value_number as bigint)`,
  listOfOne: (text) => sql`list_value(${text})`,
  some: (list, _element, holds) =>
    sql`coalesce(len(list_filter(${list}, lambda item: ${holds(sql.ref('item'))})) > 0, false)`,
  every: (list, _element, holds) =>
    sql`coalesce(len(${list}) > 0 and len(list_filter(${list}, lambda item: not ${holds(sql.ref('item'))})) = 0, false)`,
  later: (instant, seconds) => sql`${instant} + to_seconds(cast(${String(seconds)} as bigint))`,
  day: (instant, { starts, offsets }) => {
    const instants = JSON.stringify(starts.map((start) => start.slice(0, -1)))
    const passed = sql`len(list_filter(from_json(${instants}, '["TIMESTAMP"]'), lambda change: change <= ${instant}))`
    const offset = sql`list_extract(from_json(${JSON.stringify(offsets)}, '["BIGINT"]'), 1 + ${passed})`
    return sql`cast(${instant} + to_seconds(${offset}) as date)`
  },
  hash: (text) => sql`cast('0x' || left(sha256(${text}), 8) as bigint)`,
  utcDay: (instant) => sql`cast(${instant} as date)`,
  whole: (value) => sql`cast(${value} as hugeint)`,
  total: (points) => sql`cast(sum(${points}) as hugeint)`,
  dayEnd: (day) => sql`cast(${day} + 1 as timestamp)`,
  quotient: (of, by) => sql`(${of} // ${by})`,
  entry: (list, position) =>
    sql`list_extract(from_json(${JSON.stringify(list)}, '["HUGEINT"]'), 1 + ${position})`,
}

const attributeColumns: Partial<Record<ValueType, string>> = {
  number: 'value_number',
  text: 'value_text',
  instant: 'value_instant',
  boolean: 'value_boolean',
  json: 'value_known',
}

/** Whether the columnar copy has a column for this very feature, and not one for all of its type. */
export const hasOwnColumn = ({ path, type }: AttributeFeature): boolean =>
  (path !== undefined && path.length > 0) || attributeColumns[type] === undefined
