import { sql } from 'kysely'
import {
  columnarValue,
  dialects,
  type QueryPlan,
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

/** A column as DuckDB has it. */
export type Column = { readonly name: string; readonly type: string }

/**
 * The tables that the DuckDB dialect reads. Values are cast here, by Postgres, the same way its own dialect casts
 * them in place: no other engine ever parses a user's text. Properties become `p0`, `p1`, … in the plan's order.
 */
export function columnarExport(plan: QueryPlan, horizon: string): ColumnarExport {
  const names = (of: 'lead' | 'account') =>
    plan.attributes.filter((feature) => feature.of === of).map(({ name }) => name)
  const accounts = names('account')
  const setting = {
    horizon,
    properties: plan.properties.map(({ name }) => name),
    lead: accounts.length > 0 ? [...names('lead'), '@account'] : names('lead'),
    account: accounts,
  }
  return {
    settings: toStatement(sql`select set_config('tideline.columnar', ${JSON.stringify(setting)}, true)`),
    tables: [leads(), events(plan), attributeChange()],
  }
}

/**
 * DuckDB's side: the rows of a file written by `copy`. The file's name is the only parameter. The end of a line is
 * given, or a text with a line break of its own would decide it.
 */
export function readColumnar({ columns }: ColumnarTable): string {
  const types = columns.map(({ name, type }) => `${name}: '${type}'`).join(', ')
  return `from read_csv($1, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"',
  new_line = '\\n', nullstr = '', allow_quoted_nulls = false, ${size}, columns = {${types}})`
}

// The buffer would be 32 times the longest line otherwise.
const size = 'max_line_size = 16777216, buffer_size = 33554432'

// In a scalar subquery a setting is read once, not once a row.
const setting = sql`current_setting('tideline.columnar')::jsonb`
const known = sql`ingest_xid < (select (${setting} ->> 'horizon')::xid8)`
const lead = column('lead_id', 'bigint')
const utc = (name: string) => sql`${sql.ref(name)} at time zone 'UTC'`

function leads(): ColumnarTable {
  return table(
    'leads',
    [lead, column('first_seen_at', 'timestamp', utc('first_seen_at'))],
    sql`where ${known}`,
  )
}

function events(plan: QueryPlan): ColumnarTable {
  const properties = plan.properties.map(({ type }, position) => {
    const path = sql.lit(`{properties,${position}}`)
    const value = sql`(properties -> (select ${setting} #>> ${path}))`
    return column(`p${position}`, engineTypes[type], columnarValue(value, type))
  })
  const fixed = [
    lead,
    column('event_id', 'varchar'),
    column('type', 'varchar'),
    column('occurred_at', 'timestamp', utc('occurred_at')),
  ]
  return table('events', [...fixed, ...properties], sql`where ${known}`)
}

function attributeChange(): ColumnarTable {
  const { postgres } = dialects
  const named = (subject: 'lead' | 'account') =>
    sql`attribute in (select jsonb_array_elements_text(${setting} -> ${sql.lit(subject)}))`
  const columns = [
    column('subject', 'varchar'),
    column('subject_id', 'bigint'),
    column('attribute', 'varchar'),
    column('value_text', 'varchar', postgres.attribute('text')),
    column(
      'value_number',
      engineTypes.number,
      sql`case when attribute = '@account' then ${postgres.accountLink()} else ${postgres.attribute('number')} end`,
    ),
    column('value_boolean', 'boolean', postgres.attribute('boolean')),
    column('value_known', 'boolean', postgres.attribute('json')),
    column('from_at', 'timestamp', utc('from_at')),
    column('change_id', 'bigint'),
  ]
  const wanted = sql`(subject = 'lead' and ${named('lead')} or subject = 'account' and ${named('account')})`
  return table('attribute_change', columns, sql`where ${wanted} and ${known}`)
}

const engineTypes = {
  number: 'decimal(38,6)',
  text: 'varchar',
  instant: 'varchar',
  boolean: 'boolean',
  json: 'boolean',
} as const

type Exported = Column & { readonly value: Sql }

function column(name: string, type: string, value: Sql = sql.ref(name)): Exported {
  return { name, type, value }
}

function table(name: string, columns: readonly Exported[], where: Sql): ColumnarTable {
  const values = columns.map(({ name, value }) => sql`${value} as ${sql.ref(name)}`)
  const query = toStatement(sql`select ${sql.join(values, sql`,\n  `)}\nfrom ${sql.table(name)}\n${where}`)
  return { table: name, query: query.sql, columns: columns.map(({ name, type }) => ({ name, type })) }
}
