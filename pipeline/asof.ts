import {
  dialects,
  emit,
  type Instant,
  levelAt,
  type Predicate,
  plan,
  type Statement,
} from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Client, Database, Parameter, Row } from './engine.ts'
import { UserError } from './errors.ts'
import { readLeadMemberships } from './lead.ts'
import { archived, type Member, type SegmentKey } from './reads.ts'
import { type PinnedDefinitions, pinDefinitions } from './runs/definitions.ts'
import { decimal, unknownScore } from './score.ts'
import { readSeen } from './seen.ts'
import { statement } from './sql.ts'
import { readOnly } from './tally.ts'

/** Where an answer as of an instant comes from. */
export type Source =
  /** From what a run wrote, at that instant or last before it. */
  | { readonly kind: 'recorded'; readonly run_id: string; readonly run_as_of: Instant }
  /** From the current version of the definition, evaluated at the instant on what is known now. */
  | {
      readonly kind: 'evaluated'
      readonly version: number
      /** Since when anything is recorded; null: nothing is. */
      readonly recorded_since: Instant | null
    }

export type SourceOf = {
  readonly segment: string
  readonly segmentId: string
  readonly status: SegmentKey['status']
  readonly archivedAt: Instant | null
  readonly source: Source
}

export type AskedAt = {
  readonly asOf: Instant
  /** Evaluates, whatever is recorded. */
  readonly evaluate?: boolean | undefined
  /** What had arrived by when counts, where something is evaluated; by default all that is there. */
  readonly horizon?: string | undefined
}

type RecordedRow = {
  segment: string
  segment_id: string
  status: SourceOf['status']
  archived_at: Instant | null
  version: number
  run_id: string | null
  run_as_of: Instant | null
  recorded_since: Instant | null
}

/**
 * The one place that decides where an answer as of an instant comes from: from recorded history where a run had looked
 * at the segment by then, else (or if asked to) from evaluating the current version at the instant.
 */
export async function sourcesAt(
  reader: Reader,
  asked: AskedAt & { readonly keys?: readonly string[] | undefined },
): Promise<SourceOf[]> {
  const found = await rows<RecordedRow>(reader, statement('reads/recorded_at'), [
    asked.keys ? [...asked.keys] : null,
    asked.asOf,
  ])
  return found.map(({ segment, segment_id, status, archived_at, ...row }) => {
    const { version, run_id, run_as_of, recorded_since } = row
    return {
      ...{ segment, segmentId: segment_id, status, archivedAt: archived_at },
      source:
        run_id !== null && run_as_of !== null && !asked.evaluate
          ? { kind: 'recorded', run_id, run_as_of }
          : { kind: 'evaluated', version, recorded_since },
    }
  })
}

/** Where an answer about one lead comes from, and whether it was in then; null: only an evaluation can tell. */
export type LeadAt = SourceOf & { readonly isIn: boolean | null; readonly since: Instant | null }

/** How one lead (its internal id) stood in every segment at an instant, as far as that is recorded. */
export async function leadAt(
  reader: Reader,
  id: string,
  asked: AskedAt & { readonly keys?: readonly string[] | undefined },
): Promise<LeadAt[]> {
  const sources = await sourcesAt(reader, asked)
  const memberships = await readLeadMemberships(reader, id, asked.asOf)
  return sources.map((each) => {
    const since = memberships.find(({ segment }) => segment === each.segment)?.since ?? null
    return { ...each, since, isIn: each.source.kind === 'recorded' ? since !== null : null }
  })
}

export type LeadSet = {
  readonly source: Source
  /** Yields lead_id (internal) and since (null where it was evaluated); nothing is written. */
  readonly statement: Statement
}

/** Who was in a segment at an instant, as a statement to read from, so that no lead need pass through here. */
export async function leadSetAt(client: Client | Database, key: string, asked: AskedAt): Promise<LeadSet> {
  const { source, segmentId } = await sourceAt(client, key, asked)
  if (source.kind === 'recorded') {
    const recorded = { sql: statement('reads/members_recorded'), parameters: [segmentId, asked.asOf] }
    return { source, statement: recorded }
  }
  const { sql, parameters } = await evaluatedAt(client, [key], await pinDefinitions(client), asked)
  return {
    source,
    statement: {
      sql: `select lead_id, null::timestamptz as since from (${sql}) as features where w0 & 1 <> 0`,
      parameters,
    },
  }
}

async function sourceAt(client: Client | Database, key: string, asked: AskedAt): Promise<SourceOf> {
  const [found] = await sourcesAt(client, { ...asked, keys: [key] })
  if (!found) throw new UserError({ code: 'UNKNOWN_SEGMENT', message: `There is no segment "${key}".` })
  if (found.archivedAt !== null && found.source.kind === 'evaluated') throw archived(key, found.archivedAt)
  return found
}

/** The same query plan as a run's, over these segments: writes nothing. */
export async function evaluatedAt(
  client: Client | Database,
  keys: readonly string[],
  definitions: PinnedDefinitions,
  asked: AskedAt,
): Promise<Statement> {
  const { references, scores } = definitions
  const subjects = keys.map((key) => ({ key, predicate: meaningOf(key, definitions) }))
  return emit(plan(subjects, scores, references), dialects.postgres, {
    asOf: asked.asOf,
    horizon: asked.horizon ?? (await readSeen(client)).horizon,
  })
}

/** `since` is null where it was evaluated. */
export type MemberAt = Omit<Member, 'total' | 'since'> & { readonly since: Instant | null }

