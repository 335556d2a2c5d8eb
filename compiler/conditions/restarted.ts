import { Temporal } from 'temporal-polyfill'
import { z } from 'zod'
import { condition } from '../condition.ts'
import { duration } from '../definition.ts'
import { lowerEvents, nameWhich, printWhich, sayWhich, which } from '../events.ts'
import { type EventFeature, nobody, not, test } from '../ir.ts'
import { isShorter, printPeriod, sayDuration, since } from '../period.ts'
import { type FeatureValue, type Seen, sayAgo, sayInstant } from '../phrase.ts'
import { ago, printDuration, resolve, toInstant } from '../time.ts'
import { happened } from '../times.ts'

const shape = z.strictObject({
  kind: z.literal('restarted'),
  ...which,
  within: duration,
  after: duration,
})
type Restarted = z.infer<typeof shape>

export const restarted = condition<Restarted>({
  kind: 'restarted',
  meaning:
    'The lead did an event within the shorter time before asOf and before the longer one, but not in between.',
  missing: 'A lead that never did such an event, or did so for the first time, has not restarted.',
  shape,
  syntax: `
restarted
  = 'restarted' end _ said:which _ within:within _ 'after' end _ after:duration
    { return node({ kind: 'restarted', ...said, within, after }) }
`,
  print: (node) =>
    `restarted ${printWhich(node)} within ${printDuration(node.within)} after ${printDuration(node.after)}`,
  lower(node, context) {
    if (!isShorter(node.within, node.after)) {
      const message = `Nobody can have restarted within ${printDuration(node.within)} after ${printDuration(node.after)}.`
      context.report(node, 'BAD_DURATION', message, {
        hint: 'Both count back from asOf, and the second is the longer one: within 7 days after 30 days.',
      })
      return nobody
    }
    const events = lowerEvents(node, node, context)
    const recent = since(node, node.within, context)
    const long = since(node, node.after, context)
    const first = { kind: 'events', of: 'lead', figure: { kind: 'first' }, events } as const
    return {
      kind: 'all',
      of: [
        happened({ ...events, from: recent }),
        not(happened({ ...events, from: long, until: recent })),
        test(first, { op: '<', to: { type: 'instant', moment: long } }),
      ],
    }
  },
  say: (node) =>
    `did ${sayWhich(node)} in the last ${sayDuration(node.within)} and more than ${printDuration(node.after)} ago, but not in between`,
  tell(node, seen) {
    const { first, between, last } = timesSeen(seen)
    const which = nameWhich(node)
    if (first === null || last === null) return `no ${which}`
    if (seen.holds) return `${which} ${sayAgo(last, seen)} after none ${sayPause(node)}`
    if (between !== null && between !== last)
      return `${which} ${sayAgo(last, seen)} and ${sayAgo(between, seen)}`
    const begun = resolve(ago(node.after, seen.zone), seen.asOf)
    const isNew = Temporal.Instant.compare(toInstant(first)!, begun) >= 0
    return isNew && between === null
      ? `first ${which} ${sayAgo(first, seen)}`
      : `no ${which} in the last ${sayDuration(node.within)}`
  },
  show(node, seen) {
    const { first, between, last } = timesSeen(seen)
    const at = (value: FeatureValue) => (value === null ? 'never' : sayInstant(value, seen))
    return [`first ${at(first)}`, `${sayPause(node)} ${at(between)}`, `last ${at(last)}`]
  },
  examples: [
    'restarted page_view within 7 days after 30 days',
    'restarted page_view where page = "/pricing" within 2 weeks after 2 months',
    'restarted any event within 1 day after 14 days',
    'restarted email_* within 0 days after 7 days',
    'restarted any of (email_open, email_click) within 7 days after 1 quarter',
    'restarted any_mail within 30 days after 60 days',
  ],
})

const sayPause = ({ within, after }: Restarted): string =>
  printPeriod({ is: 'between ago', from: after, to: within })

/** The first and the last such event ever, and the last one in the pause. */
function timesSeen({ features, value }: Seen) {
  const find = (wanted: (feature: EventFeature) => boolean): FeatureValue => {
    const found = features.find((each) => each.kind === 'events' && wanted(each))
    return found ? value(found) : null
  }
  return {
    first: find(({ figure }) => figure.kind === 'first'),
    between: find(({ figure, events }) => figure.kind === 'last' && events.until !== undefined),
    last: find(({ figure, events }) => figure.kind === 'last' && events.until === undefined),
  }
}
