import {
  type Catalog,
  type Compiled,
  compileAll,
  compileScores,
  type Diagnostic,
  type Score,
  type ScoreDefinition,
} from '../compiler/index.ts'
import { compileAliases } from './aliases.ts'
import { readCatalog } from './catalog.ts'
import {
  type Action,
  type Decision,
  type Description,
  decide,
  decideScoring,
  descriptions,
  readScoring,
  readSegments,
  type StoredSegment,
  scoringFingerprint,
} from './decide.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'
import type { AliasSource, EventTypeSource, Finding, SegmentSource, Sources } from './project/sources.ts'
import { afterRenames, carryOutRenames, planRenames, type Rename } from './renames.ts'
import { statement } from './sql.ts'
import { announce } from './versions.ts'

export type SegmentPlan = {
  readonly key: string
  readonly action: Action
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly described: readonly Description[]
}
/** Recorded scores stay as they are, and rules begin from now on; or backfills are to recompute them. */
export type ScorePast = 'from-now' | 'rebuild'

/** What `apply` does, segment by segment. */
export type ApplyReport = {
  readonly segments: readonly SegmentPlan[]
  readonly renames: readonly Rename[]
  readonly scoring: 'change' | 'keep'
  readonly warnings: readonly Finding[]
}

export type Checked = {
  /** What the catalog will be. */
  readonly catalog: Catalog
  readonly compiled: ReadonlyMap<string, Compiled>
  readonly scores: readonly Score[]
  readonly findings: readonly Finding[]
}

/** Compiles everything that the files say against what the database knows, and changes nothing. */
export function checkSources(sources: Sources, stored: Catalog, zone: string): Checked {
  const { catalog, findings: wrongAliases } = withSources(stored, sources, zone)
  const compiled = compileAll(
    new Map(sources.segments.map(({ key, where }) => [key, { source: where, zone }])),
    catalog,
  )
  const { scores, findings: wrongRules } = checkScores(sources, catalog, zone)
  const findings: Finding[] = [...sources.findings, ...wrongAliases, ...wrongRules]
  const isOwn = ownOf(sources)
  for (const segment of sources.segments) {
    if (stored.segments.has(segment.key)) findings.push(isStatic(segment))
    for (const each of compiled.get(segment.key)!.diagnostics.filter(isOwn)) {
      const { code, severity, message, hint, unknown } = each
      const where = each.path ? `${each.path}: ` : ''
      findings.push({ ...segment.locate(each), code, severity, message: where + message, hint, unknown })
    }
  }
  return { catalog, compiled, scores, findings }
}

/** While scoring.yaml can't be read nobody knows its scores: what follows from that is not said of others. */
function ownOf({ findings }: Sources): (diagnostic: Diagnostic) => boolean {
  const isRead = !findings.some(({ file, severity }) => file === 'scoring.yaml' && severity === 'error')
  return ({ code }) => isRead || (code !== 'UNKNOWN_SCORE' && code !== 'SEGMENT_BROKEN')
}

/** Of the segments that are stored, a catalog has the static ones. */
const isStatic = ({ key, locate }: SegmentSource): Finding => ({
  ...locate({}),
  code: 'SEGMENT_IS_STATIC',
  severity: 'error',
  message: `The segment "${key}" is static: its definition is a list of leads, and no file gives it another one.`,
  hint: 'Choose another key in the file.',
})

function checkScores(
  sources: Sources,
  catalog: Catalog,
  zone: string,
): { scores: readonly Score[]; findings: readonly Finding[] } {
  const definitions = sources.scores.map(({ definition }) => definition)
  const { scores, diagnostics } = compileScores(definitions, catalog, zone)
  const isOwn = ownOf(sources)
  const findings = diagnostics.flatMap(({ score, rule, diagnostic }): Finding[] => {
    const source = sources.scores.find(({ definition }) => definition.name === score)!
    const { code, severity, message, hint, unknown } = diagnostic
    // Points may be given for what is yet to come, as long as it is no slip of the pen.
    const isShort = rule !== undefined && rule < source.short
    if (isShort && code === 'UNKNOWN_EVENT' && !hint) return []
    if (!isOwn(diagnostic)) return []
    return [{ ...source.locate(rule, diagnostic), code, severity, message, hint, unknown }]
  })
  return { scores, findings }
}

/** What the catalog will be once these files are applied: events.yaml decides what is activity, and the aliases. */
export function withSources(
  stored: Catalog,
  sources: Sources,
  zone: string,
): { catalog: Catalog; findings: readonly Finding[] } {
  const events = new Map(stored.events)
  for (const { type, channel, activity, conversion } of sources.events) {
    const properties = stored.events.get(type)?.properties ?? new Map()
    events.set(type, { activity, conversion, channel: channel ?? undefined, properties })
  }
  const catalog = { ...stored, events, scores: sources.scores.map(({ definition }) => definition) }
  const { aliases, findings } = compileAliases(sources.aliases, catalog, zone)
  return { catalog: { ...catalog, aliases }, findings }
}

/** What is going to be done: `apply` does it, `plan` says it. */
export type Intended = Checked & {
  readonly decisions: readonly Decision[]
  readonly renames: readonly Rename[]
  readonly scoring: 'change' | 'keep'
}

