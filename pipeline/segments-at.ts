import { bitsPerWord, type Instant } from '../compiler/index.ts'
import { type AskedAt, evaluatedAt, mainScore, type Source, type SourceOf, sourcesAt } from './asof.ts'
import { rows } from './catalog.ts'
import type { Client, Database, Parameter } from './engine.ts'
import { readSegments, type SegmentStanding } from './reads.ts'
import { type PinnedDefinitions, pinDefinitions } from './runs/definitions.ts'
import { statement } from './sql.ts'
import { readOnly } from './tally.ts'

export type SegmentAt = SegmentStanding & {
  /** Null: a draft that was never evaluated, or a definition that can't be. */
  readonly source: Source | null
}

type Figures = Pick<
  SegmentStanding,
  | ('members' | 'leads' | 'mean_score' | 'trend')
  | ('entered' | 'left' | 'otherwise_entered' | 'otherwise_left')
>

/** Every segment as `segments` shows it, as of an instant; those that were archived since, as far as they are recorded. */
export function segmentsAt(
  database: Database,
  asked: AskedAt & { flowSeconds: number; trendDays: number; limitSeconds: number },
): Promise<SegmentAt[]> {
  return readOnly(database, asked.limitSeconds, async (client) => {
    const standing = await readSegments(client, { ...asked, archivedSince: asked.asOf })
    const sources = await sourcesAt(client, asked)
    const recorded = sources.filter(({ source }) => source.kind === 'recorded')
    const figures = await recordedFigures(client, recorded, asked)
    const definitions = await pinDefinitions(client)
    const others = sources.filter(({ source, status }) => source.kind === 'evaluated' && status !== 'draft')
    const able = others.filter(({ segment }) => definitions.references.has(segment))
    for (const [key, each] of await evaluatedFigures(client, able, definitions, asked)) figures.set(key, each)
    const there = standing.filter(({ segment, archived_at }) => archived_at === null || figures.has(segment))
    const at = there.map((each): SegmentAt => {
      const source = sources.find(({ segment }) => segment === each.segment)?.source
      return placed(each, source, figures.get(each.segment), asked.asOf)
    })
    return at.sort(
      (a, b) => hotness(b) - hotness(a) || (a.segment < b.segment ? -1 : a.segment > b.segment ? 1 : 0),
    )
  })
}

const hotness = ({ mean_score }: SegmentAt): number => (mean_score === null ? -1e30 : Number(mean_score))

const nothing: Figures = {
  members: null,
  leads: null,
  mean_score: null,
  entered: null,
  left: null,
  otherwise_entered: null,
  otherwise_left: null,
  trend: null,
}

function placed(
  standing: SegmentStanding,
  source: Source | undefined,
  figures: Figures | undefined,
  asOf: Instant,
): SegmentAt {
  const found = figures ?? nothing
  const { members, leads } = found
  const share = members === null || !Number(leads) ? null : (Number(members) / Number(leads)).toFixed(6)
  if (!figures || !source) return { ...standing, ...nothing, share: null, good_as_of: null, source: null }
  const goodAsOf = source.kind === 'recorded' ? source.run_as_of : asOf
  return {
    ...standing,
    ...found,
    ...{ share, source, state: 'ok', good_as_of: goodAsOf, error: null, error_code: null },
  }
}

async function recordedFigures(
  client: Client,
  recorded: readonly SourceOf[],
  asked: AskedAt & { flowSeconds: number; trendDays: number },
): Promise<Map<string, Figures>> {
  const ids = recorded.map(({ segmentId }) => segmentId)
  const found = await rows<Figures & { segment_id: string }>(client, statement('reads/segments_at'), [
    ids,
    asked.asOf,
    asked.flowSeconds,
    asked.trendDays,
  ])
  const keys = new Map(recorded.map(({ segment, segmentId }) => [segmentId, segment]))
  return new Map(found.map(({ segment_id, ...figures }) => [keys.get(segment_id)!, figures]))
}

/** All in one statement. Nobody is known to have come or gone. */
async function evaluatedFigures(
  client: Client,
  segments: readonly SourceOf[],
  definitions: PinnedDefinitions,
  asked: AskedAt,
): Promise<[string, Figures][]> {
  if (segments.length === 0) return []
  const keys = segments.map(({ segment }) => segment)
  const query = await evaluatedAt(client, keys, definitions, asked)
  const main = mainScore(definitions)
  const counted = segments.flatMap((_, position) => {
    const isIn = `w${Math.floor(position / bitsPerWord)} & ${2n ** BigInt(position % bitsPerWord)}::bigint <> 0`
    const mean = main < 0 ? 'null' : `round(avg(s${main}) filter (where ${isIn}) / 1000000, 6)`
    return [`jsonb_build_array(count(*) filter (where ${isIn}), (${mean})::text)`]
  })
  const [row] = await rows<{ leads: string; figures: [number, string | null][] }>(
    client,
    `select count(*) as leads, to_jsonb(array[${counted.join(', ')}]) as figures from (${query.sql}) as features`,
    [...query.parameters] as Parameter[],
  )
  return segments.map(({ segment }, position) => {
    const [members, mean_score] = row!.figures[position]!
    return [segment, { ...nothing, members: String(members), leads: row!.leads, mean_score }]
  })
}
