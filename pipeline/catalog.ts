import { type Catalog, type CatalogType, type EventType, staticMeaning } from '../compiler/index.ts'
import { storedAliases } from './aliases.ts'
import type { Client, Database, Parameter } from './engine.ts'
import type { StoredAlias } from './reads.ts'
import { statement } from './sql.ts'

export type Reader = Pick<Database, 'query'> | Client

/** What the database's catalog holds now, as the compiler takes it. Of the segments those that are static. */
export async function readCatalog(reader: Reader, scores: Catalog['scores']): Promise<Catalog> {
  const names = await rows<{ subject: string; event_type: string; name: string; type: CatalogType }>(
    reader,
    'select subject, event_type, name, type from catalog order by subject, event_type, name',
  )
  const types = await rows<{ type: string; channel: string | null; activity: boolean; conversion: boolean }>(
    reader,
    'select type, channel, activity, conversion from event_types order by type',
  )
  const of = (subject: string) =>
    new Map(names.filter((each) => each.subject === subject).map((each) => [each.name, each.type]))
  const events = new Map<string, EventType & { properties: Map<string, CatalogType> }>(
    types.map((each) => [
      each.type,
      {
        activity: each.activity,
        conversion: each.conversion,
        channel: each.channel ?? undefined,
        properties: new Map(),
      },
    ]),
  )
  for (const { subject, event_type, name, type } of names) {
    if (subject === 'event') events.get(event_type)?.properties.set(name, type)
  }
  const catalog = {
    leads: of('lead'),
    accounts: of('account'),
    events,
    scores,
    aliases: new Map(),
    segments: await staticSegments(reader),
  }
  const aliases = await rows<StoredAlias>(reader, statement('reads/aliases'))
  return { ...catalog, aliases: storedAliases(aliases, catalog) }
}

async function staticSegments(reader: Reader): Promise<Catalog['segments']> {
  const found = await rows<{ key: string; version: number }>(
    reader,
    `select key, version from segments where origin = 'snapshot' and status <> 'archived' order by key`,
  )
  return new Map(found.map(({ key, version }) => [key, staticMeaning(key, version)]))
}

/** Rows of a query, from a database or from one connection of it. */
export async function rows<T extends Record<string, unknown>>(
  reader: Reader,
  text: string,
  parameters: readonly Parameter[] = [],
): Promise<T[]> {
  return 'release' in reader
    ? (await reader.query<T>(text, [...parameters])).rows
    : reader.query<T>(text, parameters)
}
