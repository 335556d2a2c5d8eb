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
  const refused = quarantined.reduce((sum, group) => sum + group.rows, 0)
  await client.query(statement('imports/finish_import'), [
    importId,
    read,
    taken.taken,
    taken.alreadyHere,
    taken.newLeads,
    taken.newAccounts,
    refused,
  ])
  return { quarantined }
}
