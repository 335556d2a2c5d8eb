import { z } from 'zod'
import { nearest } from './catalog.ts'
import { printName } from './comparison.ts'
import type { Context } from './condition.ts'
import { name } from './definition.ts'
import { type Events, type EventTypes, everyone, type Filter } from './ir.ts'
import { lowerPeriod, type Period } from './period.ts'
import { lowerWhere, printWhere, sayWhere, type Where, where } from './where.ts'

/** Which events are meant: a type or an alias of events.yaml, every one, those of a prefix, those of a list. */
export const event = z.union([
  name,
  z.strictObject({ any: z.literal(true) }),
  z.strictObject({ prefix: name }),
  z.strictObject({ types: z.array(name).min(1) }),
])
export type EventNode = z.infer<typeof event>

/** Which events are meant, and what must hold on each of them. To be spread into the shape of a condition. */
export const which = { event, where: where.optional() }
export type Which = { event: EventNode; where?: Where | undefined }

export const eventsSyntax = `
which
  = event:events where:(_ 'where' end _ @whereUnary)? { return where ? { event, where } : { event } }
events
  = manyEvents
  / !('any' end) @name
manyEvents
  = 'any' end _ 'event' end { return { any: true } }
  / 'any' end _ 'of' end _ '(' _ head:name tail:(_ ',' _ @name)* _ ')' { return { types: [head, ...tail] } }
  / prefix:name '*' { return { prefix } }
`

/** Words that mean something else where an event or a property of one is named. */
const taken = new Set(['any', 'activity', 'seen', 'days'])

export const printEventName = (name: string): string => printName(name, taken)

export function printEvent(event: EventNode): string {
  if (typeof event === 'string') return printEventName(event)
  if ('any' in event) return 'any event'
  if ('prefix' in event) return `${printEventName(event.prefix)}*`
  return `any of (${event.types.map(printEventName).join(', ')})`
}

export const printWhich = (node: Which): string =>
  `${printEvent(node.event)}${node.where ? ` where ${printWhere(node.where)}` : ''}`

/** In words: "page view", "any event", "any email event", "email open or email click". */
export function sayEvent(event: EventNode): string {
  if (typeof event === 'string') return spoken(event)
  if ('any' in event) return 'any event'
  if ('prefix' in event) return `any ${spoken(event.prefix)} event`
  const [last, ...others] = event.types.map(spoken).reverse()
  return others.length ? `${others.reverse().join(', ')} or ${last}` : `${last}`
}

const spoken = (name: string): string => name.replaceAll('_', ' ').trim() || name

export const sayWhich = (node: Which): string =>
  `${sayEvent(node.event)}${node.where ? ` (${sayWhere(node.where)})` : ''}`

/** The same as a thing of which there are so many, or none: "page view", "event", "email event". */
export function nameWhich(node: Which): string {
  const said = sayWhich(node)
  return typeof node.event === 'string' ? said : said.replace(/^any /, '')
}

/** `length`: the event is named in so many characters at the node's beginning; what is wrong with it stands there. */
export function lowerEvents(node: object, which: Which, context: Context, length?: number): Events {
  const { types, where } = meant(node, which.event, context, length)
  if (!which.where) return { types, where }
  const said = lowerWhere(which.where, { types, label: printEvent(which.event) }, context)
  return { types, where: isEveryone(where) ? said : { kind: 'all', of: [where, said] } }
}

/** The same within a period. */
export function lowerDuring(
  node: object,
  which: Which & { when?: Period | undefined },
  context: Context,
  length?: number,
): Events {
  const events = lowerEvents(node, which, context, length)
  if (!which.when) return events
  return { ...events, ...lowerPeriod(node, which.when, context) }
}

function meant(
  node: object,
  event: EventNode,
  context: Context,
  length?: number,
): { types: EventTypes; where: Filter } {
  if (typeof event === 'string') {
    const alias = context.catalog.aliases.get(event)
    if (alias?.broken) brokenAlias(node, event, alias.broken, context, length)
    if (alias) return alias
    if (!context.catalog.events.has(event)) unknownEvent(node, event, context, length)
    return { types: { only: [event] }, where: everyone }
  }
  if ('any' in event) return { types: { allBut: [] }, where: everyone }
  if ('prefix' in event) {
    if (![...context.catalog.events.keys()].some((type) => type.startsWith(event.prefix))) {
      const message = `No event of a type that begins with "${event.prefix}" has come so far.`
      context.report(node, 'UNKNOWN_EVENT', message, { severity: 'warning', ...at(length) })
    }
    return { types: { prefix: event.prefix }, where: everyone }
  }
  const types = event.types.flatMap((name) => member(node, name, context, length))
  return { types: { only: [...new Set(types)].sort() }, where: everyone }
}

/** A list holds types, and aliases that stand for a type or a list of them. */
function member(node: object, name: string, context: Context, length?: number): readonly string[] {
  const alias = context.catalog.aliases.get(name)
  if (alias) {
    const { types, where, broken } = alias
    if (broken) brokenAlias(node, name, broken, context, length)
    if ('only' in types && isEveryone(where)) return types.only
    const message = `${name} stands for events with a filter or of many types, and can't be one of a list.`
    context.report(node, 'BAD_LIST', message, {
      hint: `Name it in a condition of its own: (did ${printEventName(name)} or did …).`,
      ...at(length),
    })
    return []
  }
  if (!context.catalog.events.has(name)) unknownEvent(node, name, context, length)
  return [name]
}

function brokenAlias(node: object, name: string, why: string, context: Context, length?: number): void {
  context.report(node, 'BAD_ALIAS', `The alias ${name} stands for nothing: ${why}`, {
    hint: 'Mend it in events.yaml.',
    ...at(length),
  })
}

function unknownEvent(node: object, name: string, context: Context, length?: number): void {
  context.report(node, 'UNKNOWN_EVENT', `No event of type "${name}" has come so far.`, {
    severity: 'warning',
    unknown: name,
    hint: suggest(name, context),
    ...at(length),
  })
}

/** The known event or alias that a wrong name may mean, or the word in place of one. */
export function suggest(name: string, { catalog }: Context): string | undefined {
  const found = nearest(name, [...catalog.events.keys(), ...catalog.aliases.keys()])
  const meant = found ?? nearest(name, ['activity', 'seen'])
  if (meant) return `Did you mean "${meant}"?`
  return catalog.leads.has(name) ? 'It is an attribute: say what it is compared with.' : undefined
}

const isEveryone = (where: Filter): boolean => where.kind === 'all' && where.of.length === 0

const at = (length: number | undefined) => (length === undefined ? {} : { length })
