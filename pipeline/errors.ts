/** What a user did or has that we can't go on with: says what was understood and what to do next. */
export class UserError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly where: string | undefined

  constructor(options: { code: string; message: string; hint?: string; where?: string; cause?: unknown }) {
    super(options.message, { cause: options.cause })
    this.name = 'UserError'
    this.code = options.code
    this.hint = options.hint
    this.where = options.where
  }
}

/** A code and a sentence; values of rows, which Postgres puts into its details, are left out. */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message }
  const { code, message } = error as { code?: string; message?: string }
  return {
    code: code ?? 'FAILED',
    message: (message ?? String(error)).replaceAll('\u0000', '').slice(0, 2000),
  }
}
