import { sql } from 'kysely'
import {
  type AttributeFeature,
  Columns,
  columnarValue,
  dialects,
  elementType,
  hasOwnColumn,
  jsonList,
  type Property,
  type QueryPlan,
  readsAccounts,
  type Sql,
  type Statement,
  toStatement,
} from '../compiler/index.ts'

/** What DuckDB reads in place of the sources: for one query plan, the rows below one horizon, typed by Postgres. */
export type ColumnarExport = {
  /** To be run first, in the same transaction: COPY takes no parameters, so the queries read a setting. */
  readonly settings: Statement
  readonly tables: readonly ColumnarTable[]
}

export type ColumnarTable = {
  readonly table: string
  /** Without parameters: `copy (…) to stdout (format csv)`. */
  readonly query: string
  readonly columns: readonly Column[]
}

/** A column as DuckDB has it. A list travels as JSON: of its elements as text, so that no number is read as a float. */
export type Column = { readonly name: string; readonly type: string; readonly isList?: boolean }

/**
 * The tables that the DuckDB dialect reads. Values are cast here, by Postgres, the same way its own dialect casts
 * them in place: no other engine ever parses a user's text. Properties become `p0`, `p1`, … in the plan's order.
 */
export function columnarExport(plan: QueryPlan, horizon: string): ColumnarExport {
  const names = (of: 'lead' | 'account') =>
    plan.attributes.filter((feature) => feature.of === of).map(({ name }) => name)
  const setting = {
    horizon,
    properties: plan.properties.map(keys),
    own: plan.attributes.filter(hasOwnColumn).map(keys),
    lead: readsAccounts(plan) ? [...names('lead'), '@account'] : names('lead'),
    account: names('account'),
  }
  return {
    settings: settingsOf(setting),
    tables: [leads(plan), events(plan), attributeChange(plan), ...recordedTables(plan)],
  }
}

const keys = ({ name, path = [] }: Pick<Property | AttributeFeature, 'name' | 'path'>) => [name, ...path]

const settingsOf = (setting: object): Statement =>
  toStatement(sql`select set_config('tideline.columnar', ${JSON.stringify(setting)}, true)`)

/**
 * DuckDB's side: the rows of a file written by `copy`. The file's name is the only parameter, unless it is given. The
 * end of a line is given, or a text with a line break of its own would decide it.
 */
export function readColumnar({ columns }: ColumnarTable, file?: string): string {
  const types = columns
    .map((column) => `${column.name}: '${column.isList || isWide(column) ? 'varchar' : column.type}'`)
    .join(', ')
  const replaced = columns.flatMap((column) => {
    const { name, type, isList } = column
    if (isList) return [`cast(from_json(${name}, '["VARCHAR"]') as ${type}) as ${name}`]
    return isWide(column) ? [`${wideNumber(name, type)} as ${name}`] : []
  })
  const name = file === undefined ? '$1' : `'${file.replaceAll("'", "''")}'`
  const read = `read_csv(${name}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
  new_line = '\\n', nullstr = '', allow_quoted_nulls = false, ${size}, columns = {${types}})`
  return replaced.length > 0 ? `select * replace (${replaced.join(', ')}) from ${read}` : `from ${read}`
}

const isWide = ({ type }: Column): boolean => type.startsWith('decimal(38,')

/** DuckDB reads a text as one of 18 digits three hundred times as fast as one of 38, and hardly any has more. */
const wideNumber = (text: string, type: string): string =>
  `coalesce(cast(try_cast(${text} as ${type.replace('38', '18')}) as ${type}), cast(${text} as ${type}))`

// The buffer would be 32 times the longest line otherwise.
const size = 'max_line_size = 16777216, buffer_size = 33554432'

// In a scalar subquery a setting is read once, not once a row.
const setting = sql`current_setting('tideline.columnar')::jsonb`
const known = sql`ingest_xid < (select (${setting} ->> 'horizon')::xid8)`
const lead = column('lead_id', 'bigint')
const utc = (name: string) => sql`${sql.ref(name)} at time zone 'UTC'`

function leads(plan: QueryPlan): ColumnarTable {
  const columns = [lead, column('first_seen_at', 'timestamp', utc('first_seen_at'))]
  if (plan.buckets.length > 0) columns.push(column('external_id', 'varchar'))
  return table('leads', columns, sql`where ${known}`)
}

function events(plan: QueryPlan): ColumnarTable {
  const names = new Columns(plan)
  return eventsTable(
    plan.properties.map((property) => ({ name: names.of(property), property })),
    sql`where ${known}`,
  )
}

export type NamedProperty = {
  readonly name: string
  readonly property: Pick<Property, 'name' | 'path' | 'type'>
}

/** Events with these properties in columns of these names: what some rows of the lake are made of. */
export function columnarEvents(properties: readonly NamedProperty[], where: Sql): ColumnarExport {
  const setting = { properties: properties.map(({ property }) => keys(property)) }
  return { settings: settingsOf(setting), tables: [eventsTable(properties, sql`where ${where}`)] }
}

