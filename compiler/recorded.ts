import { sql } from 'kysely'
import { micropoints } from './compare.ts'
import type { Sql } from './dialect.ts'
import { dayDue, stepDue } from './due.ts'
import type { RecordedFeature } from './ir.ts'
import { scoreNamed, segmentOf } from './plan.ts'
import { as, type Part, type Scope } from './scans.ts'
import { type Instant, resolve } from './time.ts'

const recorded = ({ plan }: Scope): RecordedFeature[] =>
  plan.derived.flat().filter((feature) => kinds.has(feature.kind)) as RecordedFeature[]
const kinds = new Set(['recorded', 'inside', 'score_max', 'level_entered'])

export type OfSegment = Extract<RecordedFeature, { segment: string }>
type OfScore = Extract<RecordedFeature, { score: string }>
export const ofSegments = (scope: Scope) =>
  recorded(scope).filter((feature): feature is OfSegment => 'segment' in feature)
const ofScores = (scope: Scope) => recorded(scope).filter((feature): feature is OfScore => 'score' in feature)

/** What runs before asOf wrote, one row per lead: of segments, of scores, and of hands. */
export function recordedScans(scope: Scope): Part[] {
  return [
    ...(ofSegments(scope).length > 0 ? segmentScans(scope) : []),
    ...(ofScores(scope).length > 0 ? scoreScans(scope) : []),
    ...(scope.plan.lists.length > 0 ? [listScan(scope)] : []),
  ]
}

export const recordedJoins = (scope: Scope): string[] => [
  ...(ofSegments(scope).length > 0 ? ['segment_recorded'] : []),
  ...(ofScores(scope).length > 0 ? ['score_recorded'] : []),
  ...(scope.plan.lists.length > 0 ? ['lead_list'] : []),
]

/** The columns that the rows of all features bring along from them. */
export const recordedColumns = (scope: Scope): Sql[] => [
  ...ofSegments(scope).flatMap((feature) => rawNames(feature, scope).map((name) => sql.ref(name))),
  ...ofScores(scope).flatMap((feature) => rawNames(feature, scope).map((name) => sql.ref(name))),
  ...scope.plan.lists.map((feature) => {
    const column = scope.columns.of(feature)
    return as(sql`coalesce(${sql.ref(column)}, false)`, column)
  }),
]

/** A derived column is called `d3`; what it is made of `d3_entered`, … */
const raw = (feature: RecordedFeature, what: string, { columns }: Scope): string =>
  `${columns.of(feature)}_${what}`

function rawNames(feature: RecordedFeature, scope: Scope): string[] {
  const whats = {
    recorded: isBounded(feature) ? ['entered', 'left', 'bounded'] : ['entered', 'left'],
    inside: ['inside', 'entered', 'left'],
    score_max: ['max'],
    level_entered: ['at', 'level'],
  }[feature.kind]
  return whats.map((what) => raw(feature, what, scope))
}

/** The last one by then, and not the very last. */
export const isBounded = (feature: RecordedFeature): boolean =>
  feature.kind === 'recorded' &&
  feature.figure !== 'since' &&
  (feature.to !== undefined || feature.until !== undefined)

/** Whether a period ends before it begins: no stay reaches into it. */
function isEmpty({ from, to, until }: Extract<RecordedFeature, { kind: 'inside' }>, asOf: Instant): boolean {
  if (!from) return false
  const begin = resolve(from, asOf)
  return (
    (to !== undefined && resolve(to, asOf) < begin) || (until !== undefined && resolve(until, asOf) <= begin)
  )
}

/** That an instant lies no later than `to` and before `until`. */
const inTime = (at: Sql, { to, until }: Pick<OfSegment, 'to' | 'until'>, { dialect, asOf }: Scope): Sql[] => [
  ...(to ? [sql`${at} <= ${dialect.instant(resolve(to, asOf))}`] : []),
  ...(until ? [sql`${at} < ${dialect.instant(resolve(until, asOf))}`] : []),
]

