import { sql } from 'kysely'
import { accountFigures } from './accounts.ts'
import { accountColumn } from './attributes.ts'
import type { Sql } from './dialect.ts'
import type { EventRule, FitRule, Predicate, Score, ScoreFeature } from './ir.ts'
import { asOfMoment, scoreNamed } from './plan.ts'
import { as, type Part, passes, type Scope, typesOf, visible } from './scans.ts'
import { type Instant, resolve } from './time.ts'

/** A rule at a moment: what its column is called, and as of when it counts. */
export type Ruled = { readonly rule: EventRule; readonly column: string; readonly feature: ScoreFeature }

const rulesOf = (feature: ScoreFeature, scope: Scope): Ruled[] =>
  scoreOf(feature, scope).rules.flatMap((rule, position) =>
    rule.kind === 'events' ? [{ rule, column: `r${scope.columns.of(feature)}_${position}`, feature }] : [],
  )

const scoreOf = ({ score }: ScoreFeature, { plan }: Scope): Score => scoreNamed(plan.scores, score)

const instantOf = ({ at }: ScoreFeature, { asOf }: Scope): Instant => (at ? resolve(at, asOf) : asOf)

/** So many points for each event of a type, whenever and however often: one sum does for all such rules of a score. */
const isPlain = ({ rule: { events, fade, capPerDay, capPerLead }, feature }: Ruled): boolean =>
  feature.at === undefined &&
  !fade &&
  !capPerDay &&
  !capPerLead &&
  !events.from &&
  !events.to &&
  !events.until &&
  'only' in events.types &&
  events.types.only.length === 1 &&
  events.where.kind === 'all' &&
  events.where.of.length === 0

/** Where it matters on which day an event was. */
const isDaily = ({ rule }: Ruled): boolean => rule.fade !== undefined || rule.capPerDay !== undefined

const ownPoints = (scope: Scope): Ruled[] => scope.plan.points.flatMap((feature) => rulesOf(feature, scope))

/** What the pass over all events finds for scores: plain sums `ps0`, counts `rs0_1`. */
export function pointFigures(scope: Scope): Sql[] {
  const { dialect, plan, columns } = scope
  const sums = plan.points.flatMap((feature) => {
    const plain = rulesOf(feature, scope).filter(isPlain)
    if (plain.length === 0) return []
    const cases = plain.map(
      ({ rule }) =>
        sql`when ${dialect.text('only' in rule.events.types ? rule.events.types.only[0]! : '')} then cast(${rule.micropoints} as bigint)`,
    )
    const sum = dialect.total(sql`case type
      ${sql.join(cases, sql`\n      `)}
      else 0 end`)
    return [as(sum, `p${columns.of(feature)}`)]
  })
  const counts = ownPoints(scope)
    .filter((each) => !isPlain(each) && !isDaily(each))
    .map((each) => as(sql`count(*) filter (where ${countsFor(each, scope)})`, each.column))
  return [...sums, ...counts]
}

export const countsFor = ({ rule, feature }: Ruled, scope: Scope): Sql => {
  const passing = passes(rule.events, scope)
  return feature.at
    ? sql`${passing} and occurred_at <= ${scope.dialect.instant(instantOf(feature, scope))}`
    : passing
}

/** Rules by which a day is worth something: first how often on each day, then what each day is worth by its age. */
export function dailyScans(scope: Scope): Part[] {
  const daily = ownPoints(scope).filter(isDaily)
  if (daily.length === 0) return []
  const { dialect } = scope
  const counts = daily.map((each) => as(sql`count(*) filter (where ${countsFor(each, scope)})`, each.column))
  const types = typesOf(
    daily.map(({ rule }) => rule.events.types),
    scope,
  )
  // On most days a rule counts nothing, and nothing is looked up then.
  const sums = daily.map((each) => {
    const counted = sql`case when ${sql.ref(each.column)} <> 0 then ${worth(each, scope)} end`
    return as(dialect.total(counted), each.column)
  })
  return [
    {
      name: 'rule_day',
      query: sql`
  select ${sql.join([sql`lead_id`, as(dialect.utcDay(sql`occurred_at`), 'day'), ...counts], sql`,\n    `)}
  from events
  where ${sql.join(visible(scope, types), sql`\n    and `)}
  group by 1, 2`,
    },
    {
      name: 'rule_feature',
      query: sql`
  select ${sql.join([sql`lead_id`, ...sums], sql`,\n    `)}
  from rule_day
  group by lead_id`,
    },
  ]
}

/** What a day's events are worth at the moment of the score. */
export function worth({ rule, column, feature }: Ruled, scope: Scope): Sql {
  const { dialect } = scope
  const count = sql.ref(column)
  const { micropoints, capPerDay, fade } = rule
  const age = sql`(${dialect.utcDay(dialect.instant(instantOf(feature, scope)))} - day)`
  const each = fade ? sql`coalesce(${dialect.entry(fade.each, age)}, 0)` : dialect.whole(micropoints)
  if (!capPerDay) return sql`${count} * ${each}`
  const capped = fade
    ? sql`coalesce(${dialect.entry(fade.capped, age)}, 0)`
    : dialect.whole(signed(capPerDay, rule))
  // Without parts of an event: the comparison is between whole numbers.
  const size = dialect.whole(micropoints.replace('-', ''))
  return sql`case when ${count} * ${size} > ${dialect.whole(capPerDay)} then ${capped} else ${count} * ${each} end`
}

