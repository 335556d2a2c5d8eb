import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { serverStatus, startServer, stopServer } from '../../pipeline/embedded.ts'
import { describeUrl } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import { type Cli, demoMarker } from '../cli.ts'
import { command, type Start } from '../command.ts'

export const db = (start: Start) =>
  command('db', {
    summary: 'the embedded database: start, stop, status, url',
    description:
      'The PostgreSQL that a project keeps in .tideline/ where neither DATABASE_URL nor tideline.yaml names one. Every command starts it by itself; it stops after an hour in which nobody used it.',
    examples: [
      ['tideline db status', 'is it running, and where'],
      ['psql "$(tideline db url)"', 'look at it with psql; its schema is tideline'],
    ],
  })
    .addCommand(
      command('start', { summary: 'start it' })
        .option('--port <PORT>', 'on this port, rather than any that is free', port)
        .action(start(startIt)),
    )
    .addCommand(command('stop', { summary: 'stop it; its data stay' }).action(start(stopIt)))
    .addCommand(
      command('status', { summary: 'is it running, and where are its data' }).action(start(statusOfIt)),
    )
    .addCommand(
      command('url', { summary: 'its address with its password, for other programs; starts it' }).action(
        start(urlOfIt),
      ),
    )

async function startIt(cli: Cli, options: { port?: number }): Promise<void> {
  const folder = embeddedFolder(cli)
  const server = await startServer({ folder, binaries: cli.io.config.postgresBinaries, port: options.port })
  const word = server.startedByUs ? 'is running now' : 'was running already'
  await cli.print({
    columns: [{ name: 'running' }, { name: 'port', kind: 'number' }, { name: 'started' }],
    rows: [{ running: true, port: server.port, started: server.startedByUs }],
    document: { running: true, port: server.port, started: server.startedByUs },
    lines: [`The embedded database ${word}, on port ${server.port}.`],
  })
}

async function stopIt(cli: Cli): Promise<void> {
  const stopped = await stopServer(embeddedFolder(cli))
  await cli.print({
    columns: [{ name: 'stopped' }],
    rows: [{ stopped }],
    document: { stopped },
    lines: [
      stopped ? 'The embedded database is stopped; its data stay.' : 'The embedded database was not running.',
    ],
  })
}

async function statusOfIt(cli: Cli): Promise<void> {
  const own = namedDatabase(cli)
  if (own) {
    const row = { embedded: false, database: own.described, named_by: own.by }
    return cli.print({
      columns: [{ name: 'embedded' }, { name: 'database' }, { name: 'named_by' }],
      rows: [row],
      document: row,
      lines: [`The database is your own: ${own.described}, named by ${own.by}. No embedded one is used.`],
    })
  }
  const { running, port, pid, place } = await serverStatus(cli.project().state)
  const row = { embedded: true, running, port: port ?? null, pid: pid ?? null, place: place ?? null }
  await cli.print({
    columns: ['embedded', 'running', 'port', 'pid', 'place'].map((name) => ({ name })),
    rows: [row],
    document: row,
    lines: running
      ? [`The embedded database is running: port ${port}, process ${pid}.`, `Its data lie in ${place}.`]
      : place
        ? ['The embedded database is stopped; any command starts it.', `Its data lie in ${place}.`]
        : ['There is no embedded database yet; any command that needs it makes it.'],
  })
}

async function urlOfIt(cli: Cli): Promise<void> {
  const { url } = await startServer({ folder: embeddedFolder(cli), binaries: cli.io.config.postgresBinaries })
  // A plain line unless asked otherwise: it is meant for other programs' command lines.
  if (!cli.options.format || cli.options.format === 'table') await cli.io.out.write(`${url}\n`)
  else await cli.print({ columns: [{ name: 'url' }], rows: [{ url }], document: { url } })
}

function embeddedFolder(cli: Cli): string {
  const own = namedDatabase(cli)
  if (!own) return cli.project().state
  throw new UserError({
    code: 'NOT_EMBEDDED',
    message: `The database is your own: ${own.described}, named by ${own.by}. Tideline neither starts nor stops it.`,
    hint: `Without ${own.by} an embedded one is used.`,
  })
}

function namedDatabase(cli: Cli): { described: string; by: string } | undefined {
  const project = cli.project()
  if (existsSync(join(project.folder, demoMarker))) return undefined
  const { databaseUrl } = cli.io.config
  if (databaseUrl) return { described: describeUrl(databaseUrl), by: 'DATABASE_URL' }
  const { database } = project.settings
  return database ? { described: describeUrl(database), by: 'database: in tideline.yaml' } : undefined
}

function port(text: string): number {
  const number = Number(text)
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 65_535)
    throw new InvalidArgumentError('A port from 1 to 65535 is needed.')
  return number
}
