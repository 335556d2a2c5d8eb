import { createReadStream, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { type Client, type Database, inTransaction } from '../pipeline/engine.ts'
import { openWords, type Size, type Words, worldSql } from './words.ts'

const slice = 1_000_000
const eventColumns = 'event_id, lead_id, type, occurred_at, properties, ingested_at'
const changeColumns = 'subject, subject_id, attribute, value, from_at'

/** Fills an empty installation with the world: COPY into tables without indexes, which are made afterwards. */
export async function loadWorld(
  database: Database,
  size: Size,
  folder: string,
  say: (what: string) => void,
): Promise<void> {
  const words = await openWords(size, folder)
  try {
    await database.session(async (client) => {
      await client.query(`set maintenance_work_mem = '1GB'`)
      say('accounts, leads and their attributes')
      await words.run(worldSql('02_accounts'))
      await words.run(worldSql('03_leads'))
      await withoutIndexes(client, ['accounts', 'leads', 'attribute_change'], () => loadLeads(client, words))
      say('events')
      await withoutIndexes(client, ['events'], () => loadEvents(client, words, size.events, say))
      await client.query(worldSql('catalog'))
      say('vacuum')
      for (const table of ['accounts', 'leads', 'attribute_change', 'events']) {
        await client.query(`vacuum (analyze) ${table}`)
      }
    })
  } finally {
    words.close()
  }
}

async function loadLeads(client: Client, words: Words): Promise<void> {
  await client.query(`set local tideline.attribute_change = 'written'`)
  const columns = 'external_id, attributes'
  await take(client, `accounts (account_id, ${columns})`, await words.write('from accounts_file', 'accounts'))
  const leads = `leads (lead_id, external_id, account_id, first_seen_at, attributes)`
  await take(client, leads, await words.write('from leads_file', 'leads'))
  await take(client, `attribute_change (${changeColumns})`, await words.write('from changes_file', 'changes'))
  await client.query(`select setval(pg_get_serial_sequence('accounts', 'account_id'), (select max(account_id) from accounts)),
    setval(pg_get_serial_sequence('leads', 'lead_id'), (select max(lead_id) from leads))`)
}

/** While Postgres takes one slice, the next one is written. */
async function loadEvents(
  client: Client,
  words: Words,
  count: number,
  say: (what: string) => void,
): Promise<void> {
  const write = (from: number) =>
    words.write(`from events_between(${from}, ${Math.min(from + slice, count)})`, `events-${from}`)
  let next = write(0)
  for (let from = 0; from < count; from += slice) {
    const file = await next
    if (from + slice < count) next = write(from + slice)
    await take(client, `events (${eventColumns})`, file)
    say(`events: ${Math.min(from + slice, count).toLocaleString('en')}`)
  }
  say('indexes of events')
}

async function take(client: Client, target: string, file: string): Promise<void> {
  await pipeline(createReadStream(file), client.query(copyFrom(`copy ${target} from stdin (format csv)`)))
  rmSync(file)
}

/** In one transaction: emptied tables are filled without writing a log, and nobody ever sees them without indexes. */
async function withoutIndexes(client: Client, tables: string[], work: () => Promise<void>): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(`truncate ${tables.join(', ')} cascade`)
    const { rows: constraints } = await client.query<{ drop: string; make: string }>(
      `select format('alter table %s drop constraint %I cascade', conrelid::regclass, conname) as drop,
         format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as make
       from pg_constraint
       where contype in ('p', 'u', 'f') and (conrelid = any ($1::regclass[]) or confrelid = any ($1::regclass[]))
       order by contype = 'f'`,
      [tables],
    )
    const { rows: indexes } = await client.query<{ drop: string; make: string }>(
      `select format('drop index %s', indexrelid::regclass) as drop, pg_get_indexdef(indexrelid) as make
       from pg_index where indrelid = any ($1::regclass[])
         and not exists (select from pg_constraint where conindid = indexrelid)`,
      [tables],
    )
    for (const { drop } of [...constraints.toReversed(), ...indexes]) await client.query(drop)
    await work()
    for (const { make } of [...constraints, ...indexes]) await client.query(make)
  })
}

export type Arrivals = { readonly leads: number; readonly from: string; readonly until: string }

/** New events, attributes and leads between two instants. Returns how many rows came in. */
export async function arrive(
  database: Database,
  size: Size,
  folder: string,
  { leads, from, until }: Arrivals,
): Promise<number> {
  if (leads === 0) return 0
  const words = await openWords(size, folder)
  // By the hour at which they end, so that no two arrivals draw the same.
  const first = size.events + Math.round(Date.parse(until) / 3_600_000) * 16_000_000
  const given = `${first}, ${leads}, timestamp '${plain(from)}', timestamp '${plain(until)}'`
  try {
    return await database.transaction(async (client) => {
      await client.query(`set local tideline.attribute_change = 'written'`)
      const events = await words.write(`from arriving_events(${given})`, 'arriving-events')
      await take(client, `events (${eventColumns})`, events)
      const changes = await words.write(`from arriving_changes(${given})`, 'arriving-changes')
      await take(client, `attribute_change (${changeColumns})`, changes)
      const strangers = await words.write(`from arriving_strangers(${given})`, 'arriving-strangers')
      await take(client, 'leads (external_id, first_seen_at, attributes)', strangers)
      await client.query(`update leads set attributes = attributes || jsonb_build_object(c.attribute, c.value)
        from attribute_change c where c.subject = 'lead' and c.subject_id = lead_id
          and c.ingest_xid = pg_current_xact_id()`)
      const { rows } = await client.query<{ rows: string }>(
        `select (select count(*) from events where ingest_xid = pg_current_xact_id())
           + (select count(*) from attribute_change where ingest_xid = pg_current_xact_id())
           + (select count(*) from leads where ingest_xid = pg_current_xact_id()) as rows`,
      )
      return Number(rows[0]!.rows)
    })
  } finally {
    words.close()
  }
}

/** An instant as DuckDB reads it, without a zone. */
const plain = (instant: string): string => instant.replace('Z', '')
