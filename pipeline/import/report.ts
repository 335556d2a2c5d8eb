import type { CatalogType } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { Mistaken } from './columns.ts'

export type ImportStage = 'reading' | 'sending' | 'typing' | 'writing'
export type Progress = { stage: ImportStage; rows: number; total?: number }

/** A name of the catalog that an import gave values to. `inferred`: its type was fixed by this import. */
export type NamedType = {
  subject: 'lead' | 'account' | 'event'
  eventType: string
  name: string
  type: CatalogType
  inferred: boolean
}

export type Taken = {
  taken: number
  alreadyHere: number
  newLeads: number
  newAccounts: number
  types: NamedType[]
}

export type ImportReport = Taken & {
  /** Columns that may be meant as something else than attributes or properties. */
  mistaken: readonly Mistaken[]
  importId: string
  read: number
  quarantined: { code: string; reason: string; rows: number }[]
  /** In which way the instants of a column are written: ISO, MDY, … */
  dates: { column: string; format: string }[]
  /** Earlier imports that were killed on the way; they took nothing. */
  interrupted: { importId: string; kind: string; source: string; startedAt: string }[]
}

/** How many rows went to quarantine. */
export const refused = ({ quarantined }: Pick<ImportReport, 'quarantined'>): number =>
  quarantined.reduce((sum, { rows }) => sum + rows, 0)

/** Keeps what was refused, and records the import as done. To be called in the transaction that took the rows. */
export async function finishImport(
  client: Client,
  importId: string,
  read: number,
  taken: Taken,
): Promise<Pick<ImportReport, 'quarantined'>> {
  const kept = await client.query<{ code: string; reason: string; rows: string }>(
    statement('imports/keep_quarantine'),
    [importId],
  )
  const quarantined = kept.rows.map((row) => ({ ...row, rows: Number(row.rows) }))
  await client.query(statement('imports/finish_import'), [
    importId,
    read,
    taken.taken,
    taken.alreadyHere,
    taken.newLeads,
    taken.newAccounts,
    refused({ quarantined }),
  ])
  return { quarantined }
}
