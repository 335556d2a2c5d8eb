import { cpus, totalmem } from 'node:os'
import type { Line } from './measure.ts'
import type { Peak } from './memory.ts'
import type { Size } from './words.ts'

export type Report = {
  readonly machine: { readonly cores: number; readonly model: string; readonly gigabytes: number }
  readonly size: Size & { readonly segments: number; readonly accounts: number }
  readonly bytes: { readonly database: number; readonly events: number; readonly lake: number }
  readonly generatedSeconds: number | undefined
  readonly lake: { readonly seconds: number; readonly peak: Peak } | undefined
  /** One bare pass over all columns of the lake. */
  readonly passSeconds: number | undefined
  readonly lines: readonly Line[]
}

export const machine = (): Report['machine'] => ({
  cores: cpus().length,
  model: cpus()[0]?.model ?? 'unknown',
  gigabytes: Math.round(totalmem() / 2 ** 30),
})

const head = [
  ...['', 'mode', 'engine', 'looked at', 'changes', 'process', 'run'],
  ...['cpu Node', 'cpu PG', 'Node', 'backend', 'Postgres', 'files'],
]

/** The lines of a table, figures to the right; memory in MB. */
export function table(report: Report): string {
  const rows = report.lines.map((line) => [
    line.what,
    line.mode,
    line.engine ?? '',
    count(line.looked),
    count(line.changes),
    `${line.seconds.toFixed(1)} s`,
    `${line.runSeconds.toFixed(1)} s`,
    ...memory(line.peak),
  ])
  if (report.lake) {
    const { seconds, peak } = report.lake
    rows.unshift(['lake build', '', '', '', '', `${seconds.toFixed(1)} s`, '', ...memory(peak)])
  }
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)))
  const aligned = (row: readonly string[]) =>
    row.map((cell, at) => (at < 3 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')
  return [head, ...rows].map(aligned).join('\n')
}

/** What can be compared with another machine's. */
export function ratios(report: Report, smaller?: Report): string[] {
  const full = best(report, 'nightly')
  const said: string[] = []
  if (full) {
    for (const what of ['nothing new', '0.1 % changed', '1 % changed']) {
      const line = best(report, what)
      if (line) said.push(`${what}: 1/${(full.seconds / line.seconds).toFixed(1)} of the nightly run`)
    }
    const postgres = best(report, 'nightly, Postgres alone')
    if (postgres) said.push(`nightly in Postgres alone: ${times(postgres.seconds / full.seconds)} as long`)
    const evaluation = full.steps.find(({ name }) => /evaluate/.test(name))
    if (report.passSeconds && evaluation) {
      const share = evaluation.milliseconds / 1000 / report.passSeconds
      said.push(`evaluation of the nightly run: ${times(share)} one bare pass over the lake`)
    }
  }
  const before = smaller && best(smaller, 'nightly')?.peak.process
  if (smaller && before && full?.peak.process) {
    const events = times(report.size.events / smaller.size.events)
    said.push(
      `${events} the events: ${times(full.peak.process / before)} the memory of the nightly run's process`,
    )
  }
  return said
}

/** Of several, the one in the middle by time. */
export function best(report: Report, what: string): Line | undefined {
  const found = report.lines.filter((line) => line.what === what).sort((a, b) => a.seconds - b.seconds)
  return found[Math.floor(found.length / 2)]
}

export function steps(line: Line): string {
  const shown = line.steps.filter(({ milliseconds }) => milliseconds >= 20)
  return shown.map(({ name, milliseconds }) => `${name} ${(milliseconds / 1000).toFixed(2)}`).join(' · ')
}

const times = (factor: number): string => `${factor.toFixed(2)} ×`
const memory = ({ process, backend, postgres, temporary, processCpu, postgresCpu }: Peak): string[] => [
  ...[processCpu, postgresCpu].map((seconds) => (seconds === undefined ? '' : `${seconds.toFixed(1)} s`)),
  ...[process, backend, postgres, temporary].map((bytes) => (bytes === undefined ? '' : megabytes(bytes))),
]

export const megabytes = (bytes: number): string => `${count(Math.round(bytes / 2 ** 20))} MB`
export const count = (figure: number): string => figure.toLocaleString('en')
