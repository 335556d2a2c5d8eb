import { z } from 'zod'
import { condition, since } from '../condition.ts'
import { duration } from '../definition.ts'
import { type Feature, not, test } from '../ir.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({
  kind: z.literal('last_activity'),
  is: z.enum(['within', 'more than', 'not within']),
  duration,
})

export const lastActivity = condition<z.infer<typeof shape>>({
  kind: 'last_activity',
  meaning: 'The latest event that counts as activity lies within, or longer ago than, a time before asOf.',
  missing:
    'A lead that was never active has no last activity: it is in `no activity within`, not in the others.',
  shape,
  syntax: `
last_activity
  = 'last' end _ 'activity' end _ duration:within { return node({ kind: 'last_activity', is: 'within', duration }) }
  / 'last' end _ 'activity' end _ 'more' end _ 'than' end _ duration:duration _ 'ago' end
    { return node({ kind: 'last_activity', is: 'more than', duration }) }
  / 'no' end _ 'activity' end _ duration:within { return node({ kind: 'last_activity', is: 'not within', duration }) }
`,
  print: (node) =>
    node.is === 'more than'
      ? `last activity more than ${printDuration(node.duration)} ago`
      : `${node.is === 'within' ? 'last' : 'no'} activity within ${printDuration(node.duration)}`,
  lower(node, context) {
    const passive = [...context.catalog.events].filter(([, type]) => !type.activity).map(([name]) => name)
    const last: Feature = {
      kind: 'events',
      figure: 'last',
      events: { types: { allBut: passive.sort() }, where: { kind: 'all', of: [] } },
    }
    const to = { type: 'instant', moment: since(node, node.duration, context) } as const
    if (node.is === 'more than') return test(last, { op: '<', to })
    const within = test(last, { op: '>=', to })
    return node.is === 'within' ? within : not(within)
  },
  say: (node) =>
    node.is === 'more than'
      ? `silent for more than ${printDuration(node.duration)}`
      : node.is === 'within'
        ? `active in the last ${printDuration(node.duration)}`
        : `not active in the last ${printDuration(node.duration)}`,
  examples: [
    'last activity within 7 days',
    'last activity within 0 days',
    'last activity more than 14 days ago',
    'last activity more than 1 quarter ago',
    'no activity within 90 days',
  ],
})
