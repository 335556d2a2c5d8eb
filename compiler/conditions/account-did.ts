import { z } from 'zod'
import { condition } from '../condition.ts'
import { lowerDuring, nameWhich } from '../events.ts'
import { lowerTimes, tellTimes } from '../times.ts'
import { didFields, printDid, sayDid } from './did-event.ts'

const shape = z.strictObject({ kind: z.literal('account_did'), ...didFields })

export const accountDid = condition<z.infer<typeof shape>>({
  kind: 'account_did',
  meaning:
    "The leads of the lead's account, itself included, did an event so many times between them, with their whole life.",
  missing: 'A lead without an account has none: its account did everything 0 times.',
  shape,
  syntax: `
account_did
  = 'account' end _ 'did' end _ said:did_said { return node({ kind: 'account_did', ...said }) }
`,
  print: (node) => `account did ${printDid(node)}`,
  lower: (node, context) => lowerTimes(lowerDuring(node, node, context), node.times, 'account'),
  say: sayTogether,
  tell: (node, seen) => tellTimes(`${nameWhich(node)} at the account`, node, seen) ?? sayTogether(node),
  examples: [
    'account did demo_request',
    'account did page_view at least 5 times within 30 days',
    'account did page_view where page = "/pricing" within 30 days',
    'account did page_view more than 30 days ago',
    'account did page_view last month',
    'account did any event at most 2 times',
    'account did email_* exactly 0 times within 7 days',
    'account did any of (email_open, email_click) exactly 2 times',
    'account did viewed_pricing fewer than 3 times since "2026-01-01"',
    'account did any_mail between 60 and 30 days ago',
  ],
})

function sayTogether(node: z.infer<typeof shape>): string {
  return `the leads of the account together ${sayDid(node)}`
}
