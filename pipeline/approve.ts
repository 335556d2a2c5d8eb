import type { Instant } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Database } from './engine.ts'
import { UserError } from './errors.ts'
import { findSegment } from './reads.ts'
import { pinDefinitions } from './runs/definitions.ts'
import { standingOf } from './runs/held.ts'
import { statement } from './sql.ts'

/** A segment that waits for somebody to say that its change is meant. */
export type Parked = {
  readonly segment: string
  readonly version: number
  /** As of when its members are true. */
  readonly good_as_of: Instant | null
  /** Before the change, and how many it would lose and gain. */
  readonly members: string
  readonly entered: string
  readonly left: string
  readonly causes: string
  /** Null: nobody yet. */
  readonly approved_by: string | null
  /** Keys of segments that refer to it, and wait with it. */
  readonly blocked: readonly string[]
}

/** `current`: it still means what was parked. */
type Stored = Parked & { readonly current: boolean }

export async function readParked(reader: Reader): Promise<Parked[]> {
  return (await readStored(reader, null)).filter(({ current }) => current).map(withoutCurrent)
}

/** Lets the parked changes of these segments through: the next run applies them, all or none. */
export async function approve(
  database: Database,
  asked: { keys: readonly string[]; by: string },
): Promise<Parked[]> {
  const keys = [...new Set(asked.keys)]
  for (const key of keys) await findSegment(database, key)
  return database.transaction(async (client) => {
    await client.query('lock table segments in share mode')
    const found = await readStored(client, keys)
    for (const key of keys) {
      const parked = found.find(({ segment }) => segment === key)
      if (!parked) throw notParked(key)
      if (!parked.current) throw changedSince(parked)
    }
    await client.query(statement('runs/approve'), [keys, asked.by])
    return found.map((each) => ({ ...withoutCurrent(each), approved_by: asked.by }))
  })
}

async function readStored(reader: Reader, keys: readonly string[] | null): Promise<Stored[]> {
  type Row = Parked & { segment_id: string; standing: string }
  const found = await rows<Row>(reader, statement('reads/parked'), [keys])
  const { segments } = await pinDefinitions(reader)
  const standings = new Map(segments.map((each) => [each.segmentId, standingOf(each)]))
  return found.map(({ segment_id, standing, ...parked }) => {
    return { ...parked, current: standings.get(segment_id) === standing }
  })
}

const withoutCurrent = ({ current: _, ...parked }: Stored): Parked => parked

const notParked = (key: string): UserError =>
  new UserError({
    code: 'NOT_PARKED',
    message: `No change of "${key}" waits for approval. Nothing was done.`,
    hint: '`tideline approve` lists those that do.',
  })

const changedSince = ({ segment, version }: Parked): UserError =>
  new UserError({
    code: 'CHANGED_SINCE',
    message: `"${segment}" was changed since a run parked version ${version} of it. Nothing was done.`,
    hint: '`tideline run` tries it as it is now.',
  })
