import { UserError } from '../../pipeline/errors.ts'
import type { Nearly } from '../../pipeline/nearly.ts'
import { type Preview, preview as previewing } from '../../pipeline/preview.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import type { RecordedSince } from '../../pipeline/recorded-since.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { findingLines } from '../errors.ts'
import type { Answer } from '../output.ts'
import { partColumns, partRows } from '../parts.ts'
import { renderTable } from '../table.ts'
import { instant, plural, printable, show, thousands, wrap } from '../values.ts'

type Options = { asOf?: string; timeLimit: number }

export const preview = (start: Start) =>
  command('preview', {
    summary: 'whom a definition would hold for, before it stands in a file',
    description:
      'Counts the leads for whom a definition holds, and how many each of its conditions holds for, alone and after those before it. It refers to segments, scores and aliases as the files have them, applied or not. Nothing is written. Sizes: empty is nobody, narrow less than 5 % of all leads, ideal less than 25 %, broad more, everybody all of them.',
    examples: [
      ["tideline preview 'did demo_request within 14 days and score >= 40'", 'how many, and who'],
      ["tideline preview 'no activity within 90 days' --as-of 2026-10-01", 'as it was on a day'],
      [
        'tideline preview \'{"kind": "did", "event": "page_view"}\' --format json',
        'the JSON form, and the answer for a program',
      ],
    ],
  })
    .argument('<TEXT>', 'the definition, in its text form or its JSON form')
    .option('--as-of <T>', 'as of when; by default now')
    .option('--time-limit <S>', 'give up after so many seconds', wholeNumber, 60)
    .action(
      start(async (cli, text: string, options: Options) => {
        const { database, project } = await cli.open()
        const { timezone } = project.settings
        const found = await previewing(database, {
          source: sourceOf(text),
          project: readSources(project),
          zone: timezone,
          asOf: options.asOf === undefined ? undefined : cli.instant(options.asOf, '--as-of', timezone),
          sample: 10,
          limitSeconds: options.timeLimit,
        })
        await cli.print(answer(cli, found))
      }),
    )

function sourceOf(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return text
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError({
      code: 'BAD_JSON',
      message: `What begins with { is read as the JSON form, and this is no JSON: ${(error as Error).message}.`,
      hint: 'The text form is shorter: did page_view within 7 days.',
    })
  }
}

function answer(cli: Cli, found: Preview): Answer {
  const rows = partRows(found.parts, found.leads)
  const { asOf, nearly, ...rest } = found
  const share = found.leads > 0 ? found.members / found.leads : null
  const size = `${thousands(String(found.members))} of ${plural(found.leads, 'lead')}  ·  ${show(share, 'share')}  ·  ${found.size}`
  const table = renderTable(partColumns, rows, 100)
  return {
    columns: partColumns,
    rows,
    document: { ...rest, as_of: asOf, share, nearly },
    lines: [
      ...found.warnings.flatMap((finding) => [...findingLines(finding, cli.paint), '']),
      `${cli.paint.bold(size)}  ·  as of ${instant(asOf)} UTC`,
      '',
      ...table,
      ...sampleLines(found),
      ...(nearly.length > 0 ? ['', ...nearly.flatMap(nearlyLines)] : []),
      ...(found.recorded.length > 0 ? ['', ...found.recorded.map(recordedLine)] : []),
    ],
  }
}

function sampleLines({ sample, members }: Preview): string[] {
  if (sample.length === 0) return []
  const [first = '', ...more] = wrap(
    sample.map(printable).join(', ') + (members > sample.length ? ', …' : ''),
    87,
  )
  return ['', `For example  ${first}`, ...more.map((line) => `             ${line}`)]
}

/** What is recorded of the past is all that conditions on it can see. */
function recordedLine({ of, name, since }: RecordedSince): string {
  const subject = of === 'segment' ? `Who was in ${name}` : `The course of the ${name} score`
  return since === null
    ? `${subject} is not recorded yet.`
    : `${subject} is recorded since ${instant(since)} UTC.`
}

/** `No lead has industry " Technology"; 812 have "Technology".` */
function nearlyLines({ name, of, value, stored }: Nearly): string[] {
  const owner = {
    lead: 'No lead has',
    account: 'No account of a lead has',
    event: 'No lead has an event with',
  }[of]
  const quoted = (text: string) => printable(JSON.stringify(text))
  const others = stored.map(
    (each) => `${thousands(String(each.leads))} ${each.leads === 1 ? 'has' : 'have'} ${quoted(each.value)}`,
  )
  return wrap(`${owner} ${name} ${quoted(value)}; ${others.join(', ')}.`, 98)
}
