import pg from 'pg'
import { UserError } from './errors.ts'

export type Row = Record<string, unknown>
export type Parameter = string | number | bigint | boolean | null | readonly unknown[]
/** A connection of its own, for work that needs a session: transactions, temporary tables, COPY. */
export type Client = pg.PoolClient

export type Database = {
  readonly url: string
  readonly schema: string
  readonly pool: pg.Pool
  /** Once it is aborted, nothing goes on over this database: see stop.ts. */
  readonly signal?: AbortSignal | undefined
  query<T extends Row = Row>(text: string, parameters?: readonly Parameter[]): Promise<T[]>
  /** Runs `work` on one connection in one transaction; rolls back if it throws. */
  transaction<T>(work: (client: Client) => Promise<T>): Promise<T>
  /** Runs `work` on one connection that nobody else uses meanwhile. */
  session<T>(work: (client: Client) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * Opens the installation's Postgres. Every connection sees only our schema and works in UTC.
 * int8 and numeric stay text, instants stay text: nothing passes through a JavaScript number or Date.
 */
export function openPostgres(url: string, options: { schema?: string; max?: number } = {}): Database {
  const schema = options.schema ?? 'tideline'
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max ?? 4,
    connectionTimeoutMillis: 10_000,
    application_name: 'tideline',
    options: `-c search_path=${schema},public -c timezone=UTC -c datestyle=ISO -c idle_in_transaction_session_timeout=300000`,
    types: { getTypeParser: parserOf },
  })
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => {})
  // The same for one that is in use, between two of its statements; the next statement fails and says so.
  pool.on('connect', (client) => void client.on('error', () => {}))
  const connect = () =>
    pool.connect().catch((error: unknown) => Promise.reject(explainConnection(error, url)))
  return {
    url,
    schema,
    pool,
    async query<T extends Row>(text: string, parameters: readonly Parameter[] = []) {
      const client = await connect()
      try {
        return (await client.query<T>(text, parameters as unknown[])).rows
      } finally {
        client.release()
      }
    },
    async session(work) {
      const client = await connect()
      let broken = true
      try {
        const result = await work(client)
        broken = false
        return result
      } finally {
        // After a failure the session may hold temporary tables or an open transaction: it isn't used again.
        client.release(broken)
      }
    },
    transaction<T>(work: (client: Client) => Promise<T>) {
      return this.session<T>((client) => inTransaction(client, () => work(client)))
    },
    close: () => pool.end(),
  }
}

/** One transaction on a connection that is already at hand. */
export async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

const numbers = new Set<number>([pg.types.builtins.INT2, pg.types.builtins.INT4, pg.types.builtins.FLOAT8])
const json = new Set<number>([pg.types.builtins.JSON, pg.types.builtins.JSONB])

function parserOf(oid: number): (text: string) => unknown {
  if (numbers.has(oid)) return Number
  if (json.has(oid)) return (text) => JSON.parse(text)
  if (oid === pg.types.builtins.BOOL) return (text) => text === 't'
  return (text) => text
}

function explainConnection(error: unknown, url: string): unknown {
  const code = (error as { code?: string }).code ?? ''
  const message = error instanceof Error ? error.message : String(error)
  if (
    ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', '57P03'].includes(code) ||
    /timeout/i.test(message)
  ) {
    return new UserError({
      code: 'DATABASE_UNREACHABLE',
      message: `The database at ${describeUrl(url)} can't be reached (${code || message}).`,
      hint: 'Start it, or correct DATABASE_URL (or database: in tideline.yaml); without either an embedded one is used.',
      cause: error,
    })
  }
  if (['28P01', '28000', '3D000'].includes(code)) {
    return new UserError({
      code: 'DATABASE_REFUSED',
      message: `The database at ${describeUrl(url)} refuses the connection: ${message}.`,
      hint: 'Check user, password and database name in DATABASE_URL.',
      cause: error,
    })
  }
  return error
}

/** Host, port and database of a connection string; never its user or password. */
export function describeUrl(url: string): string {
  try {
    const parsed = new URL(url)
    return `${parsed.hostname}:${parsed.port || '5432'}${parsed.pathname}`
  } catch {
    return 'the given address'
  }
}

export type Duckdb = {
  run(text: string, parameters?: readonly (string | number | null)[]): Promise<void>
  rows<T extends Row = Row>(text: string, parameters?: readonly (string | number | null)[]): Promise<T[]>
  close(): void
}

type DuckdbOptions = {
  /** Where it may spill to disk. */
  readonly temporary?: string
  readonly memory?: string | undefined
  readonly threads?: number
  /** Once it is aborted, what is being executed is interrupted, and fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** An in-memory DuckDB. Integers beyond 2^53 and decimals come back as text. */
export async function openDuckdb(options: DuckdbOptions = {}): Promise<Duckdb> {
  // Only now: most commands never need it, and its library takes 60 ms to load.
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 2),
    memory_limit: options.memory ?? '2GB',
    ...(options.temporary ? { temp_directory: options.temporary } : {}),
  })
  const connection = await instance.connect()
  await connection.run("set TimeZone = 'UTC'")
  // Given to create() this limit is shown but not enforced; as a statement it is.
  await connection.run("set max_temp_directory_size = '20GB'")
  const execute = <T>(work: () => Promise<T>) =>
    cancellable(options.signal, work, () => connection.interrupt())
  return {
    async run(text, parameters = []) {
      await execute(() => connection.run(text, [...parameters]))
    },
    async rows<T extends Row>(text: string, parameters: readonly (string | number | null)[] = []) {
      const reader = await execute(() => connection.runAndReadAll(text, [...parameters]))
      return reader.getRowObjectsJson() as T[]
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

const cancelMilliseconds = 200

/**
 * Executes, unless the signal is aborted. From the moment it is, cancels until that has an effect: what is still on its
 * way to the engine is not hit. Whatever fails then, fails with the signal's reason.
 */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  execute: () => Promise<T>,
  cancel: () => unknown,
): Promise<T> {
  if (!signal) return execute()
  signal.throwIfAborted()
  let again: NodeJS.Timeout | undefined
  let last: unknown
  const begin = () => {
    last = cancel()
    again = setTimeout(begin, cancelMilliseconds)
  }
  signal.addEventListener('abort', begin, { once: true })
  try {
    return await execute()
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', begin)
    clearTimeout(again)
    // What comes next on the same connection must not be hit.
    await last
  }
}
