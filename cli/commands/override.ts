import type { Instant } from '../../compiler/index.ts'
import type { Installation } from '../../pipeline/installation.ts'
import { type Hand, type Handled, override, readOverrides } from '../../pipeline/override.ts'
import type { RunResult } from '../../pipeline/runs/run.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { author, runNow } from '../runs.ts'
import type { Column } from '../table.ts'
import { instant, plural, printable } from '../values.ts'

type Options = { until?: string; run?: boolean }

export const overrideCommand = (start: Start) =>
  command('override', {
    summary: 'put leads into a segment by hand, or out of it',
    description:
      'What a hand says wins over the definition, wherever the segment is referred to, until it is undone. Whoever comes or goes by it does so with the cause manual, in a run that follows at once.',
    examples: [
      ['tideline override add hot-leads L-10442', 'in, whatever the definition says'],
      ['tideline override remove hot-leads L-7 L-8 --until 2027-01-01', 'out, until that day begins'],
      ['tideline override undo hot-leads L-10442', 'the definition decides again'],
      ['tideline override list hot-leads', 'what hands say of it now'],
    ],
  })
    .addCommand(hand('add', 'these leads are in, whatever the definition says', start))
    .addCommand(hand('remove', 'these leads are out, whatever the definition says', start))
    .addCommand(hand('undo', 'the definition decides again on these leads', start))
    .addCommand(
      command('list', { summary: 'what hands say now' })
        .argument('[KEY]', 'key of the segment; by default all')
        .option('--all', 'what they said before as well')
        .action(start(list)),
    )

function hand(name: Hand, summary: string, start: Start) {
  const made = command(name, { summary })
    .argument('<KEY>', 'key of the segment')
    .argument('<LEAD...>', 'ids of leads')
  if (name !== 'undo') made.option('--until <T>', 'only until then; by default until it is undone')
  return made
    .option('--no-run', 'leave it to the next run to bring members up to date')
    .action(
      start((cli, key: string, leads: string[], options: Options) =>
        overrideNow(cli, name, key, leads, options),
      ),
    )
}

async function overrideNow(
  cli: Cli,
  hand: Hand,
  key: string,
  leads: string[],
  options: Options,
): Promise<void> {
  const installation = await cli.open()
  const { database, project } = installation
  const until = options.until && cli.instant(options.until, '--until', project.settings.timezone)
  const asked = { key, hand, leads, by: author(), ...(until ? { until } : {}) }
  const handled = await override(database, asked)
  const done = options.run === false ? undefined : await runAtOnce(cli, installation, handled)
  await cli.print({
    columns,
    rows: handled,
    document: { leads: handled, ...(done ? { run_id: Number(done.runId), as_of: done.asOf } : {}) },
    lines: [...handled.map((each) => lineOf(each, until || undefined)), ...runLines(handled, done)],
  })
}

/** It brings all segments up to date, like every run. */
async function runAtOnce(
  cli: Cli,
  installation: Installation,
  handled: readonly Handled[],
): Promise<RunResult | undefined> {
  return handled.every(({ kept }) => kept) ? undefined : runNow(cli, installation)
}

const columns: readonly Column[] = [
  { name: 'segment' },
  { name: 'lead_id', title: 'LEAD' },
  { name: 'before' },
  { name: 'after' },
  { name: 'kept', kind: 'boolean' },
]

function lineOf({ segment, lead_id, before, after, kept }: Handled, until: Instant | undefined): string {
  const lead = printable(lead_id)
  const end = until ? ` until ${instant(until)} UTC` : ''
  if (after === null) {
    return kept
      ? `${lead}: no hand was at it in ${segment}.`
      : `${lead}: the definition of ${segment} decides again.`
  }
  const where = after === 'add' ? `in ${segment}` : `out of ${segment}`
  if (kept) return `${lead} was ${where} by hand already${end}.`
  return `${lead} is ${where} by hand now${end}${before ? `, no longer ${before === 'add' ? 'in' : 'out of'} it` : ''}.`
}

function runLines(handled: readonly Handled[], done: RunResult | undefined): string[] {
  if (done) {
    const moved = `${plural(done.entered, 'lead')} entered, ${plural(done.left, 'lead')} left`
    return ['', `run ${done.runId}  as of ${instant(done.asOf)} UTC  ·  all segments: ${moved}`]
  }
  return handled.every(({ kept }) => kept) ? [] : ['', 'Members follow with the next run.']
}

async function list(cli: Cli, key: string | undefined, { all }: { all?: boolean }): Promise<void> {
  const { database } = await cli.open()
  const found = await readOverrides(database, key, { ended: all ?? false })
  await cli.print({
    columns: [
      { name: 'segment' },
      { name: 'lead_id', title: 'LEAD' },
      { name: 'override' },
      { name: 'from', kind: 'instant' },
      { name: 'until', kind: 'instant' },
      { name: 'by' },
    ],
    rows: found,
    ...(found.length === 0 ? { lines: [`No hand is at ${key ?? 'any segment'}.`] } : {}),
  })
}
