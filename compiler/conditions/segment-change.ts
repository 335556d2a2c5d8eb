import { z } from 'zod'
import { condition } from '../condition.ts'
import { name } from '../definition.ts'
import { nobody } from '../ir.ts'
import { inWindow, lowerPeriod, period, printPeriod, sayPeriod } from '../period.ts'
import { sayAgo } from '../phrase.ts'
import { segmentNamed } from '../segment-named.ts'

const shape = z.strictObject({
  kind: z.literal('segment_change'),
  change: z.enum(['entered', 'left']),
  key: name,
  when: period.optional(),
})

export const segmentChange = condition<z.infer<typeof shape>>({
  kind: 'segment_change',
  meaning:
    'The lead entered another segment, or left it, in a period (ever, if none is said), as runs recorded it; as of asOf counts.',
  missing: 'A lead that never entered the segment, as far as is recorded, has not left it either.',
  shape,
  syntax: `
segment_change
  = change:$('entered' / 'left') end _ 'segment' end _ key:string when:(_ @period)?
    { return node({ kind: 'segment_change', change, key, ...(when ? { when } : {}) }) }
`,
  print: (node) =>
    `${node.change} segment ${JSON.stringify(node.key)}${node.when ? ` ${printPeriod(node.when)}` : ''}`,
  lower(node, context) {
    const segment = segmentNamed(node, context)
    if (!segment) return nobody
    const { key, meaning } = segment
    const { from, ...end } = node.when ? lowerPeriod(node, node.when, context) : {}
    const last = { kind: 'recorded', segment: key, meaning, figure: node.change, ...end } as const
    return inWindow(last, from ? { from } : {})
  },
  say: (node) => `${node.change} segment ${node.key}${node.when ? ` ${sayPeriod(node.when)}` : ''}`,
  tell(node, seen) {
    const [last] = seen.features
    const at = last ? seen.value(last) : null
    if (at !== null) return `${node.change} segment ${node.key} ${sayAgo(at, seen)}`
    const bounded = last?.kind === 'recorded' && (last.to ?? last.until) !== undefined
    if (!bounded || !node.when) return `never ${node.change} segment ${node.key}`
    return `did not ${node.change === 'left' ? 'leave' : 'enter'} segment ${node.key} ${sayPeriod(node.when)}`
  },
  examples: [
    'entered segment "hot" within 7 days',
    'entered segment "customers"',
    'entered segment "hot" within 0 days',
    'entered segment "reached" more than 1 month ago',
    'entered segment "hot" between 60 and 30 days ago',
    'entered segment "hot" this month',
    'entered segment "hot" on "2026-03-01"',
    'left segment "hot" within 7 days',
    'left segment "customers"',
    'left segment "reached" between 2 months and 3 days ago',
    'left segment "hot" since "2026-02-01"',
    'left segment "hot" last month',
    'left segment "customers" before "2026-03-01"',
  ],
})
