import { z } from 'zod'
import { lowerComparison, printComparison, sayComparison } from '../comparison.ts'
import { condition } from '../condition.ts'
import { comparison } from '../definition.ts'
import { lowerDuring, nameWhich, printWhich, sayWhich, which } from '../events.ts'
import { period, printPeriod, sayPeriod } from '../period.ts'

const shape = z.strictObject({
  kind: z.literal('active_days'),
  ...which,
  is: comparison,
  when: period.optional(),
})

export const activeDays = condition<z.infer<typeof shape>>({
  kind: 'active_days',
  meaning:
    'On how many different days (of the time zone) the lead did an event compares as said with a number.',
  missing: 'A lead without such events did them on 0 days.',
  shape,
  syntax: `
active_days
  = 'distinct' end _ 'days' end _ 'of' end _ said:which _ is:comparison when:(_ @period)?
    { return node({ kind: 'active_days', ...said, is, ...(when ? { when } : {}) }) }
`,
  print: (node) =>
    ['distinct days of', printWhich(node), printComparison(node.is), node.when && printPeriod(node.when)]
      .filter(Boolean)
      .join(' '),
  lower(node, context) {
    const events = lowerDuring(node, node, context)
    return lowerComparison(
      {
        node,
        label: 'The number of days',
        type: 'number',
        subject: () => ({ kind: 'events', of: 'lead', figure: { kind: 'days', zone: context.zone }, events }),
      },
      node.is,
      context,
    )
  },
  say: (node) =>
    ['the number of days with', sayWhich(node), node.when && sayPeriod(node.when), sayComparison(node.is)]
      .filter(Boolean)
      .join(' '),
  tell(node, { features: [days], value }) {
    const seen = (days && value(days)) ?? '0'
    const when = node.when ? ` ${sayPeriod(node.when)}` : ''
    if (seen === '0') return `no ${nameWhich(node)}${when}`
    return `${nameWhich(node)} on ${seen === '1' ? '1 day' : `${seen} different days`}${when}`
  },
  examples: [
    'distinct days of any event >= 5 within 30 days',
    'distinct days of page_view = 0',
    'distinct days of page_view where page = "/pricing" >= 2',
    'distinct days of email_* between 1 and 3 this month',
    'distinct days of any of (email_open, email_click) != 1 between 60 and 30 days ago',
    'distinct days of any_mail in (1, 2)',
    'distinct days of viewed_pricing < 2 since "2026-01-01"',
  ],
})
