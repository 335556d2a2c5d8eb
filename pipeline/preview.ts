import {
  compile,
  type Diagnostic,
  explain,
  type Instant,
  print,
  type References,
  type Span,
} from '../compiler/index.ts'
import { InvalidDefinitions } from './apply.ts'
import { Asking } from './ask.ts'
import { readCatalog, rows } from './catalog.ts'
import { comparedTexts } from './compared.ts'
import { compileStored, scoredCatalog } from './compiled.ts'
import { readScoring } from './decide.ts'
import type { Client, Database } from './engine.ts'
import { type Nearly, nearlyMeant } from './nearly.ts'
import { type CountedPart, rowsOf } from './parts.ts'
import type { Finding, Place } from './project/sources.ts'
import { warnOfScorePast } from './score-past.ts'
import { type SizeWord, sizeWord } from './size.ts'
import { statement } from './sql.ts'
import { readOnly, tally } from './tally.ts'

/** What a definition would hold for that exists nowhere. */
export type Preview = {
  /** In the text form. */
  readonly definition: string
  readonly asOf: Instant
  readonly leads: number
  readonly members: number
  readonly size: SizeWord
  readonly sample: readonly string[]
  readonly parts: readonly CountedPart[]
  readonly nearly: readonly Nearly[]
  readonly warnings: readonly Finding[]
}

export type Previewing = {
  /** Text form, or JSON form. */
  readonly source: unknown
  readonly zone: string
  /** By default the present instant of the database. */
  readonly asOf?: Instant | undefined
  readonly sample: number
  readonly limitSeconds: number
}

/** Counts for whom a definition holds, against what is applied now. Writes nothing. */
export function preview(database: Database, asked: Previewing): Promise<Preview> {
  return readOnly(database, asked.limitSeconds, async (client) => {
    const { source, zone } = asked
    const { catalog, references, scores } = await readMeanings(client)
    const locate = (found: { span?: Span | undefined }) => placeIn(source, found)
    const compiled = compile(source, catalog, zone)
    const { definition, predicate, diagnostics } = compiled
    const findings = diagnostics.map((each) => findingOf(source, each))
    if (!definition || !predicate) throw wrong(findings)
    const asking = new Asking()
    const members = asking.ask({ all: [asking.add(predicate)], named: true })
    const parts = asking.parts(rowsOf(explain(definition, catalog, zone)))
    const texts = comparedTexts(predicate)
    const matched = texts.map(({ found }) => asking.ask({ all: [asking.add(found)] }))
    const { predicates, questions } = asking
    const { now, horizon } = await readSeen(client)
    const asOf = asked.asOf ?? now
    const counted = await tally(client, {
      ...{ predicates, questions, references, scores, asOf, horizon, sample: asked.sample },
    })
    const { count, sample } = members(counted)
    const unmatched = texts.filter((_, index) => matched[index]!(counted).count === 0)
    return {
      ...{ definition: print(definition), asOf, leads: counted.leads, members: count, sample },
      size: sizeWord(count, counted.leads),
      parts: parts(counted),
      nearly: counted.leads > 0 ? await nearlyMeant(client, unmatched, Math.min(5, asked.limitSeconds)) : [],
      warnings: [...findings, ...(await warnOfScorePast(client, [{ compiled, locate }], asOf))],
    }
  })
}

/** What definitions may refer to, as it was applied last. */
async function readMeanings(client: Client) {
  const { catalog: known, scores } = scoredCatalog(await readScoring(client), await readCatalog(client, []))
  const stored = await compileStored(client, known)
  const segments = new Map(stored.map((each) => [each.key, each]))
  const references: References = new Map(
    stored.flatMap(({ key, predicate }) => (predicate ? [[key, predicate] as const] : [])),
  )
  return { catalog: { ...known, segments }, references, scores }
}

/** The present instant, and up to where a run that began now would read. */
export async function readSeen(client: Client): Promise<{ now: Instant; horizon: string }> {
  const [seen] = await rows<{ now: Instant; horizon: string }>(client, statement('reads/installation'))
  return seen!
}

function wrong(findings: readonly Finding[]): InvalidDefinitions {
  const errors = findings.filter(({ severity }) => severity === 'error')
  const count = `${errors.length} ${errors.length === 1 ? 'error' : 'errors'}`
  return new InvalidDefinitions(errors, {
    message: `${count} in the definition; nothing was counted.`,
    hint: 'docs/language.md says how definitions are written; `tideline catalog` lists the names there are.',
  })
}

function findingOf(source: unknown, diagnostic: Diagnostic): Finding {
  const { code, severity, hint, path } = diagnostic
  const message = path ? `${path}: ${diagnostic.message}` : diagnostic.message
  return { ...placeIn(source, diagnostic), code, severity, hint, message }
}

/** A place in a text that stands in no file. */
function placeIn(source: unknown, { span }: { span?: Span | undefined }): Place {
  const text = typeof source === 'string' ? source : ''
  const start = span?.start ?? 0
  const before = text.slice(0, start).split('\n')
  return {
    file: 'definition',
    line: before.length,
    column: before.at(-1)!.length + 1,
    length: Math.max(1, (span?.end ?? 0) - start),
    excerpt: text.split('\n')[before.length - 1] ?? '',
  }
}
