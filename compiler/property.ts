import { type Catalog, type CatalogType, type EventType, nearest } from './catalog.ts'
import { type Named, printName } from './comparison.ts'
import type { Context } from './condition.ts'
import type { EventTypes, Property } from './ir.ts'

/** The events whose properties are meant, and how they are called. */
export type Of = { readonly types: EventTypes; readonly label: string }
export type PropertyName = { readonly name: string; readonly path?: readonly string[] | undefined }

/**
 * A property by its name, with the type it has on the events that are meant. Undefined, and said, where they differ
 * on it; unless nothing but whether it is known is `asked`: that can be said of every type.
 */
export function propertyOf(
  node: object,
  { name, path }: PropertyName,
  of: Of,
  context: Context,
  { asked = 'value', length }: { asked?: 'value' | 'known'; length?: number } = {},
): Named<Property> | undefined {
  const meant = eventTypes(of.types, context.catalog)
  const ofType = name === 'channel' && !path ? channels(context.catalog) : undefined
  const found = typesOf(name, meant, ofType)
  if (found.size === 0 && meant.length > 0) reportUnknown(node, name, meant, of, context, length)
  const [type, ...others] = kindsOf(found)
  if (others.length > 0 && asked === 'value') {
    reportClash(node, name, found, context)
    return undefined
  }
  const written = [name, ...(path ?? [])].join('.')
  return {
    node,
    label: `"${written}" of ${of.label}`,
    type: others.length > 0 ? 'json' : type,
    ...(path ? { path } : {}),
    subject: (compared) => ({
      kind: 'property',
      name,
      ...(path ? { path } : {}),
      type: compared,
      ...(ofType ? { ofType } : {}),
    }),
  }
}

type KnownType = readonly [name: string, type: EventType]

/** What the catalog knows of the types that are meant. */
function eventTypes(types: EventTypes, { events }: Catalog): KnownType[] {
  const all = [...events]
  if ('only' in types) return all.filter(([name]) => types.only.includes(name))
  if ('prefix' in types) return all.filter(([name]) => name.startsWith(types.prefix))
  return all.filter(([name]) => !types.allBut.includes(name))
}

/** Every type with a channel, whichever are meant: one map for all, so that conditions share what they read. */
function channels({ events }: Catalog): Record<string, string> | undefined {
  const found = [...events].flatMap(([name, { channel }]) => (channel ? [[name, channel] as const] : []))
  return found.length > 0 ? Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1))) : undefined
}

/** The types a property has, each with the first event type that has it so. */
function typesOf(
  name: string,
  meant: readonly KnownType[],
  ofType: Record<string, string> | undefined,
): Map<CatalogType, string> {
  const found = new Map<CatalogType, string>()
  for (const [event, { properties }] of meant) {
    const own = properties.get(name)
    const type = own === 'range' ? 'number' : own
    if (type && !found.has(type)) found.set(type, event)
    if (ofType && event in ofType && !found.has('text')) found.set('text', event)
  }
  return found
}

/** A list may hold what is a value elsewhere: then the value is a list of one. Instants are compared as such alone. */
function kindsOf(found: ReadonlyMap<CatalogType, string>): CatalogType[] {
  const types = [...found.keys()]
  return found.has('json') && !found.has('instant') && types.length <= 2 ? ['json'] : types
}

function reportUnknown(
  node: object,
  name: string,
  meant: readonly KnownType[],
  { types, label }: Of,
  context: Context,
  length: number | undefined,
): void {
  const one = 'only' in types && types.only.length === 1
  const known = nearest(name, new Set(meant.flatMap(([, { properties }]) => [...properties.keys()])))
  context.report(
    node,
    'UNKNOWN_PROPERTY',
    `No ${one ? label : 'such event'} had a property "${name}" so far.`,
    {
      severity: 'warning',
      unknown: name,
      ...(length === undefined ? {} : { length }),
      hint: known ? `Did you mean "${known}"?` : undefined,
    },
  )
}

function reportClash(
  node: object,
  name: string,
  found: ReadonlyMap<CatalogType, string>,
  context: Context,
): void {
  const each = [...found].map(([type, event]) => `${type} of ${event}`)
  context.report(node, 'TYPE_MISMATCH', `"${name}" is not of one type: ${each.join(', ')}.`, {
    hint: `Ask each on its own: ${[...found.values()].map((event) => `did ${printName(event)} where …`).join(' or ')}.`,
  })
}
