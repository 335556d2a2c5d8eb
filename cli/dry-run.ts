import type { Instant } from '../compiler/index.ts'
import type { Installation } from '../pipeline/installation.ts'
import { type DryRun, dryRun } from '../pipeline/runs/dry.ts'
import type { Cli } from './cli.ts'
import { afterLines, statementLines, stepLine } from './run-told.ts'
import { lookedAt, runOptions } from './runs.ts'
import { exact, instant, plural } from './values.ts'

/** What a run would do: mode and why, who would be looked at, and its steps with their SQL. */
export async function printDryRun(
  cli: Cli,
  installation: Installation,
  asked: { asOf: Instant | undefined; full: boolean },
): Promise<void> {
  cli.prefer('table')
  const would = await dryRun(installation.database, runOptions(cli, installation, asked))
  if (!would) {
    return cli.print({
      columns: [{ name: 'status' }],
      rows: [{ status: 'unchanged' }],
      document: { status: 'unchanged' },
      lines: ['Nothing would be done: a run as of this instant was applied before.'],
    })
  }
  await cli.print({
    columns: [{ name: 'step' }, { name: 'sql', kind: 'json' }, { name: 'sql_after', kind: 'json' }],
    rows: would.steps.map(({ name, ...statements }) => ({ step: name, ...statements })),
    document: document(would),
    lines: [...headlines(would), '', ...would.steps.flatMap(stepLines)],
  })
}

const document = ({ asOf, failing, ...rest }: DryRun): object => ({
  as_of: asOf,
  ...rest,
  horizon: exact(rest.horizon),
  failing: failing.map(({ key, code, message }) => ({ key, code, message })),
})

/** As SQL comments, so that all of it can be read by a database as well. */
function headlines(would: DryRun): string[] {
  const { asOf, mode, engine, horizon, segments, failing, inboxes, candidates, leads } = would
  const counted =
    mode === 'full' && candidates ? [`of them ${lookedAt({ ...would, mode: 'incremental' })}`] : []
  return [
    `a run as of ${instant(asOf)} UTC, horizon ${horizon}, ${mode}, ${plural(segments, 'segment')}; nothing is written`,
    `would look at ${lookedAt({ ...would, leads })}`,
    `in ${engine === 'duckdb' ? 'DuckDB over the lake, or in Postgres where that fails' : 'Postgres'}`,
    ...counted,
    ...(inboxes.length > 0 ? [`would first take what waits in the inboxes of ${inboxes.join(', ')}`] : []),
    ...failing.map(({ key, message }) => `would leave out ${key}: ${message}`),
  ].map((line) => `-- ${line}`)
}

const stepLines = ({ name, sql, sql_after: after }: DryRun['steps'][number]): string[] => [
  stepLine(name),
  ...sql.flatMap(statementLines),
  '',
  ...afterLines(name, after.flatMap(statementLines)),
]
