import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { packageFolder } from '../config.ts'
import { Cli } from './cli.ts'
import { type CommonOptions, type Start, withCommonOptions } from './command.ts'
import { commands } from './commands/index.ts'
import { printFailure, WrongUsage } from './errors.ts'
import type { Io } from './io.ts'
import { formats } from './output.ts'

/** Runs one command line and returns the exit code: 0 done, 1 failed or refused, 2 wrong usage, 3 stale. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0
  const start: Start =
    <Rest extends unknown[]>(work: (cli: Cli, ...rest: Rest) => Promise<unknown>) =>
    async (...given) => {
      // Commander hands over arguments, options and the command itself, in this order.
      const typed = given.at(-1) as Command
      const options = optionsOf(typed)
      refuseFormat(typed, options)
      const cli = new Cli(io, options)
      try {
        const result = await work(cli, ...([...given.slice(0, -2), options] as Rest))
        if (typeof result === 'number') exitCode = result
      } finally {
        await cli.close()
      }
    }
  const program = buildProgram(start)
  speakTo(program, io)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    if (error instanceof CommanderError && error.code === 'commander.help') return 2
    return printFailure(io, error, asked(argv, io)).exitCode
  }
}

/** The whole command line as data; what each command does is given by `start`. */
export function buildProgram(start: Start): Command {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string
  }
  const program = new Command('tideline')
    .description(
      'Lead segments that stay true: definitions compiled to a few SQL statements, in your own Postgres.',
    )
    .version(version, '--version', 'the version of Tideline')
    .helpOption('--help', 'what a command does, its options, and examples')
    .configureHelp({ helpWidth: 100, sortSubcommands: false, subcommandTerm: termOf })
    .showSuggestionAfterError(true)
    .exitOverride()
  withCommonOptions(program)
  for (const { group, define } of commands) {
    const made = define(start).helpGroup(`${group}:`)
    program.addCommand(made)
  }
  eachCommand(program, (command, parent) => {
    if (parent) command.copyInheritedSettings(parent)
    if (parent && doesSomething(command)) withCommonOptions(command)
  })
  program.helpCommand(false)
  return program
}

/** Some commands only hold others; one with arguments of its own does something itself as well. */
const doesSomething = (command: Command): boolean =>
  command.commands.length === 0 || command.registeredArguments.length > 0

const termOf = (command: Command): string =>
  [
    command.name(),
    ...command.registeredArguments.map((each) => placeOf(each.name(), each.required, each.variadic)),
  ].join(' ')

export const placeOf = (name: string, required: boolean, variadic: boolean): string =>
  required ? `${name}${variadic ? '…' : ''}` : `[${name}${variadic ? '…' : ''}]`

export function eachCommand(
  command: Command,
  visit: (command: Command, parent?: Command) => void,
  parent?: Command,
): void {
  visit(command, parent)
  for (const child of command.commands) eachCommand(child, visit, command)
}

/** Options may stand before or after the command's name; the nearest that was given holds. */
function optionsOf(typed: Command): CommonOptions {
  const chain: Command[] = []
  for (let each: Command | null = typed; each; each = each.parent) chain.unshift(each)
  const given = chain.map((command) =>
    Object.fromEntries(
      Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) !== 'default'),
    ),
  )
  return Object.assign({}, ...chain.map((command) => command.opts()), ...given)
}

/** Before anything is done: a command's own list of formats may be shorter than the program's. */
function refuseFormat(typed: Command, { format }: CommonOptions): void {
  const choices: readonly string[] =
    typed.options.find((option) => option.long === '--format')?.argChoices ?? formats
  if (format === undefined || choices.includes(format)) return
  throw new WrongUsage({
    code: 'WRONG_USAGE',
    message: `${typed.name()} has no answer as ${format}.`,
    hint: `Choose one of ${choices.join(', ')}.`,
  })
}

/** What commander itself says: help to where answers go; its errors are printed by us. */
function speakTo(program: Command, io: Io): void {
  eachCommand(program, (command) =>
    command.configureOutput({
      writeOut: (text) => void io.out.write(text),
      writeErr: (text) => void io.err.write(text),
      outputError: () => {},
      getOutHelpWidth: () => 100,
    }),
  )
}

/** How to print an error when the command line itself may not be understood. */
function asked(argv: readonly string[], io: Io): { json: boolean; verbose: boolean } {
  const at = argv.findIndex((word) => word === '--format' || word.startsWith('--format='))
  const format = argv[at]?.includes('=') ? argv[at].split('=')[1] : argv[at + 1]
  const json = at >= 0 ? format === 'json' || format === 'ndjson' : !io.err.isTerminal
  return { json, verbose: argv.includes('--verbose') }
}
