import { sql } from 'kysely'
import type { Dialect, Sql } from '../dialect.ts'
import type { ValueType } from '../ir.ts'

/** Reads the sources as they stand in Postgres: properties and attribute values are jsonb, typed at the door. */
export const postgres: Dialect = {
  name: 'postgres',
  instant: (value) => sql`cast(${value} as timestamptz)`,
  number: (value) => sql`cast(${value} as numeric)`,
  text: (value) => sql`cast(${value} as text)`,
  fold: (text) => sql`lower(${text} collate pg_c_utf8)`,
  oneOf: (value, list, type, exactly) => {
    if (type === 'number') return sql`${value} = any(cast(${list} as numeric[]))`
    if (type === 'boolean') return sql`${value} = any(cast(${list} as boolean[]))`
    if (exactly || type !== 'text') return sql`${value} = any(cast(${list} as text[]))`
    // In a scalar subquery the list is folded once, not once a row.
    const folded = sql`array(select lower(item collate pg_c_utf8) from unnest(cast(${list} as text[])) item)`
    return sql`${postgres.fold(value)} = any(${folded})`
  },
  bytes: (text) => sql`(${text} collate "C")`,
  known: (horizon) => sql`ingest_xid < cast(${horizon} as xid8)`,
  property: ({ name, type }) => jsonValue(sql`(properties -> cast(${name} as text))`, type),
  attribute: (type) => jsonValue(sql`value`, type),
  // Whatever stands there, it never raises.
  accountLink: () => sql`case when jsonb_typeof(value) = 'number' and (value #>> '{}') ~ '^[0-9]{1,18}$'
        then cast(value as bigint) end`,
  total: (points) => sql`sum(${points})`,
}

/** The value of a JSON scalar if it is of the type asked for, and null otherwise. It never raises. */
export function jsonValue(value: Sql, type: ValueType): Sql {
  switch (type) {
    case 'number':
      // The lake's decimals hold 38 digits; beyond 10^28 a value counts as missing on every engine.
      return sql`case when jsonb_typeof(${value}) = 'number' then
        case when abs(cast(${value} as numeric)) < 1e28 then round(cast(${value} as numeric), 6) end end`
    case 'boolean':
      return sql`case when jsonb_typeof(${value}) = 'boolean' then cast(${value} as boolean) end`
    case 'json':
      return sql`case when ${value} not in ('null', '""', '[]') then true end`
    case 'text':
    case 'instant':
      return sql`case when jsonb_typeof(${value}) = 'string' then nullif(${value} #>> '{}', '') end`
  }
}
