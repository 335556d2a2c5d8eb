import { type Instant, micropoints, sayMinute } from '../../compiler/index.ts'
import { scoresAt } from '../../pipeline/asof.ts'
import type { Database } from '../../pipeline/engine.ts'
import { findLead } from '../../pipeline/lead.ts'
import {
  type Breakdown,
  type BrokenDown,
  breakDown,
  type DayShare,
  decimal,
  type RecordedScore,
  type RuleShare,
} from '../../pipeline/score.ts'
import { readSeen } from '../../pipeline/seen.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import type { Answer } from '../output.ts'
import type { Paint } from '../paint.ts'
import { type Column, renderTable } from '../table.ts'
import { cut, exact, plural, printable, thousands, zoned } from '../values.ts'

type Options = { asOf?: string; score?: string; limit: number; timeLimit: number }

export const score = (start: Start) =>
  command('score', {
    summary: 'why a lead has the score it has; how all leads stand',
    description:
      "Takes each score of a lead apart: every rule of scoring.yaml, the UTC days on which events counted, their points as if all were new and nothing capped, and what is left of them; of an account's score, what each lead adds. What is left adds up to the score, to the last digit; now, or as of any instant, by the current rules. Beside it stands what is recorded. A table shows the latest days, JSON all of them. Without LEAD, the scores of all leads, hottest first.",
    examples: [
      ['tideline score L-10442', 'all scores'],
      ['tideline score L-10442 --score engagement --as-of 2026-11-01', 'one of them, as it was then'],
      ['tideline score --as-of 2026-11-01 --limit 1000000 --output scores.csv', 'all leads, on any day'],
    ],
  })
    .argument('[LEAD]', 'id of the lead; all leads, if left out')
    .option('--as-of <T>', 'as of when; by default now')
    .option('--score <NAME>', 'this one only')
    .option('--limit <N>', 'of all leads: no more than so many', wholeNumber, 50)
    .option('--time-limit <S>', 'of all leads: give up after so many seconds', wholeNumber, 60)
    .action(
      start(async (cli, lead: string | undefined, options: Options) => {
        const { database, project } = await cli.open()
        const { now, horizon } = await readSeen(database)
        const { timezone: zone } = project.settings
        const asOf = options.asOf ? cli.instant(options.asOf, '--as-of', zone) : now
        const when = { asOf, zone, isPast: options.asOf !== undefined }
        if (lead === undefined) return cli.print(await allLeads(database, when, options))
        const { id, firstKnown } = await findLead(database, lead, asOf)
        const found = await breakDown(database, { id, asOf, horizon, score: options.score, firstKnown })
        await cli.print(oneLead(cli, lead, found, when))
      }),
    )

type When = { readonly asOf: Instant; readonly zone: string; readonly isPast: boolean }

const none = 'No scores are defined: scoring.yaml gives points for what leads do.'

async function allLeads(database: Database, when: When, options: Options): Promise<Answer> {
  const { asOf } = when
  const { score, limit, timeLimit } = options
  const { version, total, leads } = await scoresAt(database, { asOf, score, limit, limitSeconds: timeLimit })
  const more =
    total > limit
      ? `${thousands(String(limit))} of ${thousands(String(total))} leads; --limit N shows more.`
      : undefined
  return {
    columns: [
      { name: 'lead_id', title: 'LEAD' },
      { name: 'score' },
      { name: 'value', kind: 'score' },
      { name: 'level' },
      { name: 'as_of', kind: 'instant', title: null },
    ],
    rows: leads.map((each) => ({ ...each, as_of: asOf })),
    ...(version === null ? { lines: [none] } : { more, below: ['', byRules(version, when)] }),
  }
}

const byRules = (version: number | null, { asOf, zone }: When): string =>
  `as of ${zoned(asOf, zone)}, by the current rules (version ${version}) on what is known now`

function oneLead(cli: Cli, lead: string, { version, scores }: BrokenDown, when: When): Answer {
  const told = scores.flatMap((each) => ['', ...linesOf(each, when, cli.paint)])
  return {
    columns: [{ name: 'score' }, ...machine],
    rows: scores.flatMap((each) => rulesOf(each).map((rule) => ({ score: each.score, ...rule }))),
    document: { lead_id: lead, as_of: when.asOf, scoring_version: version, scores: scores.map(documentOf) },
    lines: scores.length === 0 ? [none] : [printable(lead), ...told, '', byRules(version, when)],
  }
}

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

/** As a program has it: exact decimals as numbers, as far as those hold every digit. */
function documentOf({ value, max, recorded, rules, of_leads: leads, ...rest }: Breakdown) {
  const points = <Each extends { readonly points: string }>(each: Each) => ({
    ...each,
    points: exact(each.points),
  })
  return {
    ...rest,
    value: exact(value),
    max: { ...max, value: exact(max.value) },
    recorded: recorded && { ...recorded, value: exact(recorded.value) },
    rules: rules.map(({ each, before, days, ...rule }) => ({
      ...points(rule),
      ...{ each: exact(each), before: exact(before) },
      days: days.map((day) => ({ ...points(day), before: exact(day.before), capped: exact(day.capped) })),
    })),
    of_leads: leads && { ...leads, each: leads.each.map(points) },
  }
}

