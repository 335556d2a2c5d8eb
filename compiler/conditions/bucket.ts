import { z } from 'zod'
import { condition } from '../condition.ts'
import { type Feature, nobody, type Predicate, test } from '../ir.ts'

const most = 10_000

const shape = z.strictObject({
  kind: z.literal('bucket'),
  from: z.int().nonnegative().max(most),
  to: z.int().nonnegative().max(most),
  of: z.int().nonnegative().max(most),
  by: z.string(),
})
type Bucket = z.infer<typeof shape>

export const bucket = condition<Bucket>({
  kind: 'bucket',
  meaning:
    'The lead falls into a random but lasting share: of so many equal ones those from a number up to (not including) another. `by` names the split; splits of different names are independent.',
  missing: 'Every lead falls into exactly one share of a split; nothing can be missing.',
  shape,
  syntax: `
bucket
  = 'bucket' end _ from:count _ 'to' end _ to:count _ 'of' end _ of:count _ 'by' end _ by:string
    { return node({ kind: 'bucket', from, to, of, by }) }
`,
  print: (node) => `bucket ${node.from} to ${node.to} of ${node.of} by ${JSON.stringify(node.by)}`,
  lower(node, context) {
    if (!isShare(node)) {
      context.report(node, 'BAD_RANGE', `${node.from} to ${node.to} of ${node.of} is no share.`, {
        hint: `Write 0 ≤ from < to ≤ of ≤ ${most}: bucket 0 to 10 of 100 by "spring".`,
      })
      return nobody
    }
    const subject: Feature = { kind: 'bucket', of: node.of, by: node.by }
    const bounds: Predicate[] = []
    if (node.from > 0) bounds.push(test(subject, { op: '>=', to: { type: 'number', value: `${node.from}` } }))
    if (node.to < node.of)
      bounds.push(test(subject, { op: '<', to: { type: 'number', value: `${node.to}` } }))
    return { kind: 'all', of: bounds }
  },
  say: (node) => `share ${node.from} to ${node.to} of ${node.of} of the split ${JSON.stringify(node.by)}`,
  tell: (node, { features: [share], value }) => {
    const seen = (share && value(share)) ?? `${node.from} to ${node.to}`
    return `share ${seen} of ${node.of} of the split ${JSON.stringify(node.by)}`
  },
  examples: [
    'bucket 0 to 10 of 100 by "spring"',
    'bucket 10 to 60 of 100 by "spring"',
    'bucket 1 to 2 of 2 by ""',
    'bucket 0 to 3 of 3 by "É \\\\ \\"quoted\\""',
    'bucket 2500 to 7500 of 10000 by "hold-out 2026"',
  ],
})

/** From the first number (included) to the second (excluded). */
const isShare = ({ from, to, of }: Bucket): boolean => from < to && to <= of && of <= most
