import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { UserError } from '../../pipeline/errors.ts'
import { formatSegments } from '../../pipeline/project/format.ts'
import type { Project } from '../../pipeline/project/settings.ts'
import { segmentFiles } from '../../pipeline/project/sources.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { plural } from '../values.ts'

export const fmt = (start: Start) =>
  command('fmt', {
    summary: 'write the definitions in segments/ in their usual form',
    description:
      'Writes every definition in segments/ in its usual form: one line, or one operand a line where it is long or was written so. Everything else in the files stays byte for byte. A definition with comments inside is left alone.',
    examples: [
      ['tideline fmt', 'all of segments/'],
      ['tideline fmt --check', 'in a pipeline: change nothing, and exit with 1 if something is not in form'],
    ],
  })
    .argument('[FILE...]', 'only these')
    .option('--check', 'only list what is not in form; exit code 1 if there is something')
    .action(
      start(async (cli, files: string[], options: { check?: boolean }) => {
        const project = cli.project()
        const done = filesOf(cli, project, files).map((file) => format(project, file, options.check ?? false))
        const rows = done.flatMap(({ file, changed, left }) => [
          ...changed.map((segment) => ({
            file,
            segment,
            action: options.check ? 'not in form' : 'written',
            reason: null,
          })),
          ...left.map(({ key, reason }) => ({ file, segment: key, action: 'left', reason })),
        ])
        const changed = rows.filter(({ action }) => action !== 'left').length
        await cli.print({
          columns: [{ name: 'file' }, { name: 'segment' }, { name: 'action' }, { name: 'reason' }],
          rows,
          lines: [
            ...rows.map(({ file, segment, action, reason }) =>
              action === 'left' ? `  ${file}  ${segment} is left alone: ${reason}.` : `~ ${file}  ${segment}`,
            ),
            ...(rows.length > 0 ? [''] : []),
            summary(changed, options.check ?? false),
          ],
        })
        return options.check && changed > 0 ? 1 : 0
      }),
    )

function summary(changed: number, check: boolean): string {
  if (changed === 0) return 'All definitions are in form.'
  return check
    ? `${plural(changed, 'definition')} not in form: \`tideline fmt\` writes ${changed === 1 ? 'it' : 'them'} anew.`
    : `${plural(changed, 'definition')} written anew.`
}

function filesOf(cli: Cli, project: Project, given: readonly string[]): string[] {
  if (given.length === 0) return segmentFiles(project)
  return given.map((name) => {
    const path = resolve(cli.io.cwd, name)
    if (existsSync(path)) return relative(project.folder, path)
    throw new UserError({
      code: 'FILE',
      message: `${path} does not exist.`,
      hint: 'Without a FILE all of segments/ is meant.',
    })
  })
}

function format(project: Project, file: string, check: boolean) {
  const path = join(project.folder, file)
  const before = readFileSync(path, 'utf8')
  const formatted = formatSegments(before)
  if (!check && formatted.text !== before) writeFileSync(path, formatted.text)
  return { file, ...formatted }
}
