import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { packageFolder } from '../../config.ts'
import { command, type Start } from '../command.ts'
import { starter } from '../starter.ts'

export const init = (start: Start) =>
  command('init', {
    summary: 'begin a project: tideline.yaml, segments/, scoring.yaml, events.yaml',
    description:
      'Begins a project in a folder: settings, an example of a segment, scoring and event types. Nothing that is there already is touched.',
    examples: [
      ['tideline init', 'here'],
      [
        'tideline init leads --templates',
        'in the folder leads, with some twenty segments of a B2B funnel to start from',
      ],
    ],
  })
    .argument('[FOLDER]', 'where; made if missing', '.')
    .option('--templates', 'bring along the segments, scoring and event types of the demo')
    .action(
      start(async (cli, folder: string, options: { templates?: boolean }) => {
        const root = resolve(cli.io.cwd, cli.options.project ?? folder)
        const files = createProject(root, { templates: options.templates ?? false })
        const here = relative(cli.io.cwd, root)
        await cli.print({
          columns: [{ name: 'file' }, { name: 'action' }],
          rows: files,
          lines: [
            ...files.map(({ file, action }) =>
              action === 'created' ? `+ ${file}` : `  ${file}  is there already; left as it is`,
            ),
            '',
            'Next:  tideline import leads FILE     bring in leads and events',
            '       tideline check                 are the definitions right?',
            '       tideline apply --run           make them so, and see who is in',
            ...(here === '' ? [] : [`in ${here}/, or with --project ${here}.`]),
          ],
        })
      }),
    )

export type InitFile = { readonly file: string; readonly action: 'created' | 'kept' }

/** Writes what a project begins with, and never over anything. */
export function createProject(root: string, options: { templates: boolean }): InitFile[] {
  mkdirSync(root, { recursive: true })
  const templates = join(packageFolder, 'templates')
  const copied = options.templates
    ? readdirSync(templates)
        .filter((name) => name.endsWith('.yaml') && name !== 'imports.yaml')
        .map((name) => ({
          from: join(templates, name),
          to: isSegments(name) ? join('segments', name) : name,
        }))
    : []
  const taken = new Set(copied.map((each) => each.to))
  const written = Object.entries(starter).filter(
    ([name]) => !taken.has(name) && !(options.templates && name.startsWith('segments')),
  )
  const files: InitFile[] = []
  const create = (name: string, write: (path: string) => void) => {
    const path = join(root, name)
    const action = existsSync(path) ? 'kept' : 'created'
    if (action === 'created') {
      mkdirSync(dirname(path), { recursive: true })
      write(path)
    }
    files.push({ file: name, action })
  }
  for (const [name, text] of written) create(name, (path) => writeFileSync(path, text))
  for (const { from, to } of copied) create(to, (path) => copyFileSync(from, path))
  return files
}

const isSegments = (name: string): boolean => name !== 'scoring.yaml' && name !== 'events.yaml'
