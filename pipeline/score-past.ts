import type { Instant } from '../compiler/index.ts'
import { type Reader, readCatalog, rows } from './catalog.ts'
import { scoredCatalog } from './compiled.ts'
import { readScoring } from './decide.ts'
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
