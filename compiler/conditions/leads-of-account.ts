import { z } from 'zod'
import { condition, innerDefinition } from '../condition.ts'
import { count } from '../definition.ts'
import { everyone, test } from '../ir.ts'
import { withCommas } from '../phrase.ts'

const shape = z.strictObject({
  kind: z.literal('leads_of_account'),
  least: count,
  that: innerDefinition,
})

export const leadsOfAccount = condition<z.infer<typeof shape>>({
  kind: 'leads_of_account',
  meaning:
    "So many leads of the lead's account, itself included, match a definition. It is one condition, or several in parentheses.",
  missing: 'A lead without an account has none: no lead of it matches anything.',
  shape,
  syntax: `
leads_of_account
  = least:leads_of_account_count _ 'of' end _ 'account' end _ that:unary
    { return node({ kind: 'leads_of_account', least, that }) }
leads_of_account_count
  = 'any' end _ 'lead' end { return 1 }
  / 'at' end _ 'least' end _ @count _ ('leads' / 'lead') end
`,
  print: (node, text) => `${printCount(node.least)} of account ${text(node.that)}`,
  lower(node, context) {
    const that = context.lower(node.that)
    if (node.least === 0) return everyone
    return test(
      { kind: 'leads_of_account', that },
      { op: '>=', to: { type: 'number', value: String(node.least) } },
    )
  },
  say: (node, words) => `${printCount(node.least)} of the account: ${words(node.that)}`,
  tell(node, { features: [leads], value }, words) {
    const count = (leads && value(leads)) ?? '0'
    const said = count === '0' ? 'no lead' : count === '1' ? '1 lead' : `${withCommas(count)} leads`
    return `${said} of the account (${words(node.that)})`
  },
  examples: [
    'any lead of account did demo_request within 30 days',
    'any lead of account title contains "vp"',
    'any lead of account not did page_view',
    'any lead of account last activity within 7 days',
    'any lead of account viewed_pricing',
    'any lead of account in segment "hot"',
    'at least 2 leads of account did page_view where page = "/pricing"',
    'at least 2 leads of account (did page_view and industry = "Technology")',
    'at least 3 leads of account everyone',
    'at least 0 leads of account score >= 50',
    'at least 2 leads of account any lead of account did purchase',
  ],
})

const printCount = (least: number): string => (least === 1 ? 'any lead' : `at least ${least} leads`)
