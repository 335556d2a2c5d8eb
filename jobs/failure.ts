import { UnrecoverableError } from 'bullmq'
import { describeError, UserError } from '../pipeline/errors.ts'

/** What may be told of an error: it goes into logs and into the queue, both of which others read. */
export type Failure = { readonly code: string; readonly message: string; readonly hint?: string }

/** Reasons that pass: the same job may well succeed later. */
const passing = new Set([
  'RUN_IN_PROGRESS',
  'BACKFILL_IN_PROGRESS',
  'FENCED_OFF',
  'DATABASE_UNREACHABLE',
  'STOPPED',
])

export function failureOf(error: unknown): Failure {
  const { code, message } = describeError(error)
  // Postgres quotes the value it could not read, and that value may be somebody's.
  const told = storable(/^2[23]/.test(code) ? message.replace(/".*"/s, '"…"') : message)
  return {
    code,
    message: told,
    ...(error instanceof UserError && error.hint ? { hint: storable(error.hint) } : {}),
  }
}

/** The error as the queue shall keep it: one that makes it try again, or one that doesn't. */
export function toJobError(error: unknown): Error {
  const { code, message, hint } = failureOf(error)
  const text = [`${code}: ${message.replaceAll('\n', ' ')}`, hint].filter(Boolean).join('\n')
  const final = error instanceof UserError && !passing.has(error.code)
  const told = final ? new UnrecoverableError(text) : new Error(text)
  told.stack = text
  return told
}

/** The way back: what a job failed with, as the one who waits for it is told. */
export function fromJobError(text: string): UserError {
  const [, code, message, hint] = /^([A-Z0-9_]+): ([^\n]*)(?:\n([\s\S]*))?$/.exec(text) ?? []
  return new UserError({ code: code ?? 'JOB_FAILED', message: message ?? text, ...(hint ? { hint } : {}) })
}

export const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}

/** Without what Postgres or JSON can't hold: a queue that can't store an error loses it and runs the job again. */
export const storable = (text: string): string => text.replaceAll('\u0000', '').toWellFormed().slice(0, 8192)
