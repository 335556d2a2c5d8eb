import type { ApplyReport, SegmentPlan } from '../../pipeline/apply.ts'
import { findingLines } from '../errors.ts'
import type { Paint } from '../paint.ts'
import { widthOf } from '../values.ts'
import { definitionLine, describedOf } from './words.ts'

const signs = { create: '+', change: '~', describe: '·', archive: '-', keep: ' ' } as const

/** What applying did. */
export function applyLines(report: ApplyReport, paint: Paint): string[] {
  const changed = report.segments.filter((each) => each.action !== 'keep')
  const margin = Math.max(0, ...changed.map((each) => widthOf(each.key)))
  const lines = changed.flatMap((each) => {
    const head = `${signs[each.action]} ${each.key.padEnd(margin)}`
    return segmentLines(each, margin).map((line, index) =>
      index === 0 ? `${head}  ${line}` : `${' '.repeat(margin + 4)}${line}`,
    )
  })
  if (report.scoring === 'change')
    lines.push('~ scoring.yaml: every segment that reads a score is evaluated anew')
  const renames = report.renames.map(
    ({ from, to }) => `» ${from} is ${to} now; its members and its history stay`,
  )
  lines.unshift(...renames)
  const warnings = report.warnings.flatMap((finding) => [...findingLines(finding, paint), ''])
  return [...warnings, ...lines, ...(lines.length > 0 ? [''] : []), `${countLine(report)}.`]
}

function segmentLines(segment: SegmentPlan, margin: number): string[] {
  const { key, action, before, after } = segment
  if (action === 'archive') return ['archived: no file holds it any more']
  if (action === 'describe') return describedOf(segment)
  const [from, to] = [definitionLine(before), definitionLine(after)]
  if (action === 'create') return [to]
  if (from === to) return [`${to}  (what it refers to changed)`, ...describedOf(segment)]
  const line = `${from}  →  ${to}`
  const fits = margin + key.length + widthOf(line) <= 96
  return [...(fits ? [line] : [from, `→  ${to}`]), ...describedOf(segment)]
}

/** As `plan` counts: one that has another key and means the same is renamed. */
function countLine({ segments, renames }: ApplyReport): string {
  const words = {
    create: 'created',
    change: 'changed',
    rename: 'renamed',
    describe: 'described anew',
    archive: 'archived',
    keep: 'unchanged',
  }
  const renamed = new Set(renames.map(({ to }) => to))
  const verbs = segments.map(({ key, action }) =>
    renamed.has(key) && (action === 'describe' || action === 'keep') ? 'rename' : action,
  )
  return Object.entries(words)
    .map(([action, word]) => [verbs.filter((each) => each === action).length, word] as const)
    .filter(([count, word]) => count > 0 || (word === 'unchanged' && segments.length === 0))
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}
