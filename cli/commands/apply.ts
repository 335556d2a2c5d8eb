import { Option } from 'commander'
import { nextSlots } from '../../jobs/schedule.ts'
import {
  type ApplyReport,
  applySources,
  checkSources,
  InvalidDefinitions,
  type ScorePast,
} from '../../pipeline/apply.ts'
import { readCatalog } from '../../pipeline/catalog.ts'
import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import type { Project } from '../../pipeline/project/settings.ts'
import { readSources, type Sources } from '../../pipeline/project/sources.ts'
import { readSegmentKeys, readStanding } from '../../pipeline/reads.ts'
import { planRenames } from '../../pipeline/renames.ts'
import { readRecorded, rebuilding } from '../../pipeline/score-past.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { acceptLarge } from '../large.ts'
import { applyLines } from '../plan/applied.ts'
import { author, runAnswer, runNow, told } from '../runs.ts'
import { instant, plural } from '../values.ts'
import { applyVersion } from './apply-version.ts'

type Options = { run?: boolean; to?: number; write?: boolean; scores?: ScorePast }

export const apply = (start: Start) =>
  command('apply', {
    summary: 'make what the files say the current definitions',
    description:
      'Makes what the files say the current definitions: new versions where the meaning changed, all or none. Segments that files once created and no longer hold are archived, after asking. Who is in changes with the next run.',
    examples: [
      ['tideline apply', 'say what changed, and when the next run is'],
      [
        'tideline apply --run --yes',
        'in a pipeline: archive and accept large changes without asking, and run now',
      ],
      [
        'tideline apply --scores rebuild',
        'other rules for scores: record that the past follows, and say how',
      ],
      ['tideline apply hot-leads --to 3', 'go back to the third version of a segment'],
    ],
  })
    .argument('[KEY]', 'with --to: the segment that goes back to an earlier version')
    .option('--run', 'run now, so that members follow at once')
    .addOption(
      new Option(
        '--scores <PAST>',
        'what becomes of recorded scores when their rules change: they stay, or a backfill is to recompute them',
      ).choices(['from-now', 'rebuild']),
    )
    .option('--to <VERSION>', 'make this version of KEY current again, as a new one', wholeNumber)
    .option('--write', 'with --to: write it into the file as well')
    .action(
      start(async (cli, key: string | undefined, options: Options) => {
        if (key !== undefined || options.to !== undefined) {
          return applyVersion(cli, { key, to: options.to, write: options.write ?? false })
        }
        const installation = await cli.open()
        const { database, project } = installation
        const sources = readSources(project)
        await refuseErrors(database, project, sources)
        await confirmArchiving(cli, database, sources)
        const accepted = await acceptLarge(cli, installation, sources)
        // Before anything is applied, since the pattern may be wrong.
        const next = nextSlots(project.settings.slots, (await readStanding(database)).now, 1)[0]!
        const report = await applySources(
          database,
          sources,
          project.settings.timezone,
          author(),
          options.scores,
          accepted.changes,
        )
        const run = options.run ? told(await runNow(cli, installation)) : undefined
        const answer = run && runAnswer(run, cli)
        const past = await pastOf(database, options.scores)
        await cli.print({
          columns: [{ name: 'segment' }, { name: 'action' }, { name: 'before' }, { name: 'after' }],
          rows: report.segments.map(({ key, ...rest }) => ({ segment: key, ...rest })),
          document: {
            ...report,
            ...past.document,
            ...accepted.document,
            next_slot: next,
            ...(answer ? { run: answer.document } : {}),
          },
          lines: [
            ...applyLines(report, cli.paint),
            ...accepted.lines,
            ...(answer?.lines ?? whenItShows(report, next)),
            ...past.lines,
          ],
        })
      }),
    )

/** What was chosen for recorded scores, and which backfill follows from it. */
async function pastOf(
  database: Database,
  chosen: ScorePast | undefined,
): Promise<{ document: object; lines: string[] }> {
  if (chosen !== 'rebuild') return { document: chosen ? { scores: chosen } : {}, lines: [] }
  const recorded = await readRecorded(database)
  const backfill = recorded ? rebuilding(recorded) : null
  const line = backfill ? `The past follows with \`${backfill}\`.` : 'There is no recorded past to rebuild.'
  return { document: { scores: chosen, backfill }, lines: [line] }
}

/** Before anybody is asked anything. Applying checks once more, in its transaction. */
async function refuseErrors(database: Database, project: Project, sources: Sources): Promise<void> {
  const checked = checkSources(sources, await readCatalog(database, []), project.settings.timezone)
  const renamed = await planRenames(database, sources.segments)
  const errors = [...checked.findings, ...renamed.findings].filter((finding) => finding.severity === 'error')
  if (errors.length > 0) throw new InvalidDefinitions(errors, 'nothing was applied')
}

async function confirmArchiving(cli: Cli, database: Database, sources: Sources): Promise<void> {
  const { renames } = await planRenames(database, sources.segments)
  const named = new Set([
    ...sources.segments.map((segment) => segment.key),
    ...renames.map(({ from }) => from),
  ])
  const gone = (await readSegmentKeys(database))
    .filter((each) => each.origin === 'files' && each.status !== 'archived' && !named.has(each.segment))
    .map((each) => each.segment)
  if (gone.length === 0) return
  const list = gone.length > 10 ? `${gone.slice(0, 10).join(', ')}, …` : gone.join(', ')
  if (await cli.confirmed(`The files no longer hold ${list}. Archive ${gone.length === 1 ? 'it' : 'them'}?`))
    return
  throw new UserError({
    code: 'NOT_CONFIRMED',
    message: `Applying would archive ${plural(gone.length, 'segment')} that the files no longer hold: ${list}. Nothing was applied.`,
    hint: 'Bring the files back, or say --yes.',
  })
}

function whenItShows(report: ApplyReport, next: string): string[] {
  const meant =
    report.scoring === 'change' ||
    report.segments.some((each) => each.action === 'create' || each.action === 'change')
  if (!meant) return []
  return [
    `Members follow with the next run: ${instant(next)} UTC if a worker is at work, or now by \`tideline run\`.`,
  ]
}
