import { stringify } from 'yaml'
import type { EventTypeSource } from '../pipeline/project/sources.ts'
import type { KnownEventType } from '../pipeline/reads.ts'
import { plural } from './values.ts'

type Known = Pick<KnownEventType, 'type' | 'channel' | 'activity' | 'conversion' | 'events' | 'leads'>

/** What is done to a lead, or by a machine. */
const passive =
  /(^|[_.-])(sent|send|bounced?|delivered|delivery|dropped|deferred|queued|sync(ed)?|enriched|imported|assigned|merged)($|[_.-])/i
const wins = /(^|[_.-])(won|purchased?|deals?|conversions?|converted|orders?|paid)($|[_.-])/i
const notWon = /(lost|open(ed)?|created|stage|abandon|cancel|refund|fail)/i

/** Where things happen, by how the names of their types begin. */
const channels: Readonly<Record<string, string>> = {
  ad: 'ads',
  ads: 'ads',
  api: 'product',
  app: 'product',
  booth: 'field',
  call: 'phone',
  chat: 'chat',
  crm: 'system',
  email: 'email',
  event: 'field',
  feature: 'product',
  form: 'web',
  login: 'product',
  mail: 'email',
  newsletter: 'email',
  page: 'web',
  phone: 'phone',
  product: 'product',
  site: 'web',
  sms: 'sms',
  support: 'support',
  sync: 'system',
  ticket: 'support',
  trial: 'product',
  visit: 'web',
  web: 'web',
  webinar: 'webinar',
  whitepaper: 'web',
}

/**
 * An events.yaml for the event types that were imported. What was applied before stays as it is, and what events.yaml
 * says of a type as it says it; the rest is a guess by the names, to be looked over.
 */
export function proposeEvents(types: readonly Known[], said: readonly EventTypeSource[] = []): string {
  const prefixes = new Map<string, number>()
  for (const { type } of types) {
    const prefix = prefixOf(type)
    prefixes.set(prefix, (prefixes.get(prefix) ?? 0) + 1)
  }
  const lines = types.map((known) => {
    const own = said.find(({ type }) => type === known.type)
    return { text: written(own ?? guessed(known, prefixes)), known }
  })
  const margin = Math.min(60, Math.max(0, ...lines.map(({ text }) => text.length)))
  const body = lines.map(
    ({ text, known }) =>
      `  ${text.padEnd(margin)}  # ${plural(Number(known.events), 'event')} of ${plural(Number(known.leads), 'lead')}`,
  )
  return `# What there is to know about event types, proposed from what was imported, by the names: look it over.
# A type that is not named counts as activity and has no channel.
#   channel          where it happens
#   activity: false  what is done to a lead, or by a machine; "last activity" doesn't look at it
#   conversion: true what counts as one
events:
${body.join('\n')}

# Names that stand for events with a filter, wherever an event is named: \`did viewed_pricing\`.
# aliases:
#   viewed_pricing: page_view where page = "/pricing"
`
}

const prefixOf = (type: string): string => (/^[a-z0-9]+/i.exec(type)?.[0] ?? type).toLowerCase()

function guessed(known: Known, prefixes: ReadonlyMap<string, number>): EventTypeSource {
  const { type } = known
  const conversion = known.conversion || (wins.test(type) && !notWon.test(type))
  const activity = known.activity && (conversion || !passive.test(type))
  const channel = known.channel ?? (conversion ? undefined : channelOf(type, prefixes)) ?? null
  return { type, channel, activity, conversion }
}

function written({ type, channel, activity, conversion }: EventTypeSource): string {
  const said = [
    channel && `channel: ${inline(channel)}`,
    !activity && 'activity: false',
    conversion && 'conversion: true',
  ].filter(Boolean)
  return `${inline(type)}: ${said.length > 0 ? `{ ${said.join(', ')} }` : '{}'}`
}

/** A prefix that nobody knows is a channel if several types share it. */
function channelOf(type: string, prefixes: ReadonlyMap<string, number>): string | undefined {
  const prefix = prefixOf(type)
  if (channels[prefix]) return channels[prefix]
  return prefix !== type && (prefixes.get(prefix) ?? 0) > 1 ? prefix : undefined
}

/** As it can stand in a map on one line. */
function inline(text: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_. -]*$/.test(text) && stringify(text).trim() === text
  return plain && !text.endsWith(' ') ? text : JSON.stringify(text)
}
