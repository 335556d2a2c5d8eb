import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { ImportStage, NamedType, Taken } from './report.ts'

export type StagedKind = 'events' | 'leads' | 'accounts'
export type TakeOptions = {
  timezone: string
  conversions: boolean
  /** No value is a number, boolean, list or object of JSON. */
  onlyText: boolean
  entered?: (stage: ImportStage) => void
}

const subjects = { events: 'event', leads: 'lead', accounts: 'account' } as const

/** Tables of this session that the rows pass through. */
export async function createTables(client: Client): Promise<void> {
  for (const table of passing) await client.query(statement(`imports/create_${table}`))
}

export async function dropTables(client: Client): Promise<void> {
  for (const table of passing) await client.query(`drop table pg_temp.${table}`)
}

const passing = ['staged', 'said', 'refused']
const perKind = ['documents', 'incoming', 'named', 'typed', 'touched', 'patches', 'timeline', 'event_ids']

/**
 * Takes what lies in `staged` and `said`: the one way in for files and inboxes. What can't be taken ends in `refused`.
 * Needs a transaction, so that all is taken or nothing.
 */
export async function takeStaged(client: Client, kind: StagedKind, options: TakeOptions): Promise<Taken> {
  options.entered?.('typing')
  await readRows(client, kind, options)
  const types = await typeValues(client, kind, options)
  options.entered?.('writing')
  const counts = kind === 'events' ? await takeEvents(client, options) : await takeSubjects(client, kind)
  await client.query(`drop table if exists ${perKind.map((name) => `pg_temp.${name}`).join(', ')}`)
  return { ...counts, types }
}

async function readRows(client: Client, kind: StagedKind, options: TakeOptions): Promise<void> {
  await client.query(statement('imports/create_documents'), [options.onlyText])
  await client.query('analyze documents (document, type)')
  await client.query(statement('imports/create_incoming'), [kind, options.timezone])
  if ((await rowsOf(client, 'imports/refuse_rows')) > 0) {
    await client.query(statement('imports/drop_refused'))
    await client.query(statement('imports/drop_unused'))
  }
  await client.query('analyze incoming (row_number, lead_id, account_id, document)')
}

async function typeValues(
  client: Client,
  kind: StagedKind,
  { timezone, onlyText }: TakeOptions,
): Promise<NamedType[]> {
  const subject = subjects[kind]
  await client.query(statement('imports/create_named'), [subject, timezone, onlyText])
  await client.query(statement('imports/infer_types'), [subject])
  type Listed = { event_type: string; name: string; type: NamedType['type']; inferred: boolean }
  const listed = await client.query<Listed>(statement('imports/list_types'), [subject])
  await client.query(statement('imports/type_documents'), [subject, timezone])
  await client.query('analyze typed (document)')
  return listed.rows.map(({ event_type, ...named }) => ({ subject, eventType: event_type, ...named }))
}

type Counts = Omit<Taken, 'types'>

async function takeEvents(client: Client, { conversions, timezone }: TakeOptions): Promise<Counts> {
  const { rows } = await countIncoming(client)
  await client.query(statement('imports/add_event_types'), [conversions])
  const newLeads = await rowsOf(client, 'imports/add_leads')
  await client.query(statement('imports/create_event_ids'))
  await client.query('analyze event_ids (row_number)')
  await client.query(statement('imports/create_ready'))
  const taken = await rowsOf(client, 'imports/take_events')
  const conflicts = taken < rows ? await rowsOf(client, 'imports/refuse_conflicts', [timezone]) : 0
  await client.query('drop view pg_temp.ready')
  return { taken, alreadyHere: rows - taken - conflicts, newLeads, newAccounts: 0 }
}

async function takeSubjects(client: Client, kind: 'leads' | 'accounts'): Promise<Counts> {
  await client.query(statement('imports/create_touched'))
  const { rows, dated } = await countIncoming(client)
  const newAccounts = kind === 'leads' ? await rowsOf(client, 'imports/add_accounts') : 0
  const made = dated ? await takeTimeline(client, kind) : await takePatches(client, kind)
  const counted = await client.query<{ rows: string }>(statement('imports/count_touched'), [subjects[kind]])
  const taken = Number(counted.rows[0]?.rows)
  return {
    taken,
    alreadyHere: rows - taken,
    newLeads: kind === 'leads' ? made : 0,
    newAccounts: newAccounts + (kind === 'accounts' ? made : 0),
  }
}

async function countIncoming(client: Client): Promise<{ rows: number; dated: boolean }> {
  const { rows } = await client.query<{ rows: string; dated: boolean }>(statement('imports/count_incoming'))
  return { rows: Number(rows[0]?.rows), dated: rows[0]?.dated ?? false }
}

/** What the rows say holds from now on; the triggers of leads and accounts record it. */
async function takePatches(client: Client, kind: 'leads' | 'accounts'): Promise<number> {
  await client.query(statement('imports/create_patches'), [subjects[kind]])
  await client.query('analyze patches (external_id)')
  const made = await rowsOf(client, `imports/insert_${kind}`)
  await client.query(statement(`imports/update_${kind}`))
  return made
}

/** The rows say since when their values hold, so attribute_change is written here and the triggers keep still. */
async function takeTimeline(client: Client, kind: 'leads' | 'accounts'): Promise<number> {
  await client.query(statement('imports/set_written'), ['written'])
  const made = await rowsOf(client, `imports/add_${kind}`)
  if (kind === 'leads') await client.query(statement('imports/lower_first_seen'))
  await client.query(statement('imports/create_timeline'), [subjects[kind]])
  await client.query('analyze timeline (subject_id, attribute)')
  await client.query(statement('imports/write_changes'), [subjects[kind]])
  await client.query('analyze touched')
  await client.query(statement(`imports/refresh_${kind}`))
  await client.query(statement('imports/set_written'), [''])
  return made
}

async function rowsOf(client: Client, name: string, parameters: readonly unknown[] = []): Promise<number> {
  return (await client.query(statement(name), [...parameters])).rowCount ?? 0
}
