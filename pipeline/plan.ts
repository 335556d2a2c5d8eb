import type { Instant } from '../compiler/index.ts'
import { type Intended, InvalidDefinitions } from './apply.ts'
import { readParked } from './approve.ts'
import { Asking } from './ask.ts'
import { readCatalog, rows } from './catalog.ts'
import { type Action, type Description, descriptions } from './decide.ts'
import type { Client, Database } from './engine.ts'
import { type EventsChange, eventsChanges } from './planned/catalog.ts'
import { type Counted, Counting } from './planned/counting.ts'
import { isConcerned, isLarge, readEvaluated } from './planned/large.ts'
import { lookAhead } from './planned/outlook.ts'
import { foreseeScores, type PlannedScores } from './planned/scores.ts'
import type { Foreseen, Reason } from './planned/segments.ts'
import type { Side } from './planned/sides.ts'
import type { Finding, Sources } from './project/sources.ts'
import { warnOfStoredTypes } from './quality.ts'
import type { StoredAlias } from './reads.ts'
import type { GuardLimits } from './runs/guard.ts'
import { type Recorded, readRebuild, warnOfScorePast } from './score-past.ts'
import { readSeen } from './seen.ts'
import { statement } from './sql.ts'
import { readOnly, type Tally, tally } from './tally.ts'

/** What `apply` would do, and what would come of it with the next run. */
export type Plan = {
  readonly asOf: Instant
  /** Null: nobody had to be counted. */
  readonly leads: number | null
  /** Those that anything changes for. */
  readonly segments: readonly PlannedSegment[]
  /** How many stay as they are. */
  readonly kept: number
  readonly scoring: 'change' | 'keep'
  /** Null: the rules stay as they are, or were not asked about. */
  readonly scores: PlannedScores | null
  /** The past that is to follow the rules as they stay, and does not yet; null: none is. */
  readonly rebuild: Recorded | null
  readonly events: readonly EventsChange[]
  readonly warnings: readonly Finding[]
}

export type PlannedSegment = {
  readonly key: string
  readonly name: string
  readonly action: Action
  readonly status: string
  readonly renamedFrom: string | null
  /** A run parked it: its members are those of before. */
  readonly parked: boolean
  /** Why other leads may be in it than now; empty: none may. */
  readonly because: readonly Reason[]
  readonly before: string | null
  readonly after: string | null
  readonly described: readonly Description[]
  /** Null: nobody comes or goes. */
  readonly members: Counted | null
  /** More come and go than the guard lets pass: `apply` asks, and what nobody agreed to is parked. */
  readonly large: boolean
  readonly dependents: readonly { readonly key: string; readonly members: Counted | null }[]
}

export type Planning = {
  /** Relative to the project: only the segments of these files, and what else they say. */
  readonly files?: readonly string[] | undefined
  /** By default the present instant of the database. */
  readonly asOf?: Instant | undefined
  readonly sample: number
  readonly limitSeconds: number
  readonly guard?: GuardLimits
}