type Shown = {
  readonly rule: string
  readonly events?: string
  readonly each?: string
  readonly before?: string
  readonly points: string
  readonly terms?: string
}

/** Numbers stand as text: every digit counts. */
function rulesOf({ value, rules, of_leads: of }: Breakdown): Shown[] {
  if (!of) return rules.map(ruleRow)
  return [{ rule: `${of.by} of ${of.score} of ${plural(of.leads, 'lead')}`, before: value, points: value }]
}

const ruleRow = ({ rule, events, each, before, points, terms }: RuleShare): Shown => ({
  ...{ rule, each, before, points, terms: terms.join(', ') },
  ...(events === null ? {} : { events: String(events) }),
})

function linesOf(of: Breakdown, { zone, isPast }: When, paint: Paint): string[] {
  const { score, value, max, recorded } = of
  const assumed = new Map(
    of.rules.flatMap((rule) => rule.assumed.map((each) => [each.attribute, each.first_known] as const)),
  )
  return [
    `${paint.bold(`${printable(score)} ${value}`)}${levelSaid(of)}  ·  most so far ${max.value} on ${max.day}`,
    ...(isPast && recorded ? [recordedLine(recorded)] : []),
    ...(of.of_leads ? leadLines(of.of_leads) : ruleLines(of.rules)),
    ...[...assumed].map(
      ([attribute, known]) => `${printable(attribute)} is assumed: first known ${sayMinute(known, zone)}`,
    ),
  ]
}

/** By the rules of then, on the events that were known then. */
const recordedLine = ({ day, is_exact: isExact, ...recorded }: RecordedScore): string =>
  `recorded at the end of ${day}: ${recorded.value}${levelSaid(recorded)}${isExact ? '' : ', and nothing but fading since'}`

const levelSaid = ({ level }: { readonly level: string | null }): string =>
  level === null ? '' : ` (${printable(level)})`

/** So many days of a rule are shown, and leads of an account; the others in one line. */
const mostDays = 3
const mostLeads = 10

function ruleLines(rules: readonly RuleShare[]): string[] {
  const counting = rules.filter(({ events, points }) => (events === null ? points !== '0' : events > 0))
  const rows = counting.flatMap((each) => [
    { ...ruleRow(each), rule: cut(printable(each.rule), 48) },
    ...dayRows(each).map((row) => ({ ...row, rule: `  ${row.rule}` })),
  ])
  const silent = rules.length - counting.length
  return [
    ...(rows.length > 0 ? renderTable(columns, rows.map(filled), 110) : []),
    ...(silent > 0 ? [`${plural(silent, 'rule')} that nothing counted for.`] : []),
  ]
}

/** Where there is nothing to say, nothing stands. */
const filled = (row: Shown) => ({ events: '', each: '', before: '', terms: '', ...row })

/** The latest days, the others together, and what the cap in all takes away: so the column adds up. */
function dayRows({ days, points }: RuleShare): Shown[] {
  const [latest, others] = [days.slice(0, mostDays), days.slice(mostDays)]
  const beyond = difference(
    points,
    sumOf(days, ({ points: each }) => each),
  )
  return [
    ...latest.map((day) => ({
      ...{ ...day, events: String(day.events), terms: leftOf(day) },
      rule: `${day.day}, ${day.age === 0 ? 'today' : `${plural(day.age, 'day')} ago`}`,
    })),
    ...(others.length > 0 ? [togetherRow(others)] : []),
    ...(beyond === '0' ? [] : [{ rule: 'beyond the cap in all', points: beyond }]),
  ]
}

const togetherRow = (days: readonly DayShare[]): Shown => ({
  rule: `${plural(days.length, 'earlier day')}`,
  events: String(days.reduce((sum, { events }) => sum + events, 0)),
  before: sumOf(days, ({ before }) => before),
  points: sumOf(days, ({ points }) => points),
})

/** `15 by its cap, 50 % left`. */
function leftOf({ before, capped, points }: DayShare): string {
  const percent = Math.floor((1000 * Number(points)) / Number(capped)) / 10
  const left = points === '0' ? 'nothing' : percent === 0 ? 'less than 0.1 %' : `${percent} %`
  return [
    ...(capped === before ? [] : [`${capped} by its cap`]),
    ...(points === capped ? [] : [`${left} left`]),
  ].join(', ')
}

function leadLines({ by, score, leads, each }: NonNullable<Breakdown['of_leads']>): string[] {
  const head = `${by} of ${printable(score)} of ${plural(leads, 'lead')}`
  if (leads === 0) return [`${head}: it has no account`]
  const rows = each
    .slice(0, mostLeads)
    .map(({ lead_id: lead, points }) => ({ lead: printable(lead), points }))
  const others = each.slice(mostLeads)
  const rest = sumOf(others, ({ points }) => points)
  if (others.length > 0) rows.push({ lead: `${plural(others.length, 'more lead')} together`, points: rest })
  return [head, ...renderTable([{ name: 'lead' }, { name: 'points' }], rows, 110)]
}

const exactly = (points: string): bigint => BigInt(micropoints(points))
const sumOf = <Each>(all: readonly Each[], points: (each: Each) => string): string =>
  decimal(all.reduce((sum, each) => sum + exactly(points(each)), 0n))
const difference = (a: string, b: string): string => decimal(exactly(a) - exactly(b))
