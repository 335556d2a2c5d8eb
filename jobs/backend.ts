import { setTimeout as sleep } from 'node:timers/promises'
import {
  assertSchemaCompatibility,
  type BackendClasses,
  type BackendFactory,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
  withBackend,
} from 'bullmq'
import { type Database, describeUrl } from '../pipeline/engine.ts'
import { UserError } from '../pipeline/errors.ts'
import { statement } from '../pipeline/sql.ts'
import { codeOf } from './failure.ts'

export type Backing = { readonly database: Database; readonly redisUrl?: string | undefined }
/** `pool`: how many Postgres connections an instance may hold; a worker adds one that listens. */
type Connection = { readonly pool: number }

/** Where jobs are kept: in Redis if one is named, and else in a schema of their own beside the installation's. */
export type Backend = Pick<BackendClasses<IQueueBackend, Connection>, 'Queue' | 'Worker'> & {
  /** What jobs of this installation are known by; several may share one Redis. */
  readonly installation: string
  readonly described: string
}

const patience = 5000

export async function openBackend({ database, redisUrl }: Backing): Promise<Backend> {
  const [row] = await database.query<{ name: string }>(statement('jobs/installation'), [database.schema])
  const installation = row!.name
  if (redisUrl !== undefined) {
    const described = `Redis at ${describeUrl(redisUrl).replace(':5432', ':6379')}`
    return { ...withBackend(onRedis(redisUrl, `tideline-${installation}`)), installation, described }
  }
  const schema = `${database.schema}_queue`
  await prepareSchema(database, schema)
  const described = `Postgres at ${describeUrl(database.url)}, schema ${schema}`
  return { ...withBackend(onPostgres(database.url, schema)), installation, described }
}

const onPostgres = (url: string, schema: string): BackendFactory<IQueueBackend, Connection> => {
  const base = {
    connectionString: url,
    schema,
    connectionTimeoutMillis: patience,
    application_name: 'tideline queue',
  }
  return (name, options, kind) =>
    createPostgresBackend(name, { ...options, connection: { ...base, max: options.connection.pool } }, kind)
}

const onRedis = (url: string, prefix: string): BackendFactory<IQueueBackend, Connection> => {
  return (name, options, kind) => {
    // A worker waits for Redis to come back; whoever puts a job there wants to hear soon that it's gone.
    const maxRetriesPerRequest = kind?.withBlockingConnection ? null : 3
    const retryStrategy = (times: number) => Math.min(times * 200, 5000)
    const connection = { url, maxRetriesPerRequest, retryStrategy, connectTimeout: patience }
    return createRedisBackend(
      name,
      { ...options, prefix, connection } as Parameters<typeof createRedisBackend>[1],
      kind,
    )
  }
}

async function prepareSchema(database: Database, schema: string): Promise<void> {
  try {
    const version = await database.session((client) => assertSchemaCompatibility(client, schema))
    if (version >= LATEST_SCHEMA_VERSION) return
  } catch (error) {
    if (!(error instanceof SchemaMigrationRequiredError)) throw unreachable('Postgres', error)
  }
  try {
    await database.session((client) => runMigrations(client, schema))
  } catch (error) {
    if (codeOf(error) !== '42501') throw unreachable('Postgres', error)
    throw new UserError({
      code: 'QUEUE_REFUSED',
      message: `The database's user may not create the schema ${schema}, in which jobs are kept.`,
      hint: `Let its owner run \`create schema ${schema} authorization …\`, or set REDIS_URL.`,
      cause: error,
    })
  }
}

type Instance = {
  waitUntilReady(): Promise<unknown>
  close(force?: boolean): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
}

/**
 * Waits until an instance has reached its backend. One that couldn't at first stays deaf for ever, so it is thrown
 * away: whoever wants to try again makes a new one.
 */
export async function ready<T extends Instance>(instance: T, described: string): Promise<T> {
  let seen: unknown
  instance.on('error', (error) => {
    seen = error
  })
  const late = new AbortController()
  const timeout = sleep(patience, undefined, { signal: late.signal }).then(() => {
    throw seen ?? new Error(`no answer within ${patience / 1000} seconds`)
  })
  try {
    await Promise.race([instance.waitUntilReady(), timeout])
    return instance
  } catch (error) {
    instance.close(true).catch(() => {})
    throw unreachable(described, error)
  } finally {
    timeout.catch(() => {})
    late.abort()
  }
}

function unreachable(described: string, error: unknown): unknown {
  if (error instanceof UserError) return error
  const reason = codeOf(error) ?? (error instanceof Error ? error.message : String(error))
  return new UserError({
    code: 'QUEUE_UNREACHABLE',
    message: `The queue in ${described} can't be reached (${reason}).`,
    hint: 'Start it, or correct REDIS_URL; without REDIS_URL jobs are kept in the database itself.',
    cause: error,
  })
}
