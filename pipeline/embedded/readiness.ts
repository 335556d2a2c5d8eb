import { openPostgres } from '../engine.ts'
import { UserError } from '../errors.ts'
import { superuser } from './creation.ts'
import { pause } from './processes.ts'
import type { State } from './state.ts'

export const databaseName = 'tideline'
export const watcherName = 'tideline idle watch'

const patience_ms = 90_000
const pause_ms = 100

export type Answer = 'refused' | 'not yet' | { readonly watched: boolean }

export function urlOf(state: State, database = databaseName): string {
  return `postgres://${superuser}:${state.password}@127.0.0.1:${state.port}/${database}`
}

/** Whether our server answers. The password tells it from another that has got the same port meanwhile. */
export async function ask(state: State, name = databaseName): Promise<Answer> {
  const database = openPostgres(urlOf(state, name), { max: 1 })
  try {
    const [row] = await database.query<{ watched: boolean }>(
      'select exists (select from pg_stat_activity where application_name = $1) as watched',
      [watcherName],
    )
    return { watched: row?.watched ?? false }
  } catch (error) {
    const cause = error instanceof UserError ? error.cause : error
    // 57P03: it is starting up, recovering or shutting down.
    return (cause as { code?: string } | undefined)?.code === '57P03' ? 'not yet' : 'refused'
  } finally {
    await database.close()
  }
}

/** Waits until a server that has been started takes connections, and makes our database if it isn't there. */
export async function waitUntilReady(state: State, isRunning: () => boolean): Promise<void> {
  for (let waited = 0; waited < patience_ms && isRunning(); waited += pause_ms) {
    if (typeof (await ask(state, 'postgres')) === 'object') return createDatabase(state)
    await pause(pause_ms)
  }
  throw new UserError({
    code: 'SERVER_DID_NOT_ANSWER',
    message: `The embedded database was started on port ${state.port} but takes no connections.`,
    hint: 'Look into its log below .tideline/postgres, stop it with `tideline db stop` and try again.',
  })
}

async function createDatabase(state: State): Promise<void> {
  const database = openPostgres(urlOf(state, 'postgres'), { max: 1 })
  try {
    const [row] = await database.query('select from pg_database where datname = $1', [databaseName])
    if (!row) await database.query(`create database ${databaseName}`)
  } catch (error) {
    // A starter that was killed may have left the server at work on it: then it is there by now.
    if (!['23505', '42P04'].includes((error as { code?: string }).code ?? '')) throw error
  } finally {
    await database.close()
  }
}
