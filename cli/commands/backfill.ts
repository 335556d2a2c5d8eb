import { Option } from 'commander'
import { Temporal } from 'temporal-polyfill'
import { canonical, formatInstant, type Instant } from '../../compiler/index.ts'
import { openQueue } from '../../jobs/queue.ts'
import { UserError } from '../../pipeline/errors.ts'
import type { Installation } from '../../pipeline/installation.ts'
import { findEver, findSegment, readStanding } from '../../pipeline/reads.ts'
import {
  type BackfillRange,
  type BackfillResult,
  backfill,
  backfillSlots,
  type Slot,
} from '../../pipeline/runs/backfill.ts'
import { askedFor, commandOf, readBackfillsLeft } from '../../pipeline/runs/backfill-left.ts'
import type { Cli } from '../cli.ts'
import { collect, command, type Start } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import type { Answer } from '../output.ts'
import { progressBar } from '../progress.ts'
import { changeLines, enqueuedAnswer, failpoint, owner } from '../runs.ts'
import type { Column } from '../table.ts'
import { instant, plural, seconds, wrap } from '../values.ts'

type Options = {
  from: string
  to?: string
  segment?: string[]
  grain?: 'day' | 'hour'
  versions?: 'then'
  all?: boolean
  dryRun?: boolean
  enqueue?: boolean
}

export const backfillCommand = (start: Start) =>
  command('backfill', {
    summary: 'recompute history for a range of time',
    description:
      'Recomputes who was in, and how scores stood at the ends of days, from --from until --to (excluded; by default up to the last run, which belongs to it), by the current definitions and what is known now; with --versions then, each instant by the versions that were current then. Its instants are those of the runs in the range, and where there were none, every day or hour; those at which a run or an earlier backfill looked at that version of a segment are left out, unless --all asks for them. What lies before and after stays as recorded; the range becomes visible at once. One that was interrupted goes on where it was when the same is asked again within a day; another one, after asking, throws away what it had computed. Nothing is told to anybody.',
    examples: [
      ['tideline backfill --from 2026-09-01 --to 2026-11-01', 'two months, day by day: what is not done yet'],
      [
        'tideline backfill --from 2026-11-01 --to 2026-11-08 --segment hot-leads --grain hour --all',
        'one segment, hour by hour, all of it anew',
      ],
      ['tideline backfill --from 2026-09-01 --dry-run', 'which instants that would be, up to the last run'],
      [
        'tideline backfill --from 2026-09-01 --to 2026-11-01 --versions then --all',
        'late events take their place, by the definitions of then',
      ],
    ],
  })
    .requiredOption('--from <T>', 'the first instant')
    .option('--to <T>', 'where it ends; this instant itself is left out; by default after the last run')
    .option('--segment <KEY>', 'this one only; may be repeated', collect)
    .addOption(
      new Option(
        '--grain <GRAIN>',
        'how fine where no runs are recorded; days, unless an earlier backfill was finer, which has to be said then',
      ).choices(['day', 'hour']),
    )
    .addOption(
      new Option(
        '--versions <WHICH>',
        'then: at each instant the versions that were current then, in place of the current ones',
      ).choices(['then']),
    )
    .option('--all', 'also what is done already: a late event takes its place in the past')
    .option('--dry-run', 'only list the instants')
    .option('--enqueue', 'put it on the queue, for a worker to do')
    .action(
      start(async (cli, options: Options) => {
        const installation = await cli.open()
        const { timezone } = installation.project.settings
        const from = cli.instant(options.from, '--from', timezone)
        const end = options.to ? cli.instant(options.to, '--to', timezone) : await afterLastRun(installation)
        if (from >= end) throw badRange({ from: options.from, to: options.to ?? end })
        const find = options.versions ? findEver : findSegment
        for (const key of options.segment ?? []) await find(installation.database, key)
        const { grain, segment: segments, versions, all } = options
        const range = { from, to: justBefore(end), grain, segments, versions, all }
        await cli.print(await answer(cli, installation, range, { ...options, end }))
      }),
    )

async function answer(
  cli: Cli,
  installation: Installation,
  range: BackfillRange,
  options: Options & { end: Instant },
): Promise<Answer> {
  if (options.dryRun) return slotsAnswer(await backfillSlots(installation.database, range))
  return options.enqueue ? enqueued(cli, installation, range) : now(cli, installation, range, options)
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
  options: Options & { end: Instant },
): Promise<Answer> {
  await agree(cli, database, range)
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
  return backfillAnswer(result, options, Math.round(performance.now() - started))
}

