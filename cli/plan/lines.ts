import type { Plan, PlannedSegment } from '../../pipeline/plan.ts'
import type { Counted } from '../../pipeline/planned/counting.ts'
import { findingLines } from '../errors.ts'
import type { Paint } from '../paint.ts'
import { partColumns, partRows } from '../parts.ts'
import { renderTable } from '../table.ts'
import { printable, widthOf, wrap } from '../values.ts'
import { due, matrixLines, offer, scoreLine } from './scores.ts'
import {
  definitionLine,
  describedOf,
  eventsLine,
  guarded,
  hasChanges,
  moved,
  number,
  parkedNote,
  reasonOf,
  signs,
  sizeOf,
  summary,
  textOf,
  verbOf,
} from './words.ts'

const widest = 100

/** A plan for a terminal. */
export function planLines(plan: Plan, paint: Paint): string[] {
  const rebuild = due(plan)
  const blocks = [
    ...plan.warnings.map((finding) => findingLines(finding, paint)),
    ...plan.segments.map((segment) => segmentLines(segment, plan.leads, paint)),
    ...(plan.events.length > 0
      ? [[`${paint.bold('events.yaml')}`, ...plan.events.map((each) => `  ${eventsLine(each)}`)]]
      : []),
    ...(plan.scoring === 'change' ? [scoringLines(plan, paint)] : []),
    ...(rebuild ? [[rebuild.said, `  ${rebuild.command}`]] : []),
  ]
  const end = hasChanges(plan)
    ? `${summary(plan)}. \`tideline apply\` makes it so; with --run, members follow at once.`
    : `Nothing to do: ${summary(plan)}.`
  return [...blocks.flatMap((block) => [...block, '']), end]
}

function scoringLines({ scores }: Plan, paint: Paint): string[] {
  const told = scores?.scores.flatMap((each) => {
    return [
      `  ${scoreLine(each, scores.leads)}`,
      ...matrixLines(each, widest - 4).map((line) => `    ${line}`),
    ]
  })
  const past = scores && offer(scores)
  return [
    `${paint.bold('scoring.yaml')}  changes: what reads a score that changes is listed above`,
    ...(told ?? []),
    ...(past ? wrap(past, widest - 2).map((line) => `  ${line}`) : []),
  ]
}

function segmentLines(segment: PlannedSegment, leads: number | null, paint: Paint): string[] {
  const { key, members, renamedFrom, status } = segment
  const verb = verbOf(segment)
  const reason = reasonOf(segment)
  const notes = [
    ...(renamedFrom === null ? [] : [`It was ${renamedFrom} before; members and history stay.`]),
    ...(verb === 'create' && segment.action === 'change' ? ['It was archived, and comes back.'] : []),
    ...(verb === 'record' ? ['Written down anew; it means what it means today.'] : []),
    ...(verb === 'archive' ? ['No file holds it any more.'] : []),
    ...(reason ? [`Its members may change because ${reason}.`] : []),
    ...(segment.parked ? [parkedNote] : []),
    ...(status === 'draft' || status === 'paused' ? [`It is ${status}: runs leave it alone.`] : []),
    ...describedOf(segment),
  ]
  return [
    ...headLines(segment, `${signs[verb]} ${paint.bold(key)}`, paint),
    ...notes.flatMap((note) => wrap(note, widest - 2)).map((line) => `  ${line}`),
    ...(members ? memberLines(members, leads) : []),
    ...(segment.large ? largeLines(paint) : []),
    ...dependentLines(segment),
  ].filter((line, index, all) => line !== '' || index < all.length - 1)
}

/** The definition beside the key; before and after below each other where a line doesn't hold them. */
function headLines(segment: PlannedSegment, head: string, paint: Paint): string[] {
  const { before, after } = textOf(segment)
  if (before !== undefined && after !== undefined) {
    const both = `${definitionLine(before)}  →  ${definitionLine(after)}`
    if (widthOf(segment.key) + widthOf(both) + 4 <= widest) return [`${head}  ${both}`]
    return [
      head,
      ...hanging(definitionLine(before), paint.red('-'), widest),
      ...hanging(definitionLine(after), paint.green('+'), widest),
    ]
  }
  const text = definitionLine(after ?? before)
  if (widthOf(segment.key) + widthOf(text) + 4 <= widest) return [`${head}  ${text}`.trimEnd()]
  return [head, ...hanging(text, ' ', widest)]
}

const hanging = (text: string, sign: string, width: number): string[] =>
  wrap(text, width - 4).map((line, index) => `  ${index === 0 ? sign : ' '} ${line}`)

function memberLines(members: Counted, leads: number | null): string[] {
  const { now, after, enter, leave, conditions } = members
  const row = (title: string, left: string, right: string, note: string) =>
    `  ${title.padEnd(12)}${left.padStart(12)}${right.padStart(12)}   ${note}`.trimEnd()
  const sample = (of: Counted['enter']) => {
    const some = of.sample.map(printable).join(', ')
    return some === '' ? '' : `${some}${of.count > of.sample.length ? ', …' : ''}`
  }
  return [
    row('', 'now', 'after', ''),
    row('members', number(now), number(after), sizeOf(members, leads)),
    ...(now === null ? [] : [row('enter', '', `+${number(enter.count)}`, sample(enter))]),
    ...(now === null ? [] : [row('leave', '', `-${number(leave.count)}`, sample(leave))]),
    ...(now === null && enter.sample.length > 0 ? [row('', '', '', sample(enter))] : []),
    ...conditionLines(conditions, leads),
  ]
}

const largeLines = (paint: Paint): string[] =>
  wrap(`More come and go than the guard lets pass: ${guarded('it')}`, widest - 2).map(
    (line) => `  ${paint.yellow(line)}`,
  )

function conditionLines(conditions: Counted['conditions'], leads: number | null): string[] {
  if (conditions.length < 2 && conditions.every(({ sign }) => sign === ' ')) return []
  const rows = partRows(conditions, leads ?? 0).map((row, index) => ({
    ...row,
    condition: `${conditions[index]!.sign} ${row.condition}`,
  }))
  return ['', ...renderTable(partColumns, rows, widest - 2).map((line) => `  ${line}`), '']
}

function dependentLines({ dependents }: PlannedSegment): string[] {
  if (dependents.length === 0) return []
  const told = dependents.map(({ key, members }) => `${key} (${moved(members)})`)
  return wrap(`Depends on it: ${told.join(', ')}`, widest - 2).map((line) => `  ${line}`)
}
