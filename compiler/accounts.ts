import { sql } from 'kysely'
import type { Sql } from './dialect.ts'
import type { EventFeature, Feature } from './ir.ts'
import type { DerivedFeature } from './plan.ts'
import type { Part } from './scans.ts'

export type OfAccount = EventFeature | Extract<Feature, { kind: 'leads_of_account' }>

export const isOfAccount = (feature: DerivedFeature): feature is OfAccount =>
  feature.kind === 'leads_of_account' || feature.kind === 'events'

/** What a lead without an account has none of: 0. */
export const countsLeads = (feature: OfAccount): boolean =>
  feature.kind === 'leads_of_account' || feature.figure.kind === 'count'

type Asked = {
  /** The rows of leads, and the column that says in which account each is. */
  readonly from: string
  readonly account: string
  /** What the relation of accounts is called. */
  readonly name: string
  /** Figures over all leads of an account, each with the name of its column. */
  readonly figures: readonly Sql[]
}

/**
 * Figures over the leads of each account, in a relation of its own, and how the rows of leads are joined with it: a
 * window would drag every column of every lead along. Leads without an account are no account. Empty without figures.
 */
export function accountFigures({ from, account, name, figures }: Asked): { part: Part; join: Sql }[] {
  if (figures.length === 0) return []
  const key = sql.ref(account)
  const part = {
    name,
    query: sql`
  select ${sql.join([sql`${key} as account_key`, ...figures], sql`,\n    `)}
  from ${sql.raw(from)}
  where ${key} is not null
  group by ${key}`,
  }
  return [{ part, join: sql`left join ${sql.raw(name)} on ${sql.raw(name)}.account_key = ${key}` }]
}
