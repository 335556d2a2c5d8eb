import { existsSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { type Instant, readInstant } from '../compiler/index.ts'
import { UserError } from '../pipeline/errors.ts'
import { type Installation, openInstallation } from '../pipeline/installation.ts'
import { migrate, pendingMigrations } from '../pipeline/migrate.ts'
import { findProject, type Project } from '../pipeline/project/settings.ts'
import { Stopped } from '../pipeline/stop.ts'
import type { CommonOptions } from './command.ts'
import { WrongUsage } from './errors.ts'
import type { Io } from './io.ts'
import { type Answer, type Format, formatOf, printAnswer } from './output.ts'
import { type Paint, painter } from './paint.ts'

/** What a project that `tideline demo` made bears: it has a database of its own, whatever the environment says. */
export const demoMarker = join('.tideline', 'demo')

/** What a command needs: the schema up to date, or only if the database is the embedded one, or nothing. */
type Schema = 'needed' | 'if embedded' | 'left alone'

/** One command's surroundings: options, project, database, and ways to answer. */
export class Cli {
  readonly io: Io
  readonly options: CommonOptions
  format: Format
  readonly paint: Paint
  private readonly closers: (() => Promise<void>)[] = []
  private stopping: AbortController | undefined

  constructor(io: Io, options: CommonOptions) {
    this.io = io
    this.options = options
    this.format = formatOf(io, options)
    this.paint = painter(
      this.format === 'table' && !options.output ? io.out : { ...io.out, isTerminal: false },
      io.config,
    )
  }

  /** For what is made to be looked at, wherever it goes; unless somebody asked for a format. */
  prefer(format: Format): void {
    if (!this.options.format && !this.options.output) this.format = format
  }

  project(): Project {
    const given = this.options.project
    return findProject(this.io.cwd, given === undefined ? undefined : resolve(this.io.cwd, given))
  }

  /**
   * Opens the project's database, brought up to date. The embedded one is ours, so it is migrated on the way; on
   * somebody's own that takes a command of its own.
   */
  async open(
    options: { schema?: Schema; project?: Project; quiet?: boolean; max?: number } = {},
  ): Promise<Installation> {
    const project = options.project ?? this.project()
    const ownServer = existsSync(join(project.folder, demoMarker))
    const installation = await openInstallation(project, this.io.config, {
      ownServer,
      ...(options.max ? { max: options.max } : {}),
    })
    this.closers.push(() => installation.database.close())
    if (!options.quiet) await this.headline(installation, ownServer)
    await this.bringUpToDate(installation, options.schema ?? 'needed')
    return installation
  }

  /** `own`: the demo's, which stays with its server; said where somebody may think otherwise. */
  private async headline({ project, database, described }: Installation, own: boolean): Promise<void> {
    if (!this.io.err.isTerminal) return
    const [row] = await database.query<{ server_version: string }>('show server_version')
    const version = (row?.server_version ?? '').split(' ')[0]
    const place = relative(this.io.cwd, project.folder)
    const name = `${place === '' || place.startsWith('..') ? basename(project.folder) : place}/`
    const where = described.includes('PostgreSQL')
      ? `${described} ${version}`
      : `${described}, PostgreSQL ${version}`
    const beside = own && this.io.config.databaseUrl ? ", the demo's own: DATABASE_URL is not looked at" : ''
    const line = `tideline  ${name}  ·  ${where}${beside}`
    this.io.err.write(`${painter(this.io.err, this.io.config).dim(line)}\n`)
  }

  private async bringUpToDate(
    { database, embedded, described }: Installation,
    schema: Schema,
  ): Promise<void> {
    if (schema === 'left alone') return
    if (embedded) {
      await migrate(database)
      return
    }
    const pending = schema === 'needed' ? await pendingMigrations(database) : []
    if (pending.length === 0) return
    throw new UserError({
      code: 'NOT_MIGRATED',
      message: `The schema "${database.schema}" at ${described} is behind this version of Tideline: it lacks ${pending.join(', ')}.`,
      hint: 'Run `tideline migrate` to bring it up to date.',
    })
  }

  print(answer: Answer): Promise<void> {
    return printAnswer(this.io, answer, { format: this.format, output: this.options.output })
  }

  /** A word on the way, for somebody who waits at a terminal. */
  say(line: string): void {
    if (this.io.err.isTerminal) this.io.err.write(`${line}\n`)
  }

  /** Aborted once somebody wants the process to stop. From now on the first Ctrl-C does no more than that. */
  stopSignal(): AbortSignal {
    if (this.stopping) return this.stopping.signal
    const stopping = new AbortController()
    this.stopping = stopping
    void this.io.interrupted?.().then(() => {
      this.say('Stopping. Once more ends it at once.')
      stopping.abort(new Stopped())
    })
    return stopping.signal
  }

  /** True after --yes, or when somebody at a terminal says so. */
  async confirmed(question: string): Promise<boolean> {
    if (this.options.yes) return true
    if (!this.io.ask) return false
    return /^y(es)?$/i.test((await this.io.ask(`${question} [y/N] `)).trim())
  }

  /** An instant as typed: a date alone is 00:00 in the project's time zone. */
  instant(text: string, option: string, zone: string): Instant {
    const read = readInstant(text, zone)
    if (read !== undefined) return read
    throw new WrongUsage({
      code: 'BAD_INSTANT',
      message: `${option} "${text}" is neither a date nor an instant.`,
      hint: 'Write it as 2026-11-23, 2026-11-23T14:00 (in the time zone of the project) or 2026-11-23T14:00Z.',
    })
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close()
  }
}
