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
