import { type Instant, resolve, sayInstant } from '../../compiler/index.ts'
import {
  findLead,
  type Lead,
  type LeadChange,
  type LeadEvent,
  type LeadMembership,
  readLeadChanges,
  readLeadEvents,
  readLeadMemberships,
} from '../../pipeline/lead.ts'
import { readStanding } from '../../pipeline/reads.ts'
import { type Explanation, explainLead } from '../../pipeline/why.ts'
import { command, type Start } from '../command.ts'
import type { Paint } from '../paint.ts'
import { renderTable } from '../table.ts'
import { cut, exact, instant, nothing, printable, show } from '../values.ts'

export const lead = (start: Start) =>
  command('lead', {
    summary: 'one lead on one screen',
    description:
      'Its attributes and account, scores and levels, the segments it is in with since and until (what ends if nothing happens), its last events, and what changed in the last 30 days. Scores and segments are evaluated by the current definitions on what is known now, as of any instant; since when it is in, and what changed, is as runs recorded it.',
    examples: [
      ['tideline lead L-10442', 'now'],
      ['tideline lead L-10442 --as-of 2026-11-01', 'attributes, segments and events as they were then'],
    ],
  })
    .argument('<LEAD>', 'id of the lead')
    .option('--as-of <T>', 'as of when; by default now')
    .action(
      start(async (cli, id: string, options: { asOf?: string }) => {
        const { database, project } = await cli.open()
        const standing = await readStanding(database)
        const { timezone } = project.settings
        const asOf = options.asOf ? cli.instant(options.asOf, '--as-of', timezone) : standing.now
        const found = await findLead(database, id, asOf)
        const explanation = await explainLead(database, {
          id: found.id,
          asOf,
          horizon: standing.horizon,
          ahead: true,
        })
        const recorded = await readLeadMemberships(database, found.id, asOf)
        const events = await readLeadEvents(database, found.id, asOf, 20)
        const changes = await readLeadChanges(database, found.id, monthBefore(asOf), asOf)
        const segments = segmentRows(explanation, recorded)
        const { id: _, ...shown } = found
        const { scores } = explanation
        const screened = { found, asOf, explanation, segments, events, changes }
        await cli.print({
          columns: [
            { name: 'segment' },
            { name: 'since', kind: 'instant' },
            { name: 'until', kind: 'instant' },
          ],
          rows: segments,
          document: {
            ...{ ...shown, as_of: asOf, segments, events, changes },
            scores: scores.map((each) => ({ ...each, value: exact(each.value) })),
          },
          lines: screen({ ...screened, past: options.asOf !== undefined }, cli.paint),
        })
      }),
    )

const monthBefore = (asOf: Instant): Instant =>
  resolve({ kind: 'ago', duration: { amount: 30 * 86_400, unit: 'second' } }, asOf)

type SegmentRow = {
  readonly segment: string
  readonly since: Instant | null
  readonly until: Instant | null
  readonly why: string
}

function segmentRows(explanation: Explanation, recorded: readonly LeadMembership[]): SegmentRow[] {
  return explanation.segments
    .filter(({ holds }) => holds)
    .map(({ segment, sentence }) => ({
      segment,
      since: recorded.find((each) => each.segment === segment)?.since ?? null,
      until: explanation.turns.get(segment) ?? null,
      why: sentence,
    }))
}

type Screen = {
  readonly found: Lead
  readonly asOf: Instant
  /** Asked for an instant: scores and segments are evaluated by the current definitions. */
  readonly past: boolean
  readonly explanation: Explanation
  readonly segments: readonly SegmentRow[]
  readonly events: readonly LeadEvent[]
  readonly changes: readonly LeadChange[]
}

function screen(of: Screen, paint: Paint): string[] {
  const { found, asOf, explanation } = of
  const scores = explanation.scores.map(
    ({ score, value, level }) => `${score} ${show(value, 'score')}${level ? ` (${level})` : ''}`,
  )
  return [
    [paint.bold(printable(found.lead_id)), ...scores].join('  ·  '),
    `first seen ${sayInstant(found.first_seen_at, asOf)}  ·  as of ${instant(asOf)} UTC${of.past ? ', evaluated' : ''}`,
    '',
    ...values(found.attributes),
    ...(found.account_id === null
      ? []
      : ['', `account ${printable(found.account_id)}`, ...values(found.account_attributes)]),
    ...section('Segments', segmentLines(of)),
    ...section('Last events', eventLines(of)),
    ...section('Changed in the last 30 days', changeLines(of)),
  ]
}

const section = (title: string, lines: readonly string[]): string[] => [
  '',
  title,
  ...lines.map((line) => `  ${line}`),
]

function values(of: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(of).sort()
  const width = Math.max(0, ...names.map((name) => name.length))
  return names.map((name) => {
    const value = of[name]
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `  ${printable(name).padEnd(width)}  ${cut(printable(text), 96 - width)}`
  })
}

function segmentLines({ segments, asOf }: Screen): string[] {
  if (segments.length === 0) return ['in none']
  const rows = segments.map((each) => ({
    ...each,
    leaves: each.until === null ? nothing : `${sayInstant(each.until, asOf)}, if nothing happens`,
  }))
  return renderTable(
    [{ name: 'segment' }, { name: 'since', kind: 'instant' }, { name: 'leaves', title: 'UNTIL' }],
    rows,
    98,
  )
}

function eventLines({ events }: Screen): string[] {
  if (events.length === 0) return ['none']
  return events.map(({ occurred_at, type, properties }) => {
    const said = Object.entries(properties).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    return cut(`${instant(occurred_at)}  ${printable([type, ...said].join('  '))}`, 98)
  })
}

function changeLines({ changes }: Screen): string[] {
  if (changes.length === 0) return ['nothing']
  return changes.map(
    ({ as_of, segment, change, cause }) => `${instant(as_of)}  ${change.padEnd(7)}  ${segment} (${cause})`,
  )
}
