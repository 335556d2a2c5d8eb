import { type Catalog, type Compiled, withOverrides } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'

/**
 * Definitions with all that hands have said: static segments, whose definition is a list, and overrides, which win over
 * the definition wherever it is referred to. Fingerprints stay those of the definitions.
 */
export function withHands(
  compiled: ReadonlyMap<string, Compiled>,
  catalog: Catalog,
  overridden: ReadonlySet<string>,
): Map<string, Compiled> {
  const all = new Map(compiled)
  for (const [key, meaning] of staticSegments(catalog)) if (!all.has(key)) all.set(key, meaning)
  for (const key of overridden) {
    const each = all.get(key)
    if (each?.predicate) all.set(key, { ...each, predicate: withOverrides(key, each.predicate) })
  }
  return all
}

function staticSegments({ segments }: Catalog): [string, Compiled][] {
  return [...segments.keys()].flatMap((key): [string, Compiled][] => {
    const { predicate, fingerprint } = segments.get(key) ?? {}
    return predicate && fingerprint ? [[key, { predicate, fingerprint, diagnostics: [] }]] : []
  })
}

/** The keys of the segments that a hand ever put a lead in or out of. */
export async function readOverridden(reader: Reader): Promise<Set<string>> {
  const found = await rows<{ key: string }>(
    reader,
    `select s.key from segments s
     where exists (select from segment_list l where l.segment_id = s.segment_id and l.list <> 'members')`,
  )
  return new Set(found.map(({ key }) => key))
}
