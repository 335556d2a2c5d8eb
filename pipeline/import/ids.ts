import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { type Client, type Duckdb, openDuckdb } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { inFolder } from '../temporary.ts'
import { type PlainFile, recognize } from './file.ts'
import { literal, readSource, type Source } from './source.ts'

/** What a column of ids may be called; another one has to be named. */
const known = ['lead_id', 'id', 'external_id', 'lead']

export type IdFile = {
  readonly file: string
  /** The column that holds the ids; else one that is called so, or the only one there is. */
  readonly column?: string | undefined
  readonly temporary: string
}

/**
 * Pipes a file's ids into `snapshot_id`. Returns how many rows could not be read. A file of one column needs no first
 * line that names it: unless it is called as ids are, the first line is an id like the others.
 */
export function copyIds(client: Client, { file, column, temporary }: IdFile): Promise<number> {
  return inFolder(temporary, 'ids', async (folder) => {
    const duckdb = await openDuckdb()
    try {
      const plain = await recognize(file, folder)
      const source = await readSource(duckdb, plain, file, folder)
      const { text } = columnOf(source, column, file)
      const path = join(folder, 'ids.csv')
      const ids = `select place + 1, nullif(${text}, '') from good${firstLine(plain, column)}`
      await duckdb.run(`copy (${ids} order by 1) to ${literal(path)} (format csv, header false)`)
      await pipeline(createReadStream(path), client.query(copyFrom(statement('snapshot/copy_ids'))))
      return source.rejected + (await countBad(duckdb))
    } finally {
      duckdb.close()
    }
  })
}

function columnOf({ columns }: Source, asked: string | undefined, file: string): Source['columns'][number] {
  const names = columns.map(({ name }) => name)
  const name =
    asked ?? known.find((each) => names.includes(each)) ?? (names.length === 1 ? names[0] : undefined)
  const found = columns.find((each) => each.name === name)
  if (found) return found
  const list = names.slice(0, 20).join(', ')
  throw new UserError({
    code: 'NO_SUCH_COLUMN',
    message: asked
      ? `${file} has no column "${asked}". It has: ${list}.`
      : `Which column of ${file} holds the ids? It has: ${list}.`,
    hint: 'Name it with --column.',
  })
}

function firstLine(file: PlainFile, column: string | undefined): string {
  if (file.format !== 'csv' || file.header.length !== 1 || column !== undefined) return ''
  const [title = ''] = file.header
  return known.includes(title) ? '' : ` union all select 0, ${literal(title)}`
}

async function countBad(duckdb: Duckdb): Promise<number> {
  const [bad] = await duckdb.rows<{ count: string }>('select count(*) as count from bad')
  return Number(bad?.count ?? 0)
}