function among({ dialect, leads }: Scope): Sql[] {
  return leads ? [dialect.among(sql.ref('lead_id'), leads)] : []
}

function segmentScans(scope: Scope): Part[] {
  const { dialect } = scope
  const asOf = dialect.instant(scope.asOf)
  const features = ofSegments(scope)
  const keys = [...new Set(features.map(({ segment }) => segment))].sort()
  const where = [dialect.oneOf(sql.ref('segment'), keys, 'text', true), sql`as_of < ${asOf}`, ...among(scope)]
  const columns = features.flatMap((feature) => {
    const of = sql`segment = ${dialect.text(feature.segment)}`
    const last = (change: 'entered' | 'left') =>
      as(sql`max(as_of) filter (where ${of} and change = ${sql.lit(change)})`, raw(feature, change, scope))
    const inside = inTime(sql.ref('as_of'), feature, scope)
    if (feature.kind === 'recorded') {
      if (!isBounded(feature)) return [last('entered'), last('left')]
      const wanted = [of, sql`change = ${sql.lit(feature.figure)}`, ...inside]
      const bounded = sql`max(as_of) filter (where ${sql.join(wanted, sql` and `)})`
      return [last('entered'), last('left'), as(bounded, raw(feature, 'bounded', scope))]
    }
    const overlaps = [
      of,
      sql`change = 'entered'`,
      ...inside,
      // A stay that is open reaches up to asOf; whether asOf itself belongs to it is found out there.
      ...(feature.from
        ? [sql`coalesce(next_as_of, ${asOf}) > ${dialect.instant(resolve(feature.from, scope.asOf))}`]
        : []),
    ]
    const ever = sql`coalesce(bool_or(${sql.join(overlaps, sql` and `)}), false)`
    return [as(ever, raw(feature, 'inside', scope)), last('entered'), last('left')]
  })
  return [
    {
      name: 'segment_step',
      query: sql`
  select segment, lead_id, as_of, change,
    lead(as_of) over (partition by segment, lead_id order by as_of) as next_as_of
  from ${dialect.changes()}
  where ${sql.join(where, sql` and `)}`,
    },
    {
      name: 'segment_recorded',
      query: sql`
  select ${sql.join([sql`lead_id`, ...columns, ...stepDue(scope)], sql`,\n    `)}
  from segment_step
  group by lead_id`,
    },
  ]
}

function scoreScans(scope: Scope): Part[] {
  const { dialect } = scope
  const features = ofScores(scope)
  const names = [...new Set(features.map(({ score }) => score))].sort()
  const end = dialect.dayEnd(sql.ref('day'))
  const where = [
    dialect.oneOf(sql.ref('score'), names, 'text', true),
    sql`${end} <= ${dialect.instant(scope.asOf)}`,
    ...among(scope),
  ]
  const columns = features.flatMap((feature) => {
    const of = sql`score = ${dialect.text(feature.score)}`
    if (feature.kind === 'score_max') {
      const since = feature.from
        ? sql` and ends_at >= ${dialect.instant(resolve(feature.from, scope.asOf))}`
        : sql``
      return [as(sql`max(micropoints) filter (where ${of}${since})`, raw(feature, 'max', scope))]
    }
    const to = sql`level = ${dialect.text(feature.level)} and level_before <> level`
    return [
      as(sql`max(ends_at) filter (where ${of} and ${to})`, raw(feature, 'at', scope)),
      as(sql`(array_agg(level order by ends_at desc) filter (where ${of}))[1]`, raw(feature, 'level', scope)),
    ]
  })
  return [
    {
      name: 'score_step',
      query: sql`
  select score, lead_id, micropoints, level, ${end} as ends_at,
    lag(level) over (partition by score, lead_id order by day) as level_before
  from ${dialect.scoreHistory()}
  where ${sql.join(where, sql` and `)}`,
    },
    {
      name: 'score_recorded',
      query: sql`
  select ${sql.join([sql`lead_id`, ...columns, ...dayDue(scope)], sql`,\n    `)}
  from score_step
  group by lead_id`,
    },
  ]
}

