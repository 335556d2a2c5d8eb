import { Option } from 'commander'
import { type Plan, type PlannedSegment, planSources } from '../../pipeline/plan.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { askedFiles } from '../files.ts'
import { type Answer, formats } from '../output.ts'
import { planLines } from '../plan/lines.ts'
import { planMarkdown } from '../plan/markdown.ts'
import { hasChanges, summary, verbOf } from '../plan/words.ts'

type Options = { exitCode?: boolean; asOf?: string; timeLimit: number; samples: boolean }

export const plan = (start: Start) =>
  command('plan', {
    summary: 'what apply would do, and who would come and go, before it is done',
    description:
      'Says what `apply` would do with the files as they are: which segments are new, changed, renamed, described anew or archived; how many members each has now and would have; who would enter and leave; what that does to segments that refer to it. Both definitions are evaluated at the same instant. Sizes are those of `preview`. Nothing is written, and a user who may only read can do it. Exit code 1 if a definition is wrong.',
    examples: [
      ['tideline plan', 'all files'],
      ['tideline plan segments/scores.yaml', 'the segments of one file'],
      [
        'tideline plan --format markdown --exit-code',
        'as a comment for a pull request; exit code 3 if anything changes',
      ],
    ],
  })
    .argument('[FILES...]', 'only the segments of these files')
    .option('--exit-code', 'exit with 3 if there are changes')
    .option('--as-of <T>', 'as of when members are counted; by default now')
    .option('--time-limit <S>', 'give up after so many seconds', wholeNumber, 60)
    .option('--no-samples', 'name no leads, where others may read it')
    .addOption(
      new Option('--format <FORMAT>', 'how to print; markdown fits a pull-request comment').choices([
        ...formats,
        'markdown',
      ]),
    )
    .action(
      start(async (cli, files: string[], options: Options) => {
        const { database, project } = await cli.open()
        const { timezone, guard } = project.settings
        const found = await planSources(database, readSources(project), timezone, {
          files: askedFiles(cli, project, files),
          asOf: options.asOf === undefined ? undefined : cli.instant(options.asOf, '--as-of', timezone),
          sample: options.samples ? 5 : 0,
          limitSeconds: options.timeLimit,
          guard,
        })
        await cli.print(answer(cli, found))
        return options.exitCode && hasChanges(found) ? 3 : 0
      }),
    )

function answer(cli: Cli, found: Plan): Answer {
  return {
    columns: [
      { name: 'segment' },
      { name: 'plan' },
      { name: 'large' },
      { name: 'members_now', kind: 'count' },
      { name: 'members_after', kind: 'count' },
      { name: 'enter', kind: 'count' },
      { name: 'leave', kind: 'count' },
      { name: 'size' },
    ],
    rows: found.segments.map((segment) => ({
      ...{ segment: segment.key, plan: verbOf(segment), large: segment.large },
      size: segment.members?.size ?? null,
      members_now: segment.members?.now ?? null,
      members_after: segment.members?.after ?? null,
      enter: segment.members?.enter.count ?? null,
      leave: segment.members?.leave.count ?? null,
    })),
    document: {
      ...{ summary: summary(found), changes: hasChanges(found), as_of: found.asOf, leads: found.leads },
      segments: found.segments.map(documentOf),
      ...{
        kept: found.kept,
        scoring: found.scoring,
        scores: found.scores,
        rebuild: found.rebuild,
        events: found.events,
        warnings: found.warnings,
      },
    },
    lines: planLines(found, cli.paint),
    markdown: planMarkdown(found),
  }
}

function documentOf(segment: PlannedSegment): object {
  const { renamedFrom, because, ...rest } = segment
  return {
    ...{ ...rest, plan: verbOf(segment), renamed_from: renamedFrom },
    because: because.map((reason) => (reason.what === 'segment' ? `segment ${reason.key}` : reason.what)),
  }
}
