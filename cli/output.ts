import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { UserError } from '../pipeline/errors.ts'
import type { Io, Sink } from './io.ts'
import { type Column, type Row, renderTable, widest } from './table.ts'
import { exact, isNumeric } from './values.ts'

export const formats = ['table', 'json', 'ndjson', 'csv'] as const
/** Markdown is for the few answers that are made to be read somewhere else. */
export type Format = (typeof formats)[number] | 'markdown'

/** What a command has to say: rows for whoever goes on computing, and what a reader sees beside them or instead. */
export type Answer = {
  readonly columns: readonly Column[]
  readonly rows: Iterable<Row> | AsyncIterable<Row>
  /** JSON holds this in place of the rows. */
  readonly document?: unknown
  /** Shown in place of the table. */
  readonly lines?: readonly string[] | undefined
  readonly markdown?: readonly string[] | undefined
  readonly above?: readonly string[] | undefined
  readonly below?: readonly string[] | undefined
  /** That these are not all rows: stands below a table, and beside anything else, where no program stumbles over it. */
  readonly more?: string | undefined
}

/** A table on a terminal, JSON anywhere else, unless asked for something else. */
export function formatOf(
  io: Io,
  asked: { format?: Format | undefined; output?: string | undefined },
): Format {
  if (asked.format) return asked.format
  if (asked.output !== undefined) {
    const ending = extname(asked.output).slice(1).toLowerCase()
    if (ending === '') return 'json'
    const found = { txt: 'table', md: 'markdown' }[ending] ?? ending
    if (![...formats, 'markdown'].includes(found)) throw unknownEnding(asked.output)
    return found as Format
  }
  return io.out.isTerminal ? 'table' : 'json'
}

const noMarkdown = (): UserError =>
  new UserError({
    code: 'UNKNOWN_FORMAT',
    message: 'This command has no answer as Markdown.',
    hint: `Choose one of ${formats.join(', ')}.`,
  })

const unknownEnding = (file: string): UserError =>
  new UserError({
    code: 'UNKNOWN_FORMAT',
    message: `The ending of ${file} does not say in which format to write it.`,
    hint: 'Name it .csv, .json, .ndjson or .txt (a table), or say --format.',
  })

export async function printAnswer(
  io: Io,
  answer: Answer,
  asked: { format: Format; output?: string | undefined },
): Promise<void> {
  if (asked.output === undefined) await writeAnswer(io.out, answer, asked.format)
  else await toFile(resolve(io.cwd, asked.output), (sink) => writeAnswer(sink, answer, asked.format))
  if (answer.more && (asked.format !== 'table' || asked.output !== undefined))
    await io.err.write(`${answer.more}\n`)
}

async function writeAnswer(sink: Sink, answer: Answer, format: Format): Promise<void> {
  if (format === 'table') return writeTable(sink, answer)
  if (format === 'markdown') {
    if (answer.markdown === undefined) throw noMarkdown()
    await sink.write(`${answer.markdown.join('\n').trim()}\n`)
    return
  }
  if (format === 'json' && answer.document !== undefined) {
    await sink.write(`${JSON.stringify(answer.document, null, 2)}\n`)
    return
  }
  if (format === 'csv') await sink.write(csvLine(answer.columns.map((column) => column.name)))
  let first = true
  for await (const row of answer.rows) {
    const plain = plainRow(answer.columns, row)
    if (format === 'csv') await sink.write(csvLine(answer.columns.map((column) => plain[column.name])))
    else if (format === 'ndjson') await sink.write(`${JSON.stringify(plain)}\n`)
    else await sink.write(`${first ? '[\n' : ',\n'}  ${JSON.stringify(plain)}`)
    first = false
  }
  if (format === 'json') await sink.write(first ? '[]\n' : '\n]\n')
}

async function writeTable(sink: Sink, answer: Answer): Promise<void> {
  const width = Math.max(40, Math.min(widest, sink.columns || widest))
  const lines = answer.lines ?? renderTable(answer.columns, await collect(answer.rows), width)
  const more = answer.more ? ['', answer.more] : []
  const all = [...(answer.above ?? []), ...lines, ...more, ...(answer.below ?? [])]
  if (all.length > 0) await sink.write(`${all.join('\n')}\n`)
}

async function collect(rows: Iterable<Row> | AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = []
  for await (const row of rows) found.push(row)
  return found
}

/** As JSON has it: numbers where no digit is lost, instants as one word. */
export function plainRow(columns: readonly Column[], row: Row): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ name, kind = 'text' }) => {
      const value = row[name] ?? null
      if (isNumeric(kind)) return [name, exact(value)]
      if (kind.endsWith('instant') && typeof value === 'string') return [name, isoInstant(value)]
      return [name, value]
    }),
  )
}

const isoInstant = (text: string): string =>
  text.replace(/^(\d{4,}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)\+00(?::00)?$/, '$1T$2Z')

/** A missing value is an empty field, an empty text `""`, as COPY has it. */
function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvField).join(',')}\n`
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A file appears whole or not at all: whoever finds it may rely on its being complete. */
async function toFile(path: string, write: (sink: Sink) => Promise<void>): Promise<void> {
  const replace = !existsSync(path) || statSync(path).isFile()
  const target = replace ? `${path}.${process.pid}.part` : path
  const file = await open(target, 'w').catch((error: NodeJS.ErrnoException) => {
    throw new UserError({
      code: 'CANT_WRITE',
      message: `The file ${path} can't be written (${error.code}).`,
      hint: 'Name another one with --output.',
      cause: error,
    })
  })
  try {
    let held = ''
    await write({
      isTerminal: false,
      async write(text) {
        held += text
        if (held.length < 65_536) return
        await file.writeFile(held)
        held = ''
      },
    })
    await file.writeFile(held)
    await file.close()
    if (replace) renameSync(target, path)
  } catch (error) {
    await file.close().catch(() => {})
    if (replace) rmSync(target, { force: true })
    throw error
  }
}
