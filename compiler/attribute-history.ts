import { sql } from 'kysely'
import { accountsOfLeads } from './attributes.ts'
import { compare } from './compare.ts'
import type { Sql } from './dialect.ts'
import type { AttributeHistoryFeature, Comparison } from './ir.ts'
import { as, type Part, type Scope } from './scans.ts'
import { type Moment, resolve } from './time.ts'

const ever = '0001-01-01T00:00:00.000000Z'

const historyOf = ({ plan }: Scope, of: 'lead' | 'account'): AttributeHistoryFeature[] =>
  plan.attributeHistory.filter(({ attribute }) => attribute.of === of)

/** Attributes' values one after the other: when one began to hold, and when it changed. */
export function attributeHistoryScans(scope: Scope): Part[] {
  return (['lead', 'account'] as const).flatMap((of) =>
    historyOf(scope, of).length > 0 ? scansOf(of, scope) : [],
  )
}

export function attributeHistoryJoins(scope: Scope): Sql[] {
  return [
    ...(historyOf(scope, 'lead').length > 0
      ? [sql.raw('left join lead_history on lead_history.lead_id = leads.lead_id')]
      : []),
    ...(historyOf(scope, 'account').length > 0
      ? [sql.raw('left join account_history on account_history.account_id = lead_attribute.account_now')]
      : []),
  ]
}

function scansOf(of: 'lead' | 'account', scope: Scope): Part[] {
  const { dialect, columns } = scope
  const features = historyOf(scope, of)
  const names = [...new Set(features.map(({ attribute }) => attribute.name))].sort()
  const flags = features.flatMap((feature) => {
    const { attribute } = feature
    const value = dialect.attribute(attribute, columns.of(attribute))
    const flag = (is: Comparison, ending: string) => {
      const holds = compare(sql`(${value})`, is, { dialect, asOf: scope.asOf, type: attribute.type })
      return as(
        sql`case when attribute = ${dialect.text(attribute.name)} then ${holds} end`,
        `${columns.of(feature)}_${ending}`,
      )
    }
    const { from, to } = feature
    if (!from && !to) {
      const own = attribute.type === 'text' ? dialect.fold(sql`(${value})`) : sql`(${value})`
      return [
        as(
          sql`case when attribute = ${dialect.text(attribute.name)} then ${own} end`,
          `${columns.of(feature)}_value`,
        ),
      ]
    }
    return [...(to ? [flag(to, 'to')] : []), ...(from ? [flag(from, 'from')] : [])]
  })
  const before = features.flatMap((feature) => {
    const column = columns.of(feature)
    const ending = feature.from ? 'from' : feature.to ? 'to' : 'value'
    return [as(sql`lag(${sql.ref(`${column}_${ending}`)}) over earlier`, `${column}_before`)]
  })
  const where = [
    sql`subject = ${sql.lit(of)}`,
    dialect.oneOf(sql.ref('attribute'), names, 'text', true),
    dialect.known(scope.horizon),
    ...(scope.leads && of === 'lead' ? [dialect.among(sql.ref('subject_id'), scope.leads)] : []),
    ...(of === 'account' ? accountsOfLeads(scope) : []),
  ]
  return [
    {
      name: `${of}_value`,
      query: sql`
  select ${sql.join([sql`subject_id`, sql`attribute`, sql`from_at`, sql`change_id`, ...flags], sql`,\n    `)}
  from attribute_change
  where ${sql.join(where, sql`\n    and `)}`,
    },
    {
      name: `${of}_step`,
      query: sql`
  select *, ${sql.join([...before, sql`row_number() over earlier as step`], sql`,\n    `)}
  from ${sql.raw(`${of}_value`)}
  window earlier as (partition by subject_id, attribute order by from_at, change_id)`,
    },
    {
      name: `${of}_history`,
      query: sql`
  select ${sql.join(
    [
      sql`subject_id as ${sql.ref(`${of}_id`)}`,
      ...features.map((feature) => as(figureOf(feature, scope), columns.of(feature))),
    ],
    sql`,\n    `,
  )}
  from ${sql.raw(`${of}_step`)}
  where from_at <= ${dialect.instant(scope.asOf)} or step = 1
  group by subject_id`,
    },
  ]
}

function figureOf(feature: AttributeHistoryFeature, scope: Scope): Sql {
  const { dialect, columns } = scope
  const column = columns.of(feature)
  const to = sql.ref(`${column}_to`)
  const before = sql.ref(`${column}_before`)
  if (feature.figure === 'changed') {
    const at = (moment: Moment) => dialect.instant(resolve(moment, scope.asOf))
    const { to: last, until } = feature.end ?? {}
    const passed = [
      changed(feature, scope),
      sql`step > 1`,
      ...(last ? [sql`from_at <= ${at(last)}`] : []),
      ...(until ? [sql`from_at < ${at(until)}`] : []),
    ]
    return sql`max(from_at) filter (where ${sql.join(passed, sql` and `)})`
  }
  const own = sql`attribute = ${dialect.text(feature.attribute.name)}`
  const last = sql`(array_agg(${to} order by from_at desc, change_id desc) filter (where ${own}))[1]`
  // The first known value holds before it was known as well.
  const begun = sql`case when step = 1 then ${dialect.instant(ever)} else from_at end`
  return sql`case when ${last} then max(${begun}) filter (where ${to} and not coalesce(${before}, false)) end`
}

/** Whether a value, other than the one before it, is what the feature looks for. */
function changed(feature: AttributeHistoryFeature, { columns }: Scope): Sql {
  const { from, to } = feature
  const column = columns.of(feature)
  const before = sql.ref(`${column}_before`)
  if (!from && !to) return sql`${sql.ref(`${column}_value`)} is distinct from ${before}`
  if (!to) return sql`${before} and not ${sql.ref(`${column}_from`)}`
  const other = from ? before : sql`not coalesce(${before}, false)`
  return sql`${sql.ref(`${column}_to`)} and ${other}`
}
