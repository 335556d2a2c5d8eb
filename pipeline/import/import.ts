import { join } from 'node:path'
import { untilNobodyInTheWay } from '../conflicts.ts'
import { type Client, type Database, type Duckdb, inTransaction, openDuckdb } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { inFolder } from '../temporary.ts'
import { type Kind, type Layout, layOut, mistakenIn } from './columns.ts'
import { type Decided, decideFormats, type FormatWish } from './dates.ts'
import { recognize } from './file.ts'
import { finishImport, type ImportReport, type ImportStage, type Progress } from './report.ts'
import { readSource, type Source } from './source.ts'
import { stageSource } from './stage.ts'
import { createTables, dropTables, takeStaged } from './take.ts'

export type ImportOptions = {
  kind: Kind
  file: string
  /** Target → column of the file. */
  map: Record<string, string>
  /** Target → constant for all rows. */
  set: Record<string, string>
  /** Zone of instants that name none. */
  timezone: string
  /** `MDY` for all columns, or per column. */
  dateFormat?: FormatWish
  /** A folder to work in. */
  temporary: string
  onProgress?: (progress: Progress) => void
}

/** Takes a file: all of its rows that can be taken, or nothing at all. Taking it again changes nothing. */
export function importFile(database: Database, options: ImportOptions): Promise<ImportReport> {
  return inFolder(options.temporary, 'import', async (temporary) => {
    const duckdb = await openDuckdb({ temporary: join(temporary, 'duckdb'), memory: '1GB' })
    try {
      return await readAndTake(database, duckdb, options, temporary)
    } finally {
      duckdb.close()
    }
  })
}

async function readAndTake(
  database: Database,
  duckdb: Duckdb,
  options: ImportOptions,
  temporary: string,
): Promise<ImportReport> {
  options.onProgress?.({ stage: 'reading', rows: 0 })
  const source = await readSource(duckdb, await recognize(options.file, temporary), options.file, temporary)
  const layout = layOut(options.kind, source.columns, options)
  const types = await knownTypes(database, options.kind)
  const decided = await decideFormats(duckdb, layout, types, options.dateFormat)
  return take(database, duckdb, { options, source, layout, decided, temporary })
}

type Prepared = {
  options: ImportOptions
  source: Source
  layout: Layout
  decided: Decided
  temporary: string
}

async function take(database: Database, duckdb: Duckdb, prepared: Prepared): Promise<ImportReport> {
  const { options, decided, layout } = prepared
  const interrupted = await database.query<{
    import_id: string
    kind: string
    source: string
    started_at: string
  }>(statement('imports/fail_interrupted'))
  let importId = ''
  try {
    const report = await database.session(async (client) => {
      importId = await start(client, options)
      await createTables(client)
      const taken = await takeAll(client, duckdb, importId, prepared)
      await dropTables(client)
      await client.query(statement('imports/end_session'), [importId])
      // Only the tables' owner may; for anybody else autovacuum does it later.
      await client.query(statement('imports/summarize')).catch(() => {})
      return taken
    })
    return {
      importId,
      ...report,
      mistaken: mistakenIn(options.kind, layout),
      dates: [...decided.values()].map(({ column, format }) => ({
        column: column.name,
        format: format.name,
      })),
      interrupted: interrupted.map((row) => ({
        importId: row.import_id,
        kind: row.kind,
        source: row.source,
        startedAt: row.started_at,
      })),
    }
  } catch (error) {
    if (importId)
      await database.query(statement('imports/fail_import'), [importId, reason(error)]).catch(() => {})
    throw error
  }
}

async function takeAll(client: Client, duckdb: Duckdb, importId: string, prepared: Prepared) {
  const { options, source, layout, decided, temporary } = prepared
  const total = source.rows + source.rejected
  const progress = (stage: ImportStage, rows: number) => options.onProgress?.({ stage, rows, total })
  progress('sending', 0)
  await stageSource(duckdb, client, {
    source,
    layout,
    decided,
    temporary,
    sent: (share) => progress('sending', Math.round(share * total)),
  })
  const takeOnce = async () => {
    await client.query(statement('imports/lock_writing'))
    await client.query(statement('imports/set_local'))
    const conversions = options.kind === 'conversions'
    const taken = await takeStaged(
      client,
      conversions ? 'events' : (options.kind as 'events' | 'leads' | 'accounts'),
      {
        timezone: options.timezone,
        conversions,
        onlyText: source.format === 'csv',
        entered: (stage) => progress(stage, total),
      },
    )
    return { read: total, ...taken, ...(await finishImport(client, importId, total, taken)) }
  }
  // The rows that were sent outlive a rollback.
  return untilNobodyInTheWay(() => inTransaction(client, takeOnce))
}

async function start(client: Client, options: ImportOptions): Promise<string> {
  const { kind, file, map, set, dateFormat } = options
  const said = JSON.stringify({ map, set, ...(dateFormat === undefined ? {} : { dateFormat }) })
  const { rows } = await client.query<{ import_id: string }>(statement('imports/start_import'), [
    kind,
    file,
    said,
  ])
  return String(rows[0]?.import_id)
}

async function knownTypes(database: Database, kind: Kind): Promise<Map<string, Set<string>>> {
  const subject = kind === 'leads' ? 'lead' : kind === 'accounts' ? 'account' : 'event'
  const rows = await database.query<{ name: string; types: string[] }>(statement('imports/known_types'), [
    subject,
  ])
  return new Map(rows.map(({ name, types }) => [name, new Set(types)]))
}

function reason(error: unknown): string {
  if (error instanceof UserError) return error.code
  return (error instanceof Error ? error.message : String(error)).replaceAll('\0', '')
}
