import { z } from 'zod'
import { nearest } from '../catalog.ts'
import { type Context, condition } from '../condition.ts'
import {
  eventsSyntax,
  lowerDuring,
  nameWhich,
  printEvent,
  printWhich,
  sayWhich,
  suggest,
  type Which,
  which,
} from '../events.ts'
import { nobody } from '../ir.ts'
import { type Period, period, printPeriod, sayPeriod } from '../period.ts'
import {
  lowerTimes,
  printTimes,
  sayNever,
  sayTimes,
  type Times,
  tellTimes,
  times,
  timesSyntax,
} from '../times.ts'
import { whereSyntax } from '../where.ts'

/** Which events, how often and when. */
export const didFields = { ...which, times: times.optional(), when: period.optional() }
export type Did = Which & { times?: Times | undefined; when?: Period | undefined }

const shape = z.strictObject({ kind: z.literal('did'), ...didFields })

export const didEvent = condition<z.infer<typeof shape>>({
  kind: 'did',
  meaning:
    'The lead did an event, so many times (at least once, if nothing is said), in a period before asOf.',
  missing:
    'A lead without such events did it 0 times. What follows `where` must hold on one and the same event.',
  shape,
  // `did` may be left out in front of what can't be an attribute that is compared.
  syntax: `
did
  = 'did' end _ said:did_said { return node({ kind: 'did', ...said }) }
  / said:did_bare { return Object.defineProperty(node({ kind: 'did', ...said }), 'bare', { value: true }) }
did_bare
  = &manyEvents @did_said
  / !did_taken &(name _ ('where' end / times / AND / OR / ')' / !.)) @did_said
did_taken
  = ('score' / 'last' / 'no' / 'first' / 'account' / 'any' / 'in' / 'at' / 'all' / 'none' / 'size' / 'sum' / 'mean'
    / 'min' / 'max' / 'distinct' / 'stopped' / 'restarted' / 'regularly' / 'converted' / 'bucket') end
did_said
  = event:events clauses:(_ @did_clause)*
    { return { event, ...once(clauses) } }
did_clause
  = clause:did_clauseSaid { return { clause, at: location() } }
did_clauseSaid
  = 'where' end _ where:whereUnary { return { where } }
  / times:times { return { times } }
  / when:period { return { when } }
${eventsSyntax}${timesSyntax}${whereSyntax}`,
  print: (node) => `did ${printDid(node)}`,
  lower(node, context) {
    if ('bare' in node && typeof node.event === 'string' && !isEvent(node.event, context)) {
      reportBare(node, node.event, context)
      return nobody
    }
    const length = ('bare' in node ? '' : 'did ').length + printEvent(node.event).length
    return lowerTimes(lowerDuring(node, node, context, length), node.times)
  },
  say: (node) => sayDid(node),
  tell: (node, seen) => tellTimes(nameWhich(node), node, seen) ?? sayDid(node),
  examples: [
    'did trial_signup',
    'did email_open within 7 days',
    'did email_open within 1 week',
    'did email_open within 168 hours',
    'did email_open within 1 month',
    'did email_open more than 14 days ago',
    'did email_open between 60 and 30 days ago',
    'did email_open between 2 months and 3 days ago',
    'did email_open since "2026-03-01"',
    'did email_open before "2026-03-01"',
    'did email_open after "2026-03-01 12:00"',
    'did email_open on "2026-03-01"',
    'did email_open between "2026-02-01" and "2026-03-01"',
    'did email_open this month',
    'did email_open last week',
    'did email_open yesterday',
    'did email_open at least 3 times within 30 days',
    'did email_open at least 1 times',
    'did email_open at least 0 times',
    'did email_open at most 2 times',
    'did email_open at most 2 times between 60 and 30 days ago',
    'did email_open fewer than 1 times within 30 days',
    'did email_open exactly 0 times',
    'did email_open = 2 times',
    'did email_open = 2 times this quarter',
    'did email_open more than 1 times',
    'did any event',
    'did any event where channel = "email" at least 2 times within 30 days',
    'did any event where channel is unknown',
    'did email_*',
    'did email_* more than 2 times within 30 days',
    'did any of (email_open, email_click) at least 2 times',
    'did any of (demo_request, any_mail) within 30 days',
    'did viewed_pricing',
    'did viewed_pricing where seconds >= 30 within 14 days',
    'viewed_pricing',
    'viewed_pricing at least 2 times within 7 days',
    'any_mail where channel = "email"',
    'any event where page starts with "/docs"',
    'email_* within 7 days',
    'did page_view where page = "/pricing"',
    'did page_view where page starts with "/case"',
    'did page_view where page != "/pricing"',
    'did page_view where page is unknown',
    'did page_view where page in exactly ("/pricing", "/docs")',
    'did page_view where (page = "/pricing" and seconds >= 30) within 14 days',
    'did page_view where not (page contains "docs" or seconds < 5.5) at least 2 times',
    'did page_view where seconds between 10 and 60',
    'did page_view where logged_in is true',
    'did page_view where started within 30 days',
    'did page_view where started = "2026-03-01"',
    'did page_view where tags = "vip"',
    'did page_view where none of tags = "vip"',
    'did page_view where all of tags contains "v"',
    'did page_view where size of tags >= 2',
    'did page_view where utm.source = "newsletter"',
    'did page_view where utm.source is known within 30 days',
    'did never_seen_event',
  ],
})

export const printDid = (node: Did): string =>
  [printWhich(node), node.times && printTimes(node.times), node.when && printPeriod(node.when)]
    .filter(Boolean)
    .join(' ')

export const sayDid = (node: Did): string =>
  `${sayNever(node.times)}did ${sayWhich(node)}${sayTimes(node.times)}${node.when ? ` ${sayPeriod(node.when)}` : ''}`

/** A bare name that is no event is more likely a slip of the pen than an event that is yet to come. */
function reportBare(node: Did, name: string, context: Context): void {
  const type = context.catalog.leads.get(name)
  const written = printEvent(name)
  const ask = type === 'boolean' ? 'true' : 'known'
  context.report(node, type ? 'SYNTAX' : 'UNKNOWN_EVENT', message(name, type !== undefined), {
    hint: type
      ? `Write ${written} is ${ask}.`
      : (suggest(name, context) ?? misspelt(name) ?? `Write did ${written} if such events are yet to come.`),
    length: written.length,
    ...(type ? {} : { unknown: name }),
  })
}

/** Words that are a condition all by themselves. */
const alone = ['everyone', 'converted']

function misspelt(name: string): string | undefined {
  const meant = nearest(name, alone)
  return meant && `Did you mean "${meant}"?`
}

const message = (name: string, attribute: boolean) =>
  attribute
    ? `"${name}" is an attribute: say what it is compared with.`
    : `"${name}" is neither an event nor an alias of events.yaml.`

const isEvent = (name: string, { catalog }: Context) => catalog.events.has(name) || catalog.aliases.has(name)
