import type { Instant } from '../../compiler/index.ts'
import type { Database } from '../engine.ts'
import { UserError } from '../errors.ts'

export type BackfillOptions = {
  /** Closed at both ends. */
  readonly from: Instant
  readonly to: Instant
  readonly grain: 'day' | 'hour'
  /** Keys; all active segments if left out. */
  readonly segments?: readonly string[]
  readonly owner: string
  readonly onStep?: (step: string) => void
  readonly onProgress?: (progress: { done: number; total: number; asOf: Instant }) => void
}
export type BackfillResult = {
  readonly runId: string
  readonly from: Instant
  readonly to: Instant
  readonly instants: number
  readonly segments: number
  readonly entered: number
  readonly left: number
}

export async function backfill(_database: Database, _options: BackfillOptions): Promise<BackfillResult> {
  throw new UserError({ code: 'NOT_YET', message: 'being written' })
}
