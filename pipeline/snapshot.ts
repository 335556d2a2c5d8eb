import {
  compile,
  dialects,
  emit,
  emptyCatalog,
  type Instant,
  plan,
  staticMeaning,
} from '../compiler/index.ts'
import { leadSetAt, type Source } from './asof.ts'
import { readCatalog, rows } from './catalog.ts'
import { compileStored } from './compiled.ts'
import type { Client, Database, Parameter } from './engine.ts'
import { UserError } from './errors.ts'
import { copyIds, type IdFile } from './import/ids.ts'
import { findSegment, readStanding } from './reads.ts'
import { readSeen } from './seen.ts'
import { statement } from './sql.ts'
import { announce, renewOthers } from './versions.ts'

export type Snapshotting = {
  /** Key of the static segment. */
  readonly key: string
  readonly name?: string | undefined
  /** Whether there is such a static segment, and what becomes of its list. */
  readonly how: 'new' | 'append' | 'replace'
  /** Whose members: a segment's (or `everyone`) as of an instant, by default now; or the leads that a file names. */
  readonly from: { readonly key: string; readonly asOf?: Instant; readonly evaluate?: boolean } | IdFile
  /** Who does it: user and host. */
  readonly by?: string | undefined
}

/** Where the leads came from. */
export type From =
  | (Source & { readonly segment: string; readonly as_of: Instant })
  | {
      readonly kind: 'file'
      readonly file: string
      /** Rows that have an id, and those that have none. */
      readonly ids: number
      readonly empty: number
      readonly repeated: number
      readonly unreadable: number
      /** Ids that no lead has, in the order of the file. */
      readonly unknown: readonly string[]
    }

export type Snapshot = {
  readonly segment: string
  readonly version: number
  readonly how: Snapshotting['how']
  /** On the list now. */
  readonly members: number
  readonly added: number
  readonly removed: number
  readonly from: From
  /** Segments that refer to it, which mean something else now. */
  readonly others: readonly string[]
}

/** The first list holds since ever: a snapshot taken today of a day in the past was true on that day. */
const ever: Instant = '0001-01-01T00:00:00.000000Z'

/**
 * Freezes who is in a segment as of an instant, or whom a file names, as a static segment. No run ever changes its
 * list; another list makes a new version, which holds from now on.
 */
export function takeSnapshot(database: Database, asked: Snapshotting): Promise<Snapshot> {
  return database.transaction(async (client) => {
    await client.query('lock table segments in share row exclusive mode')
    const now = await checkTarget(client, asked)
    await client.query(statement('snapshot/stage'))
    const from = await collect(client, database, asked.from, now)
    await announce(client, asked.by, undefined)
    const before = asked.how === 'new' ? [] : await compileStored(client, await readCatalog(client, []))
    const { segment_id, version } = await define(client, asked, from, now)
    const removed = asked.how === 'replace' ? await change(client, 'end', [segment_id, now]) : 0
    const since = asked.how === 'new' ? ever : now
    const added = await change(client, 'begin', [segment_id, since, asked.by ?? null])
    // Whoever names the leads agrees to them.
    if (asked.how !== 'new')
      await client.query(statement('definitions/accept'), [[asked.key], [added + removed]])
    const others = asked.how === 'new' ? [] : await renewOthers(client, asked.key, before)
    const [counted] = await rows<{ members: string }>(client, statement('snapshot/count'), [segment_id])
    const { key: segment, how } = asked
    return { segment, version, how, members: Number(counted!.members), added, removed, from, others }
  })
}

async function change(client: Client, what: 'begin' | 'end', parameters: Parameter[]): Promise<number> {
  return (await client.query(statement(`snapshot/${what}_members`), parameters)).rowCount ?? 0
}

type Found = { origin: string; status: string; version: number; now: Instant }

/** Refuses a target that is not as it was said to be. Returns the present instant. */
async function checkTarget(client: Client, { key, how }: Snapshotting): Promise<Instant> {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(key)) {
    throw new UserError({
      code: 'BAD_KEY',
      message: `"${key}" can't be the key of a segment.`,
      hint: 'A key has lower-case letters, digits, - and _, and begins with a letter or digit: --key q1-webinar.',
    })
  }
  const [found] = await rows<Found>(client, statement('snapshot/find'), [key])
  if (how === 'new') {
    if (found) throw exists(key, found)
    return (await readStanding(client)).now
  }
  if (found?.origin === 'snapshot' && found.status !== 'archived') return found.now
  throw new UserError({
    code: found ? 'SEGMENT_NOT_STATIC' : 'UNKNOWN_SEGMENT',
    message: found
      ? `The segment "${key}" is not static, so it has no list.`
      : `There is no segment "${key}".`,
    hint: found
      ? `\`tideline override add ${key} LEAD\` puts single leads in by hand.`
      : 'Without --append and --replace a new one is made.',
  })
}

