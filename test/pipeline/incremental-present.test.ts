import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluatedAt } from '../../pipeline/asof.ts'
import type { Database, Parameter } from '../../pipeline/engine.ts'
import { type Hand, override } from '../../pipeline/override.ts'
import { pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { untilSeen } from '../../pipeline/runs/horizon.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, runAsOf } from '../support/definitions.ts'
import { times } from '../support/seed.ts'
import { present } from '../support/sequence-check.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

const leads = ['a', 'b', 'c', 'd', 'e', 'f']
const definitions = {
  recent: 'did login within 1 second',
  today: 'did login within 1 day and not did order',
  big: 'size >= 10',
  steady: 'size has been >= 10 for at least 1 second',
  changed: 'size changed within 1 second or account.plan changed within 1 second',
  paying: 'account.plan = "pro"',
  mates: 'at least 2 leads of account in segment "today"',
  was: 'was in segment "recent" within 1 hour and not in segment "recent"',
  hot: 'score >= 10 and not in segment "paying"',
  rose: 'score rose by at least 5 within 1 second',
}

const lead = fc.constantFrom(...leads)
const plan = fc.constantFrom('pro', 'free')
type Doing = (database: Database) => Promise<unknown>
/** What comes from outside while Tideline is in use, at the present instant and as people and systems do it. */
const doings: fc.Arbitrary<Doing> = fc.oneof(
  fc
    .tuple(
      lead,
      fc.constantFrom('login', 'order'),
      fc.constantFrom(-86_400_000, -1000, -990, 0, 40, 3_600_000),
    )
    .map(
      ([id, type, away]): Doing =>
        (database) =>
          database.query(
            `insert into inbox_events (lead_id, type, occurred_at)
           select $1::text, $2::text, to_char(clock_timestamp() + $3::int * interval '1 millisecond',
             'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
            [id, type, away],
          ),
    ),
  fc.tuple(lead, fc.integer({ min: 5, max: 15 })).map(
    ([id, size]): Doing =>
      (database) =>
        database.query(
          `update leads set attributes = attributes || jsonb_build_object('size', $2::int) where external_id = $1::text`,
          [id, size],
        ),
  ),
  fc.tuple(plan, fc.constantFrom('x', 'y')).map(
    ([plan, account]): Doing =>
      (database) =>
        database.query(
          `update accounts set attributes = jsonb_build_object('plan', $2::text) where external_id = $1::text`,
          [account, plan],
        ),
  ),
  fc.tuple(lead, fc.option(fc.constantFrom('x', 'y'))).map(
    ([id, account]): Doing =>
      (database) =>
        database.query(
          `update leads set account_id = (select account_id from accounts where external_id = $2::text)
           where external_id = $1::text`,
          [id, account],
        ),
  ),
  fc
    .tuple(lead, fc.constantFrom<Hand>('add', 'remove', 'undo'), fc.constantFrom('big', 'today', 'paying'))
    .map(
      ([id, hand, key]): Doing =>
        (database) =>
          override(database, { key, hand, leads: [id] }),
    ),
)

type Step = 'run' | 'wait' | Doing
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: doings },
    { weight: 3, arbitrary: fc.constant<Step>('run') },
    { weight: 1, arbitrary: fc.constant<Step>('wait') },
  ),
  { minLength: 12, maxLength: 25, size: 'max' },
)

async function begin(): Promise<void> {
  await database.query(
    `truncate leads, accounts, events, attribute_change, segments, segment_versions, segment_renames, runs,
       run_segments, segment_state, membership, membership_change, segment_stats, segment_list, lead_scores,
       score_history, lead_state, run_drift restart identity cascade`,
  )
  await database.query(
    `insert into accounts (external_id, attributes) values ('x', '{"plan":"free"}'), ('y', '{}')`,
  )
  for (const id of leads) await addLead(database, id, { attributes: { size: 7 } })
  await database.query(`update leads set account_id = 1 where external_id < 'c'`)
  await database.query(
    `insert into catalog (subject, name, type) values ('account', 'plan', 'text') on conflict do nothing`,
  )
  for (const type of ['login', 'order']) await addEvent(database, 'a', type, '2026-01-02T00:00:00Z')
  await apply(database, definitions, { points: { login: 5, order: 20 } })
}

/** What the definitions hold for, as of a run's instant and its horizon. */
async function evaluated(runId: string): Promise<string[]> {
  const [run] = await database.query<{ as_of: string; horizon: string }>(
    `select to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, horizon::text as horizon
     from runs where run_id = $1::bigint`,
    [runId],
  )
  const pinned = await pinDefinitions(database)
  const keys = pinned.segments.map(({ key }) => key)
  const { sql, parameters } = await evaluatedAt(database, keys, pinned, {
    asOf: run!.as_of,
    horizon: run!.horizon,
  })
  const found = await database.query(`select * from (${sql}) as features`, [...parameters] as Parameter[])
  return found
    .flatMap((row) => [
      ...keys
        .filter((_, bit) => (BigInt(row.w0 as string) >> BigInt(bit)) & 1n)
        .map((key) => `${key} ${row.lead_id}`),
      `engagement ${row.lead_id} ${row.s0}`,
    ])
    .sort()
}

test('runs at the present instant leave what evaluating everything then gives, and no drift', async () => {
  const modes = { incremental: 0, full: 0 }
  const run = async (full: boolean) => {
    await untilSeen(database)
    const { runId, mode, drift, failing, chosen } = await runAsOf(database, undefined, { full })
    modes[mode]++
    expect({ failing, drift: drift ?? 0, chosen }).toEqual({ failing: [], drift: 0, chosen })
    expect(await present(database)).toEqual(await evaluated(runId!))
  }
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      await begin()
      for (const step of [...script, 'run' as const]) {
        if (step === 'run') await run(false)
        else if (step === 'wait') await new Promise((resolve) => setTimeout(resolve, 300))
        else await step(database)
      }
      await run(true)
    }),
    {
      numRuns: times * 4,
      endOnFailure: true,
    },
  )
  expect(modes.incremental).toBeGreaterThan(modes.full)
}, 300_000)
