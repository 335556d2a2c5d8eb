import { sayMinute } from '../compiler/index.ts'
import type { ExplainedCondition, ExplainedPart } from '../pipeline/why.ts'
import type { Paint } from './paint.ts'
import { cut, printable, widthOf, wrap } from './values.ts'

type Shown = { readonly zone: string; readonly paint: Paint }

/** A definition taken apart, a condition a line: whether it holds, and what it saw. */
export function partLines(part: ExplainedPart, shown: Shown, indent = '  '): string[] {
  const mark = part.holds ? shown.paint.green('✓') : shown.paint.red('✗')
  if (part.kind === 'condition') return conditionLines(mark, part, indent, shown)
  if (part.kind === 'not') {
    const [inner] = part.of
    if (inner?.kind === 'condition')
      return conditionLines(mark, { ...inner, text: `not ${inner.text}` }, indent, shown)
  }
  const title = { all: 'all of', any: 'any of', not: 'not' }[part.kind]
  return [`${indent}${mark} ${title}`, ...part.of.flatMap((each) => partLines(each, shown, `${indent}  `))]
}

const widestCondition = 52
const widestSeen = 44
/** Of what a lead typed somewhere. */
const longestSeen = 200

function conditionLines(
  mark: string,
  condition: ExplainedCondition,
  indent: string,
  { zone }: Shown,
): string[] {
  const room = Math.max(20, widestCondition - indent.length)
  const text = printable(condition.text)
  const seen = foundLines(condition, zone)
  const behind = (before: string, line = '') => `${before}  ${cut(line, widestSeen)}`.trimEnd()
  const below = (lines: readonly string[]) =>
    lines.map((line) => behind(`${indent}  ${' '.repeat(room)}`, line))
  if (text.length <= room)
    return [behind(`${indent}${mark} ${text.padEnd(room)}`, seen[0]), ...below(seen.slice(1))]
  const [first = '', ...more] = wrap(text, 96 - indent.length)
  return [`${indent}${mark} ${first}`, ...more.map((line) => `${indent}    ${line}`), ...below(seen)]
}

/** What it saw, and how far that can be relied on: on one line, or each on its own. */
function foundLines({ saw, assumed = [], recorded = [] }: ExplainedCondition, zone: string): string[] {
  const named = (name: string, all: readonly unknown[]) => (all.length > 1 ? `${name} ` : '')
  const notes = [
    ...assumed.map(
      ({ attribute, first_known }) =>
        `${named(attribute, assumed)}assumed, first known ${sayMinute(first_known, zone)}`,
    ),
    ...recorded.map(({ name, since }) =>
      since === null
        ? `${named(name, recorded)}not recorded yet`
        : `${named(name, recorded)}recorded since ${sayMinute(since, zone)}`,
    ),
  ]
  const values = saw.map((value) => cut(printable(value), longestSeen))
  const together = [values.join(', '), ...notes].join('; ')
  return widthOf(together) <= widestSeen
    ? [together]
    : [...values, ...notes].flatMap((each) => wrap(each, widestSeen))
}
