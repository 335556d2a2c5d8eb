import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { to as copyTo } from 'pg-copy-streams'
import type { Property } from '../../compiler/ir.ts'
import { plan, type QueryPlan } from '../../compiler/plan.ts'
import { columnarExport, readColumnar } from '../../pipeline/columnar.ts'
import { type Database, openDuckdb } from '../../pipeline/engine.ts'
import { type Lake, openLake, type SyncOptions, syncLake, viewLake } from '../../pipeline/lake/lake.ts'
import { testDatabase } from './database.ts'
import { spawnScript } from './elsewhere.ts'
import { properties } from './lake-properties.ts'

export { properties } from './lake-properties.ts'

/** A plan that reads nothing but these. */
export const planOf = (read: readonly Property[]): QueryPlan => ({ ...plan([], []), properties: read })

export type Opened = { readonly database: Database; readonly lake: Lake; readonly folder: string }

/** A database and the folder of a lake, removed when the test is over. */
export function lakeWorld() {
  const opened: Opened[] = []
  return {
    async open(): Promise<Opened> {
      const database = await testDatabase()
      const folder = await mkdtemp(join(tmpdir(), `tideline-lake-${randomBytes(4).toString('hex')}-`))
      const made = { database, folder, lake: openLake(join(folder, 'lake')) }
      opened.push(made)
      return made
    },
    async close(): Promise<void> {
      for (const { database, folder } of opened.splice(0)) {
        await database.close()
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

/** So many events a day, of twenty leads, with properties of all kinds, strange ones too. */
export async function addEvents(
  database: Database,
  { from, days, each, name = 'event' }: { from: string; days: number; each: number; name?: string },
): Promise<void> {
  await database.query(
    `insert into events (event_id, lead_id, type, occurred_at, properties)
     select $4 || ' ' || d || '-' || n, 1 + (d * 7 + n * 3) % 20, case n % 3 when 0 then 'order' else 'page_view' end,
       $1::timestamptz + d * interval '1 day' + n * interval '3 hours 7.000001 seconds',
       jsonb_strip_nulls(jsonb_build_object(
         'page', case n % 4 when 0 then '/a,"b' || chr(10) || 'é' when 1 then '' else '/p' || n end,
         'amount', case n % 3 when 0 then d * 1.25 when 1 then 3e30 end, 'paid', n % 2 = 0,
         'due', case n % 2 when 0 then '2025-03-04T05:06:07.000008Z' else 'never' end,
         'tags', case n % 3 when 0 then '["x", "", "y\\"z"]'::jsonb when 1 then '[]' end,
         'basket', case n % 2 when 0 then jsonb_build_object('total', n * 0.1) end))
     from generate_series(0, $2::int - 1) d, generate_series(0, $3::int - 1) n`,
    [from, days, each, name],
  )
}

/** The horizon that a run would fix now, above everything that is committed. */
export async function horizonOf(database: Database): Promise<string> {
  const [row] = await database.query<{ horizon: string }>(
    'select pg_snapshot_xmax(pg_current_snapshot())::text as horizon',
  )
  return row!.horizon
}

export const sync = (database: Database, lake: Lake, options: Partial<SyncOptions> & { horizon: string }) =>
  syncLake(database, lake, { properties, ...options })

type Strike = { step?: string; time?: number; signal?: NodeJS.Signals; fileLimit?: number }

/** A write in a process of its own, which ends itself (or stands still) before a step, the so many-th time. */
export function writeElsewhere({ database, lake }: Opened, horizon: string, strike: Strike = {}) {
  const { step = '', time = 1, signal = 'SIGKILL', fileLimit } = strike
  return spawnScript([script, database.url, lake.folder, horizon, step, String(time), signal], fileLimit)
}

const script = fileURLToPath(new URL('lake-process.ts', import.meta.url))

type Stored = {
  checksum: string
  manifest: {
    files: { file: string; period: string; bytes: number; checksum: string; verified_at: string }[]
  }
}

export const readStored = async (folder: string): Promise<Stored> =>
  JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))

/** Changes the manifest as somebody would who can. */
export async function editManifest(
  folder: string,
  change: (manifest: Stored['manifest']) => void,
): Promise<void> {
  const stored = await readStored(folder)
  change(stored.manifest)
  stored.checksum = createHash('sha256').update(JSON.stringify(stored.manifest)).digest('hex')
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(stored))
}

/** Rows that only one of lake and Postgres has: none, if all is well. */
export async function contents(
  database: Database,
  lake: Lake,
  horizon: string,
  queryPlan: QueryPlan = planOf(properties),
): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tideline-contents-'))
  const duckdb = await openDuckdb()
  try {
    await viewLake(database, duckdb, lake, { plan: queryPlan, horizon, folder: join(folder, 'snapshot') })
    const { settings, tables } = columnarExport(queryPlan, horizon)
    const found: unknown[] = []
    await database.transaction(async (client) => {
      await client.query(settings.sql, [...settings.parameters])
      for (const each of tables) {
        const file = join(folder, `${each.table}.csv`)
        await pipeline(
          client.query(copyTo(`copy (${each.query}) to stdout (format csv)`)),
          createWriteStream(file),
        )
        const right = `(${readColumnar(each, file)})`
        found.push(
          ...(await duckdb.rows(`(select 'lake' as only, * from (from ${each.table} except all ${right}))
            union all (select 'postgres', * from (${right} except all from ${each.table})) limit 5`)),
        )
      }
    })
    return found
  } finally {
    duckdb.close()
    await rm(folder, { recursive: true })
  }
}
