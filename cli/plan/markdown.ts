import type { Plan, PlannedSegment } from '../../pipeline/plan.ts'
import type { Counted } from '../../pipeline/planned/counting.ts'
import type { Finding } from '../../pipeline/project/sources.ts'
import { combining } from '../parts.ts'
import { instant, printable, show } from '../values.ts'
import { due, offer, scoreLine, scoreMatrix } from './scores.ts'
import {
  describedOf,
  eventsLine,
  guarded,
  hasChanges,
  leadsOf,
  moved,
  number,
  oneLine,
  parkedNote,
  reasonOf,
  sizeOf,
  summary,
  textOf,
  verbOf,
} from './words.ts'

/** What a comment on GitHub holds is 65,536 characters; a little is left for whoever puts something around it. */
const longest = 60_000

/** A plan as a comment on a pull request: what changes in a table, and each segment behind a fold. */
export function planMarkdown(plan: Plan): string[] {
  const rebuild = due(plan)
  const about = [`as of ${instant(plan.asOf)} UTC`, leadsOf(plan)].filter(Boolean).join(' · ')
  const head = hasChanges(plan)
    ? ['## Tideline plan', '', `**${summary(plan)}** · ${about}`, '']
    : ['## Tideline plan', '', `**Nothing to do**: ${summary(plan)}.`, '']
  const counted = plan.segments.filter(({ members }) => members !== null)
  const others = plan.segments.filter(({ members }) => members === null)
  const lines = [
    ...head,
    ...(counted.length > 0 ? [...table(counted, plan.leads), ''] : []),
    ...largeLines(counted),
    ...(others.length > 0 ? [...others.map(quietLine), ''] : []),
    ...(plan.events.length > 0
      ? ['### events.yaml', '', ...plan.events.map((each) => `- ${code(eventsLine(each))}`), '']
      : []),
    ...(plan.scoring === 'change' ? scoringLines(plan) : []),
    ...(rebuild ? [`${rebuild.said} \`${rebuild.command}\``, ''] : []),
    ...warningLines(plan.warnings),
  ]
  return [...lines, ...folds(counted, plan.leads, longest - lines.join('\n').length)]
}

function scoringLines({ scores }: Plan): string[] {
  const told = (scores?.scores ?? []).flatMap((each) => {
    const matrix = scoreMatrix(each)
    const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
    const lines = matrix && [
      line(matrix.heads.map(plain)),
      line(matrix.heads.map((_, index) => (index === 0 ? '---' : '--:'))),
      ...matrix.rows.map(({ from, counts }) => line([plain(from), ...counts.map(number)])),
      '',
    ]
    return [`- ${plain(scoreLine(each, scores!.leads))}`, '', ...(lines ?? [])]
  })
  const past = scores && offer(scores)
  return [
    '### scoring.yaml',
    '',
    'What reads a score that changes is listed above.',
    '',
    ...told,
    ...(past ? [past, ''] : []),
  ]
}

function table(segments: readonly PlannedSegment[], leads: number | null): string[] {
  const rows = segments.map((segment) => {
    const { now, after, enter, leave } = segment.members!
    const size = sizeOf(segment.members!, leads)
    const cells = [`+${number(enter.count)}`, `-${number(leave.count)}`, size]
    return `| ${code(segment.key)} | ${verbOf(segment)} | ${number(now)} | ${number(after)} | ${cells.join(' | ')} |`
  })
  return [
    '| segment | | members now | after | enter | leave | size |',
    '|---|---|--:|--:|--:|--:|---|',
    ...rows,
  ]
}

function largeLines(segments: readonly PlannedSegment[]): string[] {
  const large = segments.filter((segment) => segment.large).map(({ key }) => code(key))
  if (large.length === 0) return []
  const them = large.length === 1 ? 'it' : 'them'
  return [`**More come and go than the guard lets pass**: ${large.join(', ')}. ${guarded(them)}`, '']
}

function quietLine(segment: PlannedSegment): string {
  const { key, renamedFrom } = segment
  const said = {
    describe: 'is described anew',
    record: 'is written down anew, and means what it means today',
    rename: `is renamed from ${code(renamedFrom ?? key)}; members and history stay`,
  }
  const verb = verbOf(segment)
  const what = verb in said ? said[verb as keyof typeof said] : 'changes'
  const notes = describedOf(segment).map(code)
  return `- ${code(key)} ${what}${notes.length > 0 ? `: ${notes.join(', ')}` : ''}`
}

