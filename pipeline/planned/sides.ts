import {
  type Catalog,
  type Compiled,
  compileAll,
  type Definition,
  explain,
  meanings,
  type Part,
  type Predicate,
  type References,
  referencesOf,
  type Score,
  type SegmentText,
  scoresMeant,
} from '../../compiler/index.ts'
import type { Intended } from '../apply.ts'
import { readCatalog } from '../catalog.ts'
import { readStoredTexts, scoredCatalog } from '../compiled.ts'
import { readScoring } from '../decide.ts'
import type { Client } from '../engine.ts'
import { readOverridden, withHands } from '../hands.ts'
import type { Sources } from '../project/sources.ts'
import { type Named, setApart } from './apart.ts'

/** All definitions as they are, or as they will be. */
export type Side = {
  readonly compiled: ReadonlyMap<string, Compiled>
  readonly scores: readonly Score[]
  /** A segment's meaning, named so that both sides can stand in one statement; undefined: it has none. */
  meaning(key: string): Predicate | undefined
  /** Its conditions. */
  parts(key: string): Part | undefined
  /** Fingerprint of the scores that it reads, itself or through others; undefined: none. */
  scored(key: string): string | undefined
  /** Keys of the segments that it refers to itself. */
  refersTo(key: string): readonly string[]
  /** Keys of the segments that refer to this one, themselves or through others. */
  dependents(key: string): string[]
  /** What the predicates above refer to. */
  readonly references: References
}

/** What is applied now. */
export async function sideBefore(client: Client, scoringChanges: boolean): Promise<Side> {
  const stored = await readScoring(client)
  const { catalog, scores } = scoredCatalog(stored, await readCatalog(client, []))
  const texts = await readStoredTexts(client)
  const sources = new Map(texts.map(({ key, tree, zone }) => [key, { source: tree, zone }]))
  const before = (name: string) => `before:${name}`
  const named = { segment: before, score: scoringChanges ? before : (name: string) => name }
  return side(sources, catalog, scores, named, await readOverridden(client))
}

/** What will be, once the files are applied. Segments that are not of the files stay as they are. */
export async function sideAfter(
  client: Client,
  intended: Intended,
  sources: Sources,
  zone: string,
): Promise<Side> {
  const files = new Map<string, SegmentText>(
    sources.segments.map(({ key, where }) => [key, { source: where, zone }]),
  )
  const gone = new Set([
    ...intended.decisions.filter(({ action }) => action === 'archive').map(({ key }) => key),
    ...intended.renames.map(({ from }) => from),
  ])
  const others = (await readStoredTexts(client)).filter(({ key }) => !files.has(key) && !gone.has(key))
  for (const { key, tree, zone: own } of others) files.set(key, { source: tree, zone: own })
  const same = (name: string) => name
  const oldKeys = new Map(intended.renames.map(({ from, to }) => [to, from]))
  const rows = (key: string) => oldKeys.get(key) ?? key
  const overridden = await readOverridden(client)
  const handled = new Set([...files.keys(), ...overridden].filter((key) => overridden.has(rows(key))))
  return side(files, intended.catalog, intended.scores, { segment: same, score: same, rows }, handled)
}

function side(
  sources: ReadonlyMap<string, SegmentText>,
  catalog: Catalog,
  scores: readonly Score[],
  named: Named,
  overridden: ReadonlySet<string>,
): Side {
  const compiled = withHands(compileAll(sources, catalog), catalog, overridden)
  const plain = meanings(compiled)
  const definition = (key: string): Definition | undefined => compiled.get(key)?.definition
  const referring = new Map(
    [...compiled].map(([key, each]) => [key, each.definition ? referencesOf(each.definition) : []]),
  )
  const dependents = (key: string): string[] => {
    const found = new Set<string>([key])
    for (const each of found) {
      for (const [other, references] of referring) if (references.includes(each)) found.add(other)
    }
    found.delete(key)
    return [...found].sort()
  }
  const meaning = (key: string) => {
    const predicate = plain.get(key)
    return predicate && setApart(predicate, named)
  }
  return {
    ...{ compiled, dependents, meaning },
    refersTo: (key) => referring.get(key) ?? [],
    scores: scores.map((score) => renamed(score, named.score)),
    parts(key) {
      const found = plain.has(key) ? definition(key) : undefined
      if (!found) return undefined
      const { zone } = sources.get(key)!
      return apart(explain(found, { ...catalog, segments: compiled }, zone), named)
    },
    scored: (key) => (plain.has(key) ? scoresMeant(plain.get(key)!, plain, scores) : undefined),
    references: new Map([...plain.keys()].map((key) => [named.segment(key), meaning(key)!])),
  }
}

const renamed = (score: Score, named: (name: string) => string): Score => ({
  ...score,
  name: named(score.name),
  ...(score.ofLeads ? { ofLeads: { ...score.ofLeads, score: named(score.ofLeads.score) } } : {}),
})

function apart(part: Part, named: Named): Part {
  if (part.kind === 'condition') return { ...part, predicate: setApart(part.predicate, named) }
  if (part.kind === 'not') return { ...part, of: [apart(part.of[0], named)] }
  return { ...part, of: part.of.map((each) => apart(each, named)) }
}
