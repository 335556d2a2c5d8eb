import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compile, conditions, type Definition, isError, parse } from '../../compiler/index.ts'
import { say } from '../../compiler/parse.ts'
import { printPeriod, sayPeriod } from '../../compiler/period.ts'
import { testsOf } from '../../compiler/plan.ts'
import { packageFolder } from '../../config.ts'
import { catalog } from '../support/catalog.ts'
import { type Family, families } from './families.ts'

type Condition = (typeof conditions)[number]

const made =
  'This page is made from the conditions themselves; every example on it is executed, plain and negated, on every\nengine and compared with a reference evaluator.'

describe('docs/conditions', () => {
  test('every condition stands on a page', () => {
    const told = families.flatMap(({ kinds }) => kinds)
    expect([...new Set(told)].sort()).toEqual(conditions.map(({ kind }) => kind).sort())
    const pages = families.map(({ page }) => `${page}.md`)
    expect(readdirSync(join(packageFolder, 'docs', 'conditions')).sort()).toEqual([...pages].sort())
  })

  test.each(families)('$page.md says what its conditions say', async (family) => {
    await expect(pageOf(family)).toMatchFileSnapshot(`../../docs/conditions/${family.page}.md`)
  })

  test('the index names them all', async () => {
    const lines = families.map((family) => {
      const some = family.kinds.map((kind) => `\`${examplesOf(family, conditionOf(kind))[0]}\``)
      return `| [${family.title}](conditions/${family.page}.md) | ${some.join('<br>')} |`
    })
    const page = `# Conditions\n\n[language.md](language.md) teaches the language; here is all of it, family by family.\n\n| | for example |\n|---|---|\n${lines.join('\n')}\n`
    await expect(page).toMatchFileSnapshot('../../docs/conditions.md')
  })
})

function pageOf(family: Family): string {
  const sections = family.kinds.map((kind) => {
    const condition = conditionOf(kind)
    const title = family.kinds.length > 1 ? `\n## ${titleOf(condition)}\n` : ''
    const examples = examplesOf(family, condition)
    const json = JSON.stringify(definitionOf(examples[0]!))
    const rows = examples.map((text) => `| ${code(text)} | ${cell(inWords(text))} |`)
    return `${title}\n${condition.meaning}\n\n*Missing:* ${condition.missing}\n\n| | in words |\n|---|---|\n${rows.join('\n')}\n\nThe first of them as JSON: ${code(json)}\n`
  })
  return `# ${family.title}\n\n${family.about}\n\n${made}\n${sections.join('')}${family.periods ? periodTable() : ''}`
}

const conditionOf = (kind: string): Condition => conditions.find((each) => each.kind === kind)!

const titles: Readonly<Record<string, string>> = {
  did: 'Did',
  event_value: 'Figures over a property',
  active_days: 'Different days',
  occurrence: 'First and last time',
  account_did: 'The account did',
  in_segment: 'In segment',
  was_in_segment: 'Was in segment',
  segment_change: 'Entered or left a segment',
  attribute_been: 'Has been for at least',
  attribute_changed: 'Changed',
  bucket: 'A share of everyone',
}
const titleOf = ({ kind }: Condition): string =>
  titles[kind] ?? `${kind.charAt(0).toUpperCase()}${kind.slice(1).replaceAll('_', ' ')}`

const examplesOf = ({ instants }: Family, { examples }: Condition): string[] =>
  examples.filter((text) => instants === undefined || looksAtInstants(text) === instants)

function looksAtInstants(text: string): boolean {
  const { predicate, diagnostics } = compile(text, catalog)
  if (!predicate || diagnostics.some(isError)) throw new Error(`${text}: ${JSON.stringify(diagnostics)}`)
  return [...testsOf(predicate)].some(
    ({ subject }) => subject.kind === 'attribute' && subject.type === 'instant',
  )
}

function definitionOf(text: string): Definition {
  const parsed = parse(text)
  if ('diagnostics' in parsed) throw new Error(`${text}: ${JSON.stringify(parsed.diagnostics)}`)
  return parsed.definition
}

const inWords = (text: string): string => say(definitionOf(text))

/** Every period that an example has, once, in the text form and in words. */
function periodTable(): string {
  const found = new Map<string, string>()
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return
    const { when } = value as { when?: Parameters<typeof printPeriod>[0] }
    if (when && 'is' in when)
      found.set(shape(printPeriod(when)), `| ${code(printPeriod(when))} | ${cell(sayPeriod(when))} |`)
    for (const each of Object.values(value)) visit(each)
  }
  for (const { examples } of conditions) {
    for (const text of examples) visit(definitionOf(text))
  }
  const rows = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  return `\n## Periods\n\nHours, days and weeks are of fixed length; months, quarters and years follow the calendar, and weeks begin on Monday.\n\`within\` and \`between … ago\` are closed at both ends, to the microsecond; calendar periods end where the next begins.\n\n| | in words |\n|---|---|\n${rows.join('\n')}\n`
}

/** One row is enough for `within 7 days` and `within 30 days`. */
const shape = (text: string): string =>
  text
    .replace(/\d+/g, '0')
    .replace(/"[^"]*"/g, '""')
    .replace(/(hour|day|week|month|quarter|year)s?/g, (each) => each.replace(/s$/, ''))

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``
const cell = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*')