/** What `applySources` would do with the same sources, and who would come and go. Writes nothing, locks nothing. */
export function planSources(
  database: Database,
  sources: Sources,
  zone: string,
  asked: Planning,
): Promise<Plan> {
  return readOnly(database, asked.limitSeconds, async (client) => {
    const { intended, scoring, segments: all, ...sides } = await lookAhead(client, sources, zone)
    const errors = intended.findings.filter(({ severity }) => severity === 'error')
    if (errors.length > 0) throw new InvalidDefinitions(errors, 'there is no plan')
    const events = await readEventsChanges(client, sources)
    const { before, after } = sides
    const shown = all.filter(({ decision }) => isAsked(decision.source?.locate({}).file, asked))
    const { now, horizon } = await readSeen(client)
    const asOf = asked.asOf ?? now
    const asking = new Asking()
    const counting = new Counting(asking, sides)
    const parked = new Set((await readParked(client)).map(({ segment }) => segment))
    const evaluated = await readEvaluated(client)
    const limits = (each: Foreseen) => (isConcerned(each, evaluated) ? (asked.guard ?? 'none') : 'none')
    const reading = shown.map((each) =>
      readSegment(each, all, counting, { ...sides, parked, limits: limits(each) }),
    )
    const { predicates, questions } = asking
    const counted =
      predicates.length > 0
        ? await tally(client, {
            ...{ predicates, questions, asOf, horizon, sample: asked.sample },
            references: new Map([...before.references, ...after.references]),
            scores: scoring ? [...after.scores, ...before.scores] : after.scores,
          })
        : undefined
    const whole = (file: string) => isAsked(file, asked)
    const ours = intended.decisions.filter(({ source }) => isAsked(source?.locate({}).file, asked))
    return {
      asOf,
      leads: counted?.leads ?? null,
      segments: reading.map((read) => read(counted)),
      kept: ours.length - shown.length,
      scoring: whole('scoring.yaml') ? intended.scoring : 'keep',
      scores: scoring && whole('scoring.yaml') ? await foreseeScores(client, sides, { asOf, horizon }) : null,
      rebuild: !scoring && whole('scoring.yaml') ? await readRebuild(client) : null,
      events: whole('events.yaml') ? events : [],
      warnings: await readWarnings(client, intended, sources, { ...asked, asOf }),
    }
  })
}

/** A segment that no file holds any more belongs to the whole alone. */
const isAsked = (file: string | undefined, { files }: Planning): boolean =>
  files === undefined || (file !== undefined && files.includes(file))

async function readEventsChanges(client: Client, sources: Sources): Promise<EventsChange[]> {
  const aliases = await rows<StoredAlias>(client, statement('reads/aliases'))
  return eventsChanges(sources, await readCatalog(client, []), aliases)
}

type Readings = {
  readonly before: Side
  readonly after: Side
  /** Keys of those that a run parked. */
  readonly parked: ReadonlySet<string>
  readonly limits: GuardLimits
}

/** Asks what has to be counted for a segment; what comes back reads the answers. */
function readSegment(
  foreseen: Foreseen,
  all: readonly Foreseen[],
  counting: Counting,
  { before, after, parked, limits }: Readings,
): (counted: Tally | undefined) => PlannedSegment {
  const { key, decision, because } = foreseen
  const { source, stored, text, action } = decision
  const members = counting.segment(foreseen, 'with conditions')
  const keys = new Set([...after.dependents(key), ...before.dependents(foreseen.before ?? key)])
  const dependents = [...keys]
    .filter((other) => after.compiled.has(other))
    .map((other) => {
      const moved = all.find((each) => each.key === other)
      return { key: other, read: moved ? counting.segment(moved) : () => null }
    })
  return (counted) => {
    const found = members(counted)
    return {
      ...{ key, action, because },
      name: (source ?? stored)?.name ?? key,
      status: source?.status ?? 'archived',
      parked: foreseen.before !== undefined && parked.has(foreseen.before),
      renamedFrom: foreseen.before !== undefined && foreseen.before !== key ? foreseen.before : null,
      before: stored?.definition ?? null,
      after: text ?? null,
      described: descriptions(decision),
      members: found,
      large: found !== null && isLarge(changeOf(found), limits),
      dependents: dependents.map((each) => ({ key: each.key, members: each.read(counted) })),
    }
  }
}

const changeOf = ({ now, enter, leave }: Counted) => ({
  ...{ members: now ?? 0, enter: enter.count, leave: leave.count },
})

async function readWarnings(
  client: Client,
  { findings, compiled }: Intended,
  sources: Sources,
  asked: Planning & { readonly asOf: Instant },
): Promise<Finding[]> {
  const stored = await warnOfStoredTypes(client, sources.segments, compiled)
  const looking = sources.segments.map((each) => ({ ...each, compiled: compiled.get(each.key) }))
  const past = await warnOfScorePast(client, looking, asked.asOf)
  return [...findings, ...stored, ...past].filter(({ file }) => isAsked(file, asked))
}
