import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { to as copyTo } from 'pg-copy-streams'
import type { QueryPlan } from '../../compiler/plan.ts'
import { columnarExport, readColumnar } from '../../pipeline/columnar.ts'
import { type Client, type Database, type Duckdb, inTransaction, openDuckdb } from '../../pipeline/engine.ts'
import { externalIdOf, type World } from './world.ts'

/** A world in place of whatever was there. Returns the horizon: late rows lie above it. */
export function loadPostgres(database: Database, world: World): Promise<string> {
  return database.session(async (client) => {
    await inTransaction(client, async () => {
      await client.query('truncate leads, events, attribute_change, score_history, membership_change')
      await client.query('truncate segments, segment_list cascade')
      await insertSegments(client, world)
      await insert(client, world, false)
      await client.query(
        `insert into score_history (lead_id, score, day, value, level, run_id)
         select lead, score, day, micropoints / 1000000, level, 1 from jsonb_to_recordset($1::jsonb)
           as row(lead bigint, score text, day date, micropoints numeric, level text)`,
        [JSON.stringify(world.scoreDays ?? [])],
      )
    })
    const { rows } = await client.query<{ horizon: string }>(
      'select pg_snapshot_xmin(pg_current_snapshot())::text as horizon',
    )
    await inTransaction(client, () => insert(client, world, true))
    return rows[0]!.horizon
  })
}

/** Segments as far as lists and history need them: their definitions are asked about, and stored nowhere. */
async function insertSegments(client: Client, { segments, segmentChanges }: World): Promise<void> {
  await client.query(
    `insert into segments (key, name, version) select key, key, 1 from unnest($1::text[]) s(key)`,
    [[...(segments?.keys() ?? [])]],
  )
  await client.query(
    `insert into membership_change (segment_id, lead_id, as_of, change, cause, version, run_id)
     select segment_id, lead, at, change, 'data', 1, 1 from jsonb_to_recordset($1::jsonb)
       as row(segment text, lead bigint, at timestamptz, change text) join segments on key = segment`,
    [JSON.stringify(segmentChanges ?? [])],
  )
}

/** What hands said; the ends that arrive late are said with the late rows. */
async function insertListed(
  client: Client,
  rows: NonNullable<World['listed']>,
  late: boolean,
): Promise<void> {
  await client.query(
    `insert into segment_list (segment_id, lead_id, list, from_at, until_at, until_xid)
     select segment_id, lead, list, "from", until, case when until is not null then pg_current_xact_id() end
     from jsonb_to_recordset($1::jsonb)
       as row(segment text, lead bigint, list text, "from" timestamptz, until timestamptz)
     join segments on key = segment`,
    [
      JSON.stringify(
        rows
          .filter((row) => (row.late ?? false) === late)
          .map((row) => (row.endsLate ? { ...row, until: undefined } : row)),
      ),
    ],
  )
  if (!late) return
  await client.query(
    `update segment_list o set until_at = until, until_xid = pg_current_xact_id()
     from jsonb_to_recordset($1::jsonb)
       as row(segment text, lead bigint, list text, "from" timestamptz, until timestamptz)
     join segments on key = segment
     where o.segment_id = segments.segment_id and lead_id = lead and o.list = row.list and from_at = "from"
       and until_at is null`,
    [JSON.stringify(rows.filter((row) => row.endsLate && !row.late && row.until))],
  )
}

/** The rows that are late, or those that are not: whoever wants more than two arrivals calls it for each. */
export async function insert(client: Client, world: World, late: boolean): Promise<void> {
  await client.query(`select set_config('tideline.attribute_change', 'written', true)`)
  const arrived = <Row extends { late?: boolean }>(rows: readonly Row[]) =>
    rows.map((row, index) => ({ ...row, index })).filter((row) => (row.late ?? false) === late)
  await client.query(
    `insert into leads (lead_id, external_id, first_seen_at) overriding system value
     select * from jsonb_to_recordset($1::jsonb) as row(id bigint, external text, seen timestamptz)`,
    [
      JSON.stringify(
        arrived(world.leads).map((lead) => ({
          id: lead.id,
          external: externalIdOf(lead),
          seen: lead.firstSeen,
        })),
      ),
    ],
  )
  const events = arrived(world.events).map(({ id, lead, type, at, properties }) => {
    const fields = Object.entries(properties).map(([name, json]) => `${JSON.stringify(name)}:${json}`)
    return `{${head({ id, lead, type, at })},"properties":{${fields.join()}}}`
  })
  await client.query(
    `insert into events (event_id, lead_id, type, occurred_at, properties)
     select * from jsonb_to_recordset($1::jsonb)
       as row(id text, lead bigint, type text, at timestamptz, properties jsonb)`,
    [`[${events.join()}]`],
  )
  await insertListed(client, world.listed ?? [], late)
  // In a list: a JSON null is a value, and no value is none.
  const changes = arrived(world.changes).map(
    ({ index, subject, id, attribute, from, value }) =>
      `{${head({ change: index + 1, subject, id, attribute, from })},"value":[${value ?? ''}]}`,
  )
  await client.query(
    `insert into attribute_change (change_id, subject, subject_id, attribute, from_at, value)
     overriding system value
     select change, subject, id, attribute, "from", value -> 0 from jsonb_to_recordset($1::jsonb)
       as row(change bigint, subject text, id bigint, attribute text, "from" timestamptz, value jsonb)`,
    [`[${changes.join()}]`],
  )
}

const head = (fields: object): string => JSON.stringify(fields).slice(1, -1)

/** What the lake will hold for this plan, in a DuckDB of its own. */
export async function loadDuckdb(database: Database, plan: QueryPlan, horizon: string): Promise<Duckdb> {
  const duckdb = await openDuckdb()
  const folder = await mkdtemp(join(tmpdir(), `tideline-${randomBytes(4).toString('hex')}-`))
  const { settings, tables } = columnarExport(plan, horizon)
  await database.transaction(async (client) => {
    await client.query(settings.sql, [...settings.parameters])
    for (const each of tables) {
      const file = join(folder, `${each.table}.csv`)
      await pipeline(
        client.query(copyTo(`copy (${each.query}) to stdout (format csv)`)),
        createWriteStream(file),
      )
      await duckdb.run(`create table ${each.table} as ${readColumnar(each)}`, [file])
    }
  })
  await rm(folder, { recursive: true })
  return duckdb
}
