import { join } from 'node:path'
import type { Config } from '../config.ts'
import { startServer } from './embedded.ts'
import { type Database, describeUrl, openPostgres } from './engine.ts'
import type { Project } from './project/settings.ts'

/** A project and its open database. */
export type Installation = {
  readonly project: Project
  readonly database: Database
  /** Which database this is, for the first line of a command's output; never a password. */
  readonly described: string
  readonly embedded: boolean
  /** Where files may lie for as long as a command takes. */
  readonly temporary: string
  /** Whether opening it started the embedded server. */
  readonly startedServer: boolean
}

/**
 * Opens the project's database: the one that the environment or tideline.yaml names, or else the project's own
 * embedded server, which is started if it does not run yet. A demo project never looks at the environment.
 */
export async function openInstallation(
  project: Project,
  config: Config,
  options: { ownServer?: boolean; max?: number } = {},
): Promise<Installation> {
  const named = options.ownServer ? undefined : (config.databaseUrl ?? project.settings.database)
  const { schema } = project.settings
  const temporary = join(project.state, 'tmp')
  const pool = { schema, ...(options.max ? { max: options.max } : {}) }
  if (named) {
    const database = openPostgres(named, pool)
    return {
      project,
      database,
      described: describeUrl(named),
      embedded: false,
      temporary,
      startedServer: false,
    }
  }
  const server = await startServer({
    folder: project.state,
    ...(config.postgresBinaries ? { binaries: config.postgresBinaries } : {}),
  })
  const database = openPostgres(server.url, pool)
  return {
    project,
    database,
    described: 'embedded PostgreSQL',
    embedded: true,
    temporary,
    startedServer: server.startedByUs,
  }
}