function warningLines(warnings: readonly Finding[]): string[] {
  if (warnings.length === 0) return []
  const lines = warnings.map(({ file, line, column, message, hint }) => {
    const said = [message, hint].filter((each) => each !== undefined).join(' ')
    return `- ${code(`${file}:${line}:${column}`)} ${plain(oneLine(said))}`
  })
  return ['### Warnings', '', ...lines, '']
}

function folds(segments: readonly PlannedSegment[], leads: number | null, room: number): string[] {
  const lines: string[] = []
  let left = room
  for (const [index, segment] of segments.entries()) {
    const block = fold(segment, leads)
    left -= block.join('\n').length + 1
    if (left < 0) {
      return [...lines, `_Details of ${segments.length - index} more are left out: they would not fit here._`]
    }
    lines.push(...block)
  }
  return lines
}

function fold(segment: PlannedSegment, leads: number | null): string[] {
  const { before, after } = textOf(segment)
  const reason = reasonOf(segment)
  const difference = [
    ...(before === undefined ? [] : signed('-', before)),
    ...(after === undefined ? [] : signed(before === undefined ? ' ' : '+', after)),
  ]
  const fence = fenceFor(difference)
  return [
    `<details><summary>${html(segment.key)}: ${html(moved(segment.members))}</summary>`,
    '',
    ...[`${fence}diff`, ...difference, fence, ''],
    ...(segment.renamedFrom === null
      ? []
      : [`It was ${code(segment.renamedFrom)} before; members and history stay.`, '']),
    ...(reason ? [`Its members may change because ${plain(reason)}.`, ''] : []),
    ...(segment.parked ? [parkedNote, ''] : []),
    ...describedOf(segment).flatMap((note) => [`- ${code(note)}`, '']),
    ...conditionTable(segment.members!, leads),
    ...sampleLines(segment.members!),
    ...dependentLines(segment),
    '</details>',
    '',
  ]
}

const signed = (sign: string, text: string): string[] =>
  text.split('\n').map((line) => `${sign} ${printable(line)}`)

/** Longer than any run of backticks within. */
const fenceFor = (lines: readonly string[]): string =>
  '`'.repeat(Math.max(2, ...(lines.join('\n').match(/`+/g) ?? []).map((run) => run.length)) + 1)

function conditionTable({ conditions }: Counted, leads: number | null): string[] {
  if (conditions.length === 0) return []
  const rows = conditions.map(({ depth, kind, text, sign, count, remaining }) => {
    const share = leads ? show(count / leads, 'share') : ''
    const indent = '&nbsp;&nbsp;'.repeat(depth)
    const words = kind === 'condition' ? code(oneLine(text)) : combining[kind]
    const mark = sign === ' ' ? '' : `${sign === '-' ? '−' : '+'} `
    return `| ${mark}${indent}${words} | ${number(count)} | ${share} |${remaining === null ? '' : ` ${number(remaining)}`} |`
  })
  return ['| condition | alone | share | remain |', '|---|--:|--:|--:|', ...rows, '']
}

function sampleLines({ enter, leave }: Counted): string[] {
  const line = (title: string, of: Counted['enter']) =>
    of.sample.length === 0
      ? []
      : [
          `${title}: ${of.sample.map((id) => code(printable(id))).join(', ')}${of.count > of.sample.length ? ', …' : ''}`,
          '',
        ]
  return [...line('Enter', enter), ...line('Leave', leave)]
}

function dependentLines({ dependents }: PlannedSegment): string[] {
  if (dependents.length === 0) return []
  const told = dependents.map(({ key, members }) => `${code(key)} (${moved(members)})`)
  return [`Depends on it: ${told.join(', ')}`, '']
}

/** A code span that holds whatever stands in the text, in a table as well. */
function code(text: string): string {
  const run = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map((each) => each.length)) + 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${run}${pad}${text.replaceAll('|', '\\|')}${pad}${run}`
}

/** Text that is nothing but text: no markup, no mention of a user, no reference. */
const plain = (text: string): string =>
  html(text).replace(/[\\`*_[\]#@|~]/g, (each) => `&#${each.charCodeAt(0)};`)

const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
