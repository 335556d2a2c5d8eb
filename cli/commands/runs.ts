import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import { type RunRecord, readRun, readRunOutcomes, readRuns } from '../../pipeline/reads.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import { plainRow } from '../output.ts'
import { type Column, renderTable } from '../table.ts'
import { instant, seconds } from '../values.ts'

export const runs = (start: Start) =>
  command('runs', {
    summary: 'the last runs; with an ID, what that one did',
    examples: [
      ['tideline runs', 'the last 20'],
      ['tideline runs 41', 'its steps with rows and time, and what it did to each segment'],
    ],
  })
    .argument('[ID]', 'number of a run')
    .option('--limit <N>', 'no more than so many', wholeNumber, 20)
    .action(
      start(async (cli, id: string | undefined, { limit }: { limit: number }) => {
        if (id !== undefined && !/^\d{1,18}$/.test(id)) {
          throw new WrongUsage({
            code: 'WRONG_USAGE',
            message: `"${id}" is not the number of a run.`,
            hint: '`tideline runs` lists them.',
          })
        }
        const { database } = await cli.open()
        if (id !== undefined) return printRun(cli, database, id)
        const found = await readRuns(database, limit)
        await cli.print({
          columns: runColumns,
          rows: found,
          ...(found.length === 0 ? { lines: ['There were no runs yet: `tideline run` does one.'] } : {}),
          below: found.flatMap((run) =>
            run.error ? ['', `run ${run.run_id} ${run.status}: ${run.error}`] : [],
          ),
        })
      }),
    )

const runColumns: readonly Column[] = [
  { name: 'run_id', title: 'RUN', kind: 'number' },
  { name: 'as_of', kind: 'instant' },
  { name: 'mode' },
  { name: 'origin' },
  { name: 'status' },
  { name: 'leads', kind: 'count' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
  { name: 'milliseconds', title: 'TOOK', kind: 'milliseconds' },
  { name: 'started_at', title: 'STARTED', kind: 'instant' },
  { name: 'error_code', title: null },
  { name: 'error', title: null },
]

const stepColumns: readonly Column[] = [
  { name: 'name', title: 'STEP' },
  { name: 'rows', kind: 'count' },
  { name: 'milliseconds', title: 'TOOK', kind: 'milliseconds' },
]

const outcomeColumns: readonly Column[] = [
  { name: 'segment' },
  { name: 'version', kind: 'count' },
  { name: 'outcome' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
  { name: 'causes' },
  { name: 'error', title: null },
]

async function printRun(cli: Cli, database: Database, id: string): Promise<void> {
  const run = await readRun(database, id)
  if (!run) {
    throw new UserError({
      code: 'UNKNOWN_RUN',
      message: `There is no run ${id}.`,
      hint: '`tideline runs` lists them.',
    })
  }
  const outcomes = await readRunOutcomes(database, id)
  const plain = plainRow(runColumns, run)
  const errors = outcomes.flatMap((each) =>
    each.error ? [`${each.segment} is ${each.outcome}: ${each.error}`] : [],
  )
  await cli.print({
    columns: outcomeColumns,
    rows: outcomes,
    document: {
      ...plain,
      rollup_due: run.rollup_due,
      options: run.options,
      steps: run.steps,
      segments: outcomes.map((each) => plainRow(outcomeColumns, each)),
    },
    lines: [
      headline(run),
      ...(run.error ? [`  ${run.error}`] : []),
      '',
      ...renderTable(stepColumns, run.steps, 100),
      '',
      ...(outcomes.length > 0 ? renderTable(outcomeColumns, outcomes, 100) : ['No segment changed.']),
      ...(errors.length > 0 ? ['', ...errors] : []),
    ],
  })
}

function headline(run: RunRecord): string {
  const took = run.milliseconds === null ? '' : `  ·  ${seconds(Number(run.milliseconds))}`
  const range =
    run.mode === 'backfill' && run.options.from
      ? ` from ${instant(String(run.options.from))}`
      : ` as of ${instant(run.as_of)}`
  return `run ${run.run_id}  ${run.mode}${range} UTC  ·  ${run.status}, by ${run.origin}${took}`
}
