import { z } from 'zod'
import { count } from './definition.ts'
import { type EventFeature, type Events, everyone, nobody, not, type Predicate, test } from './ir.ts'
import { type Period, sayPeriod } from './period.ts'
import { type Seen, sayAgo, withCommas } from './phrase.ts'

/** How often something happened. */
export const times = z
  .strictObject({ op: z.enum(['at least', 'at most', 'exactly', 'more than', 'fewer than']), n: count })
  .meta({ examples: [{ op: 'at least', n: 3 }] })
export type Times = z.infer<typeof times>

export const timesSyntax = `
times
  = timesStart @timesSaid
timesStart "number of times (such as at least 3 times)"
  = &('=' / ('at' / 'more' / 'fewer' / 'exactly') end)
timesSaid
  = op:timesWords _ n:count _ ('times' / 'time') end { return { op, n } }
  / '=' _ n:count _ ('times' / 'time') end { return { op: 'exactly', n } }
timesWords
  = 'at' end _ 'least' end { return 'at least' }
  / 'at' end _ 'most' end { return 'at most' }
  / 'more' end _ 'than' end { return 'more than' }
  / 'fewer' end _ 'than' end { return 'fewer than' }
  / 'exactly' end { return 'exactly' }
`

export const printTimes = ({ op, n }: Times): string => `${op} ${n} times`

const once: Record<Times['op'], string> = {
  'at least': 'at least once',
  'at most': 'at most once',
  exactly: 'once',
  'more than': 'more than once',
  'fewer than': 'fewer than once',
}

/** Behind what happened: "at least once". What never happened says so in front of it. */
export function sayTimes(times: Times | undefined): string {
  if (!times || isNever(times)) return ''
  const { op, n } = times
  if (n === 1) return ` ${once[op]}`
  return op === 'exactly' ? ` ${n} times` : ` ${op} ${n} times`
}

export const sayNever = (times: Times | undefined): string => (times && isNever(times) ? 'never ' : '')

const isNever = ({ op, n }: Times): boolean =>
  op === 'fewer than' ? n === 1 : n === 0 && (op === 'exactly' || op === 'at most')

/** Of one lead: "login 3 times this week", "trial signup 290 days ago", "no api call". Undefined if nothing was looked at. */
export function tellTimes(
  which: string,
  { times: said, when }: { times?: Times | undefined; when?: Period | undefined },
  { features: [feature], holds, value, asOf }: Pick<Seen, 'features' | 'holds' | 'value' | 'asOf'>,
): string | undefined {
  if (feature?.kind !== 'events') return undefined
  const seen = value(feature)
  const during = when ? ` ${sayPeriod(when)}` : ''
  if (feature.figure.kind === 'count' && seen !== '0') {
    return `${which} ${seen === '1' ? 'once' : `${withCommas(seen ?? '0')} times`}${during}`
  }
  const happened = holds !== (said !== undefined && isNever(said))
  return seen !== null && seen !== '0' && happened
    ? `${which} ${sayAgo(seen, { asOf })}`
    : `no ${which}${during}`
}

/** Whether so many of the events happened: at least one, if nothing is said. */
export function lowerTimes(
  events: Events,
  { op, n }: Times = { op: 'at least', n: 1 },
  of: EventFeature['of'] = 'lead',
): Predicate {
  const atLeast = (least: number): Predicate => {
    if (least <= 0) return everyone
    if ('only' in events.types && events.types.only.length === 0) return nobody
    return least === 1 ? happened(events, of) : test(counted(events, of), { op: '>=', to: number(least) })
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
      if (n === 0) return not(atLeast(1))
      return atLeast(1) === nobody ? nobody : test(counted(events, of), { op: '=', to: number(n) })
  }
}

/** All windows of the same events that reach up to asOf share one feature: their latest instant. */
export function happened(events: Events, of: EventFeature['of'] = 'lead'): Predicate {
  const { from, to, until, ...ever } = events
  const open = !to && !until
  const last: EventFeature = { kind: 'events', of, figure: { kind: 'last' }, events: open ? ever : events }
  if (!open || !from) return test(last, { op: 'known' })
  return test(last, { op: '>=', to: { type: 'instant', moment: from } })
}

const counted = (events: Events, of: EventFeature['of']): EventFeature => ({
  kind: 'events',
  of,
  figure: { kind: 'count' },
  events,
})

const number = (n: number) => ({ type: 'number', value: String(n) }) as const
