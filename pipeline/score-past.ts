import { type Compiled, type Instant, type LookBack, looksBack } from '../compiler/index.ts'
import { type Reader, readCatalog, rows } from './catalog.ts'
import { scoredCatalog } from './compiled.ts'
import { readScoring } from './decide.ts'
import type { Finding, SegmentSource } from './project/sources.ts'
import { scoresMeaning } from './runs/mode.ts'
import { statement } from './sql.ts'

/** All that is recorded: the first and the last instant at which a run or a backfill looked. */
export type Recorded = { readonly from: Instant; readonly until: Instant }

/** Null: nothing, or no more than one instant. */
export async function readRecorded(reader: Reader): Promise<Recorded | null> {
  const found = await readPast(reader, null)
  return found && { from: found.from, until: found.until }
}

/** What is to be recorded anew, since it was chosen that the past follows the rules; null: nothing. */
export async function readRebuild(reader: Reader): Promise<Recorded | null> {
  const scoring = await readScoring(reader)
  if (scoring?.history !== 'rebuild') return null
  const found = await readPast(reader, scoresMeaning(scoredCatalog(scoring, await readCatalog(reader, []))))
  return found && !found.rebuilt ? { from: found.from, until: found.until } : null
}

/** Up to the last run, which belongs to it. */
export const rebuilding = ({ from }: Recorded): string =>
  `tideline backfill --from ${from.replace(/\.0+Z$/, 'Z')}`

async function readPast(reader: Reader, scores: string | null) {
  const [found] = await rows<Recorded & { rebuilt: boolean }>(reader, statement('reads/score_past'), [scores])
  return found ?? null
}

type Sourced = Pick<SegmentSource, 'locate'> & { readonly key?: string }
type Since = {
  score: string
  recorded_since: string | null
  kept_since: string | null
  first_seen: string | null
}

/**
 * Warns of conditions that look further back than it is recorded how a score stood: they see what there is. Silent
 * where no day was ever recorded.
 */
export async function warnOfScorePast(
  reader: Reader,
  segments: readonly (Sourced & { readonly compiled: Compiled | undefined })[],
  asOf: Instant,
): Promise<Finding[]> {
  const looking = segments.flatMap(({ compiled, ...segment }) =>
    (compiled?.predicate ? looksBack(compiled.predicate, asOf) : []).map((back) => ({ segment, back })),
  )
  if (looking.length === 0) return []
  const scores = [...new Set(looking.map(({ back }) => back.score))]
  const found = await rows<Since>(reader, statement('reads/score_since'), [scores])
  const since = new Map(found.map((each) => [each.score, each]))
  const warnings = looking.flatMap(({ segment, back }) => {
    const known = since.get(back.score)
    return known ? tooFar(segment, back, known) : []
  })
  return [...new Map(warnings.map((each) => [JSON.stringify(each), each])).values()]
}

/** Of levels it stays known when they were come to last, whatever a retention removes. */
function tooFar({ key, locate }: Sourced, { kind, score, from }: LookBack, known: Since): Finding[] {
  const since = kind === 'score_max' ? known.kept_since : known.recorded_since
  const day = [from.slice(0, 10), known.first_seen ?? ''].sort().at(-1)!
  if (since !== null && since <= day) return []
  const only =
    since === null
      ? 'that is not recorded yet'
      : `that is ${since === known.recorded_since ? 'recorded' : 'kept'} since ${since} only`
  return [
    {
      ...locate({}),
      severity: 'warning',
      code: 'SCORE_PAST',
      message: `It looks at how the score "${score}" stood since ${day}, and ${only}.`,
      hint: `It sees what there is. ${recording(day, key)}`,
    },
  ]
}

/** What runs have seen without those days is seen anew. */
const recording = (day: string, key: string | undefined): string =>
  key === undefined
    ? 'Once it is a segment, a backfill of it records what is missing.'
    : `\`tideline backfill --from ${day} --all --segment ${key}\` records what is missing.`
