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
import { askedFiles } from '../files.ts'
import { bringIn, knowsNothing, unknownLines } from '../unknown.ts'
import { plural } from '../values.ts'
import { watchProject } from '../watch.ts'

export const check = (start: Start) =>
  command('check', {
    summary: 'are the definitions right? Says where they are not',
    description:
      'Compiles all definitions against what the database knows, and changes nothing. Each error says where it stands, what was understood and what to do. Names that only an import can bring are listed together while nothing has been imported. Exit code 1 if there is an error.',
    examples: [
      ['tideline check', 'all of segments/, scoring.yaml and events.yaml'],
      ['tideline check segments/trials.yaml', 'what is wrong in one file'],
      ['tideline check --watch', 'again after every change, until Ctrl-C'],
    ],
  })
    .argument('[FILES...]', 'only what is wrong in these')
    .option('--watch', 'check again whenever a file changes')
    .action(
      start(async (cli, files: string[], options: { watch?: boolean }) => {
        const { database, project } = await cli.open()
        keepSchemas(project)
        const once = (now: Project) => checkOnce(database, now, askedFiles(cli, now, files))
        return options.watch ? watch(cli, once) : print(cli, await once(project))
      }),
    )

type Checked = {
  readonly ok: number
  readonly findings: readonly Finding[]
  /** Those of names that can't be known before something is imported. */
  readonly waiting: readonly Finding[]
}

async function checkOnce(
  database: Database,
  project: Project,
  asked: readonly string[] | undefined,
): Promise<Checked> {
  const sources = readSources(project)
  const stored = await readCatalog(database, [])
  const { compiled, findings } = checkSources(sources, stored, project.settings.timezone)
  const renames = await planRenames(database, sources.segments)
  const types = await warnOfStoredTypes(database, sources.segments, compiled)
  const isAsked = ({ file }: { readonly file: string }) => asked?.includes(file) ?? true
  const ok = sources.segments.filter(({ key, locate }) => compiled.get(key)?.predicate && isAsked(locate({})))
  const looking = sources.segments.map((each) => ({ ...each, compiled: compiled.get(each.key) }))
  const past = await warnOfScorePast(database, looking, (await readStanding(database)).now)
  const waiting = knowsNothing(stored) ? findings.filter(({ unknown }) => unknown !== undefined) : []
  return {
    ok: ok.length,
    findings: [...findings, ...renames.findings, ...types, ...past].filter(isAsked),
    waiting: waiting.filter(isAsked),
  }
}

const isError = ({ severity }: Finding): boolean => severity === 'error'

async function print(cli: Cli, { ok, findings, waiting }: Checked): Promise<number> {
  const wrong = findings.filter((finding) => !waiting.includes(finding))
  const errors = wrong.filter(isError).length
  const warnings = wrong.length - errors
  const summary = [
    `${plural(ok, 'segment')} ok`,
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(errors > 0 ? [cli.paint.red(plural(errors, 'error'))] : []),
    ...(waiting.some(isError) ? ['the others wait for an import'] : []),
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
    lines: [
      ...wrong.flatMap((finding) => [...findingLines(finding, cli.paint), '']),
      ...waitingLines(waiting),
      `${summary}.`,
    ],
  })
  return findings.some(isError) ? 1 : 0
}

/** In one place, since nothing is wrong with them as far as anybody can tell. */
function waitingLines(waiting: readonly Finding[]): string[] {
  if (waiting.length === 0) return []
  const head = 'Nothing has been imported yet, so what the definitions name is not known:'
  return [head, '', ...unknownLines(waiting), '', ...bringIn, '']
}

const clear = '\u001b[2J\u001b[3J\u001b[H'

/** What is wrong with one change is said, and the next one is waited for. */
async function watch(cli: Cli, once: (project: Project) => Promise<Checked>): Promise<number> {
  let code = 0
  const { io } = cli
  await watchProject(cli.project(), io, async () => {
    if (io.out.isTerminal) await io.out.write(clear)
    try {
      code = await print(cli, await once(cli.project()))
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
