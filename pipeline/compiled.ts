import { type Catalog, compileAll, isError, type Predicate } from '../compiler/index.ts'
import { rows } from './catalog.ts'
import type { Client, Database } from './engine.ts'

/** What a segment's current version means under a catalog. */
export type StoredMeaning = {
  readonly segmentId: string
  readonly key: string
  /** The JSON form. */
  readonly tree: unknown
  readonly predicate?: Predicate | undefined
  /** Absent if it can't be compiled: then `error` says why. */
  readonly fingerprint?: string | undefined
  readonly error?: { readonly code: string; readonly message: string } | undefined
}

/** Compiles the current version of every segment that is not archived. */
export async function compileStored(reader: Database | Client, catalog: Catalog): Promise<StoredMeaning[]> {
  const scores = await rows<{ name: string }>(
    reader,
    `select jsonb_array_elements(definition -> 'scores') ->> 'name' as name
     from scoring_versions where version = (select max(version) from scoring_versions)`,
  )
  const found = await rows<{ segment_id: string; key: string; tree: unknown; zone: string }>(
    reader,
    `select s.segment_id, s.key, v.tree, v.zone
     from segments s join segment_versions v using (segment_id, version)
     where s.status <> 'archived' order by s.key`,
  )
  const compiled = compileAll(new Map(found.map(({ key, tree, zone }) => [key, { source: tree, zone }])), {
    ...catalog,
    scores: scores.map(({ name }) => name),
  })
  return found.map(({ segment_id, key, tree }) => {
    const { predicate, fingerprint, diagnostics } = compiled.get(key)!
    const wrong = diagnostics.find(isError)
    const error = wrong && {
      code: wrong.code,
      message: [wrong.message, wrong.hint].filter(Boolean).join(' '),
    }
    return { segmentId: segment_id, key, tree, predicate, fingerprint, error }
  })
}
