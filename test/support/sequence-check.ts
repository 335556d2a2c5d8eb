import type { Database } from '../../pipeline/engine.ts'
import { pinDefinitions } from '../../pipeline/runs/definitions.ts'
import { leadsThatExist, members, scoreOf } from './reference.ts'
import type { Sequence } from './sequences.ts'
import type { ScoreDay, World } from './world.ts'

/** What has come of it all, line by line, but for when it was written and in which mode. */
export async function outcome(database: Database): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {}
  for (const [name, text] of Object.entries(outcomes)) {
    found[name] = (await database.query<{ line: string }>(text)).map(({ line }) => line)
  }
  return found
}

const when = (column: string) => `coalesce(to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '–')`

const outcomes = {
  membership: `select concat_ws(' ', key, lead_id, ${when('since')}, run_id) as line
    from membership join segments using (segment_id) order by 1`,
  changes: `select concat_ws(' ', ${when('as_of')}, key, lead_id, change, cause, c.version, run_id) as line
    from membership_change c join segments using (segment_id) order by 1`,
  scores: `select concat_ws(' ', score, lead_id, value, level, ${when('changed_as_of')}, run_id, max_value, max_day) as line
    from lead_scores order by 1`,
  days: `select concat_ws(' ', score, lead_id, day, value, level) as line from score_history order by 1`,
  figures: `select concat_ws(' ', ${when('as_of')}, key, members, leads, entered, "left", score_sum, run_id) as line
    from segment_stats join segments using (segment_id) order by 1`,
  states: `select concat_ws(' ', key, state, st.version, scoring_version, run_id, ${when('good_as_of')}, error) as line
    from segment_state st join segments using (segment_id) order by 1`,
  runs: `select concat_ws(' ', run_id, ${when('as_of')}, status, leads, entered, "left") as line from runs order by run_id`,
  outcomes: `select concat_ws(' ', run_id, key, rs.version, outcome, error) as line
    from run_segments rs join segments using (segment_id) order by run_id, key`,
}

/** Who is in each segment that is all right, and all scores. */
export async function present(database: Database): Promise<string[]> {
  const found = await database.query<{ line: string }>(
    `select key || ' ' || lead_id as line from membership
       join segments using (segment_id) join segment_state using (segment_id)
     where state = 'ok' and good_as_of is null
     union all select concat_ws(' ', score, lead_id, (value * 1000000)::bigint) from lead_scores order by 1`,
  )
  return found.map(({ line }) => line).sort()
}

/** The same by the reference: after the step, of all that is known by then. */
export async function judged(database: Database, sequence: Sequence, index: number): Promise<string[]> {
  const { segments, scores, references } = await pinDefinitions(database)
  const world: World = { ...(await knownAt(database, sequence, index)), scores, segments: references }
  const inside = segments.flatMap(({ key, predicate }) =>
    members(predicate, world).map((lead) => `${key} ${lead}`),
  )
  const scored = leadsThatExist(world).flatMap((lead) =>
    scores.map((score) => `${score.name} ${lead.id} ${scoreOf(score, lead, world)}`),
  )
  return [...inside, ...scored].sort()
}

/** What a run sees of the world. Its own changes and days, it looks up where runs wrote them. */
async function knownAt(database: Database, sequence: Sequence, index: number): Promise<World> {
  const { world, arrivals, hands, moves, removals, steps } = sequence
  const { asOf } = steps[index]!
  const seen = (arrives: number) => seenBy(sequence, arrives) <= index
  // Whether a lead exists, and since when, is read as it stands, whatever the horizon.
  const isThere = (arrives: number, step: number) => step <= index && seenBy(sequence, arrives) <= step
  const marked = <Row extends object>(rows: readonly Row[], when: readonly number[]) =>
    rows.map((row, place) => ({ ...row, late: !seen(when[place]!) }))
  return {
    ...world,
    asOf,
    leads: marked(world.leads, arrivals.leads).flatMap((lead, place) => {
      const meant = (each: { lead: number; step: number }) =>
        each.lead === lead.id && isThere(arrivals.leads[place]!, each.step)
      if (removals.some(meant)) return []
      return { ...lead, firstSeen: [lead.firstSeen, ...moves.filter(meant).map(({ to }) => to)].sort()[0]! }
    }),
    events: marked(world.events, arrivals.events),
    changes: marked(world.changes, arrivals.changes),
    listed: hands
      .filter(({ arrives }) => seen(arrives))
      .map(({ segment, lead, list, from, until, ends }) => {
        return { segment, lead, list, from, ...(seen(ends) ? { until } : {}) }
      }),
    segmentChanges: await database.query(
      `select key as segment, lead_id::int as lead, ${when('as_of')} as at, change
       from membership_change join segments using (segment_id) where as_of < $1::timestamptz order by as_of`,
      [asOf],
    ),
    scoreDays: await database.query<ScoreDay>(
      `select lead_id::int as lead, score, day::text, (value * 1000000)::bigint::text as micropoints, level
       from score_history`,
    ),
  }
}

/** What comes while a run is under way, the next one sees. */
const seenBy = ({ steps }: Sequence, arrives: number): number => arrives + (steps[arrives]?.held ? 1 : 0)
