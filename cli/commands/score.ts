import { type Instant, sayMinute } from '../../compiler/index.ts'
import { findLead } from '../../pipeline/lead.ts'
import { readStanding } from '../../pipeline/reads.ts'
import { type Breakdown, breakDown, type RuleShare } from '../../pipeline/score.ts'
import { command, type Start } from '../command.ts'
import { plainRow } from '../output.ts'
import type { Paint } from '../paint.ts'
import { type Column, renderTable } from '../table.ts'
import { cut, exact, plural, printable, zoned } from '../values.ts'

type Options = { asOf?: string; score?: string }

export const score = (start: Start) =>
  command('score', {
    summary: 'why a lead has the score it has',
    description:
      'Takes each score of a lead apart: every rule of scoring.yaml, how many events counted, their points as if all were new and nothing capped, and what is left of them. What is left adds up to the score, to the last digit; now, or as of any instant.',
    examples: [
      ['tideline score L-10442', 'all scores'],
      ['tideline score L-10442 --score engagement --as-of 2026-11-01', 'one of them, as it was then'],
    ],
  })
    .argument('<LEAD>', 'id of the lead')
    .option('--as-of <T>', 'as of when; by default now')
    .option('--score <NAME>', 'this one only')
    .action(
      start(async (cli, lead: string, options: Options) => {
        const { database, project } = await cli.open()
        const standing = await readStanding(database)
        const { timezone } = project.settings
        const asOf = options.asOf ? cli.instant(options.asOf, '--as-of', timezone) : standing.now
        const { id, firstKnown } = await findLead(database, lead, asOf)
        const { horizon } = standing
        const found = await breakDown(database, { id, asOf, horizon, score: options.score, firstKnown })
        await cli.print({
          columns: [{ name: 'score' }, ...machine],
          rows: found.flatMap(rowsOf),
          document: { lead_id: lead, as_of: asOf, scores: found.map(documentOf) },
          lines: lines(lead, found, { asOf, zone: timezone, paint: cli.paint }),
        })
      }),
    )

const columns: readonly Column[] = [
  { name: 'rule' },
  { name: 'events', title: 'EVENTS' },
  { name: 'each', title: 'EACH' },
  { name: 'before', title: 'BEFORE' },
  { name: 'points', title: 'POINTS' },
  { name: 'terms', title: 'FADES AND CAPS' },
]

const numbers = ['events', 'each', 'before', 'points']
const machine = columns.map(
  ({ name }): Column => (numbers.includes(name) ? { name, kind: 'number' } : { name }),
)

const documentOf = (of: Breakdown) => ({
  ...of,
  value: exact(of.value),
  rules: of.rules.map((rule) => ({ ...plainRow(machine, rule), assumed: rule.assumed })),
})

type Shown = Omit<RuleShare, 'each' | 'events' | 'terms' | 'assumed'> & {
  readonly score: string
  readonly each: string | null
  readonly events: string | null
  readonly terms: string
}

/** Numbers are decimals as text, of which no digit is lost. */
function rowsOf(of: Breakdown): Shown[] {
  const { score, value, rules, of_leads } = of
  if (of_leads) {
    const rule = `${of_leads.by} of ${of_leads.score} of ${plural(of_leads.leads, 'lead')}`
    return [{ score, rule, events: null, each: null, before: value, points: value, terms: '' }]
  }
  return rules.map(({ assumed: _, terms, events, ...rule }) => ({
    ...{ score, ...rule },
    events: events === null ? null : String(events),
    terms: terms.join(', '),
  }))
}

type Shape = { readonly asOf: Instant; readonly zone: string; readonly paint: Paint }

function lines(lead: string, found: readonly Breakdown[], { asOf, zone, paint }: Shape): string[] {
  if (found.length === 0) return ['No scores are defined: scoring.yaml gives points for what leads do.']
  const head = `${printable(lead)}  ·  as of ${zoned(asOf, zone)}`
  return [head, ...found.flatMap((each) => ['', ...tableOf(each, zone, paint)])]
}

function tableOf(of: Breakdown, zone: string, paint: Paint): string[] {
  const title = `${paint.bold(`${printable(of.score)} ${of.value}`)}${of.level ? ` (${printable(of.level)})` : ''}`
  const all = rowsOf(of)
  const rows = all.filter(({ events, points }) => events !== '0' && points !== '0')
  const silent = all.length - rows.length
  const shown = rows.map((each) => ({ ...each, rule: cut(printable(each.rule), 48) }))
  const none = silent > 0 ? [`${plural(silent, 'rule')} without points.`] : []
  const assumed = new Map(
    of.rules.flatMap((rule) => rule.assumed.map((each) => [each.attribute, each.first_known] as const)),
  )
  const notes = [...assumed].map(
    ([attribute, known]) => `${printable(attribute)} is assumed: first known ${sayMinute(known, zone)}`,
  )
  return [title, ...(shown.length > 0 ? renderTable(columns, shown, 110) : []), ...none, ...notes]
}
