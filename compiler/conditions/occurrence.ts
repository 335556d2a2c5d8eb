import { z } from 'zod'
import { condition } from '../condition.ts'
import { lowerEvents, nameWhich, printWhich, sayWhich, which } from '../events.ts'
import type { EventFeature } from '../ir.ts'
import { period, printPeriod, sayPeriod, seenInPeriod } from '../period.ts'
import { sayAgo } from '../phrase.ts'

const shape = z.strictObject({
  kind: z.literal('occurrence'),
  which: z.enum(['first', 'last']),
  ...which,
  when: period,
})

export const occurrence = condition<z.infer<typeof shape>>({
  kind: 'occurrence',
  meaning: 'The first event ever, or the latest one, lies in a period.',
  missing: 'A lead without such events has no first and no last one: the condition is false.',
  shape,
  syntax: `
occurrence
  = 'first' end _ !('seen' end) said:which _ when:period
    { return node({ kind: 'occurrence', which: 'first', ...said, when }) }
  / 'last' end _ !('activity' end) said:which _ when:period
    { return node({ kind: 'occurrence', which: 'last', ...said, when }) }
`,
  print: (node) => `${node.which} ${printWhich(node)} ${printPeriod(node.when)}`,
  lower(node, context) {
    const feature: EventFeature = {
      kind: 'events',
      of: 'lead',
      figure: { kind: node.which },
      events: lowerEvents(node, node, context),
    }
    return seenInPeriod(feature, node.when, node, context)
  },
  say: (node) => `did ${sayWhich(node)} for the ${node.which} time ${sayPeriod(node.when)}`,
  tell(node, seen) {
    const [feature] = seen.features
    const at = feature ? seen.value(feature) : null
    return at === null ? `no ${nameWhich(node)}` : `${node.which} ${nameWhich(node)} ${sayAgo(at, seen)}`
  },
  examples: [
    'first page_view within 7 days',
    'first page_view where page = "/pricing" within 30 days',
    'first page_view more than 30 days ago',
    'first any event this month',
    'first email_* before "2026-03-01"',
    'first any of (email_open, email_click) between 60 and 10 days ago',
    'last page_view more than 30 days ago',
    'last page_view where (seconds > 30 and logged_in is true) within 30 days',
    'last any event on "2026-03-01"',
    'last viewed_pricing since "2026-02-01"',
    'last any_mail between "2026-02-01" and "2026-03-01"',
    'last purchase last quarter',
    'last demo_request today',
  ],
})
