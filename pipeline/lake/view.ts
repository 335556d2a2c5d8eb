import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Columns, type QueryPlan } from '../../compiler/index.ts'
import { type ColumnarTable, columnarExport, readColumnar } from '../columnar.ts'
import { copyToFile } from '../copy-to-file.ts'
import { type Client, type Database, type Duckdb, inTransaction } from '../engine.ts'
import { UserError } from '../errors.ts'
import { literal } from '../import/source.ts'
import type { Lake } from './lake.ts'
import { columnOf, type Manifest, readManifest } from './manifest.ts'
import { foreignTo } from './standing.ts'

export type ViewOptions = {
  readonly plan: QueryPlan
  readonly horizon: string
  /** Where the snapshots lie for as long as they are read. */
  readonly folder: string
}

/**
 * Gives DuckDB the relations that its dialect reads: events out of the lake, and small snapshots of everything else,
 * all as known at the horizon.
 */
export async function viewLake(
  database: Database,
  duckdb: Duckdb,
  lake: Lake,
  { plan, horizon, folder }: ViewOptions,
): Promise<void> {
  const { settings, tables } = columnarExport(plan, horizon)
  const manifest = await readManifest(lake.folder)
  if (typeof manifest === 'string' || !covers(manifest, plan, horizon)) throw behind(lake.folder)
  // Two databases may write the same folder by turns, and have reached the same horizon.
  if (await foreignTo(database, manifest)) throw behind(lake.folder)
  const events = tables.find(({ table }) => table === 'events')!
  await viewEvents(duckdb, lake, { plan, manifest, table: events })
  await mkdir(folder, { recursive: true })
  await database.session((client) =>
    inTransaction(client, async () => {
      await client.query('set transaction isolation level repeatable read, read only')
      await client.query(settings.sql, [...settings.parameters])
      for (const each of tables) if (each.table !== 'events') await snapshot(client, duckdb, each, folder)
    }),
  )
}

async function snapshot(
  client: Client,
  duckdb: Duckdb,
  source: ColumnarTable,
  folder: string,
): Promise<void> {
  const file = join(folder, `${source.table}.csv`)
  const parquet = join(folder, `${source.table}.parquet`)
  await copyToFile(client, `copy (${source.query}) to stdout (format csv)`, file)
  const order = source.columns[0]!.name === 'subject' ? 'subject, subject_id' : 'lead_id'
  await duckdb.run(
    `copy (select * from (${readColumnar(source, file)}) order by ${order}) to ${literal(parquet)} (format parquet)`,
  )
  await rm(file)
  await duckdb.run(`create or replace view ${source.table} as from read_parquet(${literal(parquet)})`)
}

/** The plan's properties are `p0`, `p1`, … in its order. */
async function viewEvents(
  duckdb: Duckdb,
  { folder }: Lake,
  { plan, manifest, table }: { plan: QueryPlan; manifest: Manifest; table: ColumnarTable },
): Promise<void> {
  const names = new Columns(plan)
  const stored = new Map(plan.properties.map((property) => [names.of(property), columnOf(property).column]))
  const files = manifest.files.map(({ file }) => literal(join(folder, file)))
  const columns = table.columns.map(({ name, type }) =>
    files.length > 0 ? `${stored.get(name) ?? name} as ${name}` : `null::${type} as ${name}`,
  )
  const from =
    files.length > 0
      ? `read_parquet([${files.join(', ')}], hive_partitioning = false)`
      : '(select 1) where false'
  await duckdb.run(`create or replace view events as select ${columns.join(', ')} from ${from}`)
}

function covers({ columns, horizon }: Manifest, plan: QueryPlan, wanted: string): boolean {
  const known = new Set(columns.map(({ column }) => column))
  return horizon === wanted && plan.properties.every((property) => known.has(columnOf(property).column))
}

const behind = (folder: string): UserError =>
  new UserError({
    code: 'LAKE_BEHIND',
    message: 'The lake does not hold what is to be read.',
    hint: '`tideline lake repair` brings it up to date.',
    where: folder,
  })
