import { z } from 'zod'
import { condition } from '../condition.ts'
import { type EventFeature, type Events, everyone, not, test } from '../ir.ts'
import { inWindow, lowerPeriod, period, printPeriod, sayPeriod } from '../period.ts'
import { sayAgo, sayLength } from '../phrase.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({
  kind: z.literal('last_activity'),
  is: z.enum(['last', 'no']),
  when: period,
})

export const lastActivity = condition<z.infer<typeof shape>>({
  kind: 'last_activity',
  meaning: 'The latest event that counts as activity lies in a period, or none lies in it.',
  missing:
    'A lead that was never active has no last activity: it is in `no activity …`, not in `last activity …`.',
  shape,
  syntax: `
last_activity
  = is:$('last' / 'no') end _ 'activity' end _ when:period { return node({ kind: 'last_activity', is, when }) }
`,
  print: (node) => `${node.is} activity ${printPeriod(node.when)}`,
  lower(node, context) {
    const passive = [...context.catalog.events].filter(([, type]) => !type.activity).map(([name]) => name)
    const events: Events = { types: { allBut: passive.sort() }, where: everyone }
    const window = lowerPeriod(node, node.when, context)
    if (node.is === 'last') return inWindow(last(events), window)
    // What came after the period says nothing of what was in it.
    const hasEnd = window.to !== undefined || window.until !== undefined
    return not(
      hasEnd ? test(last({ ...events, ...window }), { op: 'known' }) : inWindow(last(events), window),
    )
  },
  say({ is, when }) {
    if (is === 'no') return `not active ${sayPeriod(when)}`
    if (when.is === 'within') return `active ${sayPeriod(when)}`
    if (when.is === 'more than ago') return `silent for more than ${printDuration(when.duration)}`
    return `last active ${sayPeriod(when)}`
  },
  tell({ is, when }, seen) {
    const [last] = seen.features
    const at = last ? seen.value(last) : null
    const bounded = last?.kind === 'events' && (last.events.to ?? last.events.until) !== undefined
    if (at === null) return bounded ? `no activity ${sayPeriod(when)}` : 'never active'
    if (bounded) return `active ${sayAgo(at, seen)}`
    const silent = seen.holds && (is === 'no' || when.is === 'more than ago')
    return silent ? `silent for ${sayLength(at, seen) ?? 'no time yet'}` : `last active ${sayAgo(at, seen)}`
  },
  examples: [
    'last activity within 7 days',
    'last activity within 0 days',
    'last activity more than 14 days ago',
    'last activity more than 1 quarter ago',
    'last activity between 60 and 30 days ago',
    'last activity since "2026-03-01"',
    'last activity before "2026-03-01"',
    'last activity after "2026-03-01 12:00"',
    'last activity on "2026-02-28"',
    'last activity between "2026-02-01" and "2026-02-28"',
    'last activity today',
    'last activity yesterday',
    'last activity this week',
    'last activity last month',
    'last activity this quarter',
    'last activity last year',
    'no activity within 90 days',
    'no activity since "2026-01-01"',
    'no activity last month',
    'no activity between 2 months and 1 week ago',
    'no activity more than 1 year ago',
  ],
})

const last = (events: Events): EventFeature => ({
  kind: 'events',
  of: 'lead',
  figure: { kind: 'last' },
  events,
})
