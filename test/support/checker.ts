import { dialects, emit, micropoints, plan } from '../../compiler/index.ts'
import type { Client, Database, Parameter } from '../../pipeline/engine.ts'
import {
  bitsOf,
  type Pinned,
  type PinnedDefinitions,
  pinDefinitions,
} from '../../pipeline/runs/definitions.ts'
import { scoresMeaning } from '../../pipeline/runs/mode.ts'
import { bookkeeping, type Question, sourcesKept } from './bookkeeping.ts'

/** What is wrong, and for example where. */
export type Fault = { readonly what: string; readonly count: number; readonly example: unknown }

/**
 * What stands in the database after the last applied run, held against a full recompute as of its instant and at its
 * horizon, and against itself: membership both ways, scores, figures, history, the ledger and when leads are due.
 * Reads one snapshot and leaves nothing behind. No fault is an empty list.
 *
 * Segments that rest, are broken or were edited since that run are left out of the recompute: nobody looked at them.
 */
export async function faults(database: Database, options: Checking = {}): Promise<Fault[]> {
  return database.session(async (client) => {
    await client.query('begin isolation level repeatable read')
    try {
      return await faultsSeenBy(client, options)
    } finally {
      await client.query('rollback')
    }
  })
}

export type Checking = {
  /** Those that the last run was pinned to, if they are not the current ones. */
  readonly definitions?: PinnedDefinitions
  /** Also what imports must leave behind. Worlds written straight into the tables need not. */
  readonly sources?: boolean
}

/** The same inside an open transaction, which then holds temporary tables. */
export async function faultsSeenBy(client: Client, options: Checking = {}): Promise<Fault[]> {
  const found = await all(client, options.sources ? [...bookkeeping, ...sourcesKept] : bookkeeping)
  const last = await lastRun(client)
  if (last)
    found.push(...(await recomputed(client, last, options.definitions ?? (await pinDefinitions(client)))))
  return found
}

type LastRun = {
  readonly run_id: string
  readonly as_of: string
  readonly horizon: string
  /** What the scores meant. */
  readonly scores: string | null
}

/** After a backfill the present is that of the run before it, but for what the next run will find. */
async function lastRun(client: Client): Promise<LastRun | undefined> {
  const { rows } = await client.query<LastRun & { mode: string }>(
    `select run_id, mode, horizon::text as horizon, options ->> 'scores' as scores,
       to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of
     from runs where status = 'done' order by run_id desc limit 1`,
  )
  return rows[0]?.mode === 'backfill' ? undefined : rows[0]
}

async function all(client: Client, questions: readonly Question[]): Promise<Fault[]> {
  const found: Fault[] = []
  for (const { what, sql, parameters = [] } of questions) {
    const { rows } = await client.query<{ count: string; example: unknown }>(
      `select count(*) as count, (array_agg(to_jsonb(f)))[1] as example from (${sql}) as f`,
      [...parameters] as Parameter[],
    )
    if (rows[0]!.count !== '0') found.push({ what, count: Number(rows[0]!.count), example: rows[0]!.example })
  }
  return found
}

async function recomputed(client: Client, last: LastRun, definitions: PinnedDefinitions): Promise<Fault[]> {
  const sameScoring = last.scores === scoresMeaning(definitions)
  const { rows } = await client.query<{ segment_id: string }>(
    `select st.segment_id from segment_state st
     join unnest($1::bigint[], $2::int[], $3::text[]) p(segment_id, version, meaning) using (segment_id)
     where st.state = 'ok' and st.good_as_of is null and st.version = p.version and st.meaning = p.meaning`,
    [
      definitions.segments.map(({ segmentId }) => segmentId),
      definitions.segments.map(({ version }) => version),
      definitions.segments.map(({ meaning }) => meaning),
    ],
  )
  const current = new Set(rows.map((row) => row.segment_id))
  const segments = definitions.segments.filter(({ segmentId }) => current.has(segmentId))
  await evaluateAgain(client, last, segments, definitions)
  return all(client, [
    ...membershipQuestions,
    ...stateQuestions(last),
    ...(sameScoring ? scoreQuestions(definitions) : []),
    ...figureQuestions(definitions, sameScoring),
  ])
}

