import { type Instant, type Predicate, type References, recordedReadBy } from '../compiler/index.ts'
import { sourcesAt } from './asof.ts'
import { type Reader, rows } from './catalog.ts'
import { statement } from './sql.ts'

/** What conditions on the past look at, and since when that is recorded; null: nothing of it is. */
export type RecordedSince = {
  readonly of: 'segment' | 'score'
  readonly name: string
  readonly since: Instant | null
}

/** Of each predicate: whose recorded past it hangs on, by itself or through what it refers to. */
export async function readRecordedSince(
  reader: Reader,
  predicates: readonly Predicate[],
  references: References,
): Promise<RecordedSince[][]> {
  const read = predicates.map((predicate) => recordedReadBy(predicate, references))
  const names = (of: 'segment' | 'score') => [
    ...new Set(read.flat().flatMap((each) => (each.of === of ? [each.name] : []))),
  ]
  const [segments, scores] = [names('segment'), names('score')]
  const found = new Map<string, Instant | null>()
  if (segments.length > 0) {
    for (const { segment, source } of await sourcesAt(reader, { keys: segments, asOf: ever, evaluate: true }))
      if (source.kind === 'evaluated') found.set(`segment ${segment}`, source.recorded_since)
  }
  if (scores.length > 0) {
    const days = await rows<{ score: string; since: Instant }>(reader, statement('reads/recorded_scores'), [
      scores,
    ])
    for (const { score, since } of days) found.set(`score ${score}`, since)
  }
  return read.map((each) =>
    each.map(({ of, name }) => ({ of, name, since: found.get(`${of} ${name}`) ?? null })),
  )
}

/** Since when it is recorded does not hang on when it is asked. */
const ever: Instant = '9999-12-31T23:59:59.999999Z'
