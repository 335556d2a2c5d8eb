import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import {
  type RunOutcome,
  type RunRecord,
  readRun,
  readRunOutcomes,
  readRunStatements,
  readRuns,
} from '../../pipeline/reads.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import { plainRow } from '../output.ts'
import { headline, stepDocument, stepLines } from '../run-told.ts'
import { type Column, renderTable } from '../table.ts'

export const runs = (start: Start) =>
  command('runs', {
    summary: 'the last runs; with an ID, what that one did',
    examples: [
      ['tideline runs', 'the last 20'],
      ['tideline runs 41', 'its steps with rows and time, and what it did to each segment'],
      ['tideline runs 41 --sql', 'the statements of each step, as they were executed'],
    ],
  })
    .argument('[ID]', 'number of a run')
    .option('--limit <N>', 'no more than so many', wholeNumber, 20)
    .option('--sql', 'with an ID: the statements of each step, as they were executed')
    .action(
      start(async (cli, id: string | undefined, { limit, sql }: { limit: number; sql?: boolean }) => {
        if (id !== undefined && !/^\d{1,18}$/.test(id)) {
          throw new WrongUsage({
            code: 'WRONG_USAGE',
            message: `"${id}" is not the number of a run.`,
            hint: '`tideline runs` lists them.',
          })
        }
        const { database } = await cli.open()
        if (sql) cli.prefer('table')
        if (id !== undefined) return printRun(cli, database, id, sql ?? false)
        const found = await readRuns(database, limit)
        await cli.print({
          columns: runColumns,
          rows: found.map((run) => ({ ...run, looked_at: lookedAt(run) })),
          ...(found.length === 0 ? { lines: ['There were no runs yet: `tideline run` does one.'] } : {}),
          below: found.flatMap((run) =>
            run.error ? ['', `run ${run.run_id} ${endOf(run)}: ${run.error}`] : [],
          ),
        })
      }),
    )

const runColumns: readonly Column[] = [
  { name: 'run_id', title: 'RUN', kind: 'number' },
  { name: 'as_of', kind: 'instant' },
  { name: 'mode' },
  { name: 'engine', title: null },
  { name: 'origin', spare: true },
  { name: 'status' },
  { name: 'leads', kind: 'count', spare: true },
  { name: 'looked_at', title: 'LOOKED AT', kind: 'count' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
  { name: 'drift', title: null, kind: 'count' },
  { name: 'milliseconds', title: 'TOOK', kind: 'milliseconds' },
  { name: 'started_at', title: null, kind: 'instant' },
  { name: 'error_code', title: null },
  { name: 'error', title: null },
]

/** Of one that was applied only its roll-up can have failed. */
const endOf = ({ status }: RunRecord): string => (status === 'done' ? 'is not rolled up yet' : status)

/** At all leads, but for an incremental run; of a backfill it is not counted. */
const lookedAt = ({ mode, leads, candidates }: RunRecord): string | number | null =>
  mode === 'incremental' ? (candidates?.leads ?? null) : mode === 'full' ? leads : null

const outcomeColumns: readonly Column[] = [
  { name: 'segment' },
  { name: 'version', kind: 'count' },
  { name: 'outcome' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
  { name: 'causes' },
  { name: 'error', title: null },
]

async function printRun(cli: Cli, database: Database, id: string, sql: boolean): Promise<void> {
  const run = await readRun(database, id)
  if (!run) {
    throw new UserError({
      code: 'UNKNOWN_RUN',
      message: `There is no run ${id}.`,
      hint: '`tideline runs` lists them.',
    })
  }
  const outcomes = await readRunOutcomes(database, id)
  const texts = await readRunStatements(database, id)
  const errors = outcomes.flatMap((each) =>
    each.error ? [`${each.segment}${outcomeOf(each)}: ${each.error}`] : [],
  )
  const table = outcomes.length > 0 ? renderTable(outcomeColumns, outcomes, 100) : ['No segment changed.']
  await cli.print({
    columns: outcomeColumns,
    rows: outcomes,
    document: {
      ...plainRow(runColumns, { ...run, looked_at: lookedAt(run) }),
      chosen: run.chosen,
      candidates: run.candidates,
      rollup_due: run.rollup_due,
      options: run.options,
      steps: run.steps.map((step) => stepDocument(step, texts)),
      segments: outcomes.map((each) => plainRow(outcomeColumns, each)),
    },
    lines: [
      ...headline(run, outcomes).map((line) => (sql ? `-- ${line}` : line)),
      '',
      ...stepLines(run, sql ? texts : undefined),
      ...(sql ? [] : ['', ...table, ...(errors.length > 0 ? ['', ...errors] : [])]),
    ],
  })
}

/** Of what was done there is a warning at most. */
const outcomeOf = ({ outcome }: RunOutcome): string => ({ done: '', ...words })[outcome]
const words = {
  broken: ' is broken',
  blocked: ' is blocked',
  superseded: ' was changed meanwhile',
  needs_approval: ' is parked',
}
