import { type QueryColumn, type QueryType, readOnly } from '../../pipeline/query.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import type { Column, Row } from '../table.ts'
import type { Kind } from '../values.ts'
import { thousands } from '../values.ts'

export const query = (start: Start) =>
  command('query', {
    summary: 'one read-only SQL statement',
    description:
      'Runs one statement that can only read, in the schema of the installation. The views (current_members, segment_trend and the others of docs/sql.md) stay as they are between versions; tables may change.',
    examples: [
      [`tideline query "select segment, count(*) from current_members group by 1"`, 'as a table'],
      [`tideline query "select * from current_members" --output members.csv`, 'all rows, into a file'],
    ],
  })
    .argument('<SQL>', 'the statement')
    .option('--limit <N>', 'rows shown as a table; other formats hold all', wholeNumber, 1000)
    .option('--timeout <SECONDS>', 'stop it after so long', wholeNumber, 60)
    .action(
      start(async (cli, text: string, { limit, timeout }: { limit: number; timeout: number }) => {
        const { database } = await cli.open({ schema: 'if embedded' })
        await readOnly(database, text, { seconds: timeout }, async ({ columns, rows }) => {
          const named = named_(columns, rows)
          if (cli.format !== 'table') return cli.print({ columns: columns.map(columnOf), rows: named })
          const shown: Row[] = []
          let more = false
          for await (const row of named) {
            more = shown.length === limit
            if (more) break
            shown.push(row)
          }
          const note = `The first ${thousands(String(limit))} rows; --limit N shows more, --output FILE.csv keeps all.`
          await cli.print({
            columns: columns.map(columnOf),
            rows: shown,
            below: more ? ['', note] : shown.length === 0 ? ['(no rows)'] : [],
          })
        })
      }),
    )

async function* named_(
  columns: readonly QueryColumn[],
  rows: AsyncIterable<readonly unknown[]>,
): AsyncGenerator<Row> {
  for await (const row of rows) {
    yield Object.fromEntries(columns.map((column, index) => [column.name, row[index]]))
  }
}

const kinds: Readonly<Record<QueryType, Kind>> = {
  integer: 'count',
  decimal: 'number',
  boolean: 'boolean',
  instant: 'exact instant',
  json: 'json',
  text: 'text',
}

/** Columns are headed by their own names, so that they can be used in the next statement. */
const columnOf = ({ name, type }: QueryColumn): Column => ({ name, title: name, kind: kinds[type] })
