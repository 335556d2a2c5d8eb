import { compile, type Diagnostic, explain, type Instant, print, type Span } from '../compiler/index.ts'
import { InvalidDefinitions, intend } from './apply.ts'
import { Asking } from './ask.ts'
import { comparedTexts } from './compared.ts'
import { scoredCatalog } from './compiled.ts'
import type { Client, Database } from './engine.ts'
import { type Nearly, nearlyMeant } from './nearly.ts'
import { type CountedPart, rowsOf } from './parts.ts'
import { sideAfter } from './planned/sides.ts'
import type { Finding, Place, Sources } from './project/sources.ts'
import { type RecordedSince, readRecordedSince } from './recorded-since.ts'
import { warnOfScorePast } from './score-past.ts'
import { readSeen } from './seen.ts'
import { type SizeWord, sizeWord } from './size.ts'
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
  /** Of conditions on the past: since when what they look at is recorded. */
  readonly recorded: readonly RecordedSince[]
  readonly warnings: readonly Finding[]
}

export type Previewing = {
  /** Text form, or JSON form. */
  readonly source: unknown
  /** What it may refer to. */
  readonly project: Sources
  readonly zone: string
  /** By default the present instant of the database. */
  readonly asOf?: Instant | undefined
  readonly sample: number
  readonly limitSeconds: number
}

/** Counts for whom a definition holds, among the definitions of the project's files, applied or not. Writes nothing. */
export function preview(database: Database, asked: Previewing): Promise<Preview> {
  return readOnly(database, asked.limitSeconds, async (client) => {
    const { source, zone } = asked
    const { catalog, references, scores } = await readMeanings(client, asked.project, zone)
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
      recorded: (await readRecordedSince(client, [predicate], references))[0]!,
      warnings: [...findings, ...(await warnOfScorePast(client, [{ compiled, locate }], asOf))],
    }
  })
}

/** What a definition may refer to: as the files have it, and segments that are no file's as they are. */
async function readMeanings(client: Client, project: Sources, zone: string) {
  const intended = await intend(client, project, zone)
  const definitions = project.scores.map(({ definition }) => definition)
  const scored = scoredCatalog({ scores: definitions, zone }, intended.catalog)
  const { compiled, references, scores } = await sideAfter(client, { ...intended, ...scored }, project, zone)
  return { catalog: { ...scored.catalog, segments: compiled }, references, scores }
}

function wrong(findings: readonly Finding[]): InvalidDefinitions {
  const errors = findings.filter(({ severity }) => severity === 'error')
  return new InvalidDefinitions(errors, 'nothing was counted', {
    place: 'the definition',
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
