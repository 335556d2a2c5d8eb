import { Option } from 'commander'
import { printDuration } from '../../compiler/index.ts'
import { readSegments, readStanding } from '../../pipeline/reads.ts'
import { command, duration, type Start } from '../command.ts'
import { segmentsAnswer } from '../segments.ts'
import { instant } from '../values.ts'

type Options = { period: ReturnType<typeof duration> }

export const segments = (start: Start) =>
  command('segments', {
    summary: 'all segments: members, share, entered, left, mean score, trend',
    description:
      'All segments as of the last run, hottest first. Entered and left are counted over a period up to it, without what a new definition brought. A segment that was never evaluated shows –, never 0.',
    examples: [
      ['tideline segments', 'as a table'],
      ['tideline segments --period 24h --format csv', 'with who came and went in a day, for a spreadsheet'],
    ],
  })
    .addOption(
      new Option('--period <D>', 'over which entered and left are counted')
        .argParser(duration)
        .default(duration('7d'), '7 days'),
    )
    .action(
      start(async (cli, { period }: Options) => {
        const { database } = await cli.open()
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
