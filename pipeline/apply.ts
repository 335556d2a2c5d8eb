import { type Catalog, type Compiled, compile, fingerprint, type Score } from '../compiler/index.ts'
import { readCatalog, rows } from './catalog.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'
import type { EventTypeSource, Finding, SegmentSource, Sources } from './project/sources.ts'
import { statement } from './sql.ts'

export type SegmentPlan = {
  readonly key: string
  readonly action: 'create' | 'change' | 'describe' | 'archive' | 'keep'
  readonly before?: string | undefined
  readonly after?: string | undefined
}
/** What `apply` does, segment by segment; `describe` changes names and notes but not the meaning. */
export type ApplyReport = {
  readonly segments: readonly SegmentPlan[]
  readonly scoring: 'change' | 'keep'
  readonly warnings: readonly Finding[]
}

export type Checked = {
  readonly compiled: ReadonlyMap<string, Compiled>
  readonly findings: readonly Finding[]
}

/** Compiles everything that the files say against what the database knows, and changes nothing. */
export function checkSources(sources: Sources, stored: Catalog, zone: string): Checked {
  const catalog = withSources(stored, sources)
  const compiled = new Map<string, Compiled>()
  const findings: Finding[] = [...sources.findings]
  for (const segment of sources.segments) {
    const result = compile(segment.where, catalog, zone)
    compiled.set(segment.key, result)
    for (const each of result.diagnostics) {
      const { code, severity, message, hint } = each
      const where = each.path ? `${each.path}: ` : ''
      findings.push({ ...segment.locate(each), code, severity, message: where + message, hint })
    }
  }
  return { compiled, findings }
}

/** What the catalog will be once these files are applied: events.yaml decides what is activity. */
function withSources(stored: Catalog, sources: Sources): Catalog {
  const events = new Map(stored.events)
  for (const { type, channel, activity, conversion } of sources.events) {
    const properties = stored.events.get(type)?.properties ?? new Map()
    events.set(type, { activity, conversion, channel: channel ?? undefined, properties })
  }
  return { ...stored, events, scores: sources.scores.map((score) => score.name) }
}

/**
 * Makes the files' definitions the current ones: new versions where the meaning changed. All or nothing: one wrong
 * definition refuses the whole. Segments that the files no longer hold are archived if files once created them.
 */
export function applySources(database: Database, sources: Sources, zone: string): Promise<ApplyReport> {
  return database.transaction(async (client) => {
    await client.query('lock table segments in share row exclusive mode')
    const stored = await readCatalog(client, [])
    const { compiled, findings } = checkSources(sources, stored, zone)
    const errors = findings.filter((finding) => finding.severity === 'error')
    if (errors.length > 0) throw new InvalidDefinitions(errors)
    await applyEventTypes(client, sources.events)
    const scoring = await applyScoring(client, sources.scores)
    const existing = await readSegments(client)
    const plans: SegmentPlan[] = []
    for (const source of sources.segments) {
      plans.push(
        await applySegment(client, source, compiled.get(source.key)!, existing.get(source.key), zone),
      )
    }
    const named = new Set(sources.segments.map((source) => source.key))
    for (const segment of existing.values()) {
      if (named.has(segment.key) || segment.origin !== 'files' || segment.status === 'archived') continue
      await archive(client, segment)
      plans.push({ key: segment.key, action: 'archive', before: segment.definition })
    }
    return {
      segments: plans,
      scoring,
      warnings: findings.filter((finding) => finding.severity === 'warning'),
    }
  })
}

/** Some definitions are wrong, so none was applied. */
export class InvalidDefinitions extends UserError {
  readonly findings: readonly Finding[]
  constructor(findings: readonly Finding[]) {
    super({
      code: 'INVALID_DEFINITIONS',
      message: `${findings.length} ${findings.length === 1 ? 'error' : 'errors'} in the definitions; nothing was applied.`,
      hint: 'Mend them and run `tideline check`.',
    })
    this.findings = findings
  }
}

type StoredSegment = {
  segment_id: string
  key: string
  name: string
  owner: string | null
  action: string | null
  review: string | null
  origin: string
  status: string
  version: number
  fingerprint: string
  definition: string
}

async function readSegments(client: Client): Promise<Map<string, StoredSegment>> {
  const found = await rows<StoredSegment>(
    client,
    `select s.segment_id, s.key, s.name, s.owner, s.action, s.review, s.origin, s.status, s.version,
       v.fingerprint, v.definition
     from segments s join segment_versions v using (segment_id, version)`,
  )
  return new Map(found.map((segment) => [segment.key, segment]))
}

async function applySegment(
  client: Client,
  source: SegmentSource,
  compiled: Compiled,
  stored: StoredSegment | undefined,
  zone: string,
): Promise<SegmentPlan> {
  const text = typeof source.where === 'string' ? source.where.trim() : JSON.stringify(source.where)
  const described = [source.key, source.name, source.owner, source.action, source.review, source.status]
  const meaning = [text, JSON.stringify(compiled.definition), zone, compiled.fingerprint!]
  if (!stored) {
    await client.query(statement('definitions/create'), [...described, ...meaning])
    return { key: source.key, action: 'create', after: text }
  }
  if (stored.origin !== 'files') {
    throw new UserError({
      code: 'SEGMENT_OWNED_BY_API',
      message: `The segment "${source.key}" was created through the API, so files don't change it.`,
      hint: 'Choose another key, or archive it through the API first.',
    })
  }
  const changed = stored.fingerprint !== compiled.fingerprint || stored.status === 'archived'
  const redescribed =
    source.name !== stored.name ||
    source.owner !== stored.owner ||
    source.action !== stored.action ||
    source.review !== stored.review ||
    source.status !== stored.status
  if (changed) await client.query(statement('definitions/change'), [...described, ...meaning])
  else if (redescribed) await client.query(statement('definitions/describe'), described)
  if (stored.status === 'active') await client.query(statement('definitions/rest'), [source.key])
  const action = changed ? 'change' : redescribed ? 'describe' : 'keep'
  return { key: source.key, action, before: stored.definition, after: text }
}

async function archive(client: Client, segment: StoredSegment): Promise<void> {
  await client.query(
    `update segments set status = 'archived', updated_at = clock_timestamp() where segment_id = $1::bigint`,
    [segment.segment_id],
  )
  if (segment.status === 'active') await client.query(statement('definitions/rest'), [segment.key])
}

async function applyEventTypes(client: Client, events: readonly EventTypeSource[]): Promise<void> {
  await client.query(statement('definitions/event_types'), [
    events.map((each) => each.type),
    events.map((each) => each.channel),
    events.map((each) => each.activity),
    events.map((each) => each.conversion),
  ])
}

async function applyScoring(client: Client, scores: readonly Score[]): Promise<'change' | 'keep'> {
  const meaning = fingerprint(scores)
  const [current] = await rows<{ fingerprint: string }>(
    client,
    'select fingerprint from scoring_versions order by version desc limit 1',
  )
  if (current?.fingerprint === meaning || (!current && scores.length === 0)) return 'keep'
  await client.query('insert into scoring_versions (definition, fingerprint) values ($1::jsonb, $2::text)', [
    JSON.stringify({ scores }),
    meaning,
  ])
  return 'change'
}
