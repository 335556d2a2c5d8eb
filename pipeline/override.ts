import type { Instant } from '../compiler/index.ts'
import { rows } from './catalog.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'
import { findSegment } from './reads.ts'
import { statement } from './sql.ts'

export type Hand = 'add' | 'remove' | 'undo'

export type Override = {
  readonly segment: string
  readonly lead_id: string
  readonly override: 'add' | 'remove'
  readonly from: Instant
  /** Null: until it is undone. */
  readonly until: Instant | null
  /** User and host; null: not recorded. */
  readonly by: string | null
}

/** What became of one lead: `kept` if nothing was to be done. */
export type Handled = {
  readonly segment: string
  readonly lead_id: string
  readonly before: 'add' | 'remove' | null
  readonly after: 'add' | 'remove' | null
  readonly kept: boolean
}

export type Overriding = {
  readonly key: string
  readonly hand: Hand
  /** External ids. */
  readonly leads: readonly string[]
  readonly until?: Instant | undefined
  /** Who does it: user and host. */
  readonly by?: string | undefined
}

const lists = { add: 'added', remove: 'removed' } as const
const hands = { added: 'add', removed: 'remove' } as const
type Listed = keyof typeof hands

/**
 * Puts leads into a segment by hand, or out of it, or leaves them to the definition again. It holds from now on, and
 * wins over the definition; who is in follows with the next run. All of them or none.
 */
export async function override(database: Database, asked: Overriding): Promise<Handled[]> {
  await findSegment(database, asked.key)
  const leads = [...new Set(asked.leads)]
  return database.transaction(async (client) => {
    await refuseUnknown(client, leads)
    const [locked] = await rows<{ segment_id: string; now: Instant }>(client, statement('override/lock'), [
      asked.key,
    ])
    const { segment_id, now } = locked!
    refusePast(asked, now)
    type Open = { lead_id: string; list: Listed; until: Instant | null }
    const open = await rows<Open>(client, statement('override/open'), [segment_id, leads, now])
    const before = new Map(open.map((each) => [each.lead_id, each]))
    const moved = leads.filter((lead) => !stays(before.get(lead), asked))
    await client.query(statement('override/end'), [segment_id, moved, now])
    if (asked.hand !== 'undo') {
      const list = lists[asked.hand]
      await client.query(statement('override/begin'), [
        ...[segment_id, moved, list, now],
        ...[asked.until ?? null, asked.by ?? null],
      ])
    }
    return leads.map((lead_id): Handled => {
      const was = before.get(lead_id)
      return {
        ...{ segment: asked.key, lead_id, before: was ? hands[was.list] : null },
        after: asked.hand === 'undo' ? null : asked.hand,
        kept: !moved.includes(lead_id),
      }
    })
  })
}

/** Whether a hand has said so before, until the same instant. */
function stays(
  before: { list: Listed; until: Instant | null } | undefined,
  { hand, until }: Overriding,
): boolean {
  if (hand === 'undo') return before === undefined
  return before?.list === lists[hand] && before.until === (until ?? null)
}

function refusePast({ until }: Overriding, now: Instant): void {
  if (until === undefined || until > now) return
  throw new UserError({
    code: 'UNTIL_IN_PAST',
    message: `${until} has passed; the database's clock says ${now}.`,
    hint: 'What a hand says holds from now on: choose a later --until, or leave it out.',
  })
}

const shown = 10

async function refuseUnknown(client: Client, leads: readonly string[]): Promise<void> {
  const unknown = await rows<{ lead_id: string }>(client, statement('override/unknown'), [leads])
  if (unknown.length === 0) return
  const named = unknown.slice(0, shown).map(({ lead_id }) => `"${lead_id}"`)
  const list = unknown.length > shown ? `${named.join(', ')}, …` : named.join(', ')
  const message =
    unknown.length === 1
      ? `There is no lead ${list}; nothing was done.`
      : `There are no leads ${list} (${unknown.length} ids in all); nothing was done.`
  const hint = 'Ids are compared byte by byte, upper and lower case included.'
  throw new UserError({ code: 'UNKNOWN_LEAD', message, hint })
}

/** What hands say now; with `ended` what they said before as well. */
export async function readOverrides(
  database: Database,
  key: string | undefined,
  options: { ended?: boolean } = {},
): Promise<Override[]> {
  if (key !== undefined) await findSegment(database, key)
  return rows(database, statement('override/list'), [key ?? null, options.ended ?? false])
}
