import { untilNobodyInTheWay } from '../conflicts.ts'
import { type Database, inTransaction } from '../engine.ts'
import { statement } from '../sql.ts'
import { finishImport, type ImportReport, type Taken } from './report.ts'
import { createTables, dropTables, takeStaged } from './take.ts'

// Accounts first, so that a lead of a new one finds its attributes; events last, they may name leads of this drain.
const kinds = ['accounts', 'leads', 'events'] as const

/**
 * Takes what others wrote into the inbox tables, on the way that files take. Nothing if nothing waits there, or if an
 * import is writing: runs wait for no file. What is being written meanwhile is neither lost nor held up. What is left
 * is taken by the next drain.
 */
export async function drainInboxes(
  database: Database,
  options: { timezone: string },
): Promise<ImportReport | undefined> {
  const [waiting] = await database.query<Record<(typeof kinds)[number], boolean>>(
    statement('imports/inbox_waits'),
  )
  const full = kinds.filter((kind) => waiting?.[kind])
  if (full.length === 0) return undefined
  return untilNobodyInTheWay(() => drain(database, full, options))
}

function drain(
  database: Database,
  full: readonly (typeof kinds)[number][],
  options: { timezone: string },
): Promise<ImportReport | undefined> {
  return database.session(async (client) => {
    await createTables(client)
    const report = await inTransaction(client, async () => {
      const { rows } = await client.query<{ locked: boolean }>(statement('imports/try_lock_writing'))
      if (!rows[0]?.locked) return undefined
      await client.query(statement('imports/set_local'))
      const started = await client.query<{ import_id: string }>(statement('imports/start_import'), [
        'inbox',
        'inbox',
        '{}',
      ])
      const importId = String(started.rows[0]?.import_id)
      let read = 0
      let all: Taken = { taken: 0, alreadyHere: 0, newLeads: 0, newAccounts: 0, types: [] }
      for (const kind of full) {
        await client.query('truncate staged, said')
        const drained = await client.query<{ rows: string }>(statement(`imports/drain_${kind}`))
        read += Number(drained.rows[0]?.rows)
        all = sum(all, await takeStaged(client, kind, { ...options, conversions: false, onlyText: false }))
      }
      const finished = await finishImport(client, importId, read, all)
      return { importId, read, ...all, ...finished, dates: [], mistaken: [], interrupted: [] }
    })
    await dropTables(client)
    if (report) await client.query(statement('imports/end_session'), [report.importId])
    return report
  })
}

function sum(one: Taken, other: Taken): Taken {
  return {
    taken: one.taken + other.taken,
    alreadyHere: one.alreadyHere + other.alreadyHere,
    newLeads: one.newLeads + other.newLeads,
    newAccounts: one.newAccounts + other.newAccounts,
    types: [...one.types, ...other.types],
  }
}
