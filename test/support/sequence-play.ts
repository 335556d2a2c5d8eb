import type { Instant } from '../../compiler/time.ts'
import { applySources } from '../../pipeline/apply.ts'
import type { Client, Database } from '../../pipeline/engine.ts'
import type { Lake } from '../../pipeline/lake/lake.ts'
import type { AliasSource } from '../../pipeline/project/sources.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { untilSeen } from '../../pipeline/runs/horizon.ts'
import type { RunOptions, RunResult } from '../../pipeline/runs/run.ts'
import { runAsOf, sources } from './definitions.ts'
import { forget, reachOut } from './histories.ts'
import { insert } from './load.ts'
import { lost, type Sequence, type Step, staticKey } from './sequences.ts'

/** How runs are asked for: as the sequence has it, or all of them in full; those in Postgres, or over a lake. */
export type Manner = { readonly allFull: boolean; readonly lake?: Lake }

/** An empty installation with a static segment. */
export async function begin(database: Database): Promise<void> {
  await forget(database)
  await database.query(
    `with created as (
       insert into segments (key, name, origin, status, version) values ($1::text, $1::text, 'snapshot', 'active', 1)
       returning segment_id
     )
     insert into segment_versions (segment_id, version, definition, fingerprint)
     select segment_id, 1, 'taken', 'taken' from created`,
    [staticKey],
  )
}

/** All that comes between one run and the next; then the run. */
export async function play(
  database: Database,
  sequence: Sequence,
  index: number,
  { allFull, lake }: Manner,
): Promise<RunResult> {
  const step = sequence.steps[index]!
  await forgetName(database, step.broken)
  await database.query(`update event_types set activity = $1::boolean where type = 'email_open'`, [
    !step.passive,
  ])
  await define(database, sequence, index)
  if (step.backfilled) await recompute(database, sequence.steps[index - 1]?.asOf)
  if (!step.held) {
    await database.transaction((client) => arrive(client, sequence, index))
    await move(database, sequence, index)
    await remove(database, sequence, index)
    await reachOut(database, sequence.hands, index)
    await untilSeen(database)
    return runAsOf(database, step.asOf, { ...options(allFull || step.full), lake })
  }
  await untilSeen(database)
  return database.transaction(async (client) => {
    await arrive(client, sequence, index)
    await client.query('select pg_current_xact_id()')
    await move(database, sequence, index)
    await remove(database, sequence, index)
    await reachOut(database, sequence.hands, index)
    return runAsOf(database, step.asOf, { ...options(allFull || step.full), lake })
  })
}

const options = (full: boolean): Partial<RunOptions> =>
  ({ rollUp: false, full, fullShare: 1 }) as Partial<RunOptions>

/** The day on which the run before was, up to it. */
async function recompute(database: Database, to: Instant | undefined): Promise<void> {
  if (to === undefined) return
  await untilSeen(database)
  await backfill(database, { from: `${to.slice(0, 10)}T00:00:00.000000Z`, to, owner: 'test', all: true })
}

async function forgetName(database: Database, forgotten: boolean): Promise<void> {
  await database.query(
    forgotten
      ? `delete from catalog where subject = 'lead' and name = $1::text`
      : `insert into catalog (subject, name, type) values ('lead', $1::text, 'text') on conflict do nothing`,
    [lost],
  )
}

/** Nobody can apply anything while definitions are broken; what is as it was is not applied again. */
async function define(database: Database, sequence: Sequence, index: number): Promise<void> {
  const step = sequence.steps[index]!
  const before = sequence.steps.slice(0, index).findLast(({ broken }) => !broken)
  if (step.broken || (before && sameDefinitions(before, step))) return
  const texts = sequence.versions[step.version]!
  const { segments, ...rest } = sources(texts, {
    scores: [...sequence.scorings[step.scoring]!],
    aliases: aliasesOf(step),
  })
  const resting = segments.map((each) =>
    step.paused.includes(each.key) ? { ...each, status: 'paused' as const } : each,
  )
  await applySources(database, { ...rest, segments: resting }, sequence.world.zone)
}

const sameDefinitions = (a: Step, b: Step): boolean =>
  a.version === b.version && a.scoring === b.scoring && a.paused.join() === b.paused.join()

const alias = (name: string, text: string): AliasSource => ({
  ...{ name, text },
  locate: () => ({ file: 'events.yaml', line: 1, column: 1, length: 1, excerpt: text }),
})
const aliasesOf = ({ version }: Step): AliasSource[] => [
  alias('viewed_pricing', `page_view where page = "${version === 2 ? '/docs' : '/pricing'}"`),
  alias('any_mail', 'any of (email_open, email_click)'),
]

async function arrive(client: Client, { world, arrivals }: Sequence, index: number): Promise<void> {
  const marked = <Row extends object>(rows: readonly Row[], when: readonly number[]) =>
    rows.map((row, place) => ({ ...row, late: when[place] === index }))
  await insert(
    client,
    {
      ...world,
      leads: marked(world.leads, arrivals.leads),
      events: marked(world.events, arrivals.events),
      changes: marked(world.changes, arrivals.changes),
      listed: [],
    },
    true,
  )
}

async function move(database: Database, { moves }: Sequence, index: number): Promise<void> {
  for (const { lead, to, step } of moves) {
    if (step !== index) continue
    await database.query(
      `update leads set first_seen_at = $2::timestamptz
       where lead_id = $1::bigint and first_seen_at > $2::timestamptz`,
      [lead, to],
    )
  }
}

async function remove(database: Database, { removals }: Sequence, index: number): Promise<void> {
  const gone = removals.filter(({ step }) => step === index).map(({ lead }) => lead)
  if (gone.length > 0) await database.query('delete from leads where lead_id = any($1::bigint[])', [gone])
}