/** Fills `checked` (lead_id, words, scores) and `checked_member`; it does not see what the run itself recorded. */
async function evaluateAgain(
  client: Client,
  last: LastRun,
  segments: readonly Pinned[],
  { scores, references }: PinnedDefinitions,
): Promise<void> {
  await client.query(
    `create temporary view membership_change as select * from membership_change where run_id <> ${last.run_id}`,
  )
  const { words, bits, wordCount } = bitsOf(segments.length)
  const query = emit(plan(segments, scores, references), dialects.postgres, {
    asOf: last.as_of,
    horizon: last.horizon,
  })
  const set = Array.from({ length: wordCount }, (_, word) => `w${word}`).join(', ')
  const points = scores.map((_, score) => `s${score}`).join(', ')
  await client.query(
    `create temporary table checked on commit drop as
     select lead_id, array[${set}]::bigint[] as words, array[${points}]::numeric[] as scores
     from (${query.sql}) as features`,
    [...query.parameters],
  )
  await client.query('drop view pg_temp.membership_change')
  await client.query(
    'create temporary table checked_segment (segment_id bigint, word int, bit bigint) on commit drop',
  )
  await client.query(
    'insert into checked_segment select * from unnest($1::bigint[], $2::int[], $3::bigint[])',
    [segments.map(({ segmentId }) => segmentId), words, bits],
  )
  await client.query(
    `create temporary table checked_member on commit drop as
     select p.segment_id, c.lead_id from checked c join checked_segment p on c.words[p.word] & p.bit <> 0`,
  )
}

const membershipQuestions: readonly Question[] = [
  {
    what: 'in by a full recompute, but not in membership',
    sql: `select segment_id, lead_id from checked_member
      except all
      select segment_id, lead_id from membership join checked_segment using (segment_id)`,
  },
  {
    what: 'in membership, but not by a full recompute',
    sql: `select segment_id, lead_id from membership join checked_segment using (segment_id)
      except all
      select segment_id, lead_id from checked_member`,
  },
]

/** The agenda: every lead that exists is in it, and none is overdue. Before a run that keeps one it is empty. */
const stateQuestions = ({ as_of }: LastRun): readonly Question[] => [
  {
    what: 'exists, but is not on the agenda',
    sql: `select lead_id from checked c
      where exists (select from lead_state)
        and not exists (select from lead_state s where s.lead_id = c.lead_id and s.present)`,
  },
  {
    what: 'on the agenda as existing, but does not',
    sql: 'select lead_id from lead_state s where present and lead_id not in (select lead_id from checked)',
  },
  {
    what: 'due at an instant that is over, or only after the next midnight',
    sql: `select lead_id, due_at from lead_state
      where due_at <= $1::timestamptz or due_at > date_trunc('day', $1::timestamptz, 'UTC') + interval '1 day'`,
    parameters: [as_of],
  },
]

const scoreQuestions = ({ scores }: PinnedDefinitions): readonly Question[] =>
  scores.flatMap(({ name, levels }, index): Question[] => {
    const wanted = `select lead_id, $1::text as score, scores[$2::int] / 1000000 as value,
      coalesce((select l.name from unnest($3::text[], $4::numeric[]) l(name, bound)
        where l.bound <= scores[$2::int] order by l.bound desc limit 1), ($3::text[])[1]) as level from checked`
    const stored = `select lead_id, score, value, level from lead_scores
      where score = $1::text and $2::int + cardinality($3::text[]) + cardinality($4::numeric[]) is not null`
    const parameters = [
      name,
      index + 1,
      levels.map((level) => level.name),
      levels.map((level) => micropoints(level.from)),
    ]
    return [
      {
        what: `${name} by a full recompute, but not as stored`,
        sql: `${wanted} except all ${stored}`,
        parameters,
      },
      {
        what: `${name} as stored, but not by a full recompute`,
        sql: `${stored} except all ${wanted}`,
        parameters,
      },
    ]
  })

/** The last figures of each segment, counted again. */
function figureQuestions({ scores }: PinnedDefinitions, sameScoring: boolean): readonly Question[] {
  const main = scores.findIndex(({ name }) => name === 'engagement')
  const sum = main < 0 || !sameScoring ? 'null::numeric' : `coalesce(sum(c.scores[${main + 1}]), 0) / 1000000`
  return [
    {
      what: 'figures that are not those of the members',
      sql: `select p.segment_id, t.members, t.leads, t.score_sum, n.members as members_now, n.leads as leads_now,
          n.score_sum as score_sum_now
        from checked_segment p
        join lateral (select * from segment_stats s where s.segment_id = p.segment_id order by as_of desc limit 1) t
          on true
        cross join lateral (
          select count(m.lead_id) as members, (select count(*) from checked) as leads, ${sum} as score_sum
          from checked_member m join checked c using (lead_id) where m.segment_id = p.segment_id) n
        where (t.members, t.leads) is distinct from (n.members, n.leads)
          or (${sameScoring} and t.score_sum is distinct from n.score_sum)`,
    },
    {
      what: 'evaluated, but without figures',
      sql: 'select segment_id from checked_segment where segment_id not in (select segment_id from segment_stats)',
    },
  ]
}
