import type { Instant } from '../compiler/index.ts'
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
}

export async function findLead(database: Database, externalId: string, asOf: Instant): Promise<Lead> {
  const [found] = await database.query<Lead>(statement('reads/lead'), [externalId, asOf])
  if (!found) {
    throw new UserError({
      code: 'UNKNOWN_LEAD',
      message: `There is no lead "${externalId}".`,
      hint: 'Ids are compared byte by byte, upper and lower case included; `tideline members KEY` lists some.',
    })
  }
  if (found.first_seen_at > asOf) {
    throw new UserError({
      code: 'LEAD_NOT_YET_SEEN',
      message: `The lead "${externalId}" was first seen at ${found.first_seen_at}; as of ${asOf} it did not exist.`,
      hint: 'Choose a later --as-of.',
    })
  }
  return found
}

export type LeadMembership = {
  readonly segment: string
  readonly since: Instant
  /** Of the entry. */
  readonly cause: string
}
export const readLeadMemberships = (
  database: Database,
  id: string,
  asOf: Instant,
): Promise<LeadMembership[]> => database.query(statement('reads/lead_memberships'), [id, asOf])

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
