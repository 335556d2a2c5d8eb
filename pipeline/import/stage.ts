import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Client, Duckdb } from '../engine.ts'
import { statement } from '../sql.ts'
import { instants, type Layout, restOf, textOf } from './columns.ts'
import type { Decided } from './dates.ts'
import { jsonObject, literal, type Source } from './source.ts'

/**
 * Pipes all rows into Postgres: `said` gets each distinct set of properties or attributes once, `staged` the rows, those
 * that can't be taken with what is wrong with them.
 */
export async function stageSource(
  duckdb: Duckdb,
  client: Client,
  input: { source: Source; layout: Layout; decided: Decided; temporary: string; sent(share: number): void },
): Promise<void> {
  const { source, layout, decided, temporary, sent } = input
  const path = join(temporary, 'staged.csv')
  await makeShifts(duckdb, source)
  await duckdb.run(`create table prepared as ${goodRows(source, layout, decided)}`)
  await numberDocuments(duckdb)
  await write(duckdb, 'select document, type, rest, iso from said', path)
  await pipe(client, 'imports/copy_said', path, (share) => sent(share / 2))
  const good = `select row_number, null, null, event_id, lead_id, account_id, type, ${instants.join(', ')}, document, null
    from numbered`
  await write(duckdb, [good, badRows(source), ...rejectedRows(source)].join(' union all '), path)
  await pipe(client, 'imports/copy_staged', path, (share) => sent((1 + share) / 2))
}

/** Where many rows say the same, Postgres reads it once; where few do, finding them costs more than it saves. */
async function numberDocuments(duckdb: Duckdb): Promise<void> {
  const [found] = await duckdb.rows<{ alike: boolean | null }>(
    'select approx_count_distinct(rest) < count(*) / 2 as alike from prepared',
  )
  if (!found?.alike) {
    await duckdb.run('create view numbered as select *, row_number as document from prepared')
    await duckdb.run(
      `create view said as select document, coalesce(type, '') as type, rest, iso from numbered`,
    )
    return
  }
  await duckdb.run(`create table said as select row_number() over () as document, type, rest, iso
    from (select distinct coalesce(type, '') as type, rest, iso from prepared)`)
  await duckdb.run(`create view numbered as select prepared.*, document from prepared join said
    on said.type = coalesce(prepared.type, '') and said.rest = prepared.rest and said.iso = prepared.iso`)
}

function write(duckdb: Duckdb, select: string, path: string): Promise<void> {
  return duckdb.run(`copy (${select}) to ${literal(path)} (format csv, header false)`)
}

async function pipe(
  client: Client,
  copy: string,
  path: string,
  sent: (share: number) => void,
): Promise<void> {
  const { size } = await stat(path)
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      sent(bytes / size)
      done(null, chunk)
    },
  })
  await pipeline(
    createReadStream(path, { highWaterMark: 1 << 20 }),
    meter,
    client.query(copyFrom(statement(copy))),
  )
  await rm(path)
}

function goodRows(source: Source, layout: Layout, decided: Decided): string {
  const text = (target: string) => textOf(layout.core.get(target))
  const instant = (target: string) => {
    const format = decided.get(target)?.format
    return format ? `coalesce(${format.read(text(target))}, ${text(target)})` : text(target)
  }
  const columns = {
    row_number: 'place + 1 + coalesce(shift, 0)',
    event_id: text('event_id'),
    lead_id: text('lead_id'),
    account_id: accountOf(layout),
    type: text('type'),
    ...Object.fromEntries(instants.map((target) => [target, instant(target)])),
    rest: restOf(source, layout),
    iso: instantsOf(layout, decided),
  }
  const selected = Object.entries(columns).map(([name, value]) => `cast(${value} as varchar) as ${name}`)
  return `select ${selected.join(', ')} from good ${shifted(source, 'good')}`
}

/** Rows that were rejected are missing from the places of the others; the join costs, and they are rare. */
function shifted(source: Source, table: string): string {
  return source.rejected > 0
    ? `asof left join shifts on ${table}.place >= shifts.place_from`
    : 'cross join (select 0 as shift)'
}

/** An account that is not said stays as it is; one that is said to be nothing is taken away. */
function accountOf(layout: Layout): string {
  const origin = layout.core.get('account_id')
  if (!origin || 'constant' in origin) return textOf(origin)
  return `case when ${origin.column.present} then coalesce(${origin.column.text}, '') end`
}

/** Attributes and properties written in another way than ISO, in ISO; the rest keeps them as they were written. */
function instantsOf(layout: Layout, decided: Decided): string {
  const members = [...decided]
    .filter(([target, { format }]) => layout.rest.has(target) && format.name !== 'ISO')
    .map(([target, { column, format }]): [string, string] => [target, format.read(column.text)])
  return members.length === 0 ? `'{}'` : jsonObject(members)
}

function badRows(source: Source): string {
  return `select place + 1 + coalesce(shift, 0), code, null, null, null, null, null, null, null, null, null, whole
    from bad ${shifted(source, 'bad')}`
}

const fieldCount = `format('has {} field{}, the first line names {}', numbers[2], if(numbers[2] = '1', '', 's'), numbers[1])`
const whatIsWrong = `case error_type
  when 'MISSING COLUMNS' then ${fieldCount}
  when 'TOO MANY COLUMNS' then ${fieldCount}
  when 'UNQUOTED VALUE' then format('has a quote that is not closed ({} lines)', 1 + length(row) - length(replace(row, chr(10), '')))
  when 'INVALID ENCODING' then 'is not UTF-8'
  when 'LINE SIZE OVER MAXIMUM' then 'is longer than 4 MB'
  else 'can''t be split into fields' end`

function rejectedRows(source: Source): string[] {
  if (source.format === 'parquet') return []
  return [
    `select line - ${headerLines(source)}, if(error_type = 'INVALID ENCODING', 'UNREADABLE_TEXT', 'MALFORMED_ROW'), ${whatIsWrong},
      null, null, null, null, null, null, null, null,
      to_json(replace(row, chr(0), '\ufffd'))
    from (select line, any_value(error_type) as error_type, trim(any_value(csv_line), chr(10) || chr(13)) as row,
        regexp_extract_all(any_value(error_message), '\\d+') as numbers
      from reject_errors group by line)`,
  ]
}

/** How many rows were rejected before a place. */
async function makeShifts(duckdb: Duckdb, source: Source): Promise<void> {
  const lines =
    source.format === 'parquet' ? 'select 0 as line where false' : 'select distinct line from reject_errors'
  await duckdb.run(
    `create table shifts as select line - ${headerLines(source)} - nth as place_from, max(nth) as shift
     from (select line, row_number() over (order by line) as nth from (${lines})) group by all`,
  )
}

function headerLines(source: Source): number {
  return source.format === 'csv' ? 1 : 0
}