function listScan(scope: Scope): Part {
  const { dialect, columns, plan } = scope
  const asOf = dialect.instant(scope.asOf)
  const keys = [...new Set(plan.lists.map(({ segment }) => segment))].sort()
  const where = [
    dialect.oneOf(sql.ref('segment'), keys, 'text', true),
    sql`from_at <= ${asOf}`,
    sql`coalesce(until_at > ${asOf}, true)`,
    ...among(scope),
  ]
  const lists = plan.lists.map((feature) =>
    as(
      sql`bool_or(segment = ${dialect.text(feature.segment)} and list = ${sql.lit(feature.list)})`,
      columns.of(feature),
    ),
  )
  return {
    name: 'lead_list',
    query: sql`
  select ${sql.join([sql`lead_id`, ...lists], sql`,\n    `)}
  from ${dialect.lists(scope.horizon)}
  where ${sql.join(where, sql` and `)}
  group by lead_id`,
  }
}

/** What was written, gone on with what is true now: the run at asOf itself counts. */
export function recordedFigure(feature: RecordedFeature, scope: Scope): Sql {
  const { dialect, columns } = scope
  const asOf = dialect.instant(scope.asOf)
  const part = (what: string) => sql.ref(raw(feature, what, scope))
  if (feature.kind === 'score_max') {
    const at = (from?: typeof feature.from) =>
      sql.ref(columns.of({ kind: 'score', score: feature.score, ...(from ? { at: from } : {}) }))
    const all = [part('max'), at(), ...(feature.from ? [at(feature.from)] : [])]
    return sql`greatest(${sql.join(all)})`
  }
  if (feature.kind === 'level_entered') {
    const now = isAtLevel(feature, scope)
    return sql`case when ${now} and ${part('level')} <> ${dialect.text(feature.level)} then ${asOf} else ${part('at')} end`
  }
  if (feature.kind === 'inside' && isEmpty(feature, scope.asOf)) return sql.lit(false)
  const now = sql.ref(columns.of(segmentOf(feature)))
  const was = wasIn(feature, scope)
  if (feature.kind === 'inside') {
    const begun = feature.from ? [sql`${asOf} >= ${dialect.instant(resolve(feature.from, scope.asOf))}`] : []
    const current = sql.join([now, ...begun, ...inTime(asOf, feature, scope)], sql` and `)
    return sql`(coalesce(${part('inside')}, false) or (${current}))`
  }
  if (feature.figure === 'since') {
    return sql`case when ${now} then case when ${was} then ${part('entered')} else ${asOf} end end`
  }
  const moved = feature.figure === 'entered' ? sql`${now} and not ${was}` : sql`not ${now} and ${was}`
  const current = sql.join([moved, ...inTime(asOf, feature, scope)], sql` and `)
  const before = part(isBounded(feature) ? 'bounded' : feature.figure)
  return sql`case when ${current} then ${asOf} else ${before} end`
}

/** Whether a lead was in the segment after the last run that looked. */
export function wasIn(feature: OfSegment, scope: Scope): Sql {
  const [entered, left] = ['entered', 'left'].map((what) => sql.ref(raw(feature, what, scope)))
  return sql`(${entered} is not null and coalesce(${entered} > ${left}, true))`
}

function isAtLevel({ score, level }: Extract<RecordedFeature, { kind: 'level_entered' }>, scope: Scope): Sql {
  const { dialect, columns, plan } = scope
  const points = sql.ref(columns.of({ kind: 'score', score }))
  const { levels } = scoreNamed(plan.scores, score)
  const position = levels.findIndex(({ name }) => name === level)
  const [own, next] = [levels[position], levels[position + 1]]
  if (!own) return sql.lit(false)
  // What lies below the first bound has the first level.
  const tests = [
    ...(position > 0 ? [sql`${points} >= ${dialect.number(micropoints(own.from))}`] : []),
    ...(next ? [sql`${points} < ${dialect.number(micropoints(next.from))}`] : []),
  ]
  return tests.length > 0 ? sql`(${sql.join(tests, sql` and `)})` : sql.lit(true)
}