const signed = (cap: string, { micropoints }: EventRule): string =>
  micropoints.startsWith('-') ? `-${cap}` : cap

/** The scores themselves, over the rows of all features; those of accounts come after those of leads. */
export function scoreLevels(from: string, scope: Scope, holds: (predicate: Predicate) => Sql): Part[] {
  const { plan, columns } = scope
  const own = plan.points.filter((feature) => !scoreOf(feature, scope).ofLeads)
  const accounts = plan.points.filter((feature) => scoreOf(feature, scope).ofLeads)
  const level = (
    name: string,
    below: string,
    features: readonly ScoreFeature[],
    value: (f: ScoreFeature) => Sql,
  ) => ({
    name,
    query: sql`
  select ${sql.join([sql.raw(`${below}.*`), ...features.map((each) => as(value(each), columns.of(each)))], sql`,\n    `)}
  from ${sql.raw(below)}`,
  })
  const levels: Part[] = []
  if (own.length > 0) levels.push(level('scored', from, own, (feature) => ownScore(feature, scope, holds)))
  if (accounts.length > 0) levels.push(...accountLevel(own.length > 0 ? 'scored' : from, accounts, scope))
  return levels
}

/** Scores of accounts: at each moment that is asked for, over the leads that were in the account then. */
function accountLevel(below: string, features: readonly ScoreFeature[], scope: Scope): Part[] {
  const { plan, columns } = scope
  const accounts = [...new Set(features.map(({ at }) => accountColumn(plan, at)))]
  const found = accounts.flatMap((account, index) => {
    const figures = features
      .filter(({ at }) => accountColumn(plan, at) === account)
      .map((feature) => as(accountScore(feature, scope), columns.of(feature)))
    return accountFigures({ from: below, account, name: `account_score_${index}`, figures })
  })
  const selected = features.map((feature) => {
    const column = columns.of(feature)
    return as(sql`coalesce(${sql.ref(column)}, 0)`, column)
  })
  const joins = found.map(({ join }) => join)
  return [
    ...found.map(({ part }) => part),
    {
      name: 'account_scored',
      query: sql`
  select ${sql.join([sql.raw(`${below}.*`), ...selected], sql`,\n    `)}
  from ${sql.join([sql.raw(below), ...joins], sql`\n  `)}`,
    },
  ]
}

function ownScore(feature: ScoreFeature, scope: Scope, holds: (predicate: Predicate) => Sql): Sql {
  const { dialect, columns } = scope
  const ruled = rulesOf(feature, scope)
  const terms: Sql[] = []
  if (ruled.some(isPlain)) terms.push(sql`coalesce(${sql.ref(`p${columns.of(feature)}`)}, 0)`)
  for (const each of ruled.filter((one) => !isPlain(one))) {
    const found = sql`coalesce(${sql.ref(each.column)}, 0)`
    const sum = isDaily(each) ? found : sql`${found} * ${dialect.whole(each.rule.micropoints)}`
    terms.push(limited(sum, each.rule, scope))
  }
  for (const rule of scoreOf(feature, scope).rules) {
    if (rule.kind !== 'fit') continue
    terms.push(fitPoints(rule, holds(asOfMoment(rule.that, feature.at)), scope))
  }
  const sum = terms.length > 0 ? sql`${sql.join(terms, sql`\n      + `)}` : dialect.whole('0')
  return feature.at ? sql`case when ${existed(feature, scope)} then ${sum} else 0 end` : sql`${sum}`
}

/** No more (below 0: no less) than the cap of all days together. */
export function limited(sum: Sql, rule: EventRule, { dialect }: Scope): Sql {
  const { micropoints, capPerLead } = rule
  if (!capPerLead) return sum
  const limit = sql.raw(micropoints.startsWith('-') ? 'greatest' : 'least')
  return sql`${limit}(${sum}, ${dialect.whole(signed(capPerLead, rule))})`
}

export const fitPoints = ({ micropoints }: FitRule, holds: Sql, { dialect }: Scope): Sql =>
  sql`case when ${holds} then ${dialect.whole(micropoints)} else 0 end`

/** Before a lead was there it had no points. */
const existed = (feature: ScoreFeature, scope: Scope): Sql =>
  sql`first_seen <= ${scope.dialect.instant(instantOf(feature, scope))}`

function accountScore(feature: ScoreFeature, scope: Scope): Sql {
  const { by, score } = scoreOf(feature, scope).ofLeads!
  const base = sql.ref(scope.columns.of({ ...feature, score }))
  const there = feature.at ? sql` filter (where ${existed(feature, scope)})` : sql``
  if (by === 'max') return sql`max(${base})${there}`
  if (by === 'sum') return sql`sum(${base})${there}`
  return scope.dialect.quotient(sql`sum(${base})${there}`, sql`count(*)${there}`)
}

/** The columns that the rows of all features bring along for the scores. */
export const pointColumns = (scope: Scope): Sql[] => [
  ...scope.plan.points.flatMap((feature) =>
    rulesOf(feature, scope).some(isPlain) ? [sql.ref(`p${scope.columns.of(feature)}`)] : [],
  ),
  ...ownPoints(scope)
    .filter((each) => !isPlain(each))
    .map(({ column }) => sql.ref(column)),
]

export const hasDaily = (scope: Scope): boolean => ownPoints(scope).some(isDaily)
