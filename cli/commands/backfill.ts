import { Option } from 'commander'
import { Temporal } from 'temporal-polyfill'
import { formatInstant, type Instant } from '../../compiler/index.ts'
import { openQueue } from '../../jobs/queue.ts'
import { findSegment } from '../../pipeline/reads.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'
import { collect, command, type Start } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import { progressBar } from '../progress.ts'
import { failpoint, owner } from '../runs.ts'
import { instant, plural, seconds, thousands } from '../values.ts'
import { enqueuedAnswer } from './run.ts'

type Options = { from: string; to: string; segment?: string[]; grain: 'day' | 'hour'; enqueue?: boolean }

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
        const { database, project } = installation
        const from = cli.instant(options.from, '--from', project.settings.timezone)
        const end = cli.instant(options.to, '--to', project.settings.timezone)
        if (from >= end) throw badRange(options)
        for (const key of options.segment ?? []) await findSegment(database, key)
        const segments = options.segment ? { segments: options.segment } : {}
        const range = { from, to: justBefore(end), grain: options.grain, ...segments }
        if (options.enqueue) {
          const queue = await openQueue({ database, redisUrl: cli.io.config.redisUrl })
          try {
            const job = await queue.enqueue('backfill', {
              ...range,
              ...(segments.segments ? { segments: [...segments.segments] } : {}),
            })
            return await cli.print(enqueuedAnswer(job, queue.described, await queue.workers()))
          } finally {
            await queue.close()
          }
        }
        const bar = progressBar(cli.io, 'backfill', 'instants')
        const onStep = failpoint(cli.io.config.failpoint)
        const started = performance.now()
        const result = await backfill(database, {
          ...range,
          owner: owner(),
          ...(onStep ? { onStep } : {}),
          onProgress: ({ done, total }) => bar.update(done, total),
        }).finally(() => bar.stop())
        const milliseconds = Math.round(performance.now() - started)
        const row = {
          run_id: result.runId,
          from,
          to: end,
          instants: result.instants,
          segments: result.segments,
          entered: result.entered,
          left: result.left,
        }
        await cli.print({
          columns: [
            { name: 'run_id', kind: 'number' },
            { name: 'from', kind: 'instant' },
            { name: 'to', kind: 'instant' },
            { name: 'instants', kind: 'count' },
            { name: 'segments', kind: 'count' },
            { name: 'entered', kind: 'count' },
            { name: 'left', kind: 'count' },
          ],
          rows: [row],
          document: { ...row, run_id: Number(row.run_id), milliseconds },
          lines: [
            `run ${result.runId}  from ${instant(from)} until ${instant(end)} UTC  ·  ${plural(result.instants, 'instant')}, ${plural(result.segments, 'segment')}  ·  ${seconds(milliseconds)}`,
            `  entered  ${thousands(String(result.entered)).padStart(9)}`,
            `  left     ${thousands(String(result.left)).padStart(9)}`,
          ],
        })
      }),
    )

/** Ranges exclude their end; a backfill takes the last instant that belongs to it. */
const justBefore = (end: Instant): Instant =>
  formatInstant(Temporal.Instant.from(end).subtract({ microseconds: 1 }))

const badRange = ({ from, to }: Options): WrongUsage =>
  new WrongUsage({
    code: 'BAD_RANGE',
    message: `There is no time between --from ${from} and --to ${to}.`,
    hint: '--to itself is left out: a single day is --from 2026-11-22 --to 2026-11-23.',
  })
