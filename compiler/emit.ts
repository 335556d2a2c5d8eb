import { type RawBuilder, sql } from 'kysely'
import { attributeHistoryJoins, attributeHistoryScans } from './attribute-history.ts'
import { accountColumns, attributeJoins, attributeScans } from './attributes.ts'
import { breakdownColumns, breakdownJoin, breakdownScans } from './breakdown.ts'
import { Columns, countBeside } from './columns.ts'
import { type ComparedType, compare, compareMean } from './compare.ts'
import type { Dialect, Sql } from './dialect.ts'
import type { EventFeature, Feature, Predicate, Test } from './ir.ts'
import { bitsPerWord, type DerivedFeature, type QueryPlan, referenceOf } from './plan.ts'
import { dailyScans, hasDaily, pointColumns, pointFigures, scoreLevels } from './points.ts'
import { recordedColumns, recordedFigure, recordedJoins, recordedScans } from './recorded.ts'
import { as, detailScan, eventScan, type Part, type Scope, treeOf } from './scans.ts'
import { sequenceScan } from './sequences.ts'
import { type Statement, toStatement } from './statement.ts'
import type { Instant, Moment } from './time.ts'

export type Seen = {
  readonly asOf: Instant
  /** Rows of transactions below it are known. Engines whose rows were cut at the horizon ignore it. */
  readonly horizon: string
  /**
   * Internal ids: no others are looked at. Where the plan reads accounts, the other leads of their accounts belong
   * among them. Default: all.
   */
  readonly leads?: readonly string[]
  /** Whether each feature's value is returned as well, as text in a column of its own; see `Columns`. */
  readonly values?: boolean
  /** Whether what each rule of the scores comes to is returned as well; see `breakdownColumns`. */
  readonly breakdown?: boolean
}

/**
 * Query plan × dialect × asOf → one statement with one row per lead that exists at asOf:
 * `lead_id`, the set of segments that hold as words `w0`, `w1`, … of 62 bits in the plan's order, and the
 * micro-points of each score as `s0`, `s1`, ….
 */
export function emit(plan: QueryPlan, dialect: Dialect, seen: Seen): Statement {
  const { asOf, horizon, leads } = seen
  const scope: Scope = { plan, dialect, asOf, horizon, leads, columns: new Columns(plan) }
  return toStatement(statement(scope, seen))
}

function statement(scope: Scope, { values = false, breakdown = false }: Seen): RawBuilder<unknown> {
  const { plan } = scope
  const detail = detailScan(scope)
  const scored = scoreLevels('feature', scope, (predicate) => holds(predicate, scope))
  const base = scored.at(-1)?.name ?? 'feature'
  const level = (index: number) => (index === 0 ? base : `level_${index}`)
  const levels = plan.derived.map((features, index) =>
    derivedLevel(features, level(index), level(index + 1), scope),
  )
  const parts: Part[] = [
    eventScan(scope, pointFigures(scope)),
    ...dailyScans(scope),
    ...(breakdown ? breakdownScans(scope) : []),
    ...(detail ? [detail] : []),
    ...sequenceScan(scope),
    ...attributeScans(scope),
    ...attributeHistoryScans(scope),
    ...recordedScans(scope),
    featureRows(scope, detail !== undefined),
    ...scored,
    ...levels,
  ]
  const named = parts.map(({ name, query }) => sql`${sql.raw(name)} as (${query})`)
  const columns = [
    sql.ref('lead_id'),
    ...words(scope),
    ...plan.scores.map((_, index) => sql.ref(`s${index}`)),
  ]
  if (values) columns.push(...valueColumns(scope))
  if (breakdown) columns.push(...breakdownColumns(scope, (predicate) => holds(predicate, scope)))
  const top = level(levels.length)
  const join = breakdown ? breakdownJoin(scope, top) : sql``
  return sql`with ${sql.join(named, sql`,\n`)}\nselect ${sql.join(columns, sql`,\n  `)}\nfrom ${sql.raw(top)}${join}`
}

