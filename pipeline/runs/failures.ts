import { UserError } from '../errors.ts'
import type { Failing, Pinned } from './definitions.ts'
import { standingOf } from './held.ts'

/** Why an evaluation did not come to its end, as a code that stays and a sentence. */
export type EvaluationFailure = { readonly code: string; readonly message: string }

const kinds: readonly { code: string; is: (state: string, text: string) => boolean; message: string }[] = [
  {
    code: 'TIMEOUT',
    is: (state) => state === '57014' || state === '25P04',
    message: 'Evaluating it was stopped: it took longer than a statement may.',
  },
  {
    code: 'MEMORY',
    is: (state, text) => state === '53200' || /out of memory/i.test(text),
    message: 'Evaluating it needs more memory than there is.',
  },
  {
    code: 'DISK_FULL',
    is: (state, text) => state === '53100' || /no space left|max_temp_directory_size/i.test(text),
    message: 'Evaluating it needs more room on the disk than there is.',
  },
  {
    code: 'TOO_LARGE',
    is: (state) => state.startsWith('54'),
    message: 'It looks at more than one statement can hold.',
  },
  {
    code: 'INVALID',
    is: (state, text) => /^(22|42)/.test(state) || /^(binder|parser|conversion) error/i.test(text),
    message: 'The database refuses the statement made from it, which is a defect of Tideline.',
  },
]

export function evaluationFailure(error: unknown): EvaluationFailure {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  const [state, text] = [typeof code === 'string' ? code : '', typeof message === 'string' ? message : '']
  const kind = kinds.find((each) => each.is(state, text))
  const said = /^[0-9A-Z]{5}$/.test(state) ? ` (${state})` : ''
  if (!kind) return { code: 'EVALUATION_FAILED', message: `The statement with it failed${said}.` }
  return { code: kind.code, message: kind.message.replace(/\.$/, `${said}.`) }
}

/** Not for what they mean: the connection, a lock, the server going down. The same may well succeed in a moment. */
const passing = /^(08|25|40|57P|53300)/

/**
 * Whether it may help to go on without the segments that are new. Where there are no others, only if the fault is
 * surely theirs: a run that fails is repeated soon, and a segment that is broken waits.
 */
export function mayBeOfSegments(error: unknown, others: number): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  // Such as a stop.
  if (error instanceof UserError || typeof code !== 'string' || passing.test(code)) return false
  return others > 0 || ['TOO_LARGE', 'INVALID'].includes(evaluationFailure(error).code)
}

/** Segments that are left alone for a while, since the shared statement failed with them in it. */
export function failedWith(error: unknown, segments: readonly Pinned[]): Failing[] {
  const failure = evaluationFailure(error)
  return segments.map((segment) => ({
    segmentId: segment.segmentId,
    key: segment.key,
    version: segment.version,
    outcome: 'broken',
    ...failure,
    details: { standing: standingOf(segment) },
    backoff: true,
  }))
}
