import { type Catalog, compile } from '../../compiler/index.ts'
import { storedAliases } from '../aliases.ts'
import { type Intended, withSources } from '../apply.ts'
import { readCatalog, rows } from '../catalog.ts'
import type { Client } from '../engine.ts'
import type { SegmentSource, Sources } from '../project/sources.ts'
import type { StoredAlias } from '../reads.ts'
import { statement } from '../sql.ts'
import type { Side } from './sides.ts'

/**
 * Which of the two gives a segment another meaning than it would have if that alone stayed as it is: `meaning` is the
 * fingerprint of what it will mean. What it refers to is left aside.
 */
export type Otherwise = (
  source: SegmentSource,
  zoneBefore: string,
  meaning: string | undefined,
) => ('time zone' | 'events.yaml')[]

export async function readOtherwise(
  client: Client,
  sources: Sources,
  zone: string,
  { catalog, after }: Pick<Intended, 'catalog'> & { after: Side },
): Promise<Otherwise> {
  const stored = { ...(await readCatalog(client, catalog.scores)), segments: after.compiled }
  const aliases = await rows<StoredAlias>(client, statement('reads/aliases'))
  const sameEvents = {
    ...stored,
    aliases: storedAliases(
      aliases.map((each) => ({ ...each, zone })),
      stored,
    ),
  }
  const sameZone = new Map<string, Catalog>()
  const catalogIn = (before: string): Catalog => {
    const known = sameZone.get(before) ?? {
      ...withSources(stored, sources, before).catalog,
      segments: after.compiled,
    }
    sameZone.set(before, known)
    return known
  }
  return ({ where }, zoneBefore, meaning) => {
    const byZone = compile(where, catalogIn(zoneBefore), zoneBefore).fingerprint !== meaning
    const byEvents = compile(where, sameEvents, zone).fingerprint !== meaning
    return [...(byZone ? (['time zone'] as const) : []), ...(byEvents ? (['events.yaml'] as const) : [])]
  }
}
