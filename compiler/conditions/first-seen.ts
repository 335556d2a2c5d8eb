import { z } from 'zod'
import { condition } from '../condition.ts'
import { period, printPeriod, sayPeriod, seenInPeriod } from '../period.ts'
import { sayAgo } from '../phrase.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({ kind: z.literal('first_seen'), when: period })

export const firstSeen = condition<z.infer<typeof shape>>({
  kind: 'first_seen',
  meaning: 'The lead was first seen in a period.',
  missing: 'Every lead that exists was first seen at some instant; it is never missing.',
  shape,
  syntax: `
first_seen
  = 'first' end _ 'seen' end _ when:period { return node({ kind: 'first_seen', when }) }
`,
  print: (node) => `first seen ${printPeriod(node.when)}`,
  lower: (node, context) => seenInPeriod({ kind: 'first_seen' }, node.when, node, context),
  say({ when }) {
    if (when.is === 'within') return `new ${sayPeriod(when)}`
    if (when.is === 'more than ago') return `known for more than ${printDuration(when.duration)}`
    return `first seen ${sayPeriod(when)}`
  },
  tell(_node, seen) {
    const at = seen.value({ kind: 'first_seen' })
    return at === null ? 'not seen yet' : `first seen ${sayAgo(at, seen)}`
  },
  examples: [
    'first seen within 30 days',
    'first seen within 2 years',
    'first seen more than 90 days ago',
    'first seen between 90 and 30 days ago',
    'first seen since "2026-01-01"',
    'first seen before "2026-01-01"',
    'first seen after "2026-02-27"',
    'first seen on "2026-02-28"',
    'first seen between "2026-01-01" and "2026-01-31"',
    'first seen today',
    'first seen yesterday',
    'first seen this month',
    'first seen last week',
    'first seen last quarter',
    'first seen this year',
  ],
})
