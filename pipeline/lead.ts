import type { AttributeFeature, Instant } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Database } from './engine.ts'
import { UserError } from './errors.ts'
import { statement } from './sql.ts'

/** A lead as of an instant. `id` is the internal one: it is never shown. */
export type Lead = {
  readonly id: string
  readonly lead_id: string
  readonly first_seen_at: Instant
  readonly attributes: Readonly<Record<string, unknown>>
  readonly account_id: string | null
  readonly account_attributes: Readonly<Record<string, unknown>>
  /** Since when anything is known of each attribute. Before, the first known value holds: it is assumed. */
  readonly firstKnown: FirstKnown
}
export type FirstKnown = Readonly<Record<'lead' | 'account', Readonly<Record<string, Instant>>>>

type LeadRow = Omit<Lead, 'firstKnown'> & { first_known: Partial<FirstKnown> }

export async function findLead(database: Database, externalId: string, asOf: Instant): Promise<Lead> {
  const [row] = await database.query<LeadRow>(statement('reads/lead'), [externalId, asOf])
  if (!row) {
    throw new UserError({
      code: 'UNKNOWN_LEAD',
      message: `There is no lead "${externalId}".`,
      hint: 'Ids are compared byte by byte, upper and lower case included; `tideline members KEY` lists some.',
    })
  }
  const { first_known, ...found } = row
  if (found.first_seen_at > asOf) {
    throw new UserError({
      code: 'LEAD_NOT_YET_SEEN',
      message: `The lead "${externalId}" was first seen at ${found.first_seen_at}; as of ${asOf} it did not exist.`,
      hint: 'Choose a later --as-of.',
    })
  }
  return { ...found, firstKnown: { lead: {}, account: {}, ...first_known } }
}

/** What is assumed to have been as of an instant as it was first known to be, later: since when it is known. */
export type Assumed = {
  readonly attributes: Readonly<Record<string, Instant>>
  readonly account_id: Instant | null
  readonly account_attributes: Readonly<Record<string, Instant>>
}

export function assumedOf({ firstKnown }: Lead, asOf: Instant): Assumed {
  const later = (known: Readonly<Record<string, Instant>>) =>
    Object.fromEntries(Object.entries(known).filter(([, at]) => at > asOf))
  const { [accountLink]: link, ...attributes } = later(firstKnown.lead)
  return { attributes, account_id: link ?? null, account_attributes: later(firstKnown.account) }
}

/** An attribute that something was asked of, and since when it is known. */
export type AssumedValue = { readonly attribute: string; readonly first_known: Instant }

/** Of attributes that were read, with the account that some are of: those that are assumed. */
export function assumedAmong(
  read: readonly AttributeFeature[],
  firstKnown: FirstKnown,
  isAssumed: (known: Instant, attribute?: AttributeFeature) => boolean,
): AssumedValue[] {
  const found = new Map<string, Instant>()
  for (const attribute of read) {
    const { of, name } = attribute
    const link = of === 'account' ? firstKnown.lead[accountLink] : undefined
    const known = firstKnown[of][name]
    if (link !== undefined && isAssumed(link)) found.set('account', link)
    if (known !== undefined && isAssumed(known, attribute))
      found.set(of === 'account' ? `account.${name}` : name, known)
  }
  return [...found].map(([attribute, first_known]) => ({ attribute, first_known }))
}

/** The name under which changes say which account a lead belongs to. */
export const accountLink = '@account'

export type LeadMembership = {
  readonly segment: string
  readonly since: Instant
  /** Of the entry. */
  readonly cause: string
}
export const readLeadMemberships = (reader: Reader, id: string, asOf: Instant): Promise<LeadMembership[]> =>
  rows(reader, statement('reads/lead_memberships'), [id, asOf])

export type LeadEvent = {
  readonly occurred_at: Instant
  readonly type: string
  readonly properties: Readonly<Record<string, unknown>>
}
export const readLeadEvents = (
  database: Database,
  id: string,
  asOf: Instant,
  limit: number,
): Promise<LeadEvent[]> => database.query(statement('reads/lead_events'), [id, asOf, limit])

export type LeadChange = {
  readonly as_of: Instant
  readonly segment: string
  readonly change: 'entered' | 'left'
  readonly cause: string
}
export const readLeadChanges = (
  database: Database,
  id: string,
  from: Instant,
  to: Instant,
): Promise<LeadChange[]> => database.query(statement('reads/lead_changes'), [id, from, to])
