import { z } from 'zod'
import { condition, since } from '../condition.ts'
import { duration } from '../definition.ts'
import { test } from '../ir.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({
  kind: z.literal('first_seen'),
  is: z.enum(['within', 'more than']),
  duration,
})

export const firstSeen = condition<z.infer<typeof shape>>({
  kind: 'first_seen',
  meaning: 'The lead was first seen within, or longer ago than, a time before asOf.',
  missing: 'Every lead that exists was first seen at some instant; it is never missing.',
  shape,
  syntax: `
first_seen
  = 'first' end _ 'seen' end _ duration:within { return node({ kind: 'first_seen', is: 'within', duration }) }
  / 'first' end _ 'seen' end _ 'more' end _ 'than' end _ duration:duration _ 'ago' end
    { return node({ kind: 'first_seen', is: 'more than', duration }) }
`,
  print: (node) =>
    `first seen ${node.is === 'within' ? 'within' : 'more than'} ${printDuration(node.duration)}${node.is === 'within' ? '' : ' ago'}`,
  lower: (node, context) =>
    test(
      { kind: 'first_seen' },
      {
        op: node.is === 'within' ? '>=' : '<',
        to: { type: 'instant', moment: since(node, node.duration, context) },
      },
    ),
  say: (node) =>
    node.is === 'within'
      ? `new in the last ${printDuration(node.duration)}`
      : `known for more than ${printDuration(node.duration)}`,
  examples: ['first seen within 30 days', 'first seen more than 90 days ago', 'first seen within 2 years'],
})
