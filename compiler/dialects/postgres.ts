import { sql } from 'kysely'
import type { Dialect, Sql } from '../dialect.ts'
import type { ScalarType, Stored, ValueType } from '../ir.ts'

/** Reads the sources as they stand in Postgres: properties and attribute values are jsonb, typed at the door. */
export const postgres: Dialect = {
  name: 'postgres',
  instant: (value) => sql`cast(${value} as timestamptz)`,
  instantType: 'timestamptz',
  readInstant: (
    text,
  ) => sql`case when ${text} ~ ${sql.lit(storedInstant)} and pg_input_is_valid(${text}, 'timestamptz')
    then cast(${text} as timestamptz) end`,
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
  gathers: true,
  among: (id, leads) =>
    'table' in leads
      ? sql`${id} in (select lead_id from ${sql.ref(leads.table)})`
      : sql`${id} = any(cast(${leads} as bigint[]))`,
  bytes: (text) => sql`(${text} collate "C")`,
  matches: (text, pattern) => sql`(${text} collate "C") ~ ${pattern}`,
  known: (horizon) => sql`ingest_xid < cast(${horizon} as xid8)`,
  property: (property) =>
    jsonValue(jsonAt(sql`properties -> ${postgres.text(property.name)}`, property), property.type),
  attribute: (feature) => jsonValue(jsonAt(sql`value`, feature), feature.type),
  changes: () => sql`(select key as segment, lead_id, as_of, change
    from membership_change join segments using (segment_id)) as segment_change`,
  // An end that isn't known at the horizon has not been said yet.
  lists: (horizon) => sql`(select key as segment, lead_id, list, from_at,
      case when until_xid < cast(${horizon} as xid8) then until_at end as until_at
    from segment_list join segments using (segment_id) where ${postgres.known(horizon)}) as listed`,
  scoreHistory: () =>
    sql`(select lead_id, score, day, value * 1000000 as micropoints, level from score_history) as score_day`,
  // Whatever stands there, it never raises.
  accountLink: () => sql`case when jsonb_typeof(value) = 'number' and (value #>> '{}') ~ '^[0-9]{1,18}$'
        then cast(value as bigint) end`,
  listOfOne: (text) => sql`jsonb_build_array(${text})`,
  some: (list, element, holds) => sql`exists (select from ${elements(list)}
      where ${holds(jsonValue(sql.ref('item'), element))})`,
  every: (list, element, holds) => sql`(${list} is not null and not exists (select from ${elements(list)}
      where not ${holds(jsonValue(sql.ref('item'), element))}))`,
  later: (instant, seconds) => sql`${instant} + cast(${String(seconds)} as bigint) * interval '1 second'`,
  day: (instant, { starts, offsets }) => {
    const offset = sql`(cast(${offsets.map(String)} as bigint[]))[1 + width_bucket(${instant}, cast(${starts} as timestamptz[]))]`
    return sql`cast((${instant} at time zone 'UTC') + ${offset} * interval '1 second' as date)`
  },
  hash: (text) =>
    sql`cast(cast('x' || left(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), 8) as bit(32)) as bigint)`,
  utcDay: (instant) => sql`cast(${instant} at time zone 'UTC' as date)`,
  whole: (value) => sql`cast(${value} as numeric)`,
  total: (points) => sql`sum(${points})`,
  dayEnd: (day) => sql`(${day} + 1)::timestamp at time zone 'UTC'`,
  quotient: (of, by) => sql`div(${of}, ${by})`,
  // Elements of one length are found at once; a numeric[] is walked through from its beginning.
  entry: (list, position) => sql`cast((cast(${list} as bigint[]))[1 + ${position}] as numeric)`,
}

/** What is of this form and still no instant (a 30 February) is told by the engine. */
export const storedInstant = '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$'

/** What lies at a path of keys. Only objects have keys: on anything else there is nothing there. */
export function jsonAt(value: Sql, { path = [] }: Pick<Stored, 'path'>): Sql {
  return path.reduce<Sql>((inner, key) => sql`${inner} -> cast(${key} as text)`, value)
}

/** A stored array's elements; a value that is no array is an array of one. */
const elements = (list: Sql): Sql =>
  sql`jsonb_array_elements(case jsonb_typeof(${list}) when 'array' then ${list} else jsonb_build_array(${list}) end) as element(item)`

/** A JSON value as one of the type asked for, null if it is of another type. It never raises. */
export function jsonValue(json: Sql, type: ValueType): Sql {
  const value = sql`(${json})`
  switch (type) {
    case 'number':
      // Beyond 10^22 a value counts as missing: sums of the rest are exact in the lake's 38 digits.
      return sql`case when jsonb_typeof(${value}) = 'number' then
        case when abs(cast(${value} as numeric)) < 1e22 then round(cast(${value} as numeric), 6) end end`
    case 'boolean':
      return sql`case when jsonb_typeof(${value}) = 'boolean' then cast(${value} as boolean) end`
    case 'json':
      return sql`case when ${value} not in ('null', '""', '[]') then true end`
    case 'text':
      return sql`case when jsonb_typeof(${value}) = 'string' then nullif(${value} #>> '{}', '') end`
    case 'instant':
      // The one form in which instants are stored; any other text is none.
      return sql`case when jsonb_typeof(${value}) = 'string' then
        case when ${value} #>> '{}' like '____-__-__T__:__:__.______Z' then ${value} #>> '{}' end end`
    case 'texts':
    case 'numbers':
    case 'booleans':
      return sql`case when ${value} not in ('null', '""', '[]') then ${value} end`
    case 'size':
      return sql`coalesce(case when jsonb_typeof(${value}) = 'array' then jsonb_array_length(${value})
        when ${value} not in ('null', '""') then 1 end, 0)`
  }
}

/** A stored array's elements, typed, as JSON that holds no number: for an engine that parses no user's text. */
export function jsonList(list: Sql, element: ScalarType): Sql {
  const item = jsonValue(sql.ref('item'), element)
  return sql`case when ${list} is not null then
      (select jsonb_agg(to_jsonb(cast(${item} as text)) order by position)
       from jsonb_array_elements(case jsonb_typeof(${list}) when 'array' then ${list} else jsonb_build_array(${list}) end)
         with ordinality as element(item, position)) end`
}
