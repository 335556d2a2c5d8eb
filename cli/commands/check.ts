import { checkSources } from '../../pipeline/apply.ts'
import { readCatalog } from '../../pipeline/catalog.ts'
import type { Database } from '../../pipeline/engine.ts'
import { writeSchemas } from '../../pipeline/project/schemas.ts'
import type { Project } from '../../pipeline/project/settings.ts'
import { type Finding, readSources } from '../../pipeline/project/sources.ts'
import { warnOfStoredTypes } from '../../pipeline/quality.ts'
import { readStanding } from '../../pipeline/reads.ts'
import { planRenames } from '../../pipeline/renames.ts'
import { warnOfScorePast } from '../../pipeline/score-past.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { findingLines, printFailure } from '../errors.ts'
import { plural } from '../values.ts'
import { watchProject } from '../watch.ts'

export const check = (start: Start) =>
  command('check', {
    summary: 'are the definitions right? Says where they are not',
    description:
      'Compiles all definitions against what the database knows, and changes nothing. Each error says where it stands, what was understood and what to do. Exit code 1 if there is one.',
    examples: [
      ['tideline check', 'all of segments/*.yaml, scoring.yaml and events.yaml'],
      ['tideline check --watch', 'again after every change, until Ctrl-C'],
    ],
  })
    .option('--watch', 'check again whenever a file changes')
    .action(
      start(async (cli, options: { watch?: boolean }) => {
        const { database, project } = await cli.open()
        keepSchemas(project)
        if (options.watch) return watch(cli, database)
        return print(cli, await checkOnce(database, project))
      }),
    )

type Checked = { readonly ok: number; readonly findings: readonly Finding[] }

async function checkOnce(database: Database, project: Project): Promise<Checked> {
  const sources = readSources(project)
  const stored = await readCatalog(database, [])
  const { compiled, findings } = checkSources(sources, stored, project.settings.timezone)
  const renames = await planRenames(database, sources.segments)
  const types = await warnOfStoredTypes(database, sources.segments, compiled)
  const looking = sources.segments.map((each) => ({ ...each, compiled: compiled.get(each.key) }))
  const past = await warnOfScorePast(database, looking, (await readStanding(database)).now)
  const ok = [...compiled.values()].filter((each) => each.predicate).length
  return { ok, findings: [...findings, ...renames.findings, ...types, ...past] }
}

async function print(cli: Cli, { ok, findings }: Checked): Promise<number> {
  const errors = findings.filter((finding) => finding.severity === 'error').length
  const warnings = findings.length - errors
  const summary = [
    `${plural(ok, 'segment')} ok`,
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(errors > 0 ? [cli.paint.red(plural(errors, 'error'))] : []),
  ].join(', ')
  await cli.print({
    columns: [
      { name: 'file' },
      { name: 'line', kind: 'number' },
      { name: 'column', kind: 'number' },
      { name: 'severity' },
      { name: 'code' },
      { name: 'message' },
      { name: 'hint' },
    ],
    rows: findings,
    document: { ok, findings },
    lines: [...findings.flatMap((finding) => [...findingLines(finding, cli.paint), '']), `${summary}.`],
  })
  return errors > 0 ? 1 : 0
}

const clear = '\u001b[2J\u001b[3J\u001b[H'

/** What is wrong with one change is said, and the next one is waited for. */
async function watch(cli: Cli, database: Database): Promise<number> {
  let code = 0
  const { io } = cli
  await watchProject(cli.project(), io, async () => {
    if (io.out.isTerminal) await io.out.write(clear)
    try {
      code = await print(cli, await checkOnce(database, cli.project()))
      cli.say('Waiting for changes; Ctrl-C ends it.')
    } catch (error) {
      code = printFailure(io, error, { json: cli.format !== 'table', verbose: false }).exitCode
    }
  })
  return code
}

/** For editors. A folder that can't be written is no reason not to check. */
function keepSchemas(project: Project): void {
  try {
    writeSchemas(project.folder)
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
