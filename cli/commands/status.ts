import type { Instant } from '../../compiler/index.ts'
import { lateSlots, nextSlots } from '../../jobs/schedule.ts'
import { UserError } from '../../pipeline/errors.ts'
import { lakeIn, readLakeState } from '../../pipeline/lake/lake.ts'
import { type Problem, problemsOf } from '../../pipeline/problems.ts'
import type { Settings } from '../../pipeline/project/settings.ts'
import { readStatus, type Status } from '../../pipeline/status.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { type Answer, plainRow } from '../output.ts'
import {
  driftColumns,
  factLines,
  horizonColumns,
  type LakeFound,
  lakeDocument,
  machineColumns,
  runColumns,
  segmentRows,
  statusColumns,
  typeColumns,
  waitsColumns,
} from '../status.ts'
import { type Row, renderTable } from '../table.ts'
import { wrap } from '../values.ts'

export const status = (start: Start) =>
  command('status', {
    summary: 'whether segments can be trusted, and what to do if not',
    description:
      'Whether members are what they should be by now: per segment the last good run, its age, its state, the next slot and what is wrong; per event type when the last one happened, with a warning when it is silent much longer than it is used to be; who keeps new data from being seen; what full runs had to repair. Ends with exit code 3 if anything is stale, with 0 if there are warnings at most.',
    examples: [
      ['tideline status', 'what is wrong, and how each segment stands'],
      ['tideline status --format json', 'all of it, for a monitor'],
    ],
  }).action(
    start(async (cli) => {
      const { database, project } = await cli.open()
      const found = await readStatus(database)
      const slots = slotsOf(found, project.settings)
      const problems = problemsOf(found, slots.late)
      const lake = lakeIn(project.settings.lake)
      const state = lake && (await readLakeState(lake).catch(asFound))
      await cli.print(answer(cli, found, { ...slots, problems, lake: state }))
      return problems.some((problem) => problem.stale) ? 3 : 0
    }),
  )

type Told = {
  readonly late: readonly Instant[]
  readonly next: Instant
  readonly problems: readonly Problem[]
  readonly lake: LakeFound
}

/** Who watches an installation may not be allowed to look at its files. */
function asFound(error: unknown): UserError {
  if (error instanceof UserError) return error
  throw error
}

function slotsOf({ runs }: Status, settings: Settings): Omit<Told, 'problems' | 'lake'> {
  const { slots: pattern, catchUpSeconds: catchUp } = settings
  const due = { pattern, lastApplied: runs.as_of, now: runs.now, catchUp, limit: 1000 }
  return { late: lateSlots(due), next: nextSlots(pattern, runs.now, 1)[0]! }
}

function answer(cli: Cli, found: Status, { late, next, problems, lake }: Told): Answer {
  const rows: Row[] = segmentRows(found.segments, next)
  return {
    columns: machineColumns,
    rows,
    document: {
      stale: problems.some((problem) => problem.stale),
      problems,
      next_slot: next,
      late_slots: late,
      runs: plainRow(runColumns, found.runs),
      horizon: plainRow(horizonColumns, found.horizon),
      waits: found.waits ? plainRow(waitsColumns, found.waits) : null,
      lake: lakeDocument(lake),
      drift: found.drift.map((each) => plainRow(driftColumns, each)),
      segments: rows.map((each) => plainRow(machineColumns, each)),
      events: found.events.map((each) => plainRow(typeColumns, each)),
    },
    lines: [
      ...problemLines(cli, problems),
      ...factLines(found, next, lake),
      '',
      ...(rows.length > 0 ? renderTable(statusColumns, rows, 100) : ['There are no segments yet.']),
    ],
  }
}

function problemLines(cli: Cli, problems: readonly Problem[]): string[] {
  const lines = problems.flatMap(({ stale, message, hint }) => {
    const [first = '', ...more] = wrap(message, 90)
    const word = stale ? cli.paint.red('stale  ') : cli.paint.yellow('warning')
    return [
      `${word}  ${first}`,
      ...more.map((line) => `         ${line}`),
      ...wrap(hint, 90).map((line) => `         ${cli.paint.dim(line)}`),
    ]
  })
  return lines.length > 0 ? [...lines, ''] : [cli.paint.green('All is as it should be.'), '']
}
