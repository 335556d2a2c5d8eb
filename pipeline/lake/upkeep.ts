import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, inTransaction } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { compareFile } from './compare.ts'
import { extract, type Layout, type Wanted } from './extract.ts'
import type { LakeColumn, LakeFile } from './manifest.ts'
import { mergePeriod, periodsIn, piecesOf } from './merge.ts'
import { holds, monthOf, type Period } from './periods.ts'
import type { Renewable } from './renewable.ts'
import type { Healed, Standing } from './standing.ts'
import type { SyncOptions } from './sync.ts'

/** A write under way. `files` is what the manifest will name; `healed` grows as differences are found. */
export type Write = {
  readonly client: Client
  readonly duckdb: Renewable
  readonly folder: string
  readonly work: string
  readonly options: SyncOptions
  readonly found: Standing
  readonly columns: readonly LakeColumn[]
  readonly layout: Layout
  readonly files: Map<Period, LakeFile>
  readonly written: Set<Period>
  readonly healed: Healed[]
}

/**
 * First what arrived and what is damaged; then, if the number of rows is another than in Postgres, what differs.
 * Returns how many events were copied.
 */
export async function bringUp(going: Write): Promise<number> {
  const { horizon } = going.options
  const since = going.found.rebuilt ? undefined : going.found.before?.horizon
  const damaged = going.found.damaged.map(({ period }) => period)
  const { events, copied } = await reading(going, async () => {
    const { events, arrived, pages } = await count(going, since ?? '0')
    if (since === undefined) return { events, copied: await copyOut(going, 'all', { horizon }, pages) }
    const all = arrived > fewRows ? pages : undefined
    const added = arrived > 0 ? await copyOut(going, 'arrived', { horizon, since, without: damaged }, all) : 0
    return { events, copied: added + (await copyPeriods(going, 'healed', damaged, pages)) }
  })
  await mergeAll(going, damaged)
  const compared = rowsOf(going) === events ? 0 : await compare(going)
  return copied + compared + (await checkOldest(going))
}

const checkedMilliseconds = 7 * 86_400_000
const checkedRows = 3_000_000

/**
 * Compares the file that was compared longest ago, row by row: values may have been changed in Postgres by hand.
 * Returns how many events were copied into it.
 */
async function checkOldest(going: Write): Promise<number> {
  const { duckdb, folder, work, columns, files, found, options, healed } = going
  const now = Date.parse(found.announced.now)
  const due = ({ verified_at, rows }: LakeFile) =>
    rows <= checkedRows && now - Date.parse(verified_at) > checkedMilliseconds
  const [oldest] = [...files.values()].filter(due).sort((a, b) => (a.verified_at < b.verified_at ? -1 : 1))
  if (!oldest) return 0
  const { period } = oldest
  await options.onStep?.('verify')
  const copied = await reading(going, () =>
    copyOut(going, 'verified', { horizon: options.horizon, periods: [period] }, undefined),
  )
  const pieces = await piecesOf(join(work, 'pieces'), period)
  const difference = await compareFile(duckdb, { stored: join(folder, oldest.file), pieces, columns })
  if (difference) {
    healed.push({ period, damage: 'different' })
    await mergeAll(going, [period])
    return copied
  }
  files.set(period, { ...oldest, verified_at: found.announced.now })
  await rm(join(work, 'pieces'), { recursive: true, force: true })
  return 0
}

