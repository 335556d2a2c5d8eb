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

type Reader = Database | Client

/** Compiles the current version of every segment that is not archived. */
export async function compileStored(reader: Reader, catalog: Catalog): Promise<StoredMeaning[]> {
  const found = await readStoredTexts(reader)
  const sources = new Map(found.map(({ key, tree, zone }) => [key, { source: tree, zone }]))
  const compiled = compileAll(sources, { ...catalog, scores: await scoresOf(reader) })
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

type StoredText = { segment_id: string; key: string; tree: unknown; zone: string }

export const readStoredTexts = (reader: Reader): Promise<StoredText[]> =>
  rows<StoredText>(
    reader,
    `select s.segment_id, s.key, v.tree, v.zone
     from segments s join segment_versions v using (segment_id, version)
     where s.status <> 'archived' order by s.key`,
  )

/** The names of the scores that scoring.yaml defined when it was applied last. */
export async function scoresOf(reader: Reader): Promise<string[]> {
  const found = await rows<{ name: string }>(
    reader,
    `select jsonb_array_elements(definition -> 'scores') ->> 'name' as name
     from scoring_versions where version = (select max(version) from scoring_versions)`,
  )
  return found.map(({ name }) => name)
}
