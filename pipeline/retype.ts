import { setTimeout as sleep } from 'node:timers/promises'
import type { CatalogType } from '../compiler/index.ts'
import { readCatalog, rows } from './catalog.ts'
import { compileStored, type StoredMeaning } from './compiled.ts'
import { type Client, type Database, inTransaction } from './engine.ts'
import { UserError } from './errors.ts'
import type { CatalogName } from './names.ts'
import { rollUp } from './rollup.ts'
import { lockBackfills, unlockBackfills } from './runs/backfill-lock.ts'
import { readLastApplied } from './runs/instants.ts'
import { claim } from './runs/lease.ts'
import { statement } from './sql.ts'
import { announce } from './versions.ts'

export type RetypeOptions = {
  readonly name: CatalogName
  readonly type: CatalogType
  /** Zone of instants that name none. */
  readonly timezone: string
  readonly owner: string
  /** Who does it: user and host. */
  readonly by?: string | undefined
  /** Where roll-ups may put files. */
  readonly temporary: string
  readonly waitMilliseconds?: number
}

/** What another type does, or did, to the values of a name, and to the segments that compare them. */
export type Retyped = {
  readonly before: CatalogType
  readonly known: number
  readonly typedBefore: number
  readonly typedAfter: number
  /** Values that come to be of the type, and values that counted and count as missing from now on. */
  readonly gained: number
  readonly lost: number
  readonly changed: number
  /** Values that held once and are stored otherwise as well. */
  readonly history: number
  /** The most frequent of those that are not of the type, and how many different ones there are. */
  readonly unreadable: readonly { readonly value: string; readonly count: number }[]
  readonly unreadableDifferent: number
  /** Keys of segments that get a new version, and of those that can't be evaluated any more, with the reason. */
  readonly segments: readonly string[]
  readonly broken: readonly { readonly segment: string; readonly code: string; readonly message: string }[]
}

/** What `retype` would do. Changes nothing. */
export function planRetype(database: Database, options: RetypeOptions): Promise<Retyped> {
  return database.session(async (client) => {
    await client.query('begin')
    try {
      return (await prepare(client, options)).retyped
    } finally {
      await client.query('rollback')
    }
  })
}

/**
 * Gives a name of the catalog another type, and every value of it that is or was stored: read again by the functions
 * that type values at the door. What can't be read stays as it is, and counts as missing. Under the runs' lease, so
 * that none sees half of it; not while a backfill is under way.
 */
export function retype(database: Database, options: RetypeOptions): Promise<Retyped> {
  const { owner, waitMilliseconds = 60_000 } = options
  return database.session(async (client) => {
    // It reads below a horizon of its own, and would lose sight of all rows that are stamped here.
    await lockBackfills(client, waitMilliseconds)
    try {
      const lease = await claim(database, client, { owner, waitMilliseconds })
      try {
        await finishRollUp(database, client, options.temporary)
        return await inTransaction(client, () => write(client, options, waitMilliseconds))
      } finally {
        await lease.release().catch(() => {})
      }
    } finally {
      await unlockBackfills(client)
    }
  })
}

/** The figures of a nightly run that was killed before its roll-up are as of a horizon below what is stamped here. */
async function finishRollUp(database: Database, client: Client, temporary: string): Promise<void> {
  const { run_id: runId, as_of: asOf, horizon, rollup_due } = await readLastApplied(client)
  if (runId && asOf && horizon && rollup_due) await rollUp(database, { runId, asOf, horizon, temporary })
}

type Prepared = {
  readonly retyped: Retyped
  readonly meanings: readonly (StoredMeaning & { after: string })[]
}

async function prepare(client: Client, { name, type, timezone }: RetypeOptions): Promise<Prepared> {
  const { subject, eventType, name: text, type: before } = name
  await client.query(statement('catalog/create_retyped'), [subject, eventType, text, timezone, before, type])
  await client.query('analyze retyped')
  type Counted = Record<
    'known' | 'typed_before' | 'typed_after' | 'gained' | 'lost' | 'changed' | 'history',
    string
  >
  const [counted] = await rows<Counted>(client, statement('catalog/count_retyped'), [before, type])
  type Unreadable = { value: string; count: string; different: string }
  const unreadable = await rows<Unreadable>(client, statement('catalog/unreadable'), [5])
  const stored = await compileStored(client, await readCatalog(client, []))
  await client.query(statement('catalog/set_type'), [subject, eventType, text, type])
  const anew = await compileStored(client, await readCatalog(client, []))
  const meanings = stored.flatMap((each) => {
    const after = anew.find(({ segmentId }) => segmentId === each.segmentId)?.fingerprint
    return each.fingerprint && after && after !== each.fingerprint ? [{ ...each, after }] : []
  })
  const broken = anew.flatMap(({ key, error }) =>
    error && stored.some((each) => each.key === key && each.fingerprint) ? [{ segment: key, ...error }] : [],
  )
  const retyped: Retyped = {
    before,
    known: Number(counted?.known),
    typedBefore: Number(counted?.typed_before),
    typedAfter: Number(counted?.typed_after),
    gained: Number(counted?.gained),
    lost: Number(counted?.lost),
    changed: Number(counted?.changed),
    history: Number(counted?.history),
    unreadable: unreadable.map(({ value, count }) => ({ value, count: Number(count) })),
    unreadableDifferent: Number(unreadable[0]?.different ?? 0),
    segments: meanings.map(({ key }) => key),
    broken,
  }
  return { retyped, meanings }
}

async function write(client: Client, options: RetypeOptions, waitMilliseconds: number): Promise<Retyped> {
  const { subject, eventType, name } = options.name
  await client.query(statement('imports/lock_writing'))
  await client.query('lock table segments in share row exclusive mode')
  // Before any row is locked that one of them may be waiting for.
  await waitUntilAlone(client, waitMilliseconds)
  await client.query(statement('imports/set_local'))
  const { retyped, meanings } = await prepare(client, options)
  // One that was interrupted has to begin anew.
  await client.query('delete from backfills')
  // The history is rewritten here, value by value; the triggers would add to it.
  await client.query(statement('imports/set_written'), ['written'])
  if (subject === 'event') await client.query(statement('catalog/retype_events'), [eventType, name])
  else {
    await client.query(statement(`catalog/retype_${subject}s`), [name])
    await client.query(statement('catalog/retype_changes'), [subject, name])
  }
  await announce(client, options.by, `${said(options.name)} is ${options.type} now`)
  for (const { segmentId, after } of meanings) {
    await client.query(statement('catalog/new_version'), [segmentId, after])
  }
  return retyped
}

/** As it is written in `catalog set`. */
export function said({
  subject,
  eventType,
  name,
}: Pick<CatalogName, 'subject' | 'eventType' | 'name'>): string {
  return subject === 'lead' ? name : `${subject === 'account' ? 'account' : eventType}.${name}`
}

async function waitUntilAlone(client: Client, waitMilliseconds: number): Promise<void> {
  const attempts = Math.max(1, Math.ceil(waitMilliseconds / 100))
  for (let attempt = 1; ; attempt++) {
    const [row] = await rows<{ alone: boolean }>(client, statement('catalog/alone'))
    if (row?.alone) return
    if (attempt >= attempts) throw stillWriting()
    await sleep(100)
  }
}

const stillWriting = (): UserError =>
  new UserError({
    code: 'STILL_WRITING',
    message:
      'Another transaction on this server began to write before this one and has not ended; nothing was changed.',
    hint: 'Repeat the command when it is over: `select * from pg_stat_activity where backend_xid is not null` shows it.',
  })
