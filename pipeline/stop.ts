import { finished } from 'node:stream/promises'
import { type Client, cancellable, type Database, inTransaction } from './engine.ts'
import { UserError } from './errors.ts'

/** What a run or a backfill ends with when somebody stops it: the reason of the signal that they were given. */
export class Stopped extends UserError {
  constructor() {
    super({
      code: 'STOPPED',
      message: 'It was stopped before its end.',
      hint: 'The next run does its work; a backfill goes on where it was when the same is asked again within a day, by the command that `tideline status` names.',
    })
  }
}

/**
 * The same database, over which nothing goes on once the signal is aborted: what Postgres is executing is cancelled
 * from another connection. That, and what would come after it, fails with the signal's reason.
 */
export function stoppable(database: Database, signal: AbortSignal | undefined): Database {
  if (!signal) return database
  const stopping: Database = {
    ...database,
    signal,
    async query<T extends Record<string, unknown>>(text: string, parameters = []) {
      return stopping.session(async (client) => (await client.query<T>(text, [...parameters])).rows)
    },
    async session(work) {
      signal.throwIfAborted()
      return database
        .session(async (client) => work(await stoppableClient(stopping, client)))
        .catch((error) => {
          throw reasonOf(error, signal)
        })
    },
    transaction: (work) => stopping.session((client) => inTransaction(client, () => work(client))),
  }
  return stopping
}

/** Why something failed: after a stop that is the reason, whatever it led to. */
export const reasonOf = (error: unknown, signal: AbortSignal | undefined): unknown =>
  signal?.aborted ? signal.reason : error

/** One of its sessions. A rollback is executed nevertheless: what clears up must not wait for its locks. */
export async function stoppableClient({ pool, signal }: Database, client: Client): Promise<Client> {
  if (!signal) return client
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const cancel = () => pool.query('select pg_cancel_backend($1::int)', [rows[0]!.pid]).catch(() => {})
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'query') return value.bind(target)
      return (...given: unknown[]) => {
        const execute = () => value.apply(target, given)
        if (given[0] === 'rollback') return execute()
        if (!isStream(given[0])) return cancellable(signal, execute, cancel)
        signal.throwIfAborted()
        const stream = execute()
        cancellable(signal, () => finished(stream), cancel).catch(() => {})
        return stream
      }
    },
  })
}

/** As COPY has them: they are submitted, and then read or written. */
const isStream = (given: unknown): boolean =>
  typeof (given as { submit?: unknown } | null)?.submit === 'function'
