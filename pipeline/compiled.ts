import {
  type Catalog,
  compileAll,
  compileScores,
  isError,
  type Predicate,
  type Score,
} from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import { readScoring, type StoredScoring } from './decide.ts'
import { readOverridden, withHands } from './hands.ts'

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

/** Compiles the current version of every segment that is not archived; static ones have no tree. */
export async function compileStored(reader: Reader, catalog: Catalog): Promise<StoredMeaning[]> {
  const found = await readStoredTexts(reader)
  const sources = new Map(found.map(({ key, tree, zone }) => [key, { source: tree, zone }]))
  const compiled = withHands(
    compileAll(sources, await withScores(reader, catalog)),
    catalog,
    await readOverridden(reader),
  )
  const listed = (await readStatic(reader)).filter(({ key }) => compiled.has(key))
  return [...found, ...listed].map(({ segment_id, key, tree }) => {
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

/** Definitions as they were written: of all segments but static ones. */
export const readStoredTexts = (reader: Reader): Promise<StoredText[]> =>
  rows<StoredText>(
    reader,
    `select s.segment_id, s.key, v.tree, v.zone
     from segments s join segment_versions v using (segment_id, version)
     where s.status <> 'archived' and s.origin <> 'snapshot' order by s.key`,
  )

const readStatic = (reader: Reader): Promise<Omit<StoredText, 'zone'>[]> =>
  rows(
    reader,
    `select segment_id, key, null as tree from segments
     where status <> 'archived' and origin = 'snapshot' order by key`,
  )

/** A catalog with the scores that scoring.yaml defined when it was applied last. */
export async function withScores(reader: Reader, catalog: Catalog): Promise<Catalog> {
  return scoredCatalog(await readScoring(reader), catalog).catalog
}

export type Scored = {
  readonly catalog: Catalog
  /** Those that can be computed. */
  readonly scores: readonly Score[]
}

/** What the scores mean under a catalog; one with a rule that has lost its meaning is broken. */
export function scoredCatalog(
  stored: Pick<StoredScoring, 'scores' | 'zone'> | undefined,
  catalog: Catalog,
): Scored {
  const definitions = stored?.scores ?? []
  const { scores, diagnostics } = compileScores(definitions, catalog, stored?.zone ?? 'UTC')
  const wrong = diagnostics.filter(({ diagnostic }) => isError(diagnostic))
  const broken = new Map(wrong.map(({ score, diagnostic }) => [score, diagnostic.message]))
  for (const { name, ofLeads } of scores) {
    if (ofLeads && broken.has(ofLeads.score)) broken.set(name, `The score ${ofLeads.score} is broken.`)
  }
  const known = scores.map(({ name, levels }) => ({ name, levels, broken: broken.get(name) }))
  return {
    catalog: { ...catalog, scores: known },
    scores: scores.filter(({ name }) => !broken.has(name)),
  }
}
