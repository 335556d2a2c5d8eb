import { sql } from 'kysely'
import type { Sql } from './dialect.ts'
import type { AttributeFeature } from './ir.ts'
import { canonical } from './ir.ts'
import type { QueryPlan } from './plan.ts'
import { readsAccounts } from './reads.ts'
import { as, type Part, type Scope } from './scans.ts'
import { type Moment, resolve } from './time.ts'

/** A moment at which attributes are read, and what the names of its parts end with: nothing for asOf. */
type At = { readonly moment: Moment | undefined; readonly ending: string }

/** asOf first; after it the earlier moments that some feature or score reads attributes at. */
export function attributeMoments(plan: QueryPlan): At[] {
  const moments = new Map<string, Moment>()
  for (const { at } of [...plan.attributes, ...plan.points]) if (at) moments.set(canonical(at), at)
  const earlier = [...moments].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, moment]) => moment)
  return [
    { moment: undefined, ending: '' },
    ...earlier.map((moment, index) => ({ moment, ending: `_${index + 1}` })),
  ]
}

/** What the names end with of the columns with each lead's account, at every moment that is read. */
export const accountEndings = (plan: QueryPlan): string[] =>
  readsAccounts(plan) ? attributeMoments(plan).map(({ ending }) => ending) : []

/** Where only some leads are looked at, only the accounts that they ever had are. */
export function accountsOfLeads({ dialect, leads }: Scope): Sql[] {
  if (!leads) return []
  return [
    sql`subject_id in (select ${dialect.accountLink()} from attribute_change
      where subject = 'lead' and attribute = '@account' and ${dialect.among(sql.ref('subject_id'), leads)})`,
  ]
}

/** The account that a lead belonged to at a moment: the name of the column. */
export function accountColumn(plan: QueryPlan, at: Moment | undefined): string {
  const found = attributeMoments(plan).find(
    ({ moment }) => moment === at || (moment && at && canonical(moment) === canonical(at)),
  )
  return `account_now${found?.ending ?? ''}`
}

/** Which value each attribute had: the latest that had begun to hold, or before the first known one, that. */
export function attributeScans(scope: Scope): Part[] {
  return attributeMoments(scope.plan).flatMap((at) => {
    const features = featuresAt(at, scope)
    const ofAccounts = features.some(({ of }) => of === 'account')
    return [
      ...(features.length > 0 || readsAccounts(scope.plan) ? [pivot('lead', at, scope)] : []),
      ...(ofAccounts ? [pivot('account', at, scope)] : []),
    ]
  })
}

/** The value of each attribute that is read of leads, or of accounts: a row each. */
function valuesAt(of: 'lead' | 'account', at: At, scope: Scope): Sql {
  const { dialect, plan, leads } = scope
  const names = featuresAt(at, scope)
    .filter((feature) => feature.of === of)
    .map(({ name }) => name)
  const link = of === 'lead' && readsAccounts(plan) ? ['@account'] : []
  const known = [
    sql`subject = ${sql.lit(of)}`,
    dialect.oneOf(sql.ref('attribute'), distinct([...names, ...link]), 'text', true),
    ...(of === 'account'
      ? accountsOfLeads(scope)
      : leads
        ? [dialect.among(sql.ref('subject_id'), leads)]
        : []),
    dialect.known(scope.horizon),
  ]
  const instant = dialect.instant(at.moment ? resolve(at.moment, scope.asOf) : scope.asOf)
  return sql`
    select distinct on (subject_id, attribute) *
    from attribute_change
    where ${sql.join(known, sql`\n      and `)}
    order by subject_id, attribute,
      case when from_at <= ${instant} then from_at end desc nulls last,
      case when from_at <= ${instant} then change_id end desc nulls last,
      from_at, change_id`
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)].sort()

const featuresAt = ({ moment }: At, { plan }: Scope): AttributeFeature[] =>
  plan.attributes.filter(({ at }) => (at ? canonical(at) : '') === (moment ? canonical(moment) : ''))

/** There is one row per attribute, so any value of it is the value. */
function pivot(of: 'lead' | 'account', at: At, scope: Scope): Part {
  const { dialect, plan, columns } = scope
  const values: Sql[] = featuresAt(at, scope)
    .filter((feature) => feature.of === of)
    .map((feature) => {
      const column = columns.of(feature)
      const value = dialect.attribute(feature, column)
      return as(sql`any_value(case when attribute = ${dialect.text(feature.name)} then ${value} end)`, column)
    })
  if (of === 'lead' && readsAccounts(plan)) {
    const link = sql`any_value(case when attribute = '@account' then ${dialect.accountLink()} end)`
    values.push(as(link, accountColumn(plan, at.moment)))
  }
  const id = sql.ref(`${of}_id`)
  const key = of === 'account' ? sql`subject_id as account_of${sql.raw(at.ending)}` : sql`subject_id as ${id}`
  return {
    name: `${of}_attribute${at.ending}`,
    query: sql`
  select ${sql.join([key, ...values], sql`,\n    `)}
  from (${valuesAt(of, at, scope)}) as attribute_now
  group by subject_id`,
  }
}

/** How the leads' rows get to their attributes. */
export function attributeJoins(scope: Scope): Sql[] {
  return attributeMoments(scope.plan).flatMap(({ moment, ending }) => {
    const features = featuresAt({ moment, ending }, scope)
    if (features.length === 0 && !readsAccounts(scope.plan)) return []
    const lead = `lead_attribute${ending}`
    const account = `account_attribute${ending}`
    return [
      sql.raw(`left join ${lead} on ${lead}.lead_id = leads.lead_id`),
      ...(features.some(({ of }) => of === 'account')
        ? [sql.raw(`left join ${account} on account_of${ending} = ${lead}.account_now${ending}`)]
        : []),
    ]
  })
}

/** The columns with each lead's account, at every moment that is read. */
export const accountColumns = (scope: Scope): Sql[] =>
  readsAccounts(scope.plan)
    ? attributeMoments(scope.plan).map(({ moment }) => sql.ref(accountColumn(scope.plan, moment)))
    : []
