import type { Duckdb } from '../engine.ts'
import { UserError } from '../errors.ts'
import { malformed, type PlainFile, withPlainLineEnds } from './file.ts'

/** One column of the table `source`: its name in the file, and SQL that reads it as text and as JSON. */
export type Column = {
  readonly name: string
  readonly text: string
  readonly json: string
  /** Whether this row has the column at all; only the objects of an NDJSON file may lack one. */
  readonly present: string
}

export type Source = {
  readonly format: PlainFile['format']
  readonly columns: Column[]
  /** SQL for the row's JSON object without the named members, where the row is an object already. */
  readonly without: ((names: string[]) => string) | undefined
  /** Rows that could be split into fields, and rows that could not. */
  readonly rows: number
  readonly rejected: number
}

/**
 * Reads a file into DuckDB, every value as it was written: `good` holds the rows (with their `place`, from 0), `bad`
 * those that Postgres could not hold (place, code, and whole as JSON), `reject_errors` those that can't be split.
 */
export async function readSource(
  duckdb: Duckdb,
  file: PlainFile,
  label: string,
  temporary: string,
): Promise<Source> {
  try {
    await load(duckdb, file)
  } catch (error) {
    const message = String(error instanceof Error ? error.message : error)
    if (!/invalid state/.test(message)) throw malformed(label, firstLine(message))
    await load(duckdb, await withPlainLineEnds(file, temporary)).catch((again: Error) => {
      throw malformed(label, firstLine(again.message))
    })
  }
  const source = file.format === 'ndjson' ? await describeObjects(duckdb) : await describeFields(duckdb, file)
  const counts = await count(duckdb, file)
  if (file.format === 'csv') await refuseSwallowed(duckdb, label)
  if (counts.rows === 0 && counts.rejected > 0) {
    throw malformed(label, `none of its ${counts.rejected} rows has the fields that its first line names`)
  }
  return { format: file.format, ...source, ...counts }
}

async function load(duckdb: Duckdb, file: PlainFile): Promise<void> {
  await duckdb.run('drop table if exists source')
  if (file.format === 'parquet') return loadParquet(duckdb, file.path)
  const common = 'auto_detect = false, store_rejects = true, rejects_limit = 0, max_line_size = 4000000'
  const shape =
    file.format === 'csv'
      ? `header = true, delim = ${literal(file.delimiter)}, quote = '"', escape = '"', columns = {${file.header.map((_, index) => `c${index}: 'VARCHAR'`).join(', ')}}`
      : // A delimiter that no JSON text can hold, so that a line stays whole.
        `header = false, strict_mode = false, delim = '\x01', quote = '', escape = '', columns = {line: 'VARCHAR'}`
  await duckdb.run(`create table source as select * from read_csv($1, ${common}, ${shape})`, [file.path])
}

/** Under names of our own: two columns of a file may differ only in case, which DuckDB takes for the same. */
async function loadParquet(duckdb: Duckdb, path: string): Promise<void> {
  await duckdb.run(`create table parquet_columns as
    select row_number() over () - 1 as place, column_name as name, column_type as type
    from (describe select * from read_parquet(${literal(path)}))`)
  const [found] = await duckdb.rows<{ count: string }>('select count(*) as count from parquet_columns')
  const names = Array.from({ length: Number(found?.count) }, (_, index) => `c${index}`)
  await duckdb.run(`create table source as select * from read_parquet($1) as t(${names.join(', ')})`, [path])
}

type Described = Pick<Source, 'columns' | 'without'>

async function describeFields(duckdb: Duckdb, file: PlainFile): Promise<Described> {
  const columns: Column[] =
    file.format === 'csv'
      ? file.header.map((title, index) => ({
          name: title,
          text: `c${index}`,
          json: `to_json(c${index})`,
          present: 'true',
        }))
      : (
          await duckdb.rows<{ name: string; type: string }>(
            'select name, type from parquet_columns order by place',
          )
        ).map(ofParquet)
  // Postgres can't hold a NUL.
  const nul = columns.map(({ text }) => `coalesce(contains(${text}, chr(0)), false)`).join(' or ')
  const whole = jsonObject(
    columns.map(({ name, text }) => [name, `to_json(replace(${text}, chr(0), '\ufffd'))`]),
  )
  await duckdb.run(`create view good as select rowid as place, * from source where not (${nul})`)
  await duckdb.run(
    `create view bad as select rowid as place, 'UNREADABLE_TEXT' as code, ${whole} as whole from source where ${nul}`,
  )
  return { columns, without: undefined }
}

