import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Instant } from '../compiler/index.ts'
import type { BackfillResult } from '../pipeline/runs/backfill.ts'
import type { RunResult } from '../pipeline/runs/run.ts'

const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/)

/** Every kind of job with what it carries: instants and keys, nothing personal, since queues keep it in clear text. */
export const kinds = {
  /** Wakes a worker up. What is due, the ledger says. */
  tick: z.strictObject({}),
  run: z.strictObject({ asOf: instant.optional() }),
  backfill: z.strictObject({
    from: instant,
    to: instant,
    grain: z.enum(['day', 'hour']).optional(),
    segments: z.array(z.string()).optional(),
    versions: z.literal('then').optional(),
    all: z.boolean().optional(),
  }),
}

export type Kind = keyof typeof kinds
/** The kinds that people ask for. */
export type Asked = 'run' | 'backfill'
export type Payload<K extends Kind> = z.output<(typeof kinds)[K]>

/** What a job leaves behind for the one who waits for it. */
export type Results = {
  run: Omit<RunResult, 'steps' | 'failing'> & {
    readonly failing: readonly { readonly key: string; readonly code: string; readonly message: string }[]
  }
  backfill: BackfillResult
}

/** Whoever asks for what is still to be done gets the same job; for a run as of the present, within the second. */
export function jobId(payload: Payload<Asked>, now: Instant): string {
  if (!('from' in payload)) return `run-${short(payload.asOf ?? `${now.slice(0, 19)}Z`)}`
  const { from, to, grain, segments, versions, all } = payload
  const some =
    segments &&
    createHash('sha256')
      .update([...segments].sort().join(' '))
      .digest('hex')
      .slice(0, 8)
  return ['backfill', short(from), short(to), grain, some, versions, all && 'all'].filter(Boolean).join('-')
}

/** `20261123T120000Z`: queues allow no colons in ids. */
const short = (instant: Instant): string =>
  instant
    .replace(/[-:]/g, '')
    .replace(/\.0+Z$/, 'Z')
    .replace('.', '_')
