import { sql } from 'kysely'
import type { Sql } from './dialect.ts'
import type { EventRule, Predicate, ScoreFeature } from './ir.ts'
import { countsFor, fitPoints, limited, type Ruled, worth } from './points.ts'
import { as, type Part, type Scope, typesOf, visible } from './scans.ts'

/**
 * What each rule of the plan's scores comes to, in columns of their own: `score_0_rule_1_events`, `…_before` (as if
 * all were new and nothing capped), `…_points`, and `…_days`, the days that counted (see `readDays`); of an account's
 * score `score_2_account`, the account at asOf: it sums up the leads that have the same. It goes by the same arithmetic
 * as the scores: the points of a score's rules are its points, and those of a rule's days are the rule's, but for what
 * its cap per lead takes away.
 */
export function breakdownColumns(scope: Scope, holds: (predicate: Predicate) => Sql): Sql[] {
  return scope.plan.scores.flatMap(({ rules, ofLeads }, index) => {
    if (ofLeads) return [text(sql.ref('account_now'), `score_${index}_account`)]
    return rules.flatMap((rule, position) => {
      const name = `score_${index}_rule_${position}`
      if (rule.kind === 'fit') return [text(fitPoints(rule, holds(rule.that), scope), `${name}_points`)]
      const column = columnOf(index, position)
      const events = sql`coalesce(${sql.ref(`${column}_events`)}, 0)`
      const points = sql`coalesce(${sql.ref(column)}, 0)`
      return [
        text(events, `${name}_events`),
        text(sql`${events} * ${scope.dialect.whole(rule.micropoints)}`, `${name}_before`),
        text(limited(points, rule, scope), `${name}_points`),
        text(sql`coalesce(${sql.ref(`${column}_days`)}, '')`, `${name}_days`),
      ]
    })
  })
}

/** One UTC day on which events of a rule counted: micro-points as if new and without a cap, capped, and by its age. */
export type RuleDay = {
  readonly age: number
  readonly events: number
  readonly before: bigint
  readonly capped: bigint
  readonly points: bigint
}

/** From the text of a column `…_days`: the latest first. */
export const readDays = (days: string): RuleDay[] =>
  days === ''
    ? []
    : days.split(',').map((day) => {
        const [age = 0n, events = 0n, before = 0n, capped = 0n, points = 0n] = day.split(' ').map(BigInt)
        return { age: Number(age), events: Number(events), before, capped, points }
      })

/** Every rule by its days, also those that a score counts in a simpler way. */
export function breakdownScans(scope: Scope): Part[] {
  const { dialect, asOf } = scope
  const ruled = ruledNow(scope)
  if (ruled.length === 0) return []
  const counts = ruled.map((each) => as(sql`count(*) filter (where ${countsFor(each, scope)})`, each.column))
  const age = sql`(${dialect.utcDay(dialect.instant(asOf))} - day)`
  const sums = ruled.flatMap((each) => {
    const count = sql.ref(each.column)
    const before = sql`${count} * ${dialect.whole(each.rule.micropoints)}`
    const capped = worth({ ...each, rule: unfaded(each.rule) }, scope)
    const figures = [age, count, before, capped, worth(each, scope)].map(
      (figure) => sql`cast(${figure} as text)`,
    )
    const days = sql`string_agg(concat_ws(' ', ${sql.join(figures)}), ',' order by day desc) filter (where ${count} > 0)`
    return [
      as(sql`sum(${count})`, `${each.column}_events`),
      as(dialect.total(worth(each, scope)), each.column),
      as(days, `${each.column}_days`),
    ]
  })
  const types = typesOf(
    ruled.map(({ rule }) => rule.events.types),
    scope,
  )
  return [
    {
      name: 'every_rule_day',
      query: sql`
  select ${sql.join([sql`lead_id`, as(dialect.utcDay(sql`occurred_at`), 'day'), ...counts], sql`,\n    `)}
  from events
  where ${sql.join(visible(scope, types), sql`\n    and `)}
  group by 1, 2`,
    },
    {
      name: 'every_rule',
      query: sql`
  select ${sql.join([sql`lead_id as of_lead`, ...sums], sql`,\n    `)}
  from every_rule_day
  group by lead_id`,
    },
  ]
}

const unfaded = ({ fade: _, ...rule }: EventRule): EventRule => rule

export const breakdownJoin = (scope: Scope, base: string): Sql =>
  ruledNow(scope).length > 0 ? sql.raw(`\nleft join every_rule on of_lead = ${base}.lead_id`) : sql``

/** The rules of the plan's own scores, each under a column of the breakdown. */
const ruledNow = (scope: Scope): Ruled[] =>
  scope.plan.scores.flatMap(({ name, rules }, index) => {
    const feature: ScoreFeature = { kind: 'score', score: name }
    return rules.flatMap((rule, position) =>
      rule.kind === 'events' ? [{ rule, feature, column: columnOf(index, position) }] : [],
    )
  })

const columnOf = (score: number, rule: number): string => `x${score}_${rule}`

const text = (value: Sql, name: string): Sql => as(sql`cast(${value} as text)`, name)
