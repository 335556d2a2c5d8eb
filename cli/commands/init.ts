import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { emptyCatalog } from '../../compiler/index.ts'
import { packageFolder } from '../../config.ts'
import { checkSources } from '../../pipeline/apply.ts'
import { schemaComment, writeSchemas } from '../../pipeline/project/schemas.ts'
import { findProject, projectFile } from '../../pipeline/project/settings.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import { readEventTypes } from '../../pipeline/reads.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { proposeEvents } from '../propose.ts'
import { starter } from '../starter.ts'
import { bringIn, unknownLines } from '../unknown.ts'

type Options = { templates?: boolean; propose?: boolean }

export const init = (start: Start) =>
  command('init', {
    summary: 'begin a project: tideline.yaml, segments/, scoring.yaml, events.yaml',
    description:
      'Begins a project in a folder: settings, an example of a segment, scoring and event types. Nothing that is there already is touched. In a project with data, an events.yaml that is missing, or still as init wrote it, becomes a proposal made from what was imported.',
    examples: [
      ['tideline init', 'here; or, after an import, propose an events.yaml'],
      [
        'tideline init leads --templates',
        'in the folder leads, with the segments of a B2B funnel to start from',
      ],
      ['tideline init --propose', 'only print what events.yaml could say'],
    ],
  })
    .argument('[FOLDER]', 'where; made if missing', '.')
    .option('--templates', 'bring along the segments, scoring and event types of the demo')
    .option('--propose', 'print an events.yaml made from what was imported, and write nothing')
    .action(
      start(async (cli, folder: string, options: Options) => {
        const root = resolve(cli.io.cwd, cli.options.project ?? folder)
        if (options.propose) return propose(cli, root)
        const events = options.templates ? undefined : await proposalFor(cli, root)
        const files = createProject(root, {
          templates: options.templates ?? false,
          ...(events === undefined ? {} : { events }),
        })
        const here = relative(cli.io.cwd, root)
        await cli.print({
          columns: [{ name: 'file' }, { name: 'action' }],
          rows: files,
          lines: [
            ...files.map(({ file, action }) => line(file, action)),
            '',
            ...(options.templates ? needed(root) : []),
            ...(events === undefined
              ? next
              : ['Next:  look over events.yaml, then  tideline check  and  tideline apply']),
            ...(here === '' ? [] : [`in ${here}/, or with --project ${here}.`]),
          ],
        })
      }),
    )

const next = [
  'Next:  tideline import leads FILE     bring in leads and events',
  '       tideline check                 are the definitions right?',
  '       tideline apply --run           make them so, and see who is in',
]

/** What has to be imported before the segments mean something. */
function needed(root: string): string[] {
  const { findings } = checkSources(readSources(findProject(root, root)), emptyCatalog, 'UTC')
  const events = '  event types  those of events.yaml'
  return ['The segments name', '', ...unknownLines(findings), events, '', ...bringIn, '']
}

function line(file: string, action: InitFile['action']): string {
  if (action === 'created') return `+ ${file}`
  return action === 'proposed'
    ? `+ ${file}  proposed from what was imported: look it over`
    : `  ${file}  is there already; left as it is`
}

async function propose(cli: Cli, root: string): Promise<void> {
  const { database, project } = await cli.open({ project: findProject(root) })
  const text = proposeEvents(await readEventTypes(database), readSources(project).events)
  await cli.print({
    columns: [{ name: 'file' }, { name: 'text' }],
    rows: [{ file: 'events.yaml', text }],
    lines: [text.trimEnd()],
  })
}

/** Only where a database is at hand that has events, and nobody has written an events.yaml yet. */
async function proposalFor(cli: Cli, root: string): Promise<string | undefined> {
  const path = join(root, 'events.yaml')
  if (!existsSync(join(root, projectFile)) || (existsSync(path) && !isStarter(readFileSync(path, 'utf8'))))
    return undefined
  const project = findProject(root, root)
  const named = cli.io.config.databaseUrl ?? project.settings.database
  if (!named && !existsSync(join(project.state, 'server.json'))) return undefined
  try {
    const { database } = await cli.open({ project, schema: 'left alone' })
    const types = await readEventTypes(database)
    return types.length > 0 ? proposeEvents(types) : undefined
  } catch {
    // Without a database, or one that is prepared, there is nothing to propose from; `check` says what is wrong with it.
    return undefined
  }
}

const isStarter = (text: string): boolean => text.endsWith(starter['events.yaml'] ?? '')

export type InitFile = { readonly file: string; readonly action: 'created' | 'proposed' | 'kept' }

/** Writes what a project begins with, and never over anything that somebody wrote. */
export function createProject(root: string, options: { templates: boolean; events?: string }): InitFile[] {
  mkdirSync(root, { recursive: true })
  const texts = { ...starter, ...(options.templates ? templates() : {}) }
  if (options.templates) delete texts['segments/example.yaml']
  const files = Object.entries(texts).map(([name, text]): InitFile => {
    const path = join(root, name)
    const proposed = name === 'events.yaml' ? options.events : undefined
    if (existsSync(path) && proposed === undefined) return { file: name, action: 'kept' }
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, schemaComment(name) + (proposed ?? text))
    return { file: name, action: proposed === undefined ? 'created' : 'proposed' }
  })
  writeSchemas(root)
  return files
}

function templates(): Record<string, string> {
  const folder = join(packageFolder, 'templates')
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'imports.yaml')
  return Object.fromEntries(
    names.map((name) => [
      isSegments(name) ? join('segments', name) : name,
      readFileSync(join(folder, name), 'utf8'),
    ]),
  )
}

const isSegments = (name: string): boolean => name !== 'scoring.yaml' && name !== 'events.yaml'
