import type { Catalog } from '../../compiler/index.ts'
import type { Sources } from '../project/sources.ts'
import type { StoredAlias } from '../reads.ts'

/** One thing that events.yaml says differently than before; null: nothing was said, or nothing is any more. */
export type EventsChange = {
  readonly kind: 'event type' | 'alias'
  readonly name: string
  readonly before: string | null
  readonly after: string | null
}

/** A type that events.yaml no longer names keeps what was said of it; an alias that it no longer names is gone. */
export function eventsChanges(
  sources: Pick<Sources, 'events' | 'aliases'>,
  stored: Pick<Catalog, 'events'>,
  aliases: readonly StoredAlias[],
): EventsChange[] {
  const types = sources.events.map((each) => {
    const known = stored.events.get(each.type)
    return {
      kind: 'event type' as const,
      name: each.type,
      before: known ? told(known) : null,
      after: told({ ...each, channel: each.channel ?? undefined }),
    }
  })
  const names = new Set([...aliases, ...sources.aliases].map(({ name }) => name))
  const named = [...names].sort().map((name) => ({
    kind: 'alias' as const,
    name,
    before: aliases.find((each) => each.name === name)?.definition ?? null,
    after: sources.aliases.find((each) => each.name === name)?.text.trim() ?? null,
  }))
  return [...types, ...named].filter(({ before, after }) => before !== after)
}

/** As events.yaml writes it: what is said of a type that nothing is said of is `{}`. */
function told(type: { activity: boolean; conversion: boolean; channel?: string | undefined }): string {
  const said = [
    ...(type.channel ? [`channel: ${type.channel}`] : []),
    ...(type.activity ? [] : ['activity: false']),
    ...(type.conversion ? ['conversion: true'] : []),
  ]
  return said.length > 0 ? `{ ${said.join(', ')} }` : '{}'
}
