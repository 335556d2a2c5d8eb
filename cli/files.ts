import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { UserError } from '../pipeline/errors.ts'
import type { Project } from '../pipeline/project/settings.ts'
import { segmentFiles } from '../pipeline/project/sources.ts'
import type { Cli } from './cli.ts'

/** Files of definitions as they were typed, named as sources name them: relative to the project. Undefined: all. */
export const askedFiles = (cli: Cli, project: Project, typed: readonly string[]): string[] | undefined =>
  typed.length > 0 ? typed.map((file) => inProject(cli, project, file)) : undefined

function inProject(cli: Cli, project: Project, file: string): string {
  const path = relative(project.folder, resolve(cli.io.cwd, file)).replaceAll('\\', '/')
  const known = [...segmentFiles(project), 'scoring.yaml', 'events.yaml'].map((each) =>
    each.replaceAll('\\', '/'),
  )
  if (known.includes(path) && existsSync(resolve(project.folder, path))) return path
  throw new UserError({
    code: 'NO_SUCH_FILE',
    message: `${file} is none of the project's files of definitions.`,
    hint: 'Name files of its folder segments/, scoring.yaml or events.yaml; or none, for all of them.',
  })
}
