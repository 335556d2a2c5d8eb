import { randomUUID } from 'node:crypto'
import { type Reader, rows } from '../catalog.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import { damagedFiles } from './files.ts'
import { columnOf, type Manifest, readManifest, type StoredProperty } from './manifest.ts'
import type { Period } from './periods.ts'

/** Why everything is written anew. */
export type Rebuilt = keyof typeof rebuiltReasons
export const rebuiltReasons = {
  missing: 'there was none',
  unreadable: 'its manifest could not be read',
  format: 'another version of Tideline wrote it',
  cluster: 'it was copied from another database',
  restored: 'the database was put back to an earlier state',
  ahead: 'it held what was not asked for yet',
  columns: 'a definition reads a property that had no column',
  asked: 'it was asked for',
  failed: 'its files could not be read',
} as const

export type Healed = {
  readonly period: Period
  readonly damage: 'missing' | 'truncated' | 'changed' | 'different'
}

export type Announced = {
  readonly lake: string
  readonly generation: number
  readonly token: string
  /** In the names of all that it writes: no other write has it, even one of another database into the same folder. */
  readonly mark: string
  readonly now: string
  readonly systemIdentifier: string
}

/** What there is to go on from. */
export type Standing = {
  readonly announced: Announced
  readonly before: Manifest | undefined
  readonly rebuilt: Rebuilt | null
  readonly damaged: readonly Healed[]
  /** How far it is to reach. */
  readonly horizon: string
}

type Asked = {
  readonly horizon: string
  /** It stays as far as it is if that is further. */
  readonly orFurther?: boolean
  readonly properties: readonly StoredProperty[]
  readonly rebuild?: boolean
  /** What kept the attempt before from going on with what is there. */
  readonly again?: Rebuilt | undefined
  readonly suspect?: readonly Period[]
}
type Begun = {
  generation: string
  token: string | null
  pending: string
  begun: string | null
  now: string
  system_identifier: string
}

/** Announces a write, and finds out how much of what lies there can be kept. */
export async function standing(client: Client, folder: string, asked: Asked): Promise<Standing> {
  const found = await readManifest(folder)
  const before = typeof found === 'string' ? undefined : found
  const lake = before?.lake ?? randomUUID()
  const { rows } = await client.query<Begun>(statement('lake/begin'), [lake, folder])
  const row = rows[0]!
  const announced = {
    lake,
    generation: Number(row.generation),
    token: row.pending,
    mark: `${row.generation}-${row.pending.slice(0, 8)}`,
    now: row.now,
    systemIdentifier: row.system_identifier,
  }
  const foreign = before && foreignHere(before, row)
  const horizon = before && !foreign && asked.orFurther ? further(before, asked) : asked.horizon
  const rebuilt = typeof found === 'string' ? found : reasonToRebuild(found, foreign, { ...asked, horizon })
  if (rebuilt !== null || !before) return { announced, before, rebuilt, damaged: [], horizon }
  const damaged: Healed[] = (await damagedFiles(folder, before.files)).map(({ file, damage }) => ({
    period: file.period,
    damage,
  }))
  const suspect = (asked.suspect ?? []).filter((period) => damaged.every((each) => each.period !== period))
  const different = suspect.map((period) => ({ period, damage: 'different' as const }))
  return { announced, before, rebuilt, damaged: [...damaged, ...different], horizon }
}

/** Whether its numbers of transactions mean nothing here, as known while it is locked. */
function foreignHere(before: Manifest, row: Begun): 'cluster' | 'restored' | undefined {
  if (before.system_identifier !== row.system_identifier) return 'cluster'
  // The write before may have been killed when its files were in place and the database had not noted it.
  return before.token !== row.token && before.token !== row.begun ? 'restored' : undefined
}

const further = (before: Manifest, { horizon }: Asked): string =>
  BigInt(before.horizon) > BigInt(horizon) ? before.horizon : horizon

function reasonToRebuild(before: Manifest, foreign: Rebuilt | undefined, asked: Asked): Rebuilt | null {
  if (asked.again) return asked.again
  if (asked.rebuild) return 'asked'
  if (foreign) return foreign
  if (BigInt(before.horizon) > BigInt(asked.horizon)) return 'ahead'
  const columns = new Set(before.columns.map(({ column }) => column))
  return asked.properties.every((property) => columns.has(columnOf(property).column)) ? null : 'columns'
}

/** Whether a lake's numbers of transactions mean nothing in this database. */
export async function foreignTo(
  reader: Reader,
  { lake, token, system_identifier }: Manifest,
): Promise<'cluster' | 'restored' | undefined> {
  const [row] = await rows<{ system_identifier: string; known: boolean }>(reader, statement('lake/known'), [
    lake,
    token,
  ])
  if (row?.system_identifier !== system_identifier) return 'cluster'
  return row.known ? undefined : 'restored'
}
