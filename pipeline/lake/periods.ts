import { Temporal } from 'temporal-polyfill'

/** A UTC month (`2026-03`) or day (`2026-03-07`): what one file of the lake holds. */
export type Period = string

/** What lies before the first or after the last month belongs to it: no calendar of ours holds more. */
const first = '1900-01'
const last = '2199-12'

export const monthOf = (period: Period): Period => period.slice(0, 7)

/** Whether all of `inner` belongs to `outer`. */
export const holds = (outer: Period, inner: Period): boolean => inner.startsWith(outer)

/** The instants that a period holds: from (included) until (excluded); undefined where it is open. */
export function boundsOf(period: Period): { from: string | undefined; until: string | undefined } {
  const isMonth = period.length === 7
  const start = Temporal.PlainDate.from(isMonth ? `${period}-01` : period)
  const until = start.add(isMonth ? { months: 1 } : { days: 1 })
  const opening = period === first || period === `${first}-01`
  const closing = period === last || period === `${last}-31`
  return {
    from: opening ? undefined : `${start}T00:00:00Z`,
    until: closing ? undefined : `${until}T00:00:00Z`,
  }
}

/**
 * DuckDB's expression for the period of an event: its day in the current month, otherwise its month. A month that has
 * a file of its own keeps it, even if the clock went back to it.
 */
export function periodOf(column: string, current: Period, months: ReadonlySet<Period>): string {
  const day = `strftime(greatest(least(${column}, timestamp '${last}-31'), timestamp '${first}-01'), '%Y-%m-%d')`
  if (months.has(current)) return `left(${day}, 7)`
  return `case when left(${day}, 7) = '${current}' then ${day} else left(${day}, 7) end`
}
