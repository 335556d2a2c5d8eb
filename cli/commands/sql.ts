import { Option } from 'commander'
import {
  type DialectName,
  dialects,
  emit,
  meanings,
  nearest,
  plan,
  readsScore,
  type Statement,
} from '../../compiler/index.ts'
import { checkSources, InvalidDefinitions } from '../../pipeline/apply.ts'
import { readCatalog } from '../../pipeline/catalog.ts'
import { UserError } from '../../pipeline/errors.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import { readSeen } from '../../pipeline/seen.ts'
import { command, type Start } from '../command.ts'
import { instant, plural, wrap } from '../values.ts'

type Options = { dialect: DialectName; asOf?: string }

export const sql = (start: Start) =>
  command('sql', {
    summary: 'the statement that all segments become',
    description:
      'The one statement that the active segments in the files become, with its parameters; or that the given ones do. Nothing is run.',
    examples: [
      ['tideline sql', 'all segments together'],
      ['tideline sql hot-leads stalled-trials --dialect duckdb', 'two of them, for DuckDB'],
    ],
  })
    .argument('[KEY...]', 'keys of segments')
    .addOption(
      new Option('--dialect <D>', 'for which engine').choices(Object.keys(dialects)).default('postgres'),
    )
    .option('--as-of <T>', 'as of when; by default now')
    .action(
      start(async (cli, keys: string[], options: Options) => {
        const { database, project } = await cli.open()
        const { timezone } = project.settings
        const sources = readSources(project)
        const { compiled, scores, findings } = checkSources(
          sources,
          await readCatalog(database, []),
          timezone,
        )
        const wanted = sources.segments.filter((each) =>
          keys.length > 0 ? keys.includes(each.key) : each.status === 'active',
        )
        for (const key of keys)
          if (!wanted.some((each) => each.key === key)) throw unknown(key, sources.segments)
        const errors = findings.filter((finding) => finding.severity === 'error')
        const subjects = wanted.flatMap(({ key }) => {
          const predicate = compiled.get(key)?.predicate
          return predicate ? [{ key, predicate }] : []
        })
        if (subjects.length < wanted.length) throw new InvalidDefinitions(errors, 'there is no statement')
        const seen = await readSeen(database)
        const asOf = options.asOf ? cli.instant(options.asOf, '--as-of', timezone) : seen.now
        const references = meanings(compiled)
        // Of single segments, what they read; all together, what a run does.
        const read = keys.length === 0 || subjects.some(({ predicate }) => readsScore(predicate, references))
        const statement = emit(plan(subjects, read ? scores : [], references), dialects[options.dialect], {
          asOf,
          horizon: seen.horizon,
        })
        const names = subjects.map((each) => each.key)
        await cli.print({
          columns: [{ name: 'sql' }, { name: 'parameters', kind: 'json' }],
          rows: [statement],
          document: { dialect: options.dialect, as_of: asOf, segments: names, ...statement },
          lines: sqlLines(statement, names, options.dialect, asOf),
        })
      }),
    )

/** As a file that can be read: which bit is which segment, the statement, and the values that go with it. */
function sqlLines(statement: Statement, names: readonly string[], dialect: string, asOf: string): string[] {
  const bits = names
    .map((name, position) => `w${Math.floor(position / 62)} bit ${position % 62} ${name}`)
    .join(', ')
  const head = [`${plural(names.length, 'segment')} in one statement, for ${dialect}.`, ...wrap(bits, 96)]
  const values = statement.parameters.map((value, index) => `$${index + 1} = ${JSON.stringify(value)}`)
  const comment = (line: string) => `-- ${line}`
  return [
    ...head.map(comment),
    statement.sql,
    '',
    ...values.map(comment),
    comment(`as of ${instant(asOf)} UTC`),
  ]
}

function unknown(key: string, known: readonly { key: string }[]): UserError {
  const near = nearest(
    key,
    known.map((each) => each.key),
  )
  return new UserError({
    code: 'UNKNOWN_SEGMENT',
    message: `The files define no segment "${key}".${near ? ` Did you mean "${near}"?` : ''}`,
    hint: '`tideline check` reads them.',
  })
}
