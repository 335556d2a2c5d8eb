import type { SegmentStanding } from '../pipeline/reads.ts'
import type { Cli } from './cli.ts'
import type { Answer } from './output.ts'
import { archivedLines } from './source.ts'
import type { Column } from './table.ts'
import { exact, instant, plural, thousands, wrap } from './values.ts'

/** The table of segments, as `segments` and `demo` print it. */
export function segmentsAnswer(
  cli: Cli,
  segments: readonly SegmentStanding[],
  options: { trend: boolean; period: string; above?: readonly string[]; below?: readonly string[] },
): Answer {
  const troubled = segments.some((each) => stateOf(each) !== '')
  const columns: Column[] = [
    { name: 'segment' },
    { name: 'name', title: null },
    { name: 'owner', title: null },
    { name: 'status', title: null },
    { name: 'state', title: null },
    { name: 'as_of', kind: 'instant', title: null },
    { name: 'members', kind: 'count' },
    { name: 'share', kind: 'share' },
    { name: 'entered', kind: 'count', title: `ENTERED ${options.period}`.trim() },
    { name: 'left', kind: 'count', title: `LEFT ${options.period}`.trim() },
    { name: 'mean_score', kind: 'score', title: 'SCORE' },
    { name: 'trend', kind: 'sparkline', title: options.trend ? '14 DAYS' : null },
    { name: 'standing', title: troubled ? 'STATE' : null },
    { name: 'error', title: null },
    { name: 'origin', title: null },
    { name: 'added_by_hand', kind: 'count', title: null },
    { name: 'removed_by_hand', kind: 'count', title: null },
    { name: 'otherwise_entered', kind: 'count', title: null },
    { name: 'otherwise_left', kind: 'count', title: null },
  ]
  const machine = columns.filter((column) => column.name !== 'standing')
  const rows = segments.map((each) => ({ ...each, as_of: each.good_as_of, standing: stateOf(each) }))
  if (cli.format !== 'table')
    return { columns: machine, rows: rows.map((row) => ({ ...row, trend: row.trend?.map(exact) ?? null })) }
  return {
    columns,
    rows,
    above: options.above,
    below: [...sentences(cli, segments), ...otherwise(segments), ...(options.below ?? [])],
  }
}

function stateOf(segment: SegmentStanding): string {
  const { status, state, origin } = segment
  const standing =
    status !== 'active' ? status : state === null ? 'not evaluated yet' : state === 'ok' ? '' : state
  return [standing, origin === 'snapshot' ? 'static' : '', byHand(segment)].filter(Boolean).join(', ')
}

function byHand({ added_by_hand: added, removed_by_hand: removed }: SegmentStanding): string {
  const said = [added === '0' ? '' : `${added} in`, removed === '0' ? '' : `${removed} out`].filter(Boolean)
  return said.length > 0 ? `${said.join(', ')} by hand` : ''
}

/** Not among who entered and left: nobody did anything. */
function otherwise(segments: readonly SegmentStanding[]): string[] {
  const moved = segments.filter((each) => Number(each.otherwise_entered) + Number(each.otherwise_left) > 0)
  if (moved.length === 0) return []
  const sum = (of: 'otherwise_entered' | 'otherwise_left') =>
    thousands(String(moved.reduce((total, each) => total + Number(each[of]), 0)))
  const where = moved.length === 1 ? moved[0]!.segment : plural(moved.length, 'segment')
  const counted = `${sum('otherwise_entered')} entered, ${sum('otherwise_left')} left by definition, repair or backfill`
  return ['', `Not counted: ${counted} (${where}); \`tideline changes KEY\` says more.`]
}

function sentences(cli: Cli, segments: readonly SegmentStanding[]): string[] {
  const troubled = segments.filter((each) => each.state !== null && each.state !== 'ok')
  const archived = archivedLines(segments)
  const told = troubled.flatMap((each) => {
    const since = each.good_as_of ? ` Its members are those as of ${instant(each.good_as_of)} UTC.` : ''
    const [first = '', ...rest] = wrap(
      `${each.error ?? 'no reason was recorded.'}${since}`,
      90 - each.segment.length,
    )
    return [
      '',
      `${each.segment} is ${cli.paint.yellow(each.state ?? '')}: ${first}`,
      ...rest.map((line) => `  ${line}`),
    ]
  })
  return archived.length > 0 ? [...told, '', ...archived] : told
}
