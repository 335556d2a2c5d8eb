import { join } from 'node:path'
import { copyToFile } from '../copy-to-file.ts'
import { type Client, type Database, inTransaction } from '../engine.ts'
import { statement } from '../sql.ts'
import { inFolder } from '../temporary.ts'
import { compareFile, type Difference } from './compare.ts'
import { extract, type Layout } from './extract.ts'
import { damagedFiles } from './files.ts'
import type { Lake } from './lake.ts'
import { type LakeFile, type Manifest, readManifest, type Unreadable } from './manifest.ts'
import { periodsIn, piecesOf } from './merge.ts'
import { monthOf, type Period } from './periods.ts'
import { openRenewable, type Renewable } from './renewable.ts'
import { foreignTo, type Healed } from './standing.ts'
import { explainTrouble } from './trouble.ts'

export type Verified = {
  /** Why nothing could be compared: there is no manifest to go by, or it isn't of this database. */
  readonly unusable: Unreadable | 'cluster' | 'restored' | null
  readonly horizon: string | null
  readonly events: number
  readonly files: number
  readonly wrong: readonly WrongFile[]
}
export type WrongFile = { readonly period: Period; readonly damage: Healed['damage'] } & Partial<Difference>

type VerifyOptions = {
  readonly temporary: string
  readonly memory?: string
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Compares every row of the lake with Postgres, as known at the lake's horizon. Changes nothing. */
export async function verifyLake(database: Database, lake: Lake, options: VerifyOptions): Promise<Verified> {
  const manifest = await readManifest(lake.folder)
  if (typeof manifest === 'string') return unusable(manifest)
  const foreign = await foreignTo(database, manifest)
  if (foreign) return unusable(foreign)
  const damaged = await damagedFiles(lake.folder, manifest.files)
  return inFolder(options.temporary, 'verify', async (folder) => {
    const duckdb = await openRenewable({ temporary: join(folder, 'spill'), memory: options.memory })
    try {
      const harmed = new Set(damaged.map(({ file }) => file))
      const whole = (file: LakeFile) => !harmed.has(file)
      const different = await compareAll(database, duckdb, { lake, manifest, folder, options, whole })
      const known = new Map<Period, WrongFile>(different.map((each) => [each.period, each]))
      for (const { file, damage } of damaged) known.set(file.period, { period: file.period, damage })
      const { horizon, files } = manifest
      const events = files.reduce((sum, { rows }) => sum + rows, 0)
      const wrong = [...known.values()].sort((a, b) => (a.period < b.period ? -1 : 1))
      return { unusable: null, horizon, events, files: files.length, wrong }
    } catch (error) {
      throw explainTrouble(error, lake.folder)
    } finally {
      duckdb.close()
    }
  })
}

const unusable = (why: NonNullable<Verified['unusable']>): Verified => ({
  ...{ unusable: why, horizon: null, events: 0, files: 0, wrong: [] },
})

type Comparison = {
  readonly lake: Lake
  readonly manifest: Manifest
  readonly folder: string
  readonly options: VerifyOptions
  readonly whole: (file: LakeFile) => boolean
}

async function compareAll(
  database: Database,
  duckdb: Renewable,
  comparison: Comparison,
): Promise<WrongFile[]> {
  const { lake, manifest, folder, whole } = comparison
  await database.session((client) => inTransaction(client, () => copyOut(client, duckdb, comparison)))
  const pieces = join(folder, 'pieces')
  await duckdb.renew()
  const wrong: WrongFile[] = []
  for (const period of new Set([
    ...manifest.files.map(({ period }) => period),
    ...(await periodsIn(pieces)),
  ])) {
    const file = manifest.files.find((each) => each.period === period)
    if (file && !whole(file)) continue
    const difference = await compareFile(duckdb, {
      stored: file && join(lake.folder, file.file),
      pieces: await piecesOf(pieces, period),
      columns: manifest.columns,
      newer: join(folder, 'newer.csv'),
    })
    if (difference) wrong.push({ period, damage: 'different', ...difference })
  }
  return wrong
}

async function copyOut(client: Client, duckdb: Renewable, comparison: Comparison): Promise<void> {
  const { manifest, folder, options } = comparison
  const { horizon, columns } = manifest
  await client.query('set transaction isolation level repeatable read, read only')
  const { rows } = await client.query<{ pages: string }>(statement('lake/count'), [horizon, horizon])
  await extract(client, duckdb, {
    name: 'all',
    columns,
    wanted: { horizon },
    layout: layoutOf(manifest.files),
    pieces: join(folder, 'pieces'),
    pages: Number(rows[0]!.pages),
    onChunk: async (done, total) => options.onProgress?.(done, total),
  })
  await client.query(`select set_config('tideline.columnar', $1, true)`, [JSON.stringify({ horizon })])
  await copyToFile(client, statement('lake/copy_newer'), join(folder, 'newer.csv'))
}

/** Days and months as the files have them: no more than one month has days. */
function layoutOf(files: readonly LakeFile[]): Layout {
  const day = files.find(({ period }) => period !== monthOf(period))
  return { current: day ? monthOf(day.period) : '', months: new Set() }
}