function eventsTable(named: readonly NamedProperty[], where: Sql): ColumnarTable {
  const read = (position: number) => sql.ref(`v${position}`)
  const properties = named.map(({ name, property: { type } }, position) =>
    typedColumn(name, type, read(position)),
  )
  const fixed = [
    lead,
    column('event_id', 'varchar'),
    column('type', 'varchar'),
    column('occurred_at', 'timestamp', utc('occurred_at')),
  ]
  const found = named.map(
    ({ property }, position) =>
      sql`${storedAt(property, sql`properties`, `properties,${position}`)} as ${read(position)}`,
  )
  const names = sql.join([
    ...['lead_id', 'event_id', 'type', 'occurred_at'].map((name) => sql.ref(name)),
    ...found,
  ])
  // A value is looked for once, however often its type asks for it: of a wide copy that saves a quarter.
  return table(
    'events',
    [...fixed, ...properties],
    sql``,
    sql`(select ${names} from events ${where} offset 0) as found`,
  )
}

type Kept = Pick<Property | AttributeFeature, 'name' | 'path' | 'type'>

/** What lies at the keys that the setting has at `place`: a JSON value of the type asked for. */
const valueColumn = (name: string, stored: Kept, json: Sql, place: string): Exported =>
  typedColumn(name, stored.type, storedAt(stored, json, place))

function storedAt({ name, path = [] }: Kept, json: Sql, place: string): Sql {
  const keys = [name, ...path]
  const skip = json === storedValue ? 1 : 0
  return keys.slice(skip).reduce<Sql>((inner, _, index) => {
    const key = sql.lit(`{${place},${index + skip}}`)
    return sql`(${inner} -> (select ${setting} #>> ${key}))`
  }, json)
}

function typedColumn(name: string, type: Kept['type'], value: Sql): Exported {
  const typed = columnarValue(value, type)
  return type === 'texts' || type === 'numbers' || type === 'booleans'
    ? {
        ...column(name, `${engineTypes[elementType[type]]}[]`, jsonList(typed, elementType[type])),
        isList: true,
      }
    : column(name, engineTypes[type], typed)
}

const storedValue = sql`value`

function attributeChange(plan: QueryPlan): ColumnarTable {
  const value = (type: 'text' | 'instant' | 'number' | 'boolean' | 'json') => columnarValue(storedValue, type)
  const named = (subject: 'lead' | 'account') =>
    sql`attribute in (select jsonb_array_elements_text(${setting} -> ${sql.lit(subject)}))`
  const names = new Columns(plan)
  const own = plan.attributes.filter(hasOwnColumn).map((feature, position) => {
    const found = valueColumn(names.of(feature), feature, storedValue, `own,${position}`)
    const name = sql.lit(`{own,${position},0}`)
    const here = sql`subject = ${sql.lit(feature.of)} and attribute = (select ${setting} #>> ${name})`
    return { ...found, value: sql`case when ${here} then ${found.value} end` }
  })
  const columns = [
    column('subject', 'varchar'),
    column('subject_id', 'bigint'),
    column('attribute', 'varchar'),
    column('value_text', 'varchar', value('text')),
    column('value_instant', 'varchar', value('instant')),
    column(
      'value_number',
      engineTypes.number,
      sql`case when attribute = '@account' then ${dialects.postgres.accountLink()} else ${value('number')} end`,
    ),
    column('value_boolean', 'boolean', value('boolean')),
    column('value_known', 'boolean', value('json')),
    column('from_at', 'timestamp', utc('from_at')),
    column('change_id', 'bigint'),
    ...own,
  ]
  const wanted = sql`(subject = 'lead' and ${named('lead')} or subject = 'account' and ${named('account')})`
  return table('attribute_change', columns, sql`where ${wanted} and ${known}`)
}

/** What runs and hands have written: small, and whole. */
function recordedTables(plan: QueryPlan): ColumnarTable[] {
  const { postgres } = dialects
  const kinds = new Set(plan.derived.flat().map(({ kind }) => kind))
  const tables: ColumnarTable[] = []
  if (kinds.has('recorded') || kinds.has('inside')) {
    const columns = [
      column('segment', 'varchar'),
      lead,
      column('as_of', 'timestamp', utc('as_of')),
      column('change', 'varchar'),
    ]
    tables.push(table('segment_change', columns, sql``, postgres.changes()))
  }
  if (kinds.has('score_max') || kinds.has('level_entered')) {
    const whole = sql`trunc(micropoints)`
    const columns = [
      lead,
      column('score', 'varchar'),
      column('day', 'date'),
      // Parquet has no hugeint: it would become a float.
      column('micropoints', 'decimal(38,0)', whole),
      column('level', 'varchar'),
    ]
    tables.push(table('score_day', columns, sql``, postgres.scoreHistory()))
  }
  if (plan.lists.length > 0) {
    const columns = [
      column('segment', 'varchar'),
      lead,
      column('list', 'varchar'),
      column('from_at', 'timestamp', utc('from_at')),
      column('until_at', 'timestamp', utc('until_at')),
    ]
    tables.push(table('listed', columns, sql``, postgres.lists(sql`(select ${setting} ->> 'horizon')`)))
  }
  return tables
}

const engineTypes = {
  number: 'decimal(38,6)',
  text: 'varchar',
  instant: 'varchar',
  boolean: 'boolean',
  json: 'boolean',
  size: 'bigint',
} as const

type Exported = Column & { readonly value: Sql }

function column(name: string, type: string, value: Sql = sql.ref(name)): Exported {
  return { name, type, value }
}

function table(
  name: string,
  columns: readonly Exported[],
  where: Sql,
  from: Sql = sql.table(name),
): ColumnarTable {
  const values = columns.map(({ name, value }) => sql`${value} as ${sql.ref(name)}`)
  const query = toStatement(sql`select ${sql.join(values, sql`,\n  `)}\nfrom ${from}\n${where}`)
  return { table: name, query: query.sql, columns: columns.map(({ value: _, ...rest }) => rest) }
}
