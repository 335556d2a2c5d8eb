import { readHistory, type Stay } from '../../pipeline/history.ts'
import { findLead } from '../../pipeline/lead.ts'
import { findEver, readStanding } from '../../pipeline/reads.ts'
import { collect, command, type Start } from '../command.ts'
import { archivedLines } from '../source.ts'
import type { Column } from '../table.ts'
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
        const { database } = await cli.open()
        const segments = []
        for (const key of options.segment ?? []) segments.push(await findEver(database, key))
        const archived = archivedLines(segments)
        const { now } = await readStanding(database)
        const { id } = await findLead(database, lead, now)
        const found = await readHistory(database, id, options.segment)
        const open = found.filter(({ left_as_of }) => left_as_of === null).length
        await cli.print({
          columns,
          rows: found.map((each) => ({ lead_id: lead, ...each, until: untilOf(each), why: whyOf(each) })),
          ...(found.length === 0 ? { lines: [`No run has seen ${printable(lead)} in a segment.`] } : {}),
          ...(cli.format === 'table' ? {} : { document: found.map((each) => documentOf(lead, each)) }),
          above: found.length > 0 ? [`${printable(lead)}  ·  in ${open} now, as runs recorded it`, ''] : [],
          ...(archived.length > 0 ? { below: ['', ...archived] } : {}),
        })
      }),
    )

const columns: readonly Column[] = [
  { name: 'lead_id', title: null },
  { name: 'segment' },
  { name: 'entered_as_of', kind: 'instant', title: 'FROM' },
  { name: 'until', title: 'UNTIL' },
  { name: 'days', kind: 'number' },
  { name: 'why', title: 'WHY IT CAME AND WENT' },
  { name: 'left_as_of', kind: 'instant', title: null },
  { name: 'entered_cause', title: null },
  { name: 'left_cause', title: null },
  { name: 'entered_version', kind: 'number', title: null },
  { name: 'left_version', kind: 'number', title: null },
  { name: 'entered_run', kind: 'number', title: null },
  { name: 'left_run', kind: 'number', title: null },
]

const untilOf = ({ left_as_of }: Stay): string | null => (left_as_of === null ? null : instant(left_as_of))

const whyOf = ({ entered_cause, left_cause }: Stay): string =>
  left_cause === null ? entered_cause : `${entered_cause} → ${left_cause}`

function documentOf(lead: string, stay: Stay) {
  const run = (id: string | null) => (id === null ? null : Number(id))
  return {
    lead_id: lead,
    ...stay,
    ...{ entered_run: run(stay.entered_run), left_run: run(stay.left_run), days: Number(stay.days) },
  }
}
