import * as fc from 'fast-check'
import type { Instant } from '../../compiler/time.ts'
import { segments } from './catalog.ts'

/** What a run has written: in turns entered and left. */
export type SegmentChange = {
  readonly segment: string
  readonly lead: number
  readonly at: Instant
  readonly change: 'entered' | 'left'
}

/** What a hand has put on a segment's list. `endsLate`: its end arrived above the horizon. */
export type Listed = {
  readonly segment: string
  readonly lead: number
  readonly list: 'members' | 'added' | 'removed'
  readonly from: Instant
  readonly until?: Instant
  readonly late?: boolean
  readonly endsLate?: boolean
}

const lead = fc.integer({ min: 1, max: 10 })
const segment = fc.constantFrom(...segments.keys())

/** Of some leads and segments. Now and then of leads that are not there. */
export function segmentChanges(at: fc.Arbitrary<Instant>): fc.Arbitrary<SegmentChange[]> {
  const instants = fc.uniqueArray(at, { minLength: 1, maxLength: 5 })
  const stays = fc.record({ segment, lead, instants })
  return fc
    .uniqueArray(stays, { selector: (each) => `${each.segment} ${each.lead}`, maxLength: 40, size: 'max' })
    .map((all) =>
      all.flatMap((each) =>
        [...each.instants].sort().map((instant, index): SegmentChange => {
          const change = index % 2 === 0 ? 'entered' : 'left'
          return { segment: each.segment, lead: each.lead, at: instant, change }
        }),
      ),
    )
}

export function listedRows(at: fc.Arbitrary<Instant>): fc.Arbitrary<Listed[]> {
  const now = fc.integer({ min: 0, max: 7 }).map((roll) => roll === 0)
  const row = fc
    .record({
      segment: fc.constantFrom('picked', 'webinar', 'webinar', 'hot'),
      lead,
      list: fc.constantFrom<Listed['list']>('members', 'members', 'added', 'removed'),
      from: at,
      until: fc.option(at, { nil: undefined }),
      late: now,
      endsLate: now,
    })
    .map(
      ({ until, ...rest }): Listed => (until !== undefined && until > rest.from ? { ...rest, until } : rest),
    )
  return fc.array(row, { maxLength: 40, size: 'max' })
}
