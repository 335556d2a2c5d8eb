import { Option } from 'commander'
import { Temporal } from 'temporal-polyfill'
import { formatInstant, type Instant } from '../../compiler/index.ts'
import { openQueue } from '../../jobs/queue.ts'
import type { Installation } from '../../pipeline/installation.ts'
import { findSegment } from '../../pipeline/reads.ts'
import {
  type BackfillRange,
  type BackfillResult,
  backfill,
  backfillSlots,
  type Slot,
} from '../../pipeline/runs/backfill.ts'
import type { Cli } from '../cli.ts'
import { collect, command, type Start } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import type { Answer } from '../output.ts'
import { progressBar } from '../progress.ts'
import { changeLines, enqueuedAnswer, failpoint, owner } from '../runs.ts'
import type { Column } from '../table.ts'
import { instant, plural, seconds } from '../values.ts'

type Options = {
  from: string
  to: string
  segment?: string[]
  grain?: 'day' | 'hour'
  all?: boolean
  dryRun?: boolean
  enqueue?: boolean
}

export const backfillCommand = (start: Start) =>
  command('backfill', {
    summary: 'recompute history for a range of time',
    description:
      'Recomputes who was in, and how scores stood at the ends of days, from --from until --to (excluded), with the current definitions and what is known now. Its instants are those of the runs in the range, and where there were none, every day or hour; those at which a run or an earlier backfill looked at the current version of a segment are left out, unless --all asks for them. What lies before and after stays as recorded; the range becomes visible at once. One that was interrupted goes on where it was when the same is asked again within a day. Nothing is told to anybody.',
    examples: [
      ['tideline backfill --from 2026-09-01 --to 2026-11-01', 'two months, day by day: what is not done yet'],
      [
        'tideline backfill --from 2026-11-01 --to 2026-11-08 --segment hot-leads --grain hour --all',
        'one segment, hour by hour, all of it anew',
      ],
      ['tideline backfill --from 2026-09-01 --to 2026-11-01 --dry-run', 'which instants that would be'],
    ],
  })
    .requiredOption('--from <T>', 'the first instant')
    .requiredOption('--to <T>', 'where it ends; this instant itself is left out')
    .option('--segment <KEY>', 'this one only; may be repeated', collect)
    .addOption(
      new Option(
        '--grain <GRAIN>',
        'how fine where no runs are recorded; days, unless an earlier backfill was finer, which has to be said then',
      ).choices(['day', 'hour']),
    )
    .option('--all', 'also what is done already: a late event takes its place in the past')
    .option('--dry-run', 'only list the instants')
    .option('--enqueue', 'put it on the queue, for a worker to do')
    .action(
      start(async (cli, options: Options) => {
        const installation = await cli.open()
        const { timezone } = installation.project.settings
        const from = cli.instant(options.from, '--from', timezone)
        const end = cli.instant(options.to, '--to', timezone)
        if (from >= end) throw badRange(options)
        for (const key of options.segment ?? []) await findSegment(installation.database, key)
        const { grain, segment: segments, all } = options
        const range = { from, to: justBefore(end), grain, segments, all }
        await cli.print(await answer(cli, installation, range, { ...options, end }))
      }),
    )

async function answer(
  cli: Cli,
  installation: Installation,
  range: BackfillRange,
  { dryRun, enqueue, end }: Options & { end: Instant },
): Promise<Answer> {
  if (dryRun) return slotsAnswer(await backfillSlots(installation.database, range))
  return enqueue ? enqueued(cli, installation, range) : now(cli, installation, range, end)
}

async function enqueued(cli: Cli, { database }: Installation, range: BackfillRange): Promise<Answer> {
  const queue = await openQueue({ database, redisUrl: cli.io.config.redisUrl })
  try {
    const { segments, ...rest } = range
    const job = await queue.enqueue('backfill', { ...rest, ...(segments ? { segments: [...segments] } : {}) })
    return enqueuedAnswer(job, queue.described, await queue.workers())
  } finally {
    await queue.close()
  }
}

async function now(
  cli: Cli,
  { database }: Installation,
  range: BackfillRange,
  end: Instant,
): Promise<Answer> {
  const bar = progressBar(cli.io, 'backfill', 'instants')
  const onStep = failpoint(cli.io.config.failpoint)
  const started = performance.now()
  const result = await backfill(database, {
    ...range,
    owner: owner(),
    signal: cli.stopSignal(),
    ...(onStep ? { onStep } : {}),
    onProgress: ({ done, total, secondsLeft }) => bar.update(done, total, secondsLeft),
  }).finally(() => bar.stop())
  return backfillAnswer(result, end, Math.round(performance.now() - started))
}

function backfillAnswer(result: BackfillResult, end: Instant, milliseconds: number): Answer {
  const { runId, ...rest } = result
  const row = { run_id: runId, ...rest, to: end }
  const size = [
    `${plural(result.instants, 'instant')}, ${plural(result.segments, 'segment')}`,
    ...(result.days > 0 ? [`scores of ${plural(result.days, 'day')}`] : []),
  ].join('  ·  ')
  const lines =
    runId === null
      ? [nothingToDo]
      : [
          `run ${runId}  from ${instant(result.from)} until ${instant(end)} UTC  ·  ${size}  ·  ${seconds(milliseconds)}`,
          ...(result.resumed > 0
            ? [`It went on where it had been interrupted, after ${plural(result.resumed, 'instant')}.`]
            : []),
          ...changeLines(result),
          ...result.superseded.map((key) => `${key} was changed meanwhile and is left as it was.`),
        ]
  return {
    columns,
    rows: [row],
    document: { ...row, run_id: runId === null ? null : Number(runId), milliseconds },
    lines,
  }
}

const nothingToDo =
  'Nothing to do: all of it was done with the current definitions. --all does it anew, with what is known now.'

function slotsAnswer(slots: readonly Slot[]): Answer {
  const days = slots.filter(({ scores }) => scores).length
  const rows = slots.map(({ as_of, recorded, segments, scores }) => ({
    as_of,
    of: scores ? 'day' : recorded ? 'run' : 'grain',
    count: segments.length,
    segments: scores ? 'scores at its end' : segments.join(' '),
  }))
  return {
    columns: [
      { name: 'as_of', kind: 'instant' },
      { name: 'of' },
      { name: 'count', kind: 'count' },
      { name: 'segments' },
    ],
    rows,
    document: slots,
    ...(slots.length === 0
      ? { lines: [nothingToDo] }
      : { below: [`${plural(slots.length - days, 'instant')}, scores of ${plural(days, 'day')}.`] }),
  }
}

const columns: readonly Column[] = [
  { name: 'run_id', kind: 'number' },
  { name: 'from', kind: 'instant' },
  { name: 'to', kind: 'instant' },
  { name: 'instants', kind: 'count' },
  { name: 'days', kind: 'count' },
  { name: 'segments', kind: 'count' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
]

/** Ranges exclude their end; a backfill takes the last instant that belongs to it. */
const justBefore = (end: Instant): Instant =>
  formatInstant(Temporal.Instant.from(end).subtract({ microseconds: 1 }))

const badRange = ({ from, to }: Options): WrongUsage =>
  new WrongUsage({
    code: 'BAD_RANGE',
    message: `There is no time between --from ${from} and --to ${to}.`,
    hint: '--to itself is left out: a single day is --from 2026-11-22 --to 2026-11-23.',
  })
