import { Command, InvalidArgumentError, Option } from 'commander'
import { type Duration, durationSeconds, readDuration } from '../compiler/index.ts'
import type { Cli } from './cli.ts'
import { type Format, formats } from './output.ts'

/** Hands a command its surroundings, and its exit code, if it gives one, to the process. */
export type Start = <Rest extends unknown[]>(
  work: (cli: Cli, ...rest: Rest) => Promise<unknown>,
) => (...given: unknown[]) => Promise<void>

export type Example = readonly [line: string, meaning: string]

const examples = new WeakMap<Command, readonly Example[]>()
export const examplesOf = (command: Command): readonly Example[] => examples.get(command) ?? []

/** One command as all of ours are: a one-line summary, the options that all have, and examples that work. */
export function command(
  name: string,
  told: { summary: string; description?: string; examples?: readonly Example[] },
): Command {
  const made = new Command(name).summary(told.summary).description(told.description ?? told.summary)
  examples.set(made, told.examples ?? [])
  if (told.examples?.length) {
    const lines = told.examples.map(([line, meaning]) => `  ${line}\n      ${meaning}`)
    made.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
  }
  return made
}

export type CommonOptions = {
  readonly project?: string
  readonly format?: Format
  readonly output?: string
  readonly yes?: boolean
  readonly verbose?: boolean
}

/** What `--format` takes, unless the command says so itself. The program takes any: each command refuses its own. */
export function withCommonOptions(command: Command): Command {
  command
    .optionsGroup('Options everywhere:')
    .option('--project <DIR>', "the project's folder; else the nearest one above that holds tideline.yaml")
  if (!command.options.some((option) => option.long === '--format')) {
    const how = 'how to print; a table on a terminal, JSON anywhere else'
    const option = new Option('--format <FORMAT>', command.parent ? how : `${how} (${formats.join(', ')})`)
    command.addOption(command.parent ? option.choices(formats) : option)
  }
  return command
    .option('--output <FILE>', 'write there; without --format, its ending says how')
    .option('--yes', 'go ahead without asking')
    .option('--verbose', 'on an unexpected error, show where it comes from')
}

/** For options that count something. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('A whole number from 1 is needed.')
  return Number(text)
}

/** For options that say how long: in seconds. */
export function duration(text: string): { seconds: number; said: Duration } {
  const said = readDuration(text)
  const seconds = said ? durationSeconds(said) : Number.NaN
  if (!said || !Number.isFinite(seconds) || seconds === 0) {
    throw new InvalidArgumentError('A duration such as 7d, 12h or "30 days" is needed.')
  }
  return { seconds, said }
}

/** For options that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]
