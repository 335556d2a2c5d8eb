import type { SegmentStanding } from '../pipeline/reads.ts'
import type { Cli } from './cli.ts'
import type { Answer } from './output.ts'
import type { Column } from './table.ts'
import { exact, instant, wrap } from './values.ts'

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
  ]
  const machine = columns.filter((column) => column.name !== 'standing')
  const rows = segments.map((each) => ({ ...each, as_of: each.good_as_of, standing: stateOf(each) }))
  if (cli.format !== 'table')
    return { columns: machine, rows: rows.map((row) => ({ ...row, trend: row.trend?.map(exact) ?? null })) }
  return {
    columns,
    rows,
    above: options.above,
    below: [...sentences(cli, segments), ...(options.below ?? [])],
  }
}

function stateOf({ status, state }: SegmentStanding): string {
  if (status !== 'active') return status
  if (state === null) return 'not evaluated yet'
  return state === 'ok' ? '' : state
}

function sentences(cli: Cli, segments: readonly SegmentStanding[]): string[] {
  const troubled = segments.filter((each) => each.state !== null && each.state !== 'ok')
  return troubled.flatMap((each) => {
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
}
