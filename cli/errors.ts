import { CommanderError } from 'commander'
import { InvalidDefinitions } from '../pipeline/apply.ts'
import { UserError } from '../pipeline/errors.ts'
import type { Finding } from '../pipeline/project/sources.ts'
import type { Io } from './io.ts'
import { type Paint, painter } from './paint.ts'
import { cut, widthOf, wrap } from './values.ts'

/** The command was typed wrongly; the exit code is 2. */
export class WrongUsage extends UserError {}

/** What went wrong, as it is printed: for people in words, for programs as JSON. */
export type Failure = {
  readonly code: string
  readonly message: string
  readonly where?: string | undefined
  readonly hint?: string | undefined
  readonly findings?: readonly Finding[] | undefined
  readonly exitCode: number
}

const width = 100

export function failureOf(error: unknown): Failure {
  if (error instanceof UserError) {
    const findings = error instanceof InvalidDefinitions ? error.findings : undefined
    const { code, message, where, hint } = error
    return { code, message, where, hint, findings, exitCode: error instanceof WrongUsage ? 2 : 1 }
  }
  if (error instanceof CommanderError) {
    const [message = '', hint] = error.message.replace(/^error: /, '').split('\n')
    const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`
    const help = 'With --help each command says what it takes.'
    return {
      code: 'WRONG_USAGE',
      message: sentence,
      hint: hint?.replace(/^\((.*)\)$/, '$1') ?? help,
      exitCode: 2,
    }
  }
  const known = knownFailure(error)
  if (known) return { ...known, exitCode: 1 }
  const { code, message } = error as { code?: string; message?: string }
  return {
    code: 'UNEXPECTED',
    message: `${(message ?? String(error)).split('\n')[0]}${code ? ` (${code})` : ''}`,
    hint: 'This is a defect of Tideline, or something it does not know yet. Repeat with --verbose to see where it comes from.',
    exitCode: 1,
  }
}

type Explained = { code: string; message: string; hint: string }

/** What Postgres or the operating system says, in our words. Details are left out: they hold values of rows. */
function knownFailure(error: unknown): Explained | undefined {
  const { code = '', message = '', path } = error as { code?: string; message?: string; path?: string }
  const ofFile: Record<string, string> = {
    ENOENT: 'does not exist',
    EACCES: 'may not be read or written by this user',
    EPERM: 'may not be changed by this user',
    EROFS: 'lies on a file system that is read-only',
    EISDIR: 'is a folder, not a file',
    ENOTDIR: 'is no folder, or has a file where a folder is needed',
    EEXIST: 'is there already, as something else',
  }
  if (ofFile[code] && path)
    return { code: 'FILE', message: `${path} ${ofFile[code]}.`, hint: `The system says ${code}.` }
  if (code === 'ENOSPC')
    return {
      code: 'DISK_FULL',
      message: 'The disk is full.',
      hint: 'Make room and repeat the command: what was not finished is not there.',
    }
  const found = ofPostgres.find(({ states }) => states.some((state) => code.startsWith(state)))
  if (found && /^[0-9A-Z]{5}$/.test(code))
    return { code: found.code, message: found.say(message), hint: found.hint }
  if (['ECONNRESET', 'EPIPE'].includes(code) || message === 'Connection terminated unexpectedly') return gone
  return undefined
}

const gone: Explained = {
  code: 'DATABASE_WENT_AWAY',
  message: 'The connection to the database ended while it was in use.',
  hint: 'Repeat the command: what was not finished is not there.',
}

/** By the beginning of the SQLSTATE. */
const ofPostgres: readonly {
  states: string[]
  code: string
  say: (message: string) => string
  hint: string
}[] = [
  {
    states: ['42501'],
    code: 'PERMISSION_DENIED',
    say: (message) => `The database does not allow it: ${message}.`,
    hint: 'The user in DATABASE_URL must own the schema; `grant create on database …` lets it make one.',
  },
  {
    states: ['42P01', '3F000', '42703', '42883'],
    code: 'NOT_MIGRATED',
    say: (message) => `The database lacks something that this version of Tideline needs: ${message}.`,
    hint: 'Run `tideline migrate`.',
  },
  {
    states: ['57P', '08'],
    code: gone.code,
    say: () => gone.message,
    hint: gone.hint,
  },
  {
    states: ['53300'],
    code: 'TOO_MANY_CONNECTIONS',
    say: () => 'The database takes no further connections.',
    hint: 'Close some, or raise max_connections.',
  },
  {
    states: ['53100'],
    code: 'DISK_FULL',
    say: () => "The database's disk is full.",
    hint: 'Make room and repeat the command: what was not finished is not there.',
  },
  {
    states: ['25006'],
    code: 'DATABASE_READ_ONLY',
    say: () => 'This database takes no writes: it is a standby, or set to read-only.',
    hint: 'Point DATABASE_URL at the primary.',
  },
  {
    states: ['55P03', '40P01'],
    code: 'DATABASE_BUSY',
    say: (message) => `Somebody else holds what this command needs: ${message}.`,
    hint: 'Repeat it in a moment.',
  },
]

/** Prints a failure where errors go: in words, or as one JSON object for whoever reads by program. */
export function printFailure(io: Io, error: unknown, asked: { json: boolean; verbose: boolean }): Failure {
  const failure = failureOf(error)
  const { exitCode: _, ...said } = failure
  const text = asked.json
    ? `${JSON.stringify({ error: said })}\n`
    : inWords(failure, painter(io.err, io.config))
  io.err.write(text)
  if (asked.verbose && error instanceof Error) io.err.write(`${error.stack}\n`)
  return failure
}

function inWords(failure: Failure, paint: Paint): string {
  const findings = (failure.findings ?? []).flatMap((finding) => [...findingLines(finding, paint), ''])
  const where = failure.where ? `${failure.where}: ` : ''
  const [first = '', ...more] = wrap(`${where}${failure.message}`, width - 9)
  const lines = [
    `${paint.red('error')}  ${first}`,
    ...more.map((line) => `       ${line}`),
    ...(failure.hint ? wrap(failure.hint, width - 7).map((line) => `       ${paint.dim(line)}`) : []),
    ...(failure.code === 'UNEXPECTED' ? [] : [`       ${paint.dim(failure.code)}`]),
  ]
  return `${[...findings, ...lines].join('\n')}\n`
}

/** A wrong definition: where it stands, the line with carets, what is wrong and what to do. */
export function findingLines(finding: Finding, paint: Paint): string[] {
  const { file, line, column, severity, code, message, hint } = finding
  const word = severity === 'error' ? paint.red(severity) : paint.yellow(severity)
  return [
    `${paint.bold(`${file}:${line}:${column}`)}  ${word}  ${code}`,
    ...excerptLines(finding, paint),
    ...wrap(message, width - 2).map((each) => `  ${each}`),
    ...(hint ? wrap(hint, width - 2).map((each) => `  ${each}`) : []),
  ]
}

function excerptLines({ excerpt, line, column, length }: Finding, paint: Paint): string[] {
  if (excerpt.trim() === '') return []
  const text = excerpt.replaceAll('\t', ' ').trimEnd()
  // The indent of the file is kept up to two blanks, and of a long line what stands around the place.
  const indent = text.length - text.trimStart().length
  const number = `  ${line} │ `
  const room = width - number.length
  const start = Math.max(Math.max(0, indent - 2), Math.min(column - 1, text.length) - Math.floor(room * 0.6))
  const before = text.slice(start, column - 1)
  const marked = text.slice(column - 1, column - 1 + length)
  const carets = '^'.repeat(Math.max(1, Math.min(widthOf(marked), room - widthOf(before))))
  const blank = `${' '.repeat(number.length - 2)}│ ${' '.repeat(widthOf(before))}`
  return [number + cut(text.slice(start), room), blank + paint.red(carets)]
}
