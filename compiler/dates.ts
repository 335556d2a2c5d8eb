import { Temporal } from 'temporal-polyfill'
import type { Context } from './condition.ts'
import { nobody, type Test, type Tree, test } from './ir.ts'
import { type Named, scalarType } from './operand.ts'
import { datedWindow, inPeriod, inWindow, type Period } from './period.ts'
import type { Clock } from './phrase.ts'
import { type Moment, toInstant } from './time.ts'

/** A date means its whole local day: `= d` is [d, d+1), `> d` begins at d+1, `<= d` ends there. */
export function compareDay<Subject>(
  named: Named<Subject>,
  op: '=' | '<' | '<=' | '>' | '>=',
  day: string,
  context: Context,
): Tree<Test<Subject>> {
  const subject = named.subject('instant')
  if (op !== '<=') return inWindow(subject, datedWindow(named.node, days[op], day, context))
  const { until } = datedWindow(named.node, 'on', day, context)
  // Nothing that is known lies after the last day of the calendar.
  return until ? inWindow(subject, { until }) : test(subject, { op: 'known' })
}

const days = { '=': 'on', '<': 'before', '>': 'after', '>=': 'since' } as const

/** Whether a date lies in a period; it may lie ahead. */
export function comparePeriod<Subject>(
  named: Named<Subject>,
  when: Period,
  context: Context,
): Tree<Test<Subject>> {
  return isDate(named, context) ? inPeriod(named.subject('instant'), when, named.node, context) : nobody
}

/**
 * Whether one of the hundred anniversaries of a date lies in the days from today on. Of 29 February it is the 28th in
 * years without one.
 */
export function compareAnniversary<Subject>(
  named: Named<Subject>,
  within: number,
  context: Context,
): Tree<Test<Subject>> {
  if (!isDate(named, context)) return nobody
  const subject = named.subject('instant')
  const start = (offset: number, years: number): Moment => ({
    kind: 'start',
    of: 'day',
    offset,
    years,
    zone: context.zone,
  })
  const years = Array.from({ length: 100 }, (_, index) => index + 1)
  return {
    kind: 'any',
    of: years.map((each) => inWindow(subject, { from: start(0, each), until: start(within + 1, each) })),
  }
}

/** The day of the next one: today's, if it is today. */
export function nextAnniversary(date: string, { asOf, zone }: Clock): string {
  const local = (instant: Temporal.Instant) => instant.toZonedDateTimeISO(zone).toPlainDate()
  const [first, today] = [local(toInstant(date)!), local(Temporal.Instant.from(asOf))]
  const inYear = (year: number) => first.with({ year: Math.max(year, first.year + 1) })
  const next = inYear(today.year)
  return (Temporal.PlainDate.compare(next, today) < 0 ? inYear(today.year + 1) : next).toString()
}

function isDate<Subject>(named: Named<Subject>, context: Context): boolean {
  const type = scalarType(named)
  if (type === undefined || type === 'instant') return true
  const message = `${named.label} is of type ${type}, and a period is asked of dates.`
  context.report(named.node, 'TYPE_MISMATCH', message)
  return false
}
