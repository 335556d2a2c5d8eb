import { z } from 'zod'
import { nearest } from '../catalog.ts'
import { lowerComparison, printComparison, printName } from '../comparison.ts'
import { type Context, condition, since } from '../condition.ts'
import { type ComparisonNode, comparison, count, duration, name } from '../definition.ts'
import { type Events, type Feature, type Filter, not, type Predicate, test } from '../ir.ts'
import { printDuration } from '../time.ts'

type Where =
  | { kind: 'all'; of: Where[] }
  | { kind: 'any'; of: Where[] }
  | { kind: 'not'; of: Where }
  | { kind: 'property'; name: string; is: ComparisonNode }

const where: z.ZodType<Where> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('all'), of: z.array(where).min(1) }),
    z.strictObject({ kind: z.literal('any'), of: z.array(where).min(1) }),
    z.strictObject({ kind: z.literal('not'), of: where }),
    z.strictObject({ kind: z.literal('property'), name, is: comparison }),
  ]),
)

const times = z.strictObject({
  op: z.enum(['at least', 'at most', 'exactly', 'more than', 'fewer than']),
  n: count,
})

const shape = z.strictObject({
  kind: z.literal('did'),
  event: name,
  where: where.optional(),
  times: times.optional(),
  within: duration.optional(),
})
type Did = z.infer<typeof shape>

export const didEvent = condition<Did>({
  kind: 'did',
  meaning:
    'The lead did an event, so many times (at least once, if nothing is said), within a time before asOf.',
  missing:
    'A lead without such events did it 0 times. What follows `where` must hold on one and the same event.',
  shape,
  syntax: `
did
  = 'did' end _ event:name clauses:(_ @didClause)*
    {
      const said = Object.assign({}, ...clauses)
      if (clauses.length > Object.keys(said).length) error('where, a number of times and within can each be said once')
      return node({ kind: 'did', event, ...said })
    }
didClause
  = 'where' end _ where:whereUnary { return { where } }
  / times:times { return { times } }
  / within:within { return { within } }
times
  = op:timesWords _ n:count _ ('times' / 'time') end { return { op, n } }
  / '=' _ n:count _ ('times' / 'time') end { return { op: 'exactly', n } }
timesWords
  = 'at' end _ 'least' end { return 'at least' }
  / 'at' end _ 'most' end { return 'at most' }
  / 'more' end _ 'than' end { return 'more than' }
  / 'fewer' end _ 'than' end { return 'fewer than' }
  / 'exactly' end { return 'exactly' }
whereOr
  = head:whereAnd tail:(_ OR _ @whereAnd)* { return tail.length ? node({ kind: 'any', of: [head, ...tail] }) : head }
whereAnd
  = head:whereUnary tail:(_ AND _ @whereUnary)* { return tail.length ? node({ kind: 'all', of: [head, ...tail] }) : head }
whereUnary
  = NOT _ of:whereUnary { return node({ kind: 'not', of }) }
  / '(' _ @whereOr _ ')'
  / name:name _ is:comparison { return node({ kind: 'property', name, is }) }
`,
  print(node) {
    const clauses = [
      `did ${printName(node.event)}`,
      node.where && `where ${printWhere(node.where)}`,
      node.times && `${node.times.op} ${node.times.n} times`,
      node.within && `within ${printDuration(node.within)}`,
    ]
    return clauses.filter(Boolean).join(' ')
  },
  lower: lowerDid,
  say(node) {
    const verb = node.event.replaceAll('_', ' ')
    const often = node.times ? ` ${node.times.op} ${node.times.n} times` : ''
    return `did ${verb}${node.where ? ` (${printWhere(node.where)})` : ''}${often}${node.within ? ` in the last ${printDuration(node.within)}` : ''}`
  },
  examples: [
    'did trial_signup',
    'did email_open within 7 days',
    'did email_open within 1 week',
    'did email_open within 168 hours',
    'did email_open within 1 month',
    'did email_open at least 3 times within 30 days',
    'did email_open at least 1 time',
    'did email_open at most 2 times',
    'did email_open fewer than 1 times within 30 days',
    'did email_open exactly 0 times',
    'did email_open = 2 times',
    'did email_open more than 1 times',
    'did page_view where page = "/pricing"',
    'did page_view where page starts with "/case"',
    'did page_view where page != "/pricing"',
    'did page_view where page is unknown',
    'did page_view where (page = "/pricing" and seconds >= 30) within 14 days',
    'did page_view where not (page contains "docs" or seconds < 5.5) at least 2 times',
    'did page_view where seconds between 10 and 60',
    'did never_seen_event',
  ],
})

function lowerDid(node: Did, context: Context): Predicate {
  const type = context.catalog.events.get(node.event)
  if (!type) {
    const meant = nearest(node.event, context.catalog.events.keys())
    context.report(node, 'UNKNOWN_EVENT', `No event of type "${node.event}" has come so far.`, {
      severity: 'warning',
      length: `did ${printName(node.event)}`.length,
      hint: meant ? `Did you mean "${meant}"?` : undefined,
    })
  }
  const filter: Filter = node.where ? lowerWhere(node.where, node, context) : { kind: 'all', of: [] }
  const events: Events = { types: { only: [node.event] }, where: filter }
  const from = node.within && since(node, node.within, context)
  const { op, n } = node.times ?? { op: 'at least', n: 1 }
  const counted: Feature = {
    kind: 'events',
    figure: 'count',
    events: from ? { ...events, from } : events,
  }
  const atLeast = (least: number): Predicate => {
    if (least <= 0) return { kind: 'all', of: [] }
    if (least > 1) return test(counted, { op: '>=', to: { type: 'number', value: String(least) } })
    // All windows of one event share one feature: its latest instant.
    const last: Feature = { kind: 'events', figure: 'last', events }
    return test(last, from ? { op: '>=', to: { type: 'instant', moment: from } } : { op: 'known' })
  }
  switch (op) {
    case 'at least':
      return atLeast(n)
    case 'more than':
      return atLeast(n + 1)
    case 'fewer than':
      return not(atLeast(n))
    case 'at most':
      return not(atLeast(n + 1))
    case 'exactly':
      return n === 0 ? not(atLeast(1)) : test(counted, { op: '=', to: { type: 'number', value: String(n) } })
  }
}

function lowerWhere(node: Where, did: Did, context: Context): Filter {
  if (node.kind === 'all' || node.kind === 'any') {
    return { kind: node.kind, of: node.of.map((each) => lowerWhere(each, did, context)) }
  }
  if (node.kind === 'not') return not(lowerWhere(node.of, did, context))
  const event = context.catalog.events.get(did.event)
  const type = event?.properties.get(node.name)
  if (event && !type) {
    const meant = nearest(node.name, event.properties.keys())
    context.report(node, 'UNKNOWN_PROPERTY', `No ${did.event} had a property "${node.name}" so far.`, {
      severity: 'warning',
      length: printName(node.name).length,
      hint: meant ? `Did you mean "${meant}"?` : undefined,
    })
  }
  return lowerComparison(
    {
      node,
      label: `"${node.name}" of ${did.event}`,
      type,
      subject: (compared) => ({ kind: 'property', name: node.name, type: compared }),
    },
    node.is,
    context,
  )
}

/** One comparison stands as it is; several stand in parentheses, so that what follows is not taken for a filter. */
function printWhere(node: Where): string {
  if (node.kind === 'property') return `${printName(node.name)} ${printComparison(node.is)}`
  if (node.kind === 'not') return `not ${printWhere(node.of)}`
  return `(${node.of.map(printWhere).join(node.kind === 'all' ? ' and ' : ' or ')})`
}