function ofParquet({ name, type }: { name: string; type: string }, index: number): Column {
  const text = `cast(c${index} as varchar)`
  // JSON knows no NaN, and a four-byte float is meant as it is written, not as its nearest double.
  const json = ['FLOAT', 'DOUBLE'].includes(type)
    ? `case when isfinite(c${index}) then to_json(cast(${text} as double)) else to_json(${text}) end`
    : `to_json(c${index})`
  return { name, text, json, present: 'true' }
}

/** Deeper than this Postgres might run out of stack, so the brackets of a line are counted. */
const brackets = 5_000

async function describeObjects(duckdb: Duckdb): Promise<Described> {
  const depth = `length(line) - length(replace(replace(line, '[', ''), '{', ''))`
  await duckdb.run(`create table judged as select rowid as place, line, case
    when not json_valid(line) then 'MALFORMED_ROW'
    when json_type(line) <> 'OBJECT' then 'NOT_AN_OBJECT'
    when contains(line, '\\u0000') and regexp_matches(line, '(^|[^\\\\])(\\\\\\\\)*\\\\u0000') then 'UNREADABLE_TEXT'
    when length(line) > ${brackets} and ${depth} > ${brackets} then 'TOO_DEEP' end as code
    from source where line is not null`)
  // Tables and not views: JSON functions fail on a bad line, and a view lets them be tried before its filter.
  await duckdb.run('create table good as select place, line from judged where code is null')
  await duckdb.run(`create table bad as select place, code, to_json(replace(line, chr(0), '\ufffd')) as whole
    from judged where code is not null`)
  await duckdb.run('drop table judged')
  await duckdb.run('drop table source')
  const keys = await duckdb.rows<{ key: string }>(
    `select key from (select unnest(json_keys(line)) as key, place from good)
     group by key order by min(place)`,
  )
  const columns = keys.map(({ key }) => {
    const pointer = literal(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    return {
      name: key,
      text: `(line ->> ${pointer})`,
      json: `(line -> ${pointer})`,
      present: `json_exists(line, ${pointer})`,
    }
  })
  return {
    columns,
    without: (names) => `json_merge_patch(line, ${jsonObject(names.map((name) => [name, 'null']))})`,
  }
}

async function count(duckdb: Duckdb, file: PlainFile): Promise<{ rows: number; rejected: number }> {
  const [rows] = await duckdb.rows<{ rows: string }>(
    'select (select count(*) from good) + (select count(*) from bad) as rows',
  )
  if (file.format === 'parquet') return { rows: Number(rows?.rows), rejected: 0 }
  const [rejected] = await duckdb.rows<{ rejected: string }>(
    'select count(distinct line) as rejected from reject_errors',
  )
  return { rows: Number(rows?.rows), rejected: Number(rejected?.rejected) }
}

/**
 * DuckDB shows no more than this of a row it rejects. An unclosed quote may have swallowed half the file, which then
 * nobody would miss: better to take nothing.
 */
const shown = 10_000

async function refuseSwallowed(duckdb: Duckdb, label: string): Promise<void> {
  const [found] = await duckdb.rows<{ line: string }>(
    `select min(line) as line from reject_errors
     where (error_type = 'UNQUOTED VALUE' and length(csv_line) >= ${shown} - 4) or error_type = 'LINE SIZE OVER MAXIMUM'
     having count(*) > 0`,
  )
  if (!found) return
  throw malformed(
    label,
    `row ${Number(found.line) - 1} has a quote that is not closed, or is longer than 4 MB`,
    'Close the quote; one that is part of a value is written twice ("").',
  )
}

/** A SQL expression for a JSON object of these names and expressions. */
export function jsonObject(members: [name: string, json: string][]): string {
  return `json_object(${members.map(([name, json]) => `${literal(name)}, ${json}`).join(', ')})`
}

export function literal(text: string): string {
  if (text.includes('\0'))
    throw new UserError({ code: 'UNREADABLE_TEXT', message: 'A name holds a NUL character.' })
  return `'${text.replaceAll("'", "''")}'`
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/\.$/, '')
}
