import { findLead } from '../../pipeline/lead.ts'
import { findSegment, readStanding } from '../../pipeline/reads.ts'
import { type ExplainedPart, explainLead, type Why } from '../../pipeline/why.ts'
import { command, type Start } from '../command.ts'
import type { Paint } from '../paint.ts'
import { cut, instant, printable, wrap } from '../values.ts'

type Options = { asOf?: string; all?: boolean }

export const why = (start: Start) =>
  command('why', {
    summary: 'why a lead is in a segment, or is not',
    description:
      'Takes the definition apart and says of each condition whether it holds for the lead, and what it saw; now, or as of any instant. Without a KEY: the segments the lead is in, then those it misses by one condition. It is the same statement as a run, asked about one lead: the current definition, evaluated on what is known now. What runs recorded of the past, `history` tells.',
    examples: [
      ['tideline why L-10442 stalled-trials', 'one segment'],
      ['tideline why L-10442', 'all it is in, and the near misses'],
      ['tideline why L-10442 hot-leads --as-of 2026-11-01', 'as it was then'],
    ],
  })
    .argument('<LEAD>', 'id of the lead')
    .argument('[KEY]', 'key of the segment')
    .option('--as-of <T>', 'as of when; by default now')
    .option('--all', 'without a KEY: every segment, however far away')
    .action(
      start(async (cli, lead: string, key: string | undefined, options: Options) => {
        const { database, project } = await cli.open()
        if (key !== undefined) await findSegment(database, key)
        const standing = await readStanding(database)
        const asOf = options.asOf
          ? cli.instant(options.asOf, '--as-of', project.settings.timezone)
          : standing.now
        const { id } = await findLead(database, lead, asOf)
        const explanation = await explainLead(database, {
          id,
          asOf,
          horizon: standing.horizon,
          ...(key === undefined ? {} : { segments: [key] }),
        })
        const shown = explanation.segments.filter(
          (each) => key !== undefined || options.all || each.holds || each.short === 1,
        )
        const rows = shown.map((each) => ({ ...each, lead_id: lead, as_of: asOf }))
        await cli.print({
          columns: [
            { name: 'lead_id' },
            { name: 'segment' },
            { name: 'holds', kind: 'boolean' },
            { name: 'short', kind: 'count' },
            { name: 'sentence' },
            { name: 'as_of', kind: 'instant' },
          ],
          rows,
          document: key === undefined ? rows : rows[0],
          lines: whyLines(lead, `${instant(asOf)} UTC${options.asOf ? evaluatedNow : ''}`, shown, cli.paint),
        })
      }),
    )

/** A past instant is asked by the present definition. */
const evaluatedNow = ', evaluated by the current definition on what is known now'

function whyLines(lead: string, asOf: string, shown: readonly Why[], paint: Paint): string[] {
  const none = shown.length === 0 ? ['It is in no segment, and misses none by one condition.'] : []
  return [
    ...shown.flatMap((each, index) => [...(index > 0 ? [''] : []), ...oneSegment(lead, each, paint)]),
    ...none,
    '',
    paint.dim(`as of ${asOf}`),
  ]
}

function oneSegment(lead: string, { segment, holds, short, part, sentence }: Why, paint: Paint): string[] {
  const near = !holds && short === 1 ? ', by one condition' : ''
  const head = `${printable(lead)} ${holds ? 'is' : 'is not'} in ${paint.bold(segment)}${near}`
  const tree = partLines(part, '  ', paint)
  return [head, '', ...tree, ...(sentence ? ['', ...inASentence(sentence)] : [])]
}

const inASentence = (sentence: string): string[] => wrap(`In a sentence: ${printable(sentence)}.`, 98)

const widestCondition = 52

function partLines(part: ExplainedPart, indent: string, paint: Paint): string[] {
  const mark = part.holds ? paint.green('✓') : paint.red('✗')
  if (part.kind === 'condition') return [conditionLine(mark, part, indent)]
  if (part.kind === 'not') {
    const [inner] = part.of
    if (inner?.kind === 'condition')
      return [conditionLine(mark, { ...inner, text: `not ${inner.text}` }, indent)]
  }
  const title = { all: 'all of', any: 'any of', not: 'not' }[part.kind]
  return [`${indent}${mark} ${title}`, ...part.of.flatMap((each) => partLines(each, `${indent}  `, paint))]
}

function conditionLine(
  mark: string,
  { text, saw }: Extract<ExplainedPart, { kind: 'condition' }>,
  indent: string,
): string {
  const room = Math.max(20, widestCondition - indent.length)
  const seen = saw.map(printable).join(', ')
  if (text.length <= room) return `${indent}${mark} ${text.padEnd(room)}  ${cut(seen, 44)}`.trimEnd()
  return `${indent}${mark} ${printable(text)}\n${indent}  ${' '.repeat(room)}  ${cut(seen, 44)}`.trimEnd()
}
