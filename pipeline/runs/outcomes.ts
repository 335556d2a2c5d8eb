import type { Instant } from '../../compiler/index.ts'
import type { Client } from '../engine.ts'
import { statement } from '../sql.ts'
import type { Failing, Pinned } from './definitions.ts'
import type { Warned } from './guard.ts'

type Ended = {
  readonly runId: string
  /** As of the last applied run: then were the members of those that fail now still true. */
  readonly lastAsOf: Instant | null
  readonly evaluation: { readonly segments: readonly Pinned[]; readonly failing: readonly Failing[] }
  readonly warnings: readonly Warned[]
  /** Changed, paused or archived while the run was at it. */
  readonly superseded: readonly { readonly segment_id: string }[]
}

type Outcome = {
  readonly segmentId: string
  readonly version: number
  readonly outcome: 'done' | 'superseded' | Failing['outcome']
  readonly error: string | null
  /** As it was understood: of those that are done. */
  readonly meaning: string | null
}

/** Writes how the run ended for each segment of which there is something to tell, and what holds it up. */
export async function writeOutcomes(client: Client, run: Ended): Promise<void> {
  const outcomes = outcomesOf(run)
  if (outcomes.length > 0) {
    await client.query(statement('runs/record_segments'), [
      run.runId,
      outcomes.map((each) => each.segmentId),
      outcomes.map((each) => each.version),
      outcomes.map((each) => each.outcome),
      outcomes.map((each) => each.error),
      outcomes.map((each) => each.meaning),
    ])
  }
  const { failing } = run.evaluation
  if (failing.length === 0) return
  await client.query(statement('runs/mark_failing'), [
    run.runId,
    run.lastAsOf,
    failing.map((each) => each.segmentId),
    failing.map((each) => each.outcome),
    failing.map(errorOf),
    failing.map((each) => each.backoff ?? false),
  ])
}

/** One per segment. Of those that were not even tried there is nothing to tell. */
function outcomesOf({ evaluation, warnings, superseded }: Ended): Outcome[] {
  const { segments, failing } = evaluation
  const gone = new Set(superseded.map((each) => each.segment_id))
  const failed = new Set(failing.map((each) => each.segmentId))
  const warned = new Map(warnings.map((each) => [each.segmentId, each]))
  const others = segments
    .filter(({ segmentId }) => !failed.has(segmentId))
    .filter(({ segmentId, first }) => first || gone.has(segmentId) || warned.has(segmentId))
  return [
    ...failing
      .filter(({ untried }) => !untried)
      .map((each) => ({ ...each, error: errorOf(each), meaning: null })),
    ...others.map(({ segmentId, version, meaning }): Outcome => {
      if (gone.has(segmentId))
        return { segmentId, version, outcome: 'superseded', error: null, meaning: null }
      const warning = warned.get(segmentId)
      return { segmentId, version, outcome: 'done', error: warning ? errorOf(warning) : null, meaning }
    }),
  ]
}

const errorOf = ({ code, message, details }: { code: string; message: string; details?: object }): string =>
  JSON.stringify({ code, message, ...details })
