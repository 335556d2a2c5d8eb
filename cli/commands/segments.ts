import { Option } from 'commander'
import { printDuration } from '../../compiler/index.ts'
import type { Installation } from '../../pipeline/installation.ts'
import { readSegments, readStanding } from '../../pipeline/reads.ts'
import { type SegmentAt, segmentsAt } from '../../pipeline/segments-at.ts'
import type { Cli } from '../cli.ts'
import { command, duration, type Start, wholeNumber } from '../command.ts'
import type { Answer } from '../output.ts'
import { segmentsAnswer } from '../segments.ts'
import { evaluateAlone, refuseFuture, sayAllAnswered, sourceColumns, sourceFields } from '../source.ts'
import { instant } from '../values.ts'

type Options = {
  period: ReturnType<typeof duration>
  asOf?: string
  evaluate?: boolean
  timeLimit: number
}

export const segments = (start: Start) =>
  command('segments', {
    summary: 'all segments: members, share, entered, left, mean score, trend',
    description:
      'All segments as of the last run, hottest first. Entered and left are counted over a period up to it, without what definitions, repairs and backfills moved, which is told below. A segment that was never evaluated shows –, never 0. With --as-of: as they were then, each as recorded by the run before it; those that no run had looked at by then, or all with --evaluate, by evaluating their current version, and the answer says which.',
    examples: [
      ['tideline segments', 'as a table'],
      ['tideline segments --period 24h --format csv', 'with who came and went in a day, for a spreadsheet'],
      ['tideline segments --as-of 2026-10-01', 'as they were on that day'],
    ],
  })
    .addOption(
      new Option('--period <D>', 'over which entered and left are counted')
        .argParser(duration)
        .default(duration('7d'), '7 days'),
    )
    .option('--as-of <T>', 'as of when; by default the last run')
    .option('--evaluate', 'with --as-of: evaluate the current definitions, whatever is recorded')
    .option('--time-limit <S>', 'with --as-of: give up after so many seconds', wholeNumber, 60)
    .action(
      start(async (cli, options: Options) => {
        const { period } = options
        const installation = await cli.open()
        if (options.asOf !== undefined) return cli.print(await answerAt(cli, installation, options))
        if (options.evaluate) throw evaluateAlone()
        const { database } = installation
        const found = await readSegments(database, { flowSeconds: period.seconds, trendDays: 14 })
        const { last_as_of } = await readStanding(database)
        const asOf = last_as_of ? `as of ${instant(last_as_of)} UTC` : 'never evaluated yet'
        const none =
          found.length === 0
            ? ['There are no segments yet: `tideline apply` brings in what the files define.']
            : []
        const unborn = last_as_of === null && found.length > 0 ? ['', '`tideline run` evaluates them.'] : []
        const said = printDuration(period.said)
        await cli.print(
          segmentsAnswer(cli, found, {
            trend: last_as_of !== null,
            period: '',
            above: none.length > 0 ? none : [`${asOf}  ·  entered and left: last ${said}`, ''],
            below: unborn,
          }),
        )
      }),
    )

async function answerAt(cli: Cli, { database, project }: Installation, options: Options): Promise<Answer> {
  const { period, evaluate, timeLimit } = options
  const asOf = cli.instant(options.asOf ?? '', '--as-of', project.settings.timezone)
  refuseFuture(asOf, (await readStanding(database)).now, { evaluate })
  const found = await segmentsAt(database, {
    ...{ asOf, evaluate, flowSeconds: period.seconds, trendDays: 14, limitSeconds: timeLimit },
  })
  const recorded = found.some(({ source }) => source?.kind === 'recorded')
  const answer = segmentsAnswer(cli, found, {
    trend: recorded,
    period: '',
    above: [
      `as of ${instant(asOf)} UTC  ·  ${sayAllAnswered(found)}  ·  entered and left: last ${printDuration(period.said)}`,
      '',
    ],
  })
  if (cli.format === 'table') return answer
  const rows = [...(answer.rows as Iterable<SegmentAt>)]
  const more = rows.map((row) => (row.source ? { ...row, ...sourceFields(row.source, asOf) } : row))
  const own = new Set<string>(sourceColumns.map(({ name }) => name))
  return {
    columns: [...answer.columns.filter(({ name }) => !own.has(name)), ...sourceColumns],
    rows: more.map((row) => ({ ...row, as_of: asOf })),
  }
}
