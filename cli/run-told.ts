import type { RunOutcome, RunRecord } from '../pipeline/reads.ts'
import type { RunStep } from '../pipeline/runs/steps.ts'
import { mended } from './lake.ts'
import { lookedAt } from './runs.ts'
import { type Column, type Row, renderTable } from './table.ts'
import { instant, plural, seconds, thousands } from './values.ts'

/** One run after it was done: what it was, its steps, and the statements of each as they were executed. */

export const stepColumns: readonly Column[] = [
  { name: 'name', title: 'STEP' },
  { name: 'rows', kind: 'count' },
  { name: 'milliseconds', title: 'TOOK', kind: 'milliseconds' },
  { name: 'count', title: 'STATEMENTS', kind: 'count' },
]

export type Texts = ReadonlyMap<string, string>

/** As JSON has it: the texts themselves, where they are known. */
export const stepDocument = ({ statements, after, ...step }: RunStep, texts: Texts): Row => ({
  ...step,
  ...(statements ? { sql: textsOf(statements, texts) } : {}),
  ...(after ? { sql_after: textsOf(after, texts) } : {}),
})

const textsOf = (hashes: readonly string[], texts: Texts): string[] =>
  hashes.flatMap((hash) => texts.get(hash) ?? [])

export function stepLines(
  { steps, status }: Pick<RunRecord, 'steps' | 'status'>,
  texts: Texts | undefined,
): string[] {
  const endOf = ({ failed, unfinished }: RunStep): string[] => {
    if (unfinished) return [status === 'running' ? 'goes on' : 'did not end']
    return failed ? ['failed'] : []
  }
  if (texts === undefined) {
    const rows = steps.map((step) => ({
      ...step,
      name: [step.name, ...endOf(step).map((end) => `(${end})`)].join(' '),
      count: step.statements?.length ?? null,
    }))
    return renderTable(stepColumns, rows, 100)
  }
  const lines = (hashes: readonly string[]) => hashes.flatMap((hash) => statementLines(texts.get(hash)))
  return steps.flatMap((step) => {
    const rows = step.rows === null ? [] : [plural(step.rows, 'row')]
    return [
      stepLine(step.name, [...rows, seconds(step.milliseconds), ...endOf(step)]),
      ...lines(step.statements ?? []),
      '',
      ...afterLines(step.name, lines(step.after ?? [])),
    ]
  })
}

/** What belongs to no step: executed when this one had ended, and before the next begins. */
export const afterLines = (name: string, lines: readonly string[]): string[] =>
  lines.length > 0 ? [`-- after ${name}`, ...lines, ''] : []

/** Told apart from the comments that statements have. */
export const stepLine = (name: string, said: readonly string[] = []): string =>
  `-- == ${name}${said.length > 0 ? `: ${said.join(', ')}` : ''}`

/** Ready to be pasted: each ends with a semicolon. */
export function statementLines(text: string | undefined): string[] {
  if (text === undefined) return ['-- (its text is not kept)']
  const lines = text.trimEnd().split('\n')
  const last = lines.at(-1) ?? ''
  if (last.endsWith(';')) return lines
  return last.includes('--') ? [...lines, ';'] : [...lines.slice(0, -1), `${last};`]
}

export function headline(run: RunRecord, outcomes: readonly RunOutcome[]): string[] {
  const took = run.milliseconds === null ? '' : `  ·  ${seconds(Number(run.milliseconds))}`
  const range =
    run.mode === 'backfill' && run.options.from
      ? ` from ${instant(String(run.options.from))}${run.options.ofThen ? ', by the versions of then,' : ''}`
      : ` as of ${instant(run.as_of)}`
  const engine = run.engine === 'duckdb' ? 'in DuckDB, ' : run.engine === 'postgres' ? 'in Postgres, ' : ''
  const written = run.steps.find((step) => step.lake)?.lake
  const lake = written && mended(written)
  const parked = outcomes.filter(({ outcome }) => outcome === 'needs_approval').length
  return [
    `run ${run.run_id}  ${run.mode}${range} UTC  ·  ${run.status}, by ${run.origin}${took}`,
    ...(run.chosen ? [`  ${engine}${looked(run, run.chosen)}`] : []),
    ...(Number(run.drift ?? 0) > 0
      ? [`  drift: ${thousands(String(run.drift))} differences that no change explains were repaired`]
      : []),
    ...(lake ? [`  lake: ${lake}`] : []),
    ...(parked > 0
      ? [`  ${plural(parked, 'segment')} parked: \`tideline approve KEY\` lets it through`]
      : []),
    ...(run.error ? [`  ${run.status === 'done' ? 'not rolled up yet: ' : ''}${run.error}`] : []),
  ]
}

/** Only of a run that was applied it is known how many there were. */
function looked(run: RunRecord, chosen: NonNullable<RunRecord['chosen']>): string {
  if (run.status === 'done') return `looked at ${lookedAt({ ...run, chosen, leads: Number(run.leads ?? 0) })}`
  const whom = run.mode === 'full' ? 'all leads' : 'the leads that had changed or were due'
  return `${run.status === 'running' ? 'looks' : 'was to look'} at ${whom}. ${chosen.message}`
}