function words(scope: Scope): Sql[] {
  const { segments } = scope.plan
  return Array.from({ length: Math.max(1, Math.ceil(segments.length / bitsPerWord)) }, (_, word) => {
    const bits = segments
      .slice(word * bitsPerWord, (word + 1) * bitsPerWord)
      .map(
        ({ predicate }, bit) =>
          sql`case when ${holds(predicate, scope)} then ${sql.lit(2n ** BigInt(bit))} else 0 end`,
      )
    const sum = bits.length > 0 ? sql.join(bits, sql`\n      + `) : sql`0`
    return sql`cast(${sum} as bigint) as ${sql.ref(`w${word}`)}`
  })
}

/** Every feature, as text: for those who ask why. */
function valueColumns({ plan, columns }: Scope): Sql[] {
  const features = [
    ...plan.events,
    ...plan.sequences,
    ...plan.attributes,
    ...plan.buckets,
    ...plan.lists,
    ...plan.attributeHistory,
    ...plan.derived.flat(),
  ]
  const names = ['first_seen', ...features.map((feature) => columns.of(feature))]
  const means = plan.events.filter(isMean).map((feature) => countBeside(columns.of(feature)))
  const points = plan.points.map((feature) => columns.of(feature))
  return [...names, ...means, ...points].map((name) =>
    as(sql`cast(${sql.ref(name)} as text)`, `value_${name}`),
  )
}

/** One row per lead that exists, with all its features but those that hang on other leads or segments. */
function featureRows(scope: Scope, withDetail: boolean): Part {
  const { dialect, plan, columns, leads } = scope
  const asOf = dialect.instant(scope.asOf)
  const selected: Sql[] = [
    sql`leads.lead_id`,
    sql`least(leads.first_seen_at, event_feature.first_event) as first_seen`,
    ...accountColumns(scope),
    ...plan.events.flatMap((feature) => eventColumns(feature, columns)),
    ...plan.sequences.map((feature) => orElse(columns.of(feature), sql.lit(false))),
    ...plan.attributes.map((feature) => plainOrSize(columns.of(feature), feature.type)),
    ...plan.attributeHistory.map((feature) => sql.ref(columns.of(feature))),
    ...recordedColumns(scope),
    ...plan.buckets.map((feature) => {
      const text = sql`concat(${dialect.text(feature.by)}, ':', external_id)`
      return as(sql`${dialect.hash(text)} % ${sql.lit(feature.of)}`, columns.of(feature))
    }),
    ...pointColumns(scope),
  ]
  const scans = [
    'event_feature',
    ...(withDetail ? ['event_detail'] : []),
    ...(hasDaily(scope) ? ['rule_feature'] : []),
    ...(plan.sequences.length > 0 ? ['sequence_feature'] : []),
    ...recordedJoins(scope),
  ]
  const joins = [
    ...scans.map((scan) => sql.raw(`left join ${scan} on ${scan}.lead_id = leads.lead_id`)),
    ...attributeJoins(scope),
    ...attributeHistoryJoins(scope),
  ]
  const exist = [
    dialect.known(scope.horizon),
    sql`least(leads.first_seen_at, event_feature.first_event) <= ${asOf}`,
    ...(leads ? [dialect.among(sql.ref('leads.lead_id'), leads)] : []),
  ]
  return {
    name: 'feature',
    query: sql`
  select ${sql.join(selected, sql`,\n    `)}
  from leads
  ${sql.join(joins, sql`\n  `)}
  where ${sql.join(exist, sql`\n    and `)}`,
  }
}

function eventColumns(feature: EventFeature, columns: Columns): Sql[] {
  const column = columns.of(feature)
  const { figure } = feature
  switch (figure.kind) {
    case 'count':
    case 'distinct':
    case 'days':
    case 'periods':
      return [orElse(column, sql.lit(0))]
    case 'mean':
      return [sql.ref(column), sql.ref(countBeside(column))]
    case 'value of first':
    case 'value of last':
      return [plainOrSize(column, figure.property.type)]
    default:
      return [sql.ref(column)]
  }
}