/** Rows may have been removed in Postgres, or moved to another day, by hand: no transaction id tells. */
async function compare(going: Write): Promise<number> {
  const { client, options, files, healed } = going
  await options.onStep?.('compare')
  const { different, events, copied } = await reading(going, async () => {
    const { rows } = await client.query<{ day: string; events: string }>(statement('lake/count_days'), [
      options.horizon,
    ])
    const periods = new Map<Period, number>([...files.keys()].map((period) => [period, 0]))
    let total = 0
    for (const { day, events } of rows) {
      const period = files.has(day) || !files.has(monthOf(day)) ? day : monthOf(day)
      periods.set(period, (periods.get(period) ?? 0) + Number(events))
      total += Number(events)
    }
    const different = [...periods].flatMap(([period, rows]) =>
      (files.get(period)?.rows ?? 0) === rows ? [] : [period],
    )
    const { pages } = await count(going, options.horizon)
    return { different, events: total, copied: await copyPeriods(going, 'different', different, pages) }
  })
  await mergeAll(going, different)
  for (const period of different) healed.push({ period, damage: 'different' })
  if (rowsOf(going) === events) return copied
  throw new UserError({
    code: 'LAKE_DIFFERS',
    message: 'The lake does not hold what Postgres holds, even after it was written anew.',
    hint: '`tideline lake rebuild` writes everything anew.',
    where: going.folder,
  })
}

const manyRows = 300_000

// Up to so many, an index finds them faster than reading everything.
const fewRows = 1_000_000

/** All that is read within belongs to one state of the database. */
function reading<T>({ client }: Write, work: () => Promise<T>): Promise<T> {
  return inTransaction(client, async () => {
    await client.query('set transaction isolation level repeatable read, read only')
    return work()
  })
}

async function count({ client, options }: Write, since: string) {
  const { rows } = await client.query<{ events: string; arrived: string; pages: string }>(
    statement('lake/count'),
    [options.horizon, since],
  )
  const { events, arrived, pages } = rows[0]!
  return { events: Number(events), arrived: Number(arrived), pages: Number(pages) }
}

async function copyPeriods(
  going: Write,
  name: string,
  periods: readonly Period[],
  pages: number,
): Promise<number> {
  if (periods.length === 0) return 0
  const { horizon } = going.options
  // Each on its own takes room for one of them; but many of them are found faster in one pass.
  if (periods.length > 12) return copyOut(going, name, { horizon, periods }, pages)
  let copied = 0
  for (const period of periods)
    copied += await copyOut(going, `${name}_${period}`, { horizon, periods: [period] }, undefined)
  return copied
}

function copyOut(going: Write, name: string, wanted: Wanted, pages: number | undefined): Promise<number> {
  const { client, duckdb, work, columns, layout, options } = going
  return extract(client, duckdb, {
    ...{ name, columns, wanted, layout, pages },
    pieces: join(work, 'pieces'),
    onChunk: async (done, total) => {
      await options.onStep?.('copy')
      options.onProgress?.({ step: 'copy', done, total })
    },
  })
}

/** Writes the files of all periods that pieces arrived for, and joins days whose month is over. `gone` are replaced. */
async function mergeAll(going: Write, gone: readonly Period[]): Promise<void> {
  const { duckdb, folder, work, columns, files, layout, written, options } = going
  const pieces = join(work, 'pieces')
  for (const period of gone) files.delete(period)
  const isOver = (period: Period) =>
    period !== monthOf(period) && (monthOf(period) !== layout.current || layout.months.has(monthOf(period)))
  const over = [...files.keys()].filter(isOver).map(monthOf)
  const targets = [...new Set([...(await periodsIn(pieces)), ...over])].sort()
  if (going.found.rebuilt) await duckdb.renew()
  for (const [done, period] of targets.entries()) {
    await options.onStep?.('write')
    options.onProgress?.({ step: 'write', done, total: targets.length })
    const old = [...files.values()].filter((file) => holds(period, file.period))
    const { mark, now } = going.found.announced
    const file = await mergePeriod(duckdb, { folder, work, pieces, period, mark, columns, old, now })
    for (const each of old) files.delete(each.period)
    if (file) files.set(period, file)
    if (file && file.rows > manyRows) await duckdb.renew()
    written.add(period)
  }
  await rm(pieces, { recursive: true, force: true })
}

export const rowsOf = ({ files }: Write): number =>
  [...files.values()].reduce((sum, { rows }) => sum + rows, 0)
