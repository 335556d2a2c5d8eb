import type { Instant, ScoreDefinition } from '../../compiler/index.ts'
import { applySources } from '../../pipeline/apply.ts'
import { evaluatedAt } from '../../pipeline/asof.ts'
import type { Database, Parameter } from '../../pipeline/engine.ts'
import type {
  AliasSource,
  EventTypeSource,
  ScoreSource,
  SegmentSource,
  Sources,
} from '../../pipeline/project/sources.ts'
import type { PinnedDefinitions } from '../../pipeline/runs/definitions.ts'
import { type RunOptions, run } from '../../pipeline/runs/run.ts'

/** Definitions as a project's files would give them. */
export function sources(
  segments: Record<string, string>,
  more: {
    points?: Record<string, number>
    levels?: Record<string, number>
    /** Besides the one that `points` make. */
    scores?: ScoreDefinition[]
    events?: EventTypeSource[]
    aliases?: AliasSource[]
  } = {},
): Sources {
  const engagement: ScoreDefinition = {
    name: 'engagement',
    rules: Object.entries(more.points ?? {}).map(([event, points]) => ({
      event,
      micropoints: String(points * 1e6),
    })),
    levels: Object.entries(more.levels ?? { cold: 0, warm: 25, hot: 50 }).map(([name, from]) => ({
      name,
      from: String(from),
    })),
  }
  const scores = [...(more.points ? [engagement] : []), ...(more.scores ?? [])]
  return {
    segments: Object.entries(segments).map(segmentSource),
    events: more.events ?? [],
    aliases: more.aliases ?? [],
    scores: scores.map(scoreSource),
    findings: [],
  }
}

const scoreSource = (definition: ScoreDefinition): ScoreSource => ({
  definition,
  short: definition.rules.length,
  locate: () => ({ file: 'scoring.yaml', line: 1, column: 1, length: 1, excerpt: definition.name }),
})

const segmentSource = ([key, where]: [string, string]): SegmentSource => ({
  key,
  name: key,
  owner: null,
  action: null,
  review: null,
  status: 'active',
  where,
  locate: () => ({ file: 'segments/test.yaml', line: 1, column: 1, length: 1, excerpt: where }),
})

export const apply = (database: Database, ...definitions: Parameters<typeof sources>) =>
  applySources(database, sources(...definitions), 'UTC')

export const runAsOf = (database: Database, asOf?: Instant, options: Partial<RunOptions> = {}) =>
  run(database, {
    ...(asOf ? { asOf } : {}),
    owner: 'test',
    timezone: 'UTC',
    temporary: `/tmp/tideline-test-${process.pid}`,
    ...options,
  })

/** A lead with its events: `[type, instant]`. */
export async function addLead(
  database: Database,
  id: string,
  lead: { firstSeen?: string; attributes?: Record<string, unknown>; events?: [string, string][] } = {},
): Promise<void> {
  await database.query(
    `insert into leads (external_id, first_seen_at, attributes) values ($1::text, $2::timestamptz, $3::jsonb)`,
    [id, lead.firstSeen ?? '2026-01-01T00:00:00Z', JSON.stringify(lead.attributes ?? {})],
  )
  for (const name of Object.keys(lead.attributes ?? {})) {
    const type = typeof lead.attributes?.[name]
    await database.query(
      `insert into catalog (subject, name, type) values ('lead', $1::text, $2::text) on conflict do nothing`,
      [name, type === 'string' ? 'text' : type],
    )
  }
  for (const [type, at] of lead.events ?? []) await addEvent(database, id, type, at)
}

export async function addEvent(database: Database, lead: string, type: string, at: string): Promise<void> {
  await database.query(`insert into event_types (type) values ($1::text) on conflict do nothing`, [type])
  await database.query(
    `insert into events (event_id, lead_id, type, occurred_at)
     select gen_random_uuid()::text, lead_id, $2::text, $3::timestamptz from leads where external_id = $1::text`,
    [lead, type, at],
  )
}

/** Who is in each of these segments by an evaluation at an instant, in one statement: internal ids, in order. */
export async function evaluatedMembers(
  database: Database,
  definitions: PinnedDefinitions,
  asked: { asOf: Instant; horizon: string },
): Promise<Record<string, number[]>> {
  const keys = definitions.segments.map(({ key }) => key)
  const { sql, parameters } = await evaluatedAt(database, keys, definitions, asked)
  const found = await database.query<{ key: string; leads: number[] }>(
    `select k.key, coalesce(json_agg(f.lead_id order by f.lead_id) filter (where f.lead_id is not null), '[]') as leads
     from unnest($${parameters.length + 1}::text[]) with ordinality k(key, position)
     left join (${sql}) as f on (f.w0 >> (k.position - 1)::int) & 1 = 1
     group by k.key`,
    [...(parameters as Parameter[]), keys],
  )
  return Object.fromEntries(found.map(({ key, leads }) => [key, leads]))
}

/** External ids of a segment's members, in order. */
export async function members(database: Database, segment: string): Promise<string[]> {
  const found = await database.query<{ lead_id: string }>(
    'select lead_id from current_members where segment = $1::text order by lead_id',
    [segment],
  )
  return found.map((row) => row.lead_id)
}

/** The history of a segment: `lead change cause as_of`. */
export async function history(database: Database, segment: string): Promise<string[]> {
  const found = await database.query<{ line: string }>(
    `select l.external_id || ' ' || c.change || ' ' || c.cause || ' ' ||
       to_char(c.as_of, 'YYYY-MM-DD"T"HH24:MI"Z"') as line
     from membership_change c join segments s using (segment_id) join leads l using (lead_id)
     where s.key = $1::text order by c.as_of, l.external_id`,
    [segment],
  )
  return found.map((row) => row.line)
}
