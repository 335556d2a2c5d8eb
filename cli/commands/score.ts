import { findLead } from '../../pipeline/lead.ts'
import { readStanding } from '../../pipeline/reads.ts'
import { type Breakdown, breakDown, type RuleShare } from '../../pipeline/score.ts'
import { command, type Start } from '../command.ts'
import { plainRow } from '../output.ts'
import type { Paint } from '../paint.ts'
import { type Column, renderTable } from '../table.ts'
import { cut, exact, instant, plural, printable } from '../values.ts'

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
        const asOf = options.asOf
          ? cli.instant(options.asOf, '--as-of', project.settings.timezone)
          : standing.now
        const { id } = await findLead(database, lead, asOf)
        const { horizon } = standing
        const found = await breakDown(database, { id, asOf, horizon, score: options.score })
        await cli.print({
          columns: [{ name: 'score' }, ...machine],
          rows: found.flatMap(rowsOf),
          document: { lead_id: lead, as_of: asOf, scores: found.map(documentOf) },
          lines: lines(lead, found, asOf, cli.paint),
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
  rules: of.rules.map((rule) => plainRow(machine, rule)),
})

type Shown = Omit<RuleShare, 'each' | 'events' | 'terms'> & {
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
  return rules.map((rule) => ({
    ...{ score, ...rule },
    events: rule.events === null ? null : String(rule.events),
    terms: rule.terms.join(', '),
  }))
}

function lines(lead: string, found: readonly Breakdown[], asOf: string, paint: Paint): string[] {
  if (found.length === 0) return ['No scores are defined: scoring.yaml gives points for what leads do.']
  const head = `${printable(lead)}  ·  as of ${instant(asOf)} UTC`
  return [head, ...found.flatMap((each) => ['', ...tableOf(each, paint)])]
}

function tableOf(of: Breakdown, paint: Paint): string[] {
  const title = `${paint.bold(`${printable(of.score)} ${of.value}`)}${of.level ? ` (${printable(of.level)})` : ''}`
  const rows = rowsOf(of).filter(({ events, points }) => events !== '0' && points !== '0')
  const silent = rowsOf(of).length - rows.length
  const shown = rows.map((each) => ({ ...each, rule: cut(printable(each.rule), 48) }))
  const none = silent > 0 ? [`${plural(silent, 'rule')} without points.`] : []
  return [title, ...(shown.length > 0 ? renderTable(columns, shown, 110) : []), ...none]
}