/** Where another was interrupted: once this one is done, that one has begun from a history that is another by then. */
async function agree(cli: Cli, database: Installation['database'], range: BackfillRange): Promise<void> {
  const asked = canonical(askedFor(range))
  const left = (await readBackfillsLeft(database)).find((each) => canonical(each.asked) !== asked)
  if (!left) return
  const { run_id: run, from, to, done, total } = left
  const message = `The backfill of run ${run}, from ${instant(from)} until ${instant(to)} UTC, was interrupted after ${done} of ${total} instants. Once this one is done, it can't go on.`
  if (await cli.confirmed(`${message} Do this one?`)) return
  throw new UserError({
    code: 'BACKFILL_INTERRUPTED',
    message: `${message} Nothing was done.`,
    hint: `\`${commandOf(left)}\` goes on with it; --yes does this one, and throws away what that one has computed.`,
  })
}

function backfillAnswer(
  result: BackfillResult,
  options: Options & { end: Instant },
  milliseconds: number,
): Answer {
  const { end } = options
  const { runId, ...rest } = result
  const row = { run_id: runId, ...rest, to: end }
  const size = [
    `${plural(result.instants, 'instant')}, ${plural(result.segments, 'segment')}`,
    ...(result.days > 0 ? [`scores of ${plural(result.days, 'day')}`] : []),
  ].join('  ·  ')
  const notes = [
    ...result.failing.flatMap(({ key, version, message }) =>
      wrap(`${key} is left as it was: version ${version} can't be evaluated. ${message}`, 98),
    ),
    ...result.discarded.map((run) => `What the interrupted run ${run} had computed is thrown away.`),
  ]
  const lines =
    runId === null
      ? [nothingToDo, ...notes]
      : [
          `run ${runId}  from ${instant(result.from)} until ${instant(end)} UTC  ·  ${size}  ·  ${seconds(milliseconds)}`,
          ...(result.resumed > 0
            ? [`It went on where it had been interrupted, after ${plural(result.resumed, 'instant')}.`]
            : []),
          ...changeLines(result),
          differs(result),
          ...result.superseded.map((key) => `${key} was changed meanwhile and is left as it was.`),
          ...notes,
          ...alsoLooking(result, options),
        ]
  return {
    columns,
    rows: [row],
    document: { ...row, run_id: runId === null ? null : Number(runId), milliseconds },
    lines,
  }
}

/** Who looks at a history that is another now, and how they are done as well. */
function alsoLooking(
  { looking }: BackfillResult,
  { from, to, end, grain }: Options & { end: Instant },
): string[] {
  if (looking.length === 0) return []
  const range = `--from ${from} --to ${to ?? end}${grain ? ` --grain ${grain}` : ''}`
  return [
    '',
    ...wrap(`Look at this history, and are left as they were: ${looking.join(', ')}. To do them, too:`, 98),
    `  tideline backfill ${range} ${looking.map((key) => `--segment ${key}`).join(' ')} --all`,
  ]
}

const differs = ({ written, removed }: BackfillResult): string =>
  written + removed === 0
    ? 'It is what was recorded already.'
    : `Of that, ${plural(written, 'change was', 'changes were')} not recorded so far; ${plural(removed, 'recorded one is', 'recorded ones are')} no more.`

const nothingToDo =
  'Nothing to do: all of it was done by these versions. --all does it anew, with what is known now.'

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
  { name: 'written', kind: 'count' },
  { name: 'removed', kind: 'count' },
]

/** Ranges exclude their end; a backfill takes the last instant that belongs to it. */
const justBefore = (end: Instant): Instant => moved(end, -1)

/** Where nothing was ever run, up to now. */
async function afterLastRun({ database }: Installation): Promise<Instant> {
  const { last_as_of: last, now } = await readStanding(database)
  return moved(last ?? now, 1)
}

const moved = (instant: Instant, microseconds: number): Instant =>
  formatInstant(Temporal.Instant.from(instant).add({ microseconds }))

const badRange = ({ from, to }: { from: string; to: string }): WrongUsage =>
  new WrongUsage({
    code: 'BAD_RANGE',
    message: `There is no time between --from ${from} and --to ${to}.`,
    hint: '--to itself is left out: a single day is --from 2026-11-22 --to 2026-11-23.',
  })
