import type { Instant } from '../../compiler/index.ts'
import { UserError } from '../../pipeline/errors.ts'
import {
  type Conversion,
  findEver,
  findSegment,
  type Nightly,
  readConversion,
  readNightly,
  readTopEvents,
  type TopEvent,
} from '../../pipeline/reads.ts'
import { command, type Start } from '../command.ts'
import { plainRow } from '../output.ts'
import { type Column, renderTable } from '../table.ts'
import { instant, show } from '../values.ts'

export const report = (start: Start) =>
  command('report', {
    summary: 'conversion and most frequent events of each segment',
    description:
      'How many members of each segment had converted, beside all leads, and what its members did most in the last 30 days; as of the last nightly run, or with --as-of the last one by then, as it was recorded. With a KEY, all of its ten most frequent events.',
    examples: [
      ['tideline report', 'all segments, best converting first'],
      ['tideline report stalled-trials', 'one of them, in full'],
      ['tideline report --as-of 2026-10-01', 'as the nightly run of that day found it'],
    ],
  })
    .argument('[KEY...]', 'keys of segments')
    .option('--as-of <T>', 'the last nightly run by then; by default the last one')
    .action(
      start(async (cli, keys: string[], options: { asOf?: string }) => {
        const { database, project } = await cli.open()
        const by = options.asOf ? cli.instant(options.asOf, '--as-of', project.settings.timezone) : undefined
        for (const key of keys) await (by ? findEver : findSegment)(database, key)
        const only = keys.length > 0 ? keys : undefined
        const conversions = await readConversion(database, only, by)
        const events = await readTopEvents(database, only, by)
        const asOf = conversions[0]?.as_of
        if (!asOf) throw notRolledUp(await readNightly(database, by), by)
        await cli.print({
          columns,
          rows: conversions.map((each) => ({ ...each, top_events: topOf(each, events, 2) })),
          document: conversions.map((each) => ({
            ...plainRow(columns.slice(0, -1), each),
            top_events: ofSegment(each, events).map((event) => plainRow(eventColumns, event)),
          })),
          ...(keys.length > 0 ? { lines: inFull(conversions, events) } : {}),
          above: [`as of ${instant(asOf)} UTC  ·  ${baseLine(conversions)}`, ''],
        })
      }),
    )

const columns: readonly Column[] = [
  { name: 'segment' },
  { name: 'as_of', kind: 'instant', title: null },
  { name: 'members', kind: 'count' },
  { name: 'converted', kind: 'count' },
  { name: 'rate', kind: 'share' },
  { name: 'leads', kind: 'count', title: null },
  { name: 'leads_converted', kind: 'count', title: null },
  { name: 'base_rate', kind: 'share', title: null },
  { name: 'lift', kind: 'ratio', title: '× ALL' },
  { name: 'top_events', title: 'DONE BY MOST IN 30 DAYS' },
]

const eventColumns: readonly Column[] = [
  { name: 'rank', kind: 'count' },
  { name: 'type', title: 'EVENT' },
  { name: 'leads', kind: 'count', title: 'MEMBERS' },
  { name: 'share', kind: 'share' },
  { name: 'events', kind: 'count' },
]

const ofSegment = (of: Conversion, events: readonly TopEvent[]): TopEvent[] =>
  events.filter((event) => event.segment === of.segment)

const topOf = (of: Conversion, events: readonly TopEvent[], count: number): string =>
  ofSegment(of, events)
    .filter((event) => event.activity)
    .slice(0, count)
    .map((event) => `${event.type} ${Math.round(Number(event.share) * 100)} %`)
    .join(', ')

function baseLine([first]: readonly Conversion[]): string {
  return `${show(first?.leads_converted, 'count')} of ${show(first?.leads, 'count')} leads had converted (${show(first?.base_rate, 'share')})`
}

function inFull(conversions: readonly Conversion[], events: readonly TopEvent[]): string[] {
  return conversions.flatMap((each, index) => {
    const lift = each.lift === null ? '' : `, ${show(each.lift, 'ratio')} × the rate of all`
    const converted =
      each.converted === null
        ? 'nobody'
        : `${show(each.converted, 'count')} of ${show(each.members, 'count')} members`
    const found = ofSegment(each, events)
    return [
      ...(index > 0 ? [''] : []),
      `${each.segment}: ${converted} had converted (${show(each.rate, 'share')}${lift})`,
      ...(found.length > 0 ? ['', ...renderTable(eventColumns, found, 100)] : ['  no events in 30 days']),
    ]
  })
}

function notRolledUp(nightly: Nightly, by: Instant | undefined): UserError {
  const { run_id: run, as_of: asOf, first_as_of: first, first_rolled_up: rolledUp } = nightly
  const message =
    asOf !== null
      ? `The nightly run ${run} as of ${instant(asOf)} UTC was not rolled up, nor was any before it.`
      : `There was no nightly run ${by ? `by ${instant(by)} UTC` : 'yet'}, so there is nothing to report.`
  const hint =
    rolledUp !== null
      ? `The first that was rolled up is that of ${instant(rolledUp)} UTC: --as-of ${rolledUp.slice(0, 10)} or later.`
      : asOf !== null
        ? 'The next run rolls up the last night, if DuckDB has room and memory for it.'
        : first !== null
          ? `The first is that of ${instant(first)} UTC.`
          : 'The first run after each midnight in UTC is one, by the worker or by `tideline run`.'
  return new UserError({ code: 'NOTHING_ROLLED_UP', message, hint })
}
