import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { examplesOf } from '../../cli/command.ts'
import { buildProgram, eachCommand, placeOf } from '../../cli/program.ts'
import { deskOf } from './support.ts'

const program = buildProgram(() => async () => {})
const file = new URL('../../docs/cli.md', import.meta.url)
const marker =
  '<!-- From here on this page is what the commands say of themselves. UPDATE=1 npm test writes it anew. -->\n'
const common = new Set(program.options.map((option) => option.long))

describe('docs/cli.md', () => {
  test('lists every command, argument and option, as --help does', () => {
    const [intro = ''] = readFileSync(file, 'utf8').split(marker)
    const written = `${intro}${marker}${reference()}`
    if (process.env.UPDATE) writeFileSync(file, written)
    expect(readFileSync(file, 'utf8')).toBe(written)
  })

  test('and --help names every command', async () => {
    const { out } = await deskOf(undefined).type('--help')
    for (const command of program.commands) expect(out).toMatch(new RegExp(`^  ${command.name()}\\b`, 'm'))
  })

  test('--help of every command has its options, the common ones and examples that begin with its name', async () => {
    const desk = deskOf(undefined)
    for (const { command, path } of leaves()) {
      const { out, code } = await desk.type([...path, '--help'])
      expect(code).toBe(0)
      for (const option of [...command.options, ...program.options]) {
        if (option.long !== '--version') expect(out).toContain(option.long)
      }
      const examples =
        examplesOf(command).length > 0 ? examplesOf(command) : examplesOf(command.parent ?? command)
      expect(examples.length, path.join(' ')).toBeGreaterThan(0)
      for (const [line] of examples) expect(line).toContain(`tideline ${path[0]}`)
    }
  })
})

function leaves(): { command: Command; path: string[] }[] {
  const found: { command: Command; path: string[] }[] = []
  eachCommand(program, (command) => {
    if (command.commands.length > 0) return
    const path: string[] = []
    for (let each: Command | null = command; each?.parent; each = each.parent) path.unshift(each.name())
    found.push({ command, path })
  })
  return found
}

function reference(): string {
  const groups = [...new Set(program.commands.map((command) => command.helpGroup()))]
  return groups
    .map((group) => {
      const commands = program.commands.filter((command) => command.helpGroup() === group)
      return `\n## ${group.replace(':', '')}\n${commands.map(page).join('')}`
    })
    .join('')
}

function page(command: Command): string {
  const examples = examplesOf(command).map(([line, meaning]) => `# ${meaning}\n${line}`)
  const parts = [
    `\n### ${titleOf(command)}\n`,
    `${sentence(command.description())}\n`,
    table(['', ''], [...command.registeredArguments.map(argumentRow), ...optionRows(command)]),
    ...command.commands.map((child) => {
      const rows = table(['', ''], [...child.registeredArguments.map(argumentRow), ...optionRows(child)])
      const name = titleOf(child).replace(/^tideline /, `${command.name()} `)
      return `\`${name}\`: ${child.summary()}.\n${rows ? `\n${rows}` : ''}`
    }),
    examples.length > 0 ? `\`\`\`\n${examples.join('\n')}\n\`\`\`\n` : '',
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function titleOf(command: Command): string {
  const places = command.registeredArguments.map((each) => placeOf(each.name(), each.required, each.variadic))
  return ['tideline', command.name(), ...places].join(' ')
}

function argumentRow(argument: Command['registeredArguments'][number]): [string, string] {
  return [
    placeOf(argument.name(), argument.required, argument.variadic),
    withChoices(argument.description, argument.argChoices),
  ]
}

function optionRows(command: Command): [string, string][] {
  return command.options
    .filter((option) => !common.has(option.long) || knowsMore(option))
    .map((option) => [
      option.flags,
      `${withChoices(option.description, option.argChoices)}${option.defaultValue === undefined ? '' : ` (default: ${option.defaultValueDescription ?? option.defaultValue})`}`,
    ])
}

/** A format that most commands don't have. */
const knowsMore = ({ argChoices = [] }: Command['options'][number]): boolean =>
  argChoices.some((choice) => choice === 'markdown')

const withChoices = (text: string, choices: readonly string[] | undefined): string =>
  choices ? `${text}: ${choices.join(', ')}` : text

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`

const table = (head: [string, string], rows: readonly [string, string][]): string =>
  rows.length === 0
    ? ''
    : [
        `| ${head[0]} | ${head[1]} |`,
        '|---|---|',
        ...rows.map(([a, b]) => `| \`${a.replaceAll('|', '\\|')}\` | ${b} |`),
        '',
      ].join('\n')