export type MembersAt = {
  readonly source: Source
  readonly total: number
  /** Hottest first, by the scores of that instant. */
  readonly members: readonly MemberAt[]
}

export function membersAt(
  database: Database,
  key: string,
  asked: AskedAt & { readonly limit: number; readonly limitSeconds: number },
): Promise<MembersAt> {
  return readOnly(database, asked.limitSeconds, async (client) => {
    const definitions = await pinDefinitions(client)
    const source = await sourceAt(client, key, asked)
    const { sql, parameters } = await scoredMembers(client, source, definitions, asked)
    const found = await rows<MemberRow>(
      client,
      `with member_at as materialized (${sql})
       select l.external_id as lead_id, to_char(m.since, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as since,
         m.micropoints * 0.000001 as score, m.micropoints, count(*) over () as total
       from member_at m join leads l using (lead_id)
       order by m.micropoints desc nulls last, l.external_id limit $${parameters.length + 1}::bigint`,
      [...parameters, asked.limit] as Parameter[],
    )
    return {
      source: source.source,
      total: Number(found[0]?.total ?? 0),
      members: found.map(({ total: _, micropoints, ...member }) => {
        const main = definitions.scores[mainScore(definitions)]
        return { ...member, level: main && micropoints !== null ? levelAt(main, BigInt(micropoints)) : null }
      }),
    }
  })
}

type MemberRow = {
  lead_id: string
  since: Instant | null
  score: string | null
  micropoints: string | null
  total: string
}

/** Members with the points that the current rules give them at that instant: lead_id, since, micropoints. */
async function scoredMembers(
  client: Client,
  { segment, segmentId, source }: SourceOf,
  definitions: PinnedDefinitions,
  asked: AskedAt,
): Promise<Statement> {
  const main = mainScore(definitions)
  const points = main < 0 ? 'null::numeric' : `s${main}::numeric`
  if (source.kind === 'evaluated') {
    const { sql, parameters } = await evaluatedAt(client, [segment], definitions, asked)
    return {
      sql: `select lead_id, null::timestamptz as since, ${points} as micropoints
        from (${sql}) as features where w0 & 1 <> 0`,
      parameters,
    }
  }
  const recorded = statement('reads/members_recorded')
  if (main < 0)
    return {
      sql: `select *, ${points} as micropoints from (${recorded}) as r`,
      parameters: [segmentId, asked.asOf],
    }
  const { sql, parameters } = await evaluatedAt(client, [], definitions, asked)
  const after = recorded.replace(/\$(\d)/g, (_, number: string) => `$${Number(number) + parameters.length}`)
  return {
    sql: `select r.*, ${points} as micropoints from (${after}) as r left join (${sql}) as features using (lead_id)`,
    parameters: [...parameters, segmentId, asked.asOf],
  }
}

export const mainScore = ({ scores }: PinnedDefinitions): number =>
  scores.findIndex(({ name }) => name === 'engagement')

export type ScoredLead = {
  readonly lead_id: string
  readonly score: string
  readonly value: string
  readonly level: string | null
}

export type ScoresAt = {
  /** Of scoring.yaml: the rules are those that are current. Null: there are none. */
  readonly version: number | null
  readonly total: number
  /** Hottest leads first, each with all its scores. */
  readonly leads: readonly ScoredLead[]
}

/** How the scores of all leads stand at an instant, by the current rules. */
export function scoresAt(
  database: Database,
  asked: { asOf: Instant; score?: string | undefined; limit: number; limitSeconds: number },
): Promise<ScoresAt> {
  return readOnly(database, asked.limitSeconds, async (client) => {
    const definitions = await pinDefinitions(client)
    const { scores, scoringVersion: version, catalog } = definitions
    const shown = scores.filter(({ name }) => asked.score === undefined || asked.score === name)
    if (asked.score !== undefined && shown.length === 0) throw unknownScore(asked.score, catalog)
    if (shown.length === 0) return { version, total: 0, leads: [] }
    const { sql, parameters } = await evaluatedAt(client, [], definitions, asked)
    const columns = shown.map((score) => `s${scores.indexOf(score)}`)
    const main = columns[Math.max(0, shown.indexOf(scores[mainScore(definitions)]!))]
    const found = await rows<Row & { lead_id: string; total: string }>(
      client,
      `with scored as materialized (select lead_id, ${columns.join(', ')} from (${sql}) as features)
       select l.external_id as lead_id, ${columns.join(', ')}, count(*) over () as total
       from scored join leads l using (lead_id)
       order by ${main} desc, l.external_id limit $${parameters.length + 1}::bigint`,
      [...parameters, asked.limit] as Parameter[],
    )
    const leads = found.flatMap(({ lead_id, ...points }) =>
      shown.map((score, index): ScoredLead => {
        const micropoints = BigInt(String(points[columns[index]!]))
        return { lead_id, score: score.name, value: decimal(micropoints), level: levelAt(score, micropoints) }
      }),
    )
    return { version, total: Number(found[0]?.total ?? 0), leads }
  })
}

function meaningOf(key: string, { references, compiled }: PinnedDefinitions): Predicate {
  const predicate = references.get(key)
  if (predicate) return predicate
  const wrong = compiled.get(key)?.diagnostics.find(({ severity }) => severity === 'error')
  throw new UserError({
    code: wrong?.code ?? 'SEGMENT_BROKEN',
    message: `The current definition of "${key}" can't be evaluated: ${wrong?.message ?? 'it is not understood.'}`,
    ...(wrong?.hint ? { hint: wrong.hint } : {}),
  })
}