function exists(key: string, { origin, status }: Found): UserError {
  const isStatic = origin === 'snapshot' && status !== 'archived'
  return new UserError({
    code: 'SEGMENT_EXISTS',
    message: `There is a segment "${key}" already${status === 'archived' ? ', archived' : ''}. Nothing was changed.`,
    hint: isStatic
      ? 'Say --append or --replace to change its list, or choose another --key.'
      : 'Choose another --key.',
  })
}

/** Fills `snapshot_member`, and says where its leads come from. */
async function collect(
  client: Client,
  database: Database,
  from: Snapshotting['from'],
  now: Instant,
): Promise<From> {
  if ('file' in from) return collectFile(client, from)
  const asOf = from.asOf ?? now
  if (asOf > now) {
    throw new UserError({
      code: 'AS_OF_IN_FUTURE',
      message: `${asOf} lies in the future; the database's clock says ${now}.`,
      hint: 'A snapshot is of the present, or of the past.',
    })
  }
  const { source, sql, parameters } = await leadsAt(client, database, {
    ...from,
    asOf,
    past: from.asOf !== undefined,
  })
  await client.query(`insert into snapshot_member (lead_id) select lead_id from (${sql}) as member`, [
    ...parameters,
  ])
  return { ...source, segment: from.key, as_of: asOf }
}

async function leadsAt(
  client: Client,
  database: Database,
  { key, asOf, past, evaluate }: { key: string; asOf: Instant; past: boolean; evaluate?: boolean },
): Promise<{ source: Source; sql: string; parameters: readonly unknown[] }> {
  const [own] = await rows<{ archived: boolean }>(
    client,
    `select status = 'archived' as archived from segments where key = $1::text`,
    [key],
  )
  if (key === 'everyone' && (own?.archived ?? true)) {
    const { predicate } = compile('everyone', emptyCatalog)
    const { horizon } = await readSeen(client)
    const query = emit(plan([{ key, predicate: predicate! }], []), dialects.postgres, { asOf, horizon })
    return { source: { kind: 'evaluated', version: 1, recorded_since: null }, ...query }
  }
  // Says which key was meant; or that it has no present.
  if (!own || (own.archived && !past)) await findSegment(database, key)
  const found = await leadSetAt(client, key, { asOf, evaluate })
  return { source: found.source, ...found.statement }
}

async function collectFile(client: Client, from: IdFile): Promise<From> {
  const unreadable = await copyIds(client, from)
  await client.query('analyze snapshot_id')
  const taken = await client.query(statement('snapshot/take_ids'))
  type Counts = { ids: string; empty: string; repeated: string; unknown: string[] }
  const [counted] = await rows<Counts>(client, statement('snapshot/count_ids'))
  const { ids, empty, repeated, unknown } = counted!
  if (taken.rowCount === 0) {
    const some = unknown.slice(0, 3).map((id) => `"${id}"`)
    throw new UserError({
      code: 'NO_KNOWN_LEAD',
      message: `None of the ${ids} ids in ${from.file} is one of a lead${some.length > 0 ? ` (${some.join(', ')}${unknown.length > 3 ? ', …' : ''})` : ''}. Nothing was changed.`,
      hint: 'Ids are compared byte by byte; --column names the column that holds them.',
    })
  }
  const counts = { ids: Number(ids), empty: Number(empty), repeated: Number(repeated), unreadable }
  return { kind: 'file', file: from.file, ...counts, unknown }
}

async function define(
  client: Client,
  { key, name, how }: Snapshotting,
  from: From,
  now: Instant,
): Promise<{ segment_id: string; version: number }> {
  const [found] = await rows<Found>(client, statement('snapshot/find'), [key])
  const version = (found?.version ?? 0) + 1
  const text =
    how === 'new'
      ? describeFrom(from)
      : `${how === 'append' ? 'appended' : 'replaced by'}: ${describeFrom(from)}`
  const said = [key, name ?? (how === 'new' ? key : null), text, staticMeaning(key, version).fingerprint]
  const [made] = await rows<{ segment_id: string; version: number }>(
    client,
    statement(how === 'new' ? 'snapshot/create' : 'snapshot/new_version'),
    how === 'new' ? said : [...said, now],
  )
  return made!
}

/** Where the leads came from, in a line: kept as the definition of the version. */
export function describeFrom(from: From): string {
  if (from.kind === 'file') return `leads named by ${from.file}`
  const whose = `members of ${from.segment} as of ${from.as_of}`
  return from.kind === 'recorded'
    ? `${whose}, as recorded by run ${from.run_id} as of ${from.run_as_of}`
    : `${whose}, evaluated`
}
