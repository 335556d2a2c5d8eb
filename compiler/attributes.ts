import { sql } from 'kysely'
import type { Sql } from './dialect.ts'
import { readsAccounts } from './plan.ts'
import { as, type Part, type Scope } from './scans.ts'

/** Which value each attribute had at asOf: the latest that had begun to hold, or before the first known one, that. */
export function attributeScans(scope: Scope): Part[] {
  const { dialect, plan } = scope
  const asOf = dialect.instant(scope.asOf)
  const ofAccounts = plan.attributes.some((feature) => feature.of === 'account')
  const links = readsAccounts(plan)
  if (plan.attributes.length === 0 && !links) return []
  const names = (of: 'lead' | 'account') =>
    plan.attributes.filter((feature) => feature.of === of).map(({ name }) => name)
  const leadNames = [...new Set([...names('lead'), ...(links ? ['@account'] : [])])].sort()
  const ofLeads = [
    sql`subject = 'lead'`,
    dialect.oneOf(sql.ref('attribute'), leadNames, 'text', true),
    ...(scope.leads ? [dialect.among(sql.ref('subject_id'), scope.leads)] : []),
  ]
  const wanted: Sql[] = [sql.join(ofLeads, sql` and `)]
  if (ofAccounts) {
    const accountNames = [...new Set(names('account'))].sort()
    wanted.push(
      sql`subject = 'account' and ${dialect.oneOf(sql.ref('attribute'), accountNames, 'text', true)}`,
    )
  }
  const query = sql`
  select distinct on (subject, subject_id, attribute) *
  from attribute_change
  where (${sql.join(wanted, sql` or `)})
    and ${dialect.known(scope.horizon)}
  order by subject, subject_id, attribute,
    case when from_at <= ${asOf} then from_at end desc nulls last,
    case when from_at <= ${asOf} then change_id end desc nulls last,
    from_at, change_id`
  return [
    { name: 'attribute_now', query },
    pivot('lead', scope),
    ...(ofAccounts ? [pivot('account', scope)] : []),
  ]
}

/** There is one row per attribute, so any value of it is the value. */
function pivot(of: 'lead' | 'account', scope: Scope): Part {
  const { dialect, plan, columns } = scope
  const values: Sql[] = plan.attributes
    .filter((feature) => feature.of === of)
    .map((feature) => {
      const column = columns.of(feature)
      const value = dialect.attribute(feature, column)
      return as(sql`any_value(case when attribute = ${dialect.text(feature.name)} then ${value} end)`, column)
    })
  if (of === 'lead' && readsAccounts(plan)) {
    values.push(
      sql`any_value(case when attribute = '@account' then ${dialect.accountLink()} end) as account_id`,
    )
  }
  const id = sql.ref(`${of}_id`)
  return {
    name: `${of}_attribute`,
    query: sql`
  select ${sql.join([sql`subject_id as ${id}`, ...values], sql`,\n    `)}
  from attribute_now
  where subject = ${sql.lit(of)}
  group by subject_id`,
  }
}