const orElse = (column: string, other: Sql): Sql => as(sql`coalesce(${sql.ref(column)}, ${other})`, column)

/** What is missing has size 0. */
const plainOrSize = (column: string, type: ComparedType): Sql =>
  type === 'size' ? orElse(column, sql.lit(0)) : sql.ref(column)

function derivedLevel(features: readonly DerivedFeature[], below: string, name: string, scope: Scope): Part {
  const columns = features.map((feature) => as(derived(feature, scope), scope.columns.of(feature)))
  return {
    name,
    query: sql`
  select ${sql.join([sql.raw(`${below}.*`), ...columns], sql`,\n    `)}
  from ${sql.raw(below)}`,
  }
}

function derived(feature: DerivedFeature, scope: Scope): Sql {
  if (feature.kind === 'segment') return holds(referenceOf(scope.plan.references, feature.key), scope)
  if (feature.kind === 'leads_of_account') {
    return ofAccount(sql`count(*) filter (where ${holds(feature.that, scope)})`, sql.lit(0))
  }
  if (feature.kind !== 'events') return recordedFigure(feature, scope)
  const column = sql.ref(scope.columns.of({ ...feature, of: 'lead' }))
  switch (feature.figure.kind) {
    case 'count':
      return ofAccount(sql`sum(${column})`, sql.lit(0))
    case 'sum':
      return ofAccount(sql`sum(${column})`)
    case 'first':
    case 'min':
      return ofAccount(sql`min(${column})`)
    case 'last':
    case 'max':
      return ofAccount(sql`max(${column})`)
    default:
      throw new Error(`an account has no ${feature.figure.kind}`)
  }
}

/** A figure over all leads of a lead's account; leads without an account are no account. */
const ofAccount = (figure: Sql, none: Sql = sql.lit(null)): Sql =>
  sql`case when account_now is null then ${none} else ${figure} over (partition by account_now) end`

/** A predicate over the columns of the level at hand. */
function holds(predicate: Predicate, scope: Scope): Sql {
  return treeOf(predicate, (test) => featureTest(test, scope))
}

function featureTest({ subject, is }: Test<Feature>, { columns, dialect, asOf }: Scope): Sql {
  if (subject.kind === 'score_change') {
    const at = (moment?: Moment) =>
      sql.ref(columns.of({ kind: 'score', score: subject.score, ...(moment ? { at: moment } : {}) }))
    return compare(sql`(${at()} - ${at(subject.since)})`, is, { dialect, asOf, type: 'micropoints' })
  }
  const column = columns.of(subject)
  const side = { dialect, asOf, type: typeOf(subject) }
  return subject.kind === 'events' && isMean(subject)
    ? compareMean(sql.ref(column), sql.ref(countBeside(column)), is, side)
    : compare(sql.ref(column), is, side)
}

const isMean = ({ figure }: EventFeature): boolean => figure.kind === 'mean'

function typeOf(feature: Feature): ComparedType {
  switch (feature.kind) {
    case 'attribute':
      return feature.type
    case 'score':
    case 'score_change':
    case 'score_max':
      return 'micropoints'
    case 'first_seen':
    case 'attribute_history':
    case 'recorded':
    case 'level_entered':
      return 'moment'
    case 'listed':
    case 'inside':
    case 'sequence':
    case 'segment':
      return 'boolean'
    case 'bucket':
    case 'leads_of_account':
      return 'number'
    case 'events':
      return figureType(feature)
  }
}

function figureType({ figure }: EventFeature): ComparedType {
  switch (figure.kind) {
    case 'first':
    case 'last':
      return 'moment'
    case 'min':
    case 'max':
    case 'value of first':
    case 'value of last':
      return figure.property.type
    default:
      return 'number'
  }
}
