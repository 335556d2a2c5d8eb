import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { ImportStage, NamedType, Taken } from './report.ts'

export type StagedKind = 'events' | 'leads' | 'accounts'
export type TakeOptions = { timezone: string; conversions: boolean; entered?: (stage: ImportStage) => void }

const subjects = { events: 'event', leads: 'lead', accounts: 'account' } as const

/** Tables of this session that the rows pass through. */
export async function createTables(client: Client): Promise<void> {
  await client.query(statement('imports/create_staged'))
  await client.query(statement('imports/create_refused'))
}

export async function dropTables(client: Client, names = passing): Promise<void> {
  await client.query(`drop table if exists ${names.map((name) => `pg_temp.${name}`).join(', ')}`)
}

const perKind = ['documents', 'named', 'typed', 'touched', 'patches', 'timeline', 'event_ids']
const passing = ['staged', 'refused', ...perKind]

/**
 * Takes what lies in `staged`: the one way in for files and inboxes. What can't be taken ends in `refused`.
 * Needs a transaction, so that all is taken or nothing.
 */
export async function takeStaged(client: Client, kind: StagedKind, options: TakeOptions): Promise<Taken> {
  options.entered?.('typing')
  await client.query('analyze staged (row_number, lead_id, account_id, type, rest)')
  await client.query(statement('imports/refuse_rows'), [kind, options.timezone])
  const types = await typeValues(client, kind, options.timezone)
  options.entered?.('writing')
  const counts =
    kind === 'events' ? await takeEvents(client, options) : await takeSubjects(client, kind, options.timezone)
  await dropTables(client, perKind)
  return { ...counts, types }
}

async function typeValues(client: Client, kind: StagedKind, timezone: string): Promise<NamedType[]> {
  const subject = subjects[kind]
  await client.query(statement('imports/create_documents'))
  await client.query('analyze documents (document, type, rest)')
  await client.query(statement('imports/refuse_documents'))
  await client.query(statement('imports/create_named'), [subject, timezone])
  await client.query(statement('imports/infer_types'), [subject])
  type Listed = { event_type: string; name: string; type: NamedType['type']; inferred: boolean }
  const listed = await client.query<Listed>(statement('imports/list_types'), [subject])
  await client.query(statement('imports/type_documents'), [subject, timezone])
  await client.query('analyze typed (document)')
  return listed.rows.map(({ event_type, ...named }) => ({ subject, eventType: event_type, ...named }))
}

type Counts = Omit<Taken, 'types'>

async function takeEvents(client: Client, { timezone, conversions }: TakeOptions): Promise<Counts> {
  await client.query(statement('imports/add_event_types'), [conversions])
  const newLeads = await rowsOf(client, 'imports/add_leads', [timezone])
  await client.query(statement('imports/create_event_ids'), [timezone])
  await client.query('analyze event_ids (row_number)')
  await client.query(statement('imports/create_ready'))
  const { rows } = await client.query<{ all: string }>('select count(*) as all from staged')
  const all = Number(rows[0]?.all)
  const taken = await rowsOf(client, 'imports/take_events')
  const conflicts = taken < all ? await rowsOf(client, 'imports/refuse_conflicts') : 0
  await client.query('drop view pg_temp.ready')
  return { taken, alreadyHere: all - taken - conflicts, newLeads, newAccounts: 0 }
}

async function takeSubjects(client: Client, kind: 'leads' | 'accounts', timezone: string): Promise<Counts> {
  const subject = subjects[kind]
  await client.query(statement('imports/create_touched'))
  const { rows } = await client.query<{ all: string; dated: boolean }>(
    `select count(*) as all, coalesce(bool_or(changed_at <> ''), false) as dated from staged`,
  )
  const newAccounts = kind === 'leads' ? await rowsOf(client, 'imports/add_accounts') : 0
  const made = rows[0]?.dated
    ? await takeTimeline(client, kind, timezone)
    : await takePatches(client, kind, timezone)
  const counted = await client.query<{ rows: string }>(statement('imports/count_touched'), [subject])
  const taken = Number(counted.rows[0]?.rows)
  return {
    taken,
    alreadyHere: Number(rows[0]?.all) - taken,
    newLeads: kind === 'leads' ? made : 0,
    newAccounts: newAccounts + (kind === 'accounts' ? made : 0),
  }
}

/** What the rows say holds from now on; the triggers of leads and accounts record it. */
async function takePatches(client: Client, kind: 'leads' | 'accounts', timezone: string): Promise<number> {
  await client.query(statement('imports/create_patches'), [subjects[kind], timezone])
  await client.query('analyze patches (external_id)')
  const made = await rowsOf(client, `imports/insert_${kind}`)
  await client.query(statement(`imports/update_${kind}`))
  return made
}

/** The rows say since when their values hold, so attribute_change is written here and the triggers keep still. */
async function takeTimeline(client: Client, kind: 'leads' | 'accounts', timezone: string): Promise<number> {
  const subject = subjects[kind]
  await client.query(statement('imports/set_written'), ['written'])
  const made =
    kind === 'leads'
      ? await rowsOf(client, 'imports/add_leads', [timezone])
      : await rowsOf(client, 'imports/add_accounts')
  if (kind === 'leads') await client.query(statement('imports/lower_first_seen'), [timezone])
  await client.query(statement('imports/create_timeline'), [subject, timezone])
  await client.query('analyze timeline (subject_id, attribute)')
  await client.query(statement('imports/write_changes'), [subject])
  await client.query('analyze touched')
  await client.query(statement(`imports/refresh_${kind}`))
  await client.query(statement('imports/set_written'), [''])
  return made
}

async function rowsOf(client: Client, name: string, parameters: readonly unknown[] = []): Promise<number> {
  return (await client.query(statement(name), [...parameters])).rowCount ?? 0
}
