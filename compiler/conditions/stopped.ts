import { z } from 'zod'
import { condition } from '../condition.ts'
import { duration } from '../definition.ts'
import { lowerEvents, nameWhich, printWhich, sayWhich, which } from '../events.ts'
import { type EventFeature, nobody } from '../ir.ts'
import { inWindow, isShorter, sayDuration, since } from '../period.ts'
import { sayAgo, sayLength } from '../phrase.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({
  kind: z.literal('stopped'),
  ...which,
  silent: duration,
  within: duration,
})

export const stopped = condition<z.infer<typeof shape>>({
  kind: 'stopped',
  meaning: 'The lead did an event within the longer time before asOf, but not within the shorter one.',
  missing: 'A lead without such events has not stopped doing them.',
  shape,
  syntax: `
stopped
  = 'stopped' end _ said:which _ 'for' end _ silent:duration _ within:within
    { return node({ kind: 'stopped', ...said, silent, within }) }
`,
  print: (node) =>
    `stopped ${printWhich(node)} for ${printDuration(node.silent)} within ${printDuration(node.within)}`,
  lower(node, context) {
    if (!isShorter(node.silent, node.within)) {
      const message = `Nobody can have stopped for ${printDuration(node.silent)} within ${printDuration(node.within)}.`
      context.report(node, 'BAD_DURATION', message, {
        hint: 'The time without such an event comes first and is the shorter one: for 14 days within 60 days.',
      })
      return nobody
    }
    const last: EventFeature = {
      kind: 'events',
      of: 'lead',
      figure: { kind: 'last' },
      events: lowerEvents(node, node, context),
    }
    return inWindow(last, {
      from: since(node, node.within, context),
      until: since(node, node.silent, context),
    })
  },
  say: (node) =>
    `did ${sayWhich(node)} in the last ${sayDuration(node.within)}, but not in the last ${sayDuration(node.silent)}`,
  tell(node, seen) {
    const [last] = seen.features
    const at = last ? seen.value(last) : null
    if (at === null) return `no ${nameWhich(node)}`
    if (!seen.holds) return `${nameWhich(node)} ${sayAgo(at, seen)}`
    return `no ${nameWhich(node)} for ${sayLength(at, seen) ?? 'no time yet'}`
  },
  examples: [
    'stopped page_view for 14 days within 60 days',
    'stopped page_view where page = "/pricing" for 1 week within 2 months',
    'stopped any event for 0 days within 90 days',
    'stopped email_* for 30 days within 1 year',
    'stopped any of (email_open, email_click) for 7 days within 30 days',
    'stopped viewed_pricing for 12 hours within 90 days',
  ],
})
