import { Option } from 'commander'
import { Temporal } from 'temporal-polyfill'
import { formatInstant, type Instant } from '../../compiler/index.ts'
import { openQueue } from '../../jobs/queue.ts'
import type { Installation } from '../../pipeline/installation.ts'
import { findSegment } from '../../pipeline/reads.ts'
import { type BackfillResult, backfill } from '../../pipeline/runs/backfill.ts'
import type { Cli } from '../cli.ts'
import { collect, command, type Start } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import type { Answer } from '../output.ts'
import { progressBar } from '../progress.ts'
import { changeLines, enqueuedAnswer, failpoint, owner } from '../runs.ts'
import type { Column } from '../table.ts'
import { instant, plural, seconds } from '../values.ts'

type Options = { from: string; to: string; segment?: string[]; grain: 'day' | 'hour'; enqueue?: boolean }
type Range = { from: Instant; to: Instant; grain: 'day' | 'hour'; segments?: string[] }

export const backfillCommand = (start: Start) =>
  command('backfill', {
    summary: 'recompute history for a range of time',
    description:
      'Recomputes who was in, from --from until --to (excluded), with the current definitions and what is known now. Its instants are those of the runs in the range, and where there were none, every day or hour. What lies before and after stays as recorded; the range becomes visible at once.',
    examples: [
      ['tideline backfill --from 2026-09-01 --to 2026-11-01', 'two months, day by day'],
      [
        'tideline backfill --from 2026-11-01 --to 2026-11-08 --segment hot-leads --grain hour',
        'one segment, hour by hour',
      ],
    ],
  })
    .requiredOption('--from <T>', 'the first instant')
    .requiredOption('--to <T>', 'where it ends; this instant itself is left out')
    .option('--segment <KEY>', 'this one only; may be repeated', collect)
    .addOption(
      new Option('--grain <GRAIN>', 'how fine where no runs are recorded')
        .choices(['day', 'hour'])
        .default('day'),
    )
    .option('--enqueue', 'put it on the queue, for a worker to do')
    .action(
      start(async (cli, options: Options) => {
        const installation = await cli.open()
        const { timezone } = installation.project.settings
        const from = cli.instant(options.from, '--from', timezone)
        const end = cli.instant(options.to, '--to', timezone)
        if (from >= end) throw badRange(options)
        for (const key of options.segment ?? []) await findSegment(installation.database, key)
        const segments = options.segment ? { segments: options.segment } : {}
        const range = { from, to: justBefore(end), grain: options.grain, ...segments }
        await cli.print(
          options.enqueue
            ? await enqueue(cli, installation, range)
            : await now(cli, installation, range, end),
        )
      }),
    )

async function enqueue(cli: Cli, { database }: Installation, range: Range): Promise<Answer> {
  const queue = await openQueue({ database, redisUrl: cli.io.config.redisUrl })
  try {
    const job = await queue.enqueue('backfill', range)
    return enqueuedAnswer(job, queue.described, await queue.workers())
  } finally {
    await queue.close()
  }
}

async function now(cli: Cli, { database }: Installation, range: Range, end: Instant): Promise<Answer> {
  const bar = progressBar(cli.io, 'backfill', 'instants')
  const onStep = failpoint(cli.io.config.failpoint)
  const started = performance.now()
  const result = await backfill(database, {
    ...range,
    owner: owner(),
    ...(onStep ? { onStep } : {}),
    onProgress: ({ done, total }) => bar.update(done, total),
  }).finally(() => bar.stop())
  return backfillAnswer(result, end, Math.round(performance.now() - started))
}

function backfillAnswer(result: BackfillResult, end: Instant, milliseconds: number): Answer {
  const { runId, ...rest } = result
  const row = { run_id: runId, ...rest, to: end }
  const size = `${plural(result.instants, 'instant')}, ${plural(result.segments, 'segment')}`
  return {
    columns,
    rows: [row],
    document: { ...row, run_id: Number(runId), milliseconds },
    lines: [
      `run ${runId}  from ${instant(result.from)} until ${instant(end)} UTC  ·  ${size}  ·  ${seconds(milliseconds)}`,
      ...changeLines(result),
    ],
  }
}

const columns: readonly Column[] = [
  { name: 'run_id', kind: 'number' },
  { name: 'from', kind: 'instant' },
  { name: 'to', kind: 'instant' },
  { name: 'instants', kind: 'count' },
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
