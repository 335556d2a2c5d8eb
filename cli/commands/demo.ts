import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { packageFolder } from '../../config.ts'
import { readRuns, readSegments } from '../../pipeline/reads.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { type Demo, withDemo } from '../demo/demo.ts'
import { segmentsAnswer } from '../segments.ts'
import { instant, seconds } from '../values.ts'

export const demo = (start: Start) =>
  command('demo', {
    summary: 'a project with a year of made-up leads, to look around in',
    description:
      'Makes a project in ./demo with its own embedded database: some 20,000 leads and 600,000 events of a B2B funnel, the segments of the templates, the last 14 nights as runs. Whatever DATABASE_URL says, the project stays with that database. Made once, it is shown again; what you changed in it stays.',
    examples: [
      ['tideline demo', 'make it, or show it again'],
      ['tideline demo --clean', 'from the beginning, with dates up to today'],
    ],
  })
    .option('--clean', 'remove what an earlier demo left in ./demo, and begin anew')
    .action(
      start(async (cli, options: { clean?: boolean }) => {
        cli.prefer('table')
        const folder = resolve(cli.io.cwd, cli.options.project ?? 'demo')
        await withDemo(cli, folder, { clean: options.clean ?? false }, (opened) => print(cli, opened))
      }),
    )

async function print(cli: Cli, { folder, installation, built }: Demo): Promise<void> {
  const { database, described } = installation
  const [version] = await database.query<{ server_version: string }>('show server_version')
  const [run] = await readRuns(database, 1)
  const segments = await readSegments(database, { flowSeconds: 7 * 86_400, trendDays: 14 })
  const name = relative(cli.io.cwd, folder) || '.'
  const head = [
    `tideline  ${name}/`,
    `${described} ${version?.server_version.split(' ')[0]}`,
    ...(run
      ? [`as of ${instant(run.as_of)} UTC`, `run ${run.run_id}, ${seconds(Number(run.milliseconds))}`]
      : []),
  ]
  await cli.print(
    segmentsAnswer(cli, segments, {
      trend: true,
      period: '7 D',
      above: [head.join('  ·  '), ''],
      below: [
        '',
        ...next(name),
        ...(built
          ? []
          : ['', 'This is the demo as it was left; `demo --clean` begins anew, with dates up to today.']),
      ],
    }),
  )
}

function next(name: string): string[] {
  const typed = existsSync(join(packageFolder, 'cli', 'main.ts')) ? 'npm run -s tideline --' : 'npx tideline'
  const lines = [
    ['members very-hot', 'who to call today'],
    ['why L-11360 stalled-trials', 'why one of them is there'],
    ['report', 'which segments convert'],
    ['sql hot-leads', 'the SQL it becomes'],
    ['query "select * from freshness"', 'any question, in SQL'],
    ['preview "did demo_request"', 'whom a definition means'],
    ['plan', 'what an edit would do'],
    ['apply --run', 'and doing it'],
  ]
  return [
    'Try next:',
    ...lines.map(([what = '', why = '']) => `  ${`${typed} --project ${name} ${what}`.padEnd(71)}  ${why}`),
  ]
}
