import { type RawBuilder, sql } from 'kysely'
import { accountFigures, countsLeads, isOfAccount, type OfAccount } from './accounts.ts'
import { agendaOf } from './agenda.ts'
import { attributeHistoryJoins, attributeHistoryScans } from './attribute-history.ts'
import { accountColumns, attributeJoins, attributeScans } from './attributes.ts'
import { breakdownColumns, breakdownJoin, breakdownScans } from './breakdown.ts'
import { Columns, countBeside } from './columns.ts'
import { type ComparedType, compare, compareMean } from './compare.ts'
import type { Among, Dialect, Sql } from './dialect.ts'
import {
  changeDueJoins,
  changeDueScans,
  comparedDue,
  type DueScope,
  earliest,
  eventDue,
  scannedDue,
  wantsDue,
} from './due.ts'
import { recordedDue } from './due-recorded.ts'
import { typeOf } from './feature-type.ts'
import type { EventFeature, Feature, Predicate, Test } from './ir.ts'
import { bitsPerWord, type DerivedFeature, type QueryPlan, referenceOf } from './plan.ts'
import { dailyScans, hasDaily, pointColumns, pointFigures, scoreLevels } from './points.ts'
import { recordedColumns, recordedFigure, recordedJoins, recordedScans } from './recorded.ts'
import { as, detailScan, eventScan, gathered, type Part, type Scope, treeOf } from './scans.ts'
import { pathColumn, sequenceScan } from './sequences.ts'
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
  readonly leads?: Among
  /** The plan that the relations were made for, where it reads more than this one: they bear its names. */
  readonly relations?: QueryPlan
  /**
   * Whether it is returned as well, as `due_at`, when the lead may turn by time alone: the next instant after asOf up
   * to the next midnight in UTC at which it may come into a segment or leave it, or get other points, if nothing is
   * known that is dated after asOf and nothing new arrives, for it or for those with whom it ever shared an account.
   * Points that grow less at that midnight are left out. It may come too early, and it never comes too late.
   */
  readonly due?: boolean
  /** Whether each feature's value is returned as well, as text in a column of its own; see `Columns`, `pathColumn`. */
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
  const { asOf, horizon, leads, relations = plan, due, values } = seen
  const agenda = due ? agendaOf(plan, asOf) : undefined
  const columns = new Columns(relations)
  const scope: Scope = { plan, dialect, asOf, horizon, leads, columns, agenda, values }
  return toStatement(statement(scope, seen))
}

function statement(scope: Scope, { breakdown = false }: Seen): RawBuilder<unknown> {
  const { plan } = scope
  const detail = detailScan(scope)
  const scored = scoreLevels('feature', scope, (predicate) => holds(predicate, scope))
  const base = scored.at(-1)?.name ?? 'feature'
  const level = (index: number) => (index === 0 ? base : `level_${index}`)
  const levels = plan.derived.flatMap((features, index) =>
    derivedLevel(features, level(index), level(index + 1), scope),
  )
  const parts: Part[] = [
    ...gathered(scope),
    eventScan(scope, [...pointFigures(scope), ...eventDue(scope)]),
    ...dailyScans(scope),
    ...(breakdown ? breakdownScans(scope) : []),
    ...(detail ? [detail] : []),
    ...sequenceScan(scope),
    ...attributeScans(scope),
    ...attributeHistoryScans(scope),
    ...recordedScans(scope),
    ...changeDueScans(scope),
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
  if (wantsDue(scope)) columns.push(dueColumn(scope))
  if (scope.values) columns.push(...valueColumns(scope))
  if (breakdown) columns.push(...breakdownColumns(scope, (predicate) => holds(predicate, scope)))
  const top = level(plan.derived.length)
  const join = breakdown ? breakdownJoin(scope, top) : sql``
  return sql`with ${sql.join(named, sql`,\n`)}\nselect ${sql.join(columns, sql`,\n  `)}\nfrom ${sql.raw(top)}${join}`
}

/** The earliest of all instants at which something of the lead may turn. */
const dueColumn = (scope: DueScope): Sql =>
  as(earliest([sql.ref('scanned_due'), ...comparedDue(scope, typeOf), ...recordedDue(scope)]), 'due_at')

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
function valueColumns(scope: Scope): Sql[] {
  const { plan, columns } = scope
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
  const paths = plan.sequences.map((feature) => pathColumn(feature, scope))
  return [...names, ...means, ...points, ...paths].map((name) =>
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
    ...(scope.values ? plan.sequences.map((feature) => sql.ref(pathColumn(feature, scope))) : []),
    ...plan.attributes.map((feature) => plainOrSize(columns.of(feature), feature.type)),
    ...plan.attributeHistory.map((feature) => sql.ref(columns.of(feature))),
    ...recordedColumns(scope),
    ...plan.buckets.map((feature) => {
      const text = sql`concat(${dialect.text(feature.by)}, ':', external_id)`
      return as(sql`${dialect.hash(text)} % ${sql.lit(feature.of)}`, columns.of(feature))
    }),
    ...pointColumns(scope),
    ...scannedDue(scope),
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
    ...changeDueJoins(scope),
  ]
  const exist = [
    dialect.known(scope.horizon),
    sql`least(leads.first_seen_at, event_feature.first_event) <= ${asOf}`,
  ]
  // Before the joins: of so many, Postgres would take the restriction last.
  const from = leads
    ? sql`(select * from leads where ${dialect.among(sql.ref('leads.lead_id'), leads)}) as leads`
    : sql`leads`
  return {
    name: 'feature',
    query: sql`
  select ${sql.join(selected, sql`,\n    `)}
  from ${from}
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

function derivedLevel(
  features: readonly DerivedFeature[],
  below: string,
  name: string,
  scope: Scope,
): Part[] {
  const { columns } = scope
  const ofAccounts = features.filter(isOfAccount)
  const own = features.filter((feature) => !isOfAccount(feature))
  const accounts = accountFigures({
    from: below,
    name: `${name}_account`,
    account: 'account_now',
    figures: ofAccounts.map((feature) => as(accountFigure(feature, scope), columns.of(feature))),
  })
  const selected = [
    sql.raw(`${below}.*`),
    ...own.map((feature) => as(derived(feature, scope), columns.of(feature))),
    ...ofAccounts.map((feature) =>
      countsLeads(feature) ? orElse(columns.of(feature), sql.lit(0)) : sql.ref(columns.of(feature)),
    ),
  ]
  const joins = accounts.map(({ join }) => join)
  return [
    ...accounts.map(({ part }) => part),
    {
      name,
      query: sql`
  select ${sql.join(selected, sql`,\n    `)}
  from ${sql.join([sql.raw(below), ...joins], sql`\n  `)}`,
    },
  ]
}

function derived(feature: DerivedFeature, scope: Scope): Sql {
  if (feature.kind === 'segment') return holds(referenceOf(scope.plan.references, feature.key), scope)
  if (isOfAccount(feature)) throw new Error('a figure of an account is found apart')
  return recordedFigure(feature, scope)
}

/** Over all leads of an account. */
function accountFigure(feature: OfAccount, scope: Scope): Sql {
  if (feature.kind === 'leads_of_account') return sql`count(*) filter (where ${holds(feature.that, scope)})`
  const column = sql.ref(scope.columns.of({ ...feature, of: 'lead' }))
  switch (feature.figure.kind) {
    case 'count':
    case 'sum':
      return sql`sum(${column})`
    case 'first':
    case 'min':
      return sql`min(${column})`
    case 'last':
    case 'max':
      return sql`max(${column})`
    default:
      throw new Error(`an account has no ${feature.figure.kind}`)
  }
}

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
