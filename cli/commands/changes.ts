import { type Instant, resolve } from '../../compiler/index.ts'
import { type Changes, type DayOfChanges, ownCauses, readChanges } from '../../pipeline/history.ts'
import { findEver, readStanding, type SegmentKey } from '../../pipeline/reads.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import { plainRow } from '../output.ts'
import { archivedLines } from '../source.ts'
import { type Column, renderTable } from '../table.ts'
import { instant, plural, thousands } from '../values.ts'

type Options = { from?: string; to?: string; limit: number }

export const changes = (start: Start) =>
  command('changes', {
    summary: 'who entered a segment and who left it, and why, over a range of time',
    description:
      'Entries and exits as runs recorded them, newest first, each with its cause, and how many there were per UTC day and cause. What the run of 00:00 found counts for the day that begins then.',
    examples: [
      ['tideline changes hot-leads', 'the last 30 days'],
      ['tideline changes hot-leads --from 2026-10-01 --to 2026-11-01', 'October'],
      ['tideline changes hot-leads --limit 1000000 --output changes.csv', 'all of them, into a file'],
    ],
  })
    .argument('<KEY>', 'key of the segment')
    .option('--from <T>', 'the first instant; by default 30 days before --to')
    .option('--to <T>', 'where it ends, itself left out; by default now')
    .option('--limit <N>', 'name no more than so many', wholeNumber, 50)
    .action(
      start(async (cli, key: string, options: Options) => {
        const { database, project } = await cli.open()
        const segment = await findEver(database, key)
        const { now } = await readStanding(database)
        const { from, to } = rangeOf(cli, options, project.settings.timezone, now)
        const found = await readChanges(database, key, { from, to, limit: options.limit })
        await cli.print({
          columns,
          rows: found.changes,
          document: {
            ...{ segment: key, archived_at: segment.archived_at, from, to },
            ...{ recorded_since: found.recordedSince, ...totalsOf(found.days) },
            days: found.days.map((each) => plainRow(dayColumns, each)),
            changes: found.changes.map((each) => plainRow(columns, each)),
          },
          lines: screen(segment, { from, to }, found),
        })
      }),
    )

const monthBefore = (to: Instant): Instant =>
  resolve({ kind: 'ago', duration: { amount: 30 * 86_400, unit: 'second' } }, to)

function rangeOf(cli: Cli, options: Options, zone: string, now: Instant): { from: Instant; to: Instant } {
  const to = options.to ? cli.instant(options.to, '--to', zone) : now
  const from = options.from ? cli.instant(options.from, '--from', zone) : monthBefore(to)
  if (from < to) return { from, to }
  throw new WrongUsage({
    code: 'BAD_RANGE',
    message: `The range begins (${from}) when it has ended (${to}).`,
  })
}

const columns: readonly Column[] = [
  { name: 'as_of', kind: 'instant' },
  { name: 'lead_id', title: 'LEAD' },
  { name: 'change' },
  { name: 'cause' },
  { name: 'version', kind: 'number', title: null },
  { name: 'run_id', kind: 'number', title: 'RUN' },
]

const dayColumns: readonly Column[] = [
  { name: 'day' },
  { name: 'cause' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
]

/** Those of leads and hands; what edits, repairs and backfills moved stands apart. */
function totalsOf(days: readonly DayOfChanges[]) {
  const sum = (own: boolean, what: 'entered' | 'left') =>
    days
      .filter(({ cause }) => ownCauses.includes(cause) === own)
      .reduce((total, each) => total + Number(each[what]), 0)
  return {
    ...{ entered: sum(true, 'entered'), left: sum(true, 'left') },
    ...{ otherwise_entered: sum(false, 'entered'), otherwise_left: sum(false, 'left') },
  }
}

function screen(segment: SegmentKey, { from, to }: { from: Instant; to: Instant }, found: Changes): string[] {
  const { segment: key } = segment
  const range = `from ${instant(from)} until ${instant(to)} UTC`
  const { days, changes: named, total, recordedSince } = found
  const notes = [
    ...((recordedSince ?? from) > from ? [`Recorded since ${instant(recordedSince ?? from)} UTC.`] : []),
    ...archivedLines([segment]),
  ]
  if (recordedSince === null) return [`${key}: nothing is recorded yet.`, ...notes]
  if (total === 0) return [`${key}: nobody came or went ${range}.`, ...notes]
  const { entered, left, otherwise_entered, otherwise_left } = totalsOf(days)
  const otherwise =
    otherwise_entered + otherwise_left > 0
      ? `  ·  by definition, repair or backfill: ${count(otherwise_entered)} entered, ${count(otherwise_left)} left`
      : ''
  const more =
    total > named.length
      ? ['', `${count(named.length)} of ${plural(total, 'change')}; --limit N names more.`]
      : []
  return [
    `${key} ${range}`,
    `${count(entered)} entered, ${count(left)} left${otherwise}`,
    '',
    ...(notes.length > 0 ? [...notes, ''] : []),
    ...renderTable(dayColumns, days, 100),
    '',
    ...renderTable(columns, named, 100),
    ...more,
  ]
}

const count = (number: number): string => thousands(String(number))
