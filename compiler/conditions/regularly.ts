import { z } from 'zod'
import { type Context, condition } from '../condition.ts'
import { count, duration } from '../definition.ts'
import { lowerEvents, nameWhich, printWhich, sayWhich, which } from '../events.ts'
import { type EventFeature, everyone, nobody, type Predicate, test } from '../ir.ts'
import { limits } from '../limits.ts'
import { since } from '../period.ts'
import { isLonger, printDuration } from '../time.ts'

const mostPeriods = 60
const periods = z.int().nonnegative().max(mostPeriods)

const shape = z.strictObject({
  kind: z.literal('regularly'),
  ...which,
  /** So many times at least … */
  times: count,
  /** … in so many at least … */
  in: periods,
  /** … of so many periods, each so long, the latest of which ends with asOf. */
  of: periods,
  period: duration,
})
type Regularly = z.infer<typeof shape>

export const regularly = condition<Regularly>({
  kind: 'regularly',
  meaning:
    'The lead did an event so many times in at least so many of the last periods, which follow each other back from asOf.',
  missing: 'A lead without such events did them 0 times in every period.',
  shape,
  syntax: `
regularly
  = 'regularly' end _ said:which _ 'at' end _ 'least' end _ times:count _ ('times' / 'time') end
    _ 'in' end _ least:count _ 'of' end _ ('the' end _)? 'last' end _ of:count _ period:regularly_period
    { return node({ kind: 'regularly', ...said, times, in: least, of, period }) }
regularly_period
  = ('periods' / 'period') end _ 'of' end _ @duration
  / unit:unit { return { amount: 1, unit } }
`,
  print: ({ times, in: least, of, period, ...said }) =>
    `regularly ${printWhich(said)} at least ${times} times in ${least} of the last ${of} ${printPeriods(period)}`,
  lower: lowerRegularly,
  say: (node) => `did ${sayWhich(node)} ${sayRhythm(node, String(node.in))}`,
  tell(node, { features: [periods], value }) {
    const seen = periods ? value(periods) : null
    return `${nameWhich(node)} ${sayRhythm(node, seen === '0' ? 'none' : (seen ?? String(node.in)))}`
  },
  examples: [
    'regularly page_view at least 2 times in 3 of the last 4 weeks',
    'regularly page_view where page = "/pricing" at least 1 times in 2 of the last 6 periods of 10 days',
    'regularly any event at least 1 times in 2 of the last 3 months',
    'regularly email_* at least 0 times in 4 of the last 4 weeks',
    'regularly email_open at least 3 times in 0 of the last 2 weeks',
    'regularly any of (email_open, email_click) at least 1 times in 2 of the last 60 days',
    'regularly any_mail at least 1 times in 1 of the last 2 quarters',
    'regularly viewed_pricing at least 1 times in 2 of the last 10 periods of 12 hours',
  ],
})

const sayRhythm = ({ times, of, period }: Regularly, periods: string): string =>
  `at least ${times === 1 ? 'once' : `${times} times`} in ${periods} of the last ${of} ${printPeriods(period)}`

const printPeriods = (period: Regularly['period']): string =>
  period.amount === 1 ? `${period.unit}s` : `periods of ${printDuration(period)}`

function lowerRegularly(node: Regularly, context: Context): Predicate {
  const { times, in: least, of, period } = node
  const events = lowerEvents(node, node, context)
  if (of < 1 || of > mostPeriods || period.amount === 0 || least > of) {
    context.report(
      node,
      'BAD_RANGE',
      `${least} of the last ${of} ${printPeriods(period)} can't be counted.`,
      {
        hint: `Name a part of 1 to ${mostPeriods} periods that have a length: in 3 of the last 4 weeks.`,
      },
    )
    return nobody
  }
  if (least === 0 || times === 0) return everyone
  const back = (periods: number) => ({ ...period, amount: period.amount * periods })
  // Where the earliest reaches too far, that is said once and not of the others as well.
  if (isLonger(back(of), limits.durationYears)) {
    since(node, back(of), context)
    return nobody
  }
  const from = Array.from({ length: of }, (_, index) => since(node, back(index + 1), context))
  const feature: EventFeature = {
    kind: 'events',
    of: 'lead',
    figure: { kind: 'periods', from, least: times },
    events,
  }
  return test(feature, { op: '>=', to: { type: 'number', value: String(least) } })
}