/** Where there is an error among the findings, nothing is decided. Reads, and writes nothing. */
export async function intend(client: Client, sources: Sources, zone: string): Promise<Intended> {
  const checked = checkSources(sources, await readCatalog(client, []), zone)
  const { renames, findings: wrongRenames } = await planRenames(client, sources.segments)
  const findings = [...checked.findings, ...wrongRenames]
  const wrong = findings.some(({ severity }) => severity === 'error')
  const existing = afterRenames(await readSegments(client), renames)
  const decisions = wrong ? [] : decide(existing, sources, checked.compiled)
  const definitions = sources.scores.map(({ definition }) => definition)
  const scoring = decideScoring(await readScoring(client), definitions, zone)
  return { ...checked, findings, decisions, renames, scoring }
}

/**
 * Makes the files' definitions the current ones: new versions where the meaning changed. All or nothing: one wrong
 * definition refuses the whole. Segments that the files no longer hold are archived if files once created them.
 */
export function applySources(
  database: Database,
  sources: Sources,
  zone: string,
  /** Who applies: user and host. */
  by?: string,
  /** What is to become of the past of scores; what was chosen for them before if left out. */
  past?: ScorePast,
  /** How many leads each of these segments will lose and gain, as `by` was shown and agreed to. */
  accepted: ReadonlyMap<string, number> = new Map(),
): Promise<ApplyReport> {
  return database.transaction(async (client) => {
    await client.query('lock table segments in share row exclusive mode')
    const intended = await intend(client, sources, zone)
    const { compiled, decisions, renames, scoring, findings } = intended
    const errors = findings.filter((finding) => finding.severity === 'error')
    if (errors.length > 0) throw new InvalidDefinitions(errors, 'nothing was applied')
    await announce(client, by, undefined)
    await applyEventTypes(client, sources.events)
    await applyAliases(client, sources.aliases, zone)
    await carryOutRenames(client, renames)
    if (scoring === 'change') await applyScoring(client, sources, zone)
    if (past) await client.query(statement('definitions/score_history'), [past])
    for (const decision of decisions) await carryOut(client, decision, compiled.get(decision.key), zone)
    await accept(client, accepted, intended)
    return {
      segments: decisions.map((each) => {
        const { key, action, stored: before, text } = each
        return { key, action, before: before?.definition, after: text, described: descriptions(each) }
      }),
      renames,
      scoring,
      warnings: findings.filter((finding) => finding.severity === 'warning'),
    }
  })
}

/** Kept with the versions that were made, so that the guard knows. */
async function accept(
  client: Client,
  accepted: ReadonlyMap<string, number>,
  { decisions, scoring }: Intended,
): Promise<void> {
  const renewed = new Set(decisions.filter(({ action }) => action === 'change').map(({ key }) => key))
  const [ours, others] = [true, false].map((isNew) =>
    [...accepted].filter(([key]) => renewed.has(key) === isNew),
  )
  const columns = (of: [string, number][]) => [of.map(([key]) => key), of.map(([, leads]) => leads)]
  if (ours!.length > 0) await client.query(statement('definitions/accept'), columns(ours!))
  if (others!.length > 0 && scoring === 'change') {
    await client.query(statement('definitions/accept_scoring'), columns(others!))
  }
}

/** Some definitions are wrong, so nothing was done with any of them: `outcome` says what there is not. */
export class InvalidDefinitions extends UserError {
  readonly findings: readonly Finding[]
  constructor(
    errors: readonly Finding[],
    outcome: string,
    { place = 'the definitions', hint = 'Mend them and run `tideline check`.' } = {},
  ) {
    const count = `${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`
    super({ code: 'INVALID_DEFINITIONS', message: `${count} in ${place}; ${outcome}.`, hint })
    this.findings = errors
  }
}

async function carryOut(
  client: Client,
  { key, action, source, stored, text }: Decision,
  compiled: Compiled | undefined,
  zone: string,
): Promise<void> {
  if (!source) return archive(client, stored!)
  const described = [key, source.name, source.owner, source.action, source.review, source.status]
  const meaning = [text, JSON.stringify(compiled!.definition), zone, compiled!.fingerprint!]
  if (action === 'create') await client.query(statement('definitions/create'), [...described, ...meaning])
  if (action === 'change') await client.query(statement('definitions/change'), [...described, ...meaning])
  if (action === 'describe') await client.query(statement('definitions/describe'), described)
  if (stored?.status === 'active') await client.query(statement('definitions/rest'), [key])
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

async function applyAliases(client: Client, aliases: readonly AliasSource[], zone: string): Promise<void> {
  const names = aliases.map(({ name }) => name)
  await client.query(statement('definitions/aliases'), [names, aliases.map(({ text }) => text.trim()), zone])
}

async function applyScoring(client: Client, sources: Sources, zone: string): Promise<void> {
  const scores: ScoreDefinition[] = sources.scores.map(({ definition }) => definition)
  await client.query('insert into scoring_versions (definition, fingerprint) values ($1::jsonb, $2::text)', [
    JSON.stringify({ scores, zone }),
    scoringFingerprint(scores, zone),
  ])
}
