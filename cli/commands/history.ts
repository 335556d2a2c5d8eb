import { readHistory, type Stay } from '../../pipeline/history.ts'
import { findLead } from '../../pipeline/lead.ts'
import { findEver, readStanding } from '../../pipeline/reads.ts'
import { collect, command, type Start } from '../command.ts'
import { archivedLines } from '../source.ts'
import { type Column, renderTable, widest } from '../table.ts'
import { instant, printable } from '../values.ts'

export const history = (start: Start) =>
  command('history', {
    summary: 'which segments a lead was in, from when to when, and why it came and went',
    description:
      "One line per stay, newest first, as runs recorded it: the instants are those of the runs that saw it. A stay without an end goes on. Causes: data (the lead's events, attributes or account changed), time (a window, a fade or a date ran out), manual (a hand put it there or took it away), definition (the segment or a score it reads was edited), repair and backfill.",
    examples: [
      ['tideline history L-10442', 'all segments'],
      ['tideline history L-10442 --segment hot-leads --format csv', 'one of them, for a spreadsheet'],
    ],
  })
    .argument('<LEAD>', 'id of the lead')
    .option('--segment <KEY>', 'this one only; may be repeated', collect)
    .action(
      start(async (cli, lead: string, options: { segment?: string[] }) => {
        const { database, project } = await cli.open()
        const { timezone: zone } = project.settings
        const segments = []
        for (const key of options.segment ?? []) segments.push(await findEver(database, key))
        const archived = archivedLines(segments)
        const { now } = await readStanding(database)
        const { id } = await findLead(database, lead, now)
        const found = await readHistory(database, id, options.segment)
        await cli.print({
          columns,
          rows: found.map((each) => ({ lead_id: lead, ...each })),
          document: found.map((each) => documentOf(lead, each)),
          lines: linesOf(lead, found, { zone, keys: options.segment }),
          below: archived.length > 0 ? ['', ...archived] : [],
        })
      }),
    )

const columns: readonly Column[] = [
  { name: 'lead_id' },
  { name: 'segment' },
  { name: 'entered_as_of', kind: 'instant' },
  { name: 'left_as_of', kind: 'instant' },
  { name: 'days', kind: 'number' },
  { name: 'entered_cause' },
  { name: 'left_cause' },
  { name: 'entered_version', kind: 'number' },
  { name: 'left_version', kind: 'number' },
  { name: 'entered_run', kind: 'number' },
  { name: 'left_run', kind: 'number' },
]

const shownColumns: readonly Column[] = [
  { name: 'segment' },
  { name: 'from' },
  { name: 'until' },
  { name: 'days', kind: 'number' },
  { name: 'why', title: 'WHY IT CAME AND WENT' },
]

type Asked = { readonly zone: string; readonly keys: readonly string[] | undefined }

function linesOf(lead: string, found: readonly Stay[], asked: Asked): string[] {
  const { zone, keys } = asked
  if (found.length === 0)
    return [`No run has seen ${printable(lead)} in ${keys ? keys.join(' or ') : 'a segment'}.`]
  const rows = found.map(({ segment, days, entered_as_of, left_as_of, entered_cause, left_cause }) => ({
    ...{ segment, days, from: instant(entered_as_of, { zone }) },
    until: left_as_of === null ? null : instant(left_as_of, { zone }),
    why: left_cause === null ? entered_cause : `${entered_cause} → ${left_cause}`,
  }))
  return [headOf(lead, found, asked), '', ...renderTable(shownColumns, rows, widest)]
}

function headOf(lead: string, found: readonly Stay[], { zone, keys }: Asked): string {
  const open = found.filter(({ left_as_of }) => left_as_of === null).map(({ segment }) => segment)
  const [only, ...others] = new Set(keys)
  const where =
    only === undefined
      ? `in ${open.length} now`
      : others.length === 0
        ? `${open.length > 0 ? 'in' : 'not in'} ${only} now`
        : `in ${open.length} of these ${others.length + 1} now`
  const clock = zone === 'UTC' ? '' : `  ·  times in ${zone}`
  return `${printable(lead)}  ·  ${where}, as runs recorded it${clock}`
}

function documentOf(lead: string, stay: Stay) {
  const run = (id: string | null) => (id === null ? null : Number(id))
  return {
    lead_id: lead,
    ...stay,
    ...{ entered_run: run(stay.entered_run), left_run: run(stay.left_run), days: Number(stay.days) },
  }
}
