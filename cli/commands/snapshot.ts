import { isAbsolute, resolve } from 'node:path'
import type { Installation } from '../../pipeline/installation.ts'
import type { RunResult } from '../../pipeline/runs/run.ts'
import { describeFrom, type Snapshot, type Snapshotting, takeSnapshot } from '../../pipeline/snapshot.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import { author, runNow } from '../runs.ts'
import { exact, instant, plural, printable, wrap } from '../values.ts'

type Options = {
  name?: string
  key?: string
  asOf?: string
  evaluate?: boolean
  file?: string
  column?: string
  append?: boolean
  replace?: boolean
  run?: boolean
}

export const snapshot = (start: Start) =>
  command('snapshot', {
    summary: 'freeze who is in a segment, now or at an instant, as a static segment',
    description:
      'Makes a static segment: a list of leads that no run ever changes, to be used in conditions and reports like any other. Its leads are those of a segment (or everyone) as of an instant, from recorded history where a run had looked at it by then, else evaluated; or those whose ids a file holds.',
    examples: [
      [
        'tideline snapshot webinar --name "Q1 Webinar Attendees"',
        'who is in now; its key is q1-webinar-attendees',
      ],
      [
        'tideline snapshot everyone --as-of 2025-01-01 --name "Leads as of Jan 1, 2025" --key leads-2025',
        'who had been seen by then',
      ],
      ['tideline snapshot --file ids.csv --name "Booth visitors"', 'from a file of ids'],
      ['tideline snapshot --file more.csv --key booth-visitors --append', 'more of them, from now on'],
    ],
  })
    .argument('[KEY]', 'key of the segment whose members are frozen, or everyone; not with --file')
    .option('--name <NAME>', 'what the static segment is called')
    .option('--key <KEY>', 'its key; by default made of its name')
    .option('--as-of <T>', 'as of when; by default now')
    .option('--evaluate', 'evaluate the current definition, whatever is recorded')
    .option('--file <FILE>', 'CSV, NDJSON or Parquet with ids of leads')
    .option('--column <COLUMN>', 'with --file: the column that holds the ids; by default lead_id or id')
    .option('--append', 'add to the list of an existing static segment')
    .option('--replace', 'give an existing static segment this list in place of its own')
    .option('--no-run', 'leave it to the next run to show its members')
    .action(
      start(async (cli, key: string | undefined, options: Options) => {
        checkUsage(key, options)
        const installation = await cli.open()
        const taken = await takeSnapshot(installation.database, {
          ...(options.name === undefined ? {} : { name: options.name }),
          key: options.key ?? keyOf(options.name ?? ''),
          how: options.append ? 'append' : options.replace ? 'replace' : 'new',
          from: sourceOf(cli, installation, key, options),
          by: author(),
        })
        const run = options.run === false ? undefined : await runNow(cli, installation)
        await print(cli, taken, run)
      }),
    )

function checkUsage(key: string | undefined, options: Options): void {
  const { file, append, replace, name, asOf, evaluate, column } = options
  const wrong = (message: string, hint: string) => new WrongUsage({ code: 'WRONG_USAGE', message, hint })
  if ((key === undefined) === (file === undefined)) {
    throw wrong('Either KEY says whose members are frozen, or --file names a file of ids.', 'See --help.')
  }
  if (append && replace) throw wrong('--append and --replace exclude each other.', 'Choose one of them.')
  if (file !== undefined && (asOf !== undefined || evaluate)) {
    throw wrong('--as-of and --evaluate go with KEY.', 'A file holds whatever leads it holds.')
  }
  if (file === undefined && column !== undefined) throw wrong('--column goes with --file.', 'Leave it out.')
  if ((append || replace) && options.key === undefined) {
    throw wrong('Which static segment is to be changed?', 'Say --key KEY.')
  }
  if (!append && !replace && name === undefined) {
    throw wrong('A new static segment needs a name.', 'Say --name "Q1 Webinar Attendees".')
  }
}

function sourceOf(
  cli: Cli,
  { project, temporary }: Installation,
  key: string | undefined,
  { file, column, asOf, evaluate }: Options,
): Snapshotting['from'] {
  if (file !== undefined) {
    const path = isAbsolute(file) || cli.io.cwd === process.cwd() ? file : resolve(cli.io.cwd, file)
    return { file: path, column, temporary }
  }
  return {
    key: key!,
    ...(asOf === undefined ? {} : { asOf: cli.instant(asOf, '--as-of', project.settings.timezone) }),
    ...(evaluate ? { evaluate } : {}),
  }
}

/** "Q1 Webinar Attendees" → q1-webinar-attendees */
const keyOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

async function print(cli: Cli, taken: Snapshot, run: RunResult | undefined): Promise<void> {
  const { from: source, ...rest } = taken
  const from = source.kind === 'recorded' ? { ...source, run_id: exact(source.run_id) } : source
  await cli.print({
    columns: [
      { name: 'segment' },
      { name: 'version', kind: 'number' },
      { name: 'how' },
      { name: 'members', kind: 'count' },
      { name: 'added', kind: 'count' },
      { name: 'removed', kind: 'count' },
      { name: 'from', kind: 'json' },
    ],
    rows: [{ ...rest, from }],
    document: { ...rest, from, ...(run ? { run_id: Number(run.runId), as_of: run.asOf } : {}) },
    lines: [...snapshotLines(taken), ...runLines(taken, run)],
  })
}

function snapshotLines(taken: Snapshot): string[] {
  const { segment, how, members, added, removed, from, others } = taken
  const head =
    how === 'new'
      ? `${segment} is a static segment now: ${plural(members, 'lead')}.`
      : `${segment} has another list from now on: ${plural(members, 'lead')}, ${added} added, ${removed} taken away.`
  const refer = others.length > 0 ? [`It is referred to by ${others.join(', ')}, evaluated anew.`] : []
  return [head, ...fromLines(from), ...refer]
}

const shown = 20

function fromLines(from: Snapshot['from']): string[] {
  if (from.kind !== 'file') {
    const at = (text: string) => `${instant(text)} UTC`
    const recorded = from.kind === 'recorded' ? { ...from, run_as_of: at(from.run_as_of) } : from
    const said = `${describeFrom({ ...recorded, as_of: at(from.as_of) })}.`
    const why =
      from.kind === 'evaluated' && from.recorded_since
        ? `Recorded history begins ${instant(from.recorded_since)} UTC.`
        : ''
    return wrap(`${said[0]!.toUpperCase()}${said.slice(1)} ${why}`.trim(), 98)
  }
  const { ids, empty, repeated, unreadable, unknown } = from
  const left = [
    [repeated, 'repeated'],
    [empty, 'without an id'],
    [unreadable, 'not readable'],
    [unknown.length, 'of no known lead'],
  ] as const
  const counts = left.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  const list = unknown.slice(0, shown).map(printable).join(', ')
  const more = unknown.length > shown ? `, and ${unknown.length - shown} more (--format json lists all)` : ''
  return [
    `${plural(ids, 'id')} in the file${counts.length > 0 ? `; ${counts.join(', ')}` : ''}.`,
    ...(unknown.length > 0 ? wrap(`Unknown: ${list}${more}.`, 98) : []),
  ]
}

function runLines({ segment }: Snapshot, run: RunResult | undefined): string[] {
  if (run)
    return [
      '',
      `run ${run.runId}  as of ${instant(run.asOf)} UTC: \`tideline members ${segment}\` shows them.`,
    ]
  return ['', 'Its members show with the next run.']
}
