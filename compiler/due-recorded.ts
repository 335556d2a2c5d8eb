import { sql } from 'kysely'
import type { Sql } from './dialect.ts'
import type { DueScope } from './due.ts'
import { nowPasses, passEachOther, passedAt } from './passages.ts'
import { segmentOf } from './plan.ts'
import { isBounded, type OfSegment, ofSegments, wasIn } from './recorded.ts'
import type { Instant, Moment } from './time.ts'

/**
 * When what is recorded of segments may turn, beside what the rows of earlier runs pass: the run itself may write one
 * as of asOf; who is inside goes on being so; and a period may begin to be one.
 */
export const recordedDue = (scope: DueScope): Sql[] =>
  ofSegments(scope).flatMap((feature) => {
    const { asOf, dialect, columns } = scope
    const now = sql.ref(columns.of(segmentOf(feature)))
    const was = wasIn(feature, scope)
    const at = (condition: Sql, instants: readonly (Instant | undefined)[]): Sql[] => {
      const first = instants.filter((each) => each !== undefined).sort()[0]
      return first ? [sql`case when ${condition} then ${dialect.instant(first)} end`] : []
    }
    const ends = momentsOf(feature)
    return [
      ...at(
        sql`${now} <> ${was}`,
        ends.map((moment) => passedAt(asOf, moment, asOf)),
      ),
      ...(feature.kind === 'inside' || isBounded(feature)
        ? at(
            sql`(${now} or ${was})`,
            ends.map((moment) => nowPasses(moment, asOf)),
          )
        : []),
      ...at(sql.lit(true), [whenEmpty(feature, asOf)]),
    ]
  })

const begins = (feature: OfSegment): Moment | undefined =>
  feature.kind === 'inside' ? feature.from : undefined

const momentsOf = (feature: OfSegment): Moment[] =>
  [begins(feature), feature.to, feature.until].filter((moment) => moment !== undefined)

/** When a period that ends before it begins may be one that doesn't, or the other way round. */
function whenEmpty(feature: OfSegment, asOf: Instant): Instant | undefined {
  const from = begins(feature)
  const end = feature.to ?? feature.until
  return from && end ? passEachOther(from, end, asOf) : undefined
}
