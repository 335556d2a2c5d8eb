import { z } from 'zod'
import { condition } from '../condition.ts'
import { duration } from '../definition.ts'
import { lowerEvents, printWhich, sayWhich, which } from '../events.ts'
import { nobody, not, test } from '../ir.ts'
import { isShorter, sayDuration, since } from '../period.ts'
import { printDuration } from '../time.ts'
import { happened } from '../times.ts'

const shape = z.strictObject({
  kind: z.literal('restarted'),
  ...which,
  within: duration,
  after: duration,
})

export const restarted = condition<z.infer<typeof shape>>({
  kind: 'restarted',
  meaning:
    'The lead did an event within the shorter time before asOf and before the longer one, but not in between.',
  missing: 'A lead that never did such an event, or did so for the first time, has not restarted.',
  shape,
  syntax: `
restarted
  = 'restarted' end _ said:which _ within:within _ 'after' end _ after:duration
    { return node({ kind: 'restarted', ...said, within, after }) }
`,
  print: (node) =>
    `restarted ${printWhich(node)} within ${printDuration(node.within)} after ${printDuration(node.after)}`,
  lower(node, context) {
    if (!isShorter(node.within, node.after)) {
      const message = `Nobody can have restarted within ${printDuration(node.within)} after ${printDuration(node.after)}.`
      context.report(node, 'BAD_DURATION', message, {
        hint: 'Both count back from asOf, and the second is the longer one: within 7 days after 30 days.',
      })
      return nobody
    }
    const events = lowerEvents(node, node, context)
    const recent = since(node, node.within, context)
    const long = since(node, node.after, context)
    const first = { kind: 'events', of: 'lead', figure: { kind: 'first' }, events } as const
    return {
      kind: 'all',
      of: [
        happened({ ...events, from: recent }),
        not(happened({ ...events, from: long, until: recent })),
        test(first, { op: '<', to: { type: 'instant', moment: long } }),
      ],
    }
  },
  say: (node) =>
    `did ${sayWhich(node)} in the last ${sayDuration(node.within)} and more than ${printDuration(node.after)} ago, but not in between`,
  examples: [
    'restarted page_view within 7 days after 30 days',
    'restarted page_view where page = "/pricing" within 2 weeks after 2 months',
    'restarted any event within 1 day after 14 days',
    'restarted email_* within 0 days after 7 days',
    'restarted any of (email_open, email_click) within 7 days after 1 quarter',
    'restarted any_mail within 30 days after 60 days',
  ],
})
