import { type Client, type Database, inTransaction } from './engine.ts'
import { UserError } from './errors.ts'

export type QueryColumn = { readonly name: string; readonly type: QueryType }
export type QueryType = 'integer' | 'decimal' | 'boolean' | 'instant' | 'json' | 'text'

export type QueryResult = {
  readonly columns: readonly QueryColumn[]
  /** As they are read; a page at a time is in memory. */
  readonly rows: AsyncIterable<readonly unknown[]>
}

const pageRows = 1000

/**
 * Runs one statement that can't write, and hands its rows to `take` while it is open. More than one statement is
 * refused by the protocol, a write by the transaction.
 */
export async function readOnly<T>(
  database: Database,
  text: string,
  options: { seconds: number },
  take: (result: QueryResult) => Promise<T>,
): Promise<T> {
  if (/^[\s;]*$/.test(text)) {
    throw new UserError({
      code: 'NO_STATEMENT',
      message: 'There is no statement.',
      hint: 'Such as: select * from freshness',
    })
  }
  return database.session((client) =>
    inTransaction(client, async () => {
      await client.query('set transaction isolation level repeatable read, read only')
      await client.query("select set_config('statement_timeout', $1::text, true)", [`${options.seconds}s`])
      const prefix = readsRows(text) ? 'declare tideline_query no scroll cursor for ' : ''
      const first = await ask(client, prefix + text, { written: text, shift: prefix.length, ...options })
      if (!prefix) return take({ columns: columnsOf(first), rows: once(first.rows) })
      const page = await ask(client, fetchPage, { written: text, shift: 0, ...options })
      return take({ columns: columnsOf(page), rows: pages(client, page, { written: text, ...options }) })
    }),
  )
}

const fetchPage = `fetch ${pageRows} from tideline_query`

/** Only such a statement can be read through a cursor; `show`, `explain` and the like give few rows. */
const readsRows = (text: string): boolean =>
  /^(\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*(select|with|values|table)\b/i.test(text)

type Fields = { fields: { name: string; dataTypeID: number }[]; rows: unknown[][] }

async function* pages(client: Client, first: Fields, asked: Asked): AsyncGenerator<readonly unknown[]> {
  let page = first
  for (;;) {
    yield* page.rows
    if (page.rows.length < pageRows) return
    page = await ask(client, fetchPage, { ...asked, shift: 0 })
  }
}

async function* once(rows: unknown[][]): AsyncGenerator<readonly unknown[]> {
  yield* rows
}

type Asked = { written: string; seconds: number; shift?: number }

async function ask(client: Client, text: string, asked: Asked): Promise<Fields> {
  try {
    // The extended protocol takes one statement; `queryMode` asks for it where there are no parameters.
    const query = { text, rowMode: 'array', queryMode: 'extended' }
    return (await client.query(query as { text: string; rowMode: 'array' })) as unknown as Fields
  } catch (error) {
    throw explain(error, asked)
  }
}

function columnsOf({ fields }: Fields): QueryColumn[] {
  const seen = new Map<string, number>()
  return fields.map(({ name, dataTypeID }) => {
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return { name: times === 1 ? name : `${name}_${times}`, type: types[dataTypeID] ?? 'text' }
  })
}

/** By the number Postgres knows a type by. */
const types: Readonly<Record<number, QueryType>> = {
  16: 'boolean',
  20: 'integer',
  21: 'integer',
  23: 'integer',
  114: 'json',
  700: 'decimal',
  701: 'decimal',
  1184: 'instant',
  1700: 'decimal',
  3802: 'json',
}

function explain(error: unknown, { written, seconds, shift = 0 }: Asked): unknown {
  const {
    code = '',
    message = '',
    position,
    hint,
  } = error as {
    code?: string
    message?: string
    position?: string
    hint?: string
  }
  const refused = (code: string, message: string, hint: string) =>
    new UserError({ code, message, hint, cause: error })
  if (code === '25006' || /data-modifying/.test(message)) {
    return refused(
      'READ_ONLY',
      'A query only reads, and this statement would write. It was not run.',
      'Definitions are changed in files and applied; data come in by `tideline import` or the inbox tables.',
    )
  }
  if (code === '42601' && /multiple commands/.test(message)) {
    return refused(
      'ONE_STATEMENT',
      'One statement at a time, please: there is more than one here.',
      'Leave out what stands behind the first `;`.',
    )
  }
  if (code === '57014') {
    return refused(
      'QUERY_TOO_LONG',
      `The query was stopped after ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`,
      'Give it longer with --timeout, or ask for less.',
    )
  }
  if (!/^(22|23|42|0A|2F|3F|25|P0|2B|21|54)/.test(code)) return error
  const near = position && Number(position) > shift ? nearOf(written, Number(position) - shift) : ''
  const place = near && !message.includes(near) ? ` (at "${near}")` : ''
  const known =
    code === '42P01'
      ? 'The views are current_members, membership_intervals, segment_trend and freshness.'
      : undefined
  return refused(
    'QUERY_FAILED',
    `Postgres says: ${message}${place}.`,
    hint ?? known ?? 'Correct the statement and try again.',
  )
}

function nearOf(text: string, position: number): string {
  const rest = [...text].slice(position - 1).join('')
  return /^\S{0,40}/.exec(rest)?.[0] ?? ''
}
