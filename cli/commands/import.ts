import { basename, isAbsolute, resolve } from 'node:path'
import { Argument } from 'commander'
import { importFile } from '../../pipeline/import/import.ts'
import { type ImportReport, refused } from '../../pipeline/import/report.ts'
import type { Installation } from '../../pipeline/installation.ts'
import type { Cli } from '../cli.ts'
import { collect, command, type Start } from '../command.ts'
import { type Mapping, type MappingOptions, readMapping } from '../mappings.ts'
import { progressBar } from '../progress.ts'
import { quarantineQuery } from '../runs.ts'
import type { Column } from '../table.ts'
import { plural, seconds, thousands, wrap } from '../values.ts'

export const kinds = ['leads', 'accounts', 'events', 'conversions'] as const
type Kind = (typeof kinds)[number]

export const importCommand = (start: Start) =>
  command('import', {
    summary: 'take leads, accounts, events or conversions from files',
    description:
      'Takes CSV, NDJSON (also gzipped) or Parquet. Every column that is not mapped becomes an attribute or property, with a type that is inferred once. Taking a file again changes nothing. Rows that can not be taken go to quarantine, with the reason.',
    examples: [
      ['tideline import leads leads.csv --map lead_id=mql_id', 'the column mql_id says which lead a row is'],
      ['tideline import events clicks.ndjson.gz --set type=ad_click', 'all rows are events of one type'],
      ['tideline import conversions won.csv --date-format won_date=MDY', 'how a column writes its dates'],
      [
        'tideline import events touch.csv --mapping touches',
        'as imports.yaml keeps it under mappings: touches:',
      ],
    ],
  })
    .addArgument(new Argument('<KIND>', 'what the files hold').choices(kinds))
    .argument('<FILE...>', 'files to take, one after the other')
    .option('--map <TARGET=COLUMN>', 'what a column is called here; may be repeated', collect)
    .option('--set <TARGET=VALUE>', 'a value for all rows; may be repeated', collect)
    .option(
      '--date-format <F>',
      'MDY, DMY, YMD or a pattern such as %d.%m.%y, for all columns or COLUMN=F',
      collect,
    )
    .option('--mapping <NAME>', 'a mapping that imports.yaml keeps')
    .action(
      start(async (cli, kind: Kind, files: string[], options: MappingOptions) => {
        const mapping = readMapping(cli.project(), options)
        const installation = await cli.open()
        const taken: Taken[] = []
        try {
          for (const file of files) taken.push(await importOne(cli, installation, kind, file, mapping))
        } catch (error) {
          // What was taken before stays taken, and is told.
          if (taken.length > 0) await print(cli, taken)
          throw error
        }
        await print(cli, taken)
      }),
    )

export type Taken = {
  readonly kind: Kind
  readonly file: string
  readonly report: ImportReport
  readonly milliseconds: number
}

export async function importOne(
  cli: Cli,
  { database, project, temporary }: Installation,
  kind: Kind,
  file: string,
  { map, set, dateFormat }: Mapping,
): Promise<Taken> {
  const started = performance.now()
  const bar = progressBar(cli.io, basename(file), 'rows')
  const report = await importFile(database, {
    kind,
    file: isAbsolute(file) || cli.io.cwd === process.cwd() ? file : resolve(cli.io.cwd, file),
    map,
    set,
    timezone: project.settings.timezone,
    temporary,
    ...(dateFormat === undefined ? {} : { dateFormat }),
    onProgress: ({ rows, total }) => total && bar.update(rows, total),
  }).finally(() => bar.stop())
  return { kind, file, report, milliseconds: Math.round(performance.now() - started) }
}

const columns: readonly Column[] = [
  { name: 'file' },
  { name: 'kind' },
  { name: 'import_id', kind: 'number' },
  { name: 'read', kind: 'count' },
  { name: 'taken', kind: 'count' },
  { name: 'already_here', kind: 'count' },
  { name: 'new_leads', kind: 'count' },
  { name: 'new_accounts', kind: 'count' },
  { name: 'quarantined', kind: 'count' },
]

function print(cli: Cli, all: readonly Taken[]): Promise<void> {
  const rows = all.map(({ file, kind, report }) => ({
    file,
    kind,
    import_id: Number(report.importId),
    read: report.read,
    taken: report.taken,
    already_here: report.alreadyHere,
    new_leads: report.newLeads,
    new_accounts: report.newAccounts,
    quarantined: refused(report),
  }))
  const document = all.map(({ report, milliseconds }, index) => ({
    ...rows[index],
    reasons: report.quarantined,
    names: report.types,
    dates: report.dates,
    mistaken: report.mistaken,
    interrupted: report.interrupted,
    milliseconds,
  }))
  return cli.print({ columns, rows, document, lines: all.flatMap((taken) => importLines(taken)) })
}

function importLines({ file, kind, report, milliseconds }: Taken): string[] {
  // Of a small file it would only tell how long a command takes to start.
  const speed =
    report.read < 1000
      ? ''
      : `   ${thousands(String(Math.round((report.read / milliseconds) * 1000)))} rows/s`
  const count = (name: string, rows: number, note = '') =>
    `  ${name.padEnd(13)}${thousands(String(rows)).padStart(9)}${note ? `     ${note}` : ''}`
  const inferred = report.types.filter((type) => type.inferred)
  const names = [...new Set(inferred.map(({ name, type }) => `${name} ${type}`))].join(', ')
  return [
    `${basename(file)}   ${plural(report.read, 'row')}   ${seconds(milliseconds)}${speed}`,
    count('taken', report.taken),
    ...(report.alreadyHere > 0 ? [count('already here', report.alreadyHere, here[kind])] : []),
    ...(report.newLeads > 0
      ? [count('new leads', report.newLeads, kind === 'leads' ? '' : '(named by events only)')]
      : []),
    ...(report.newAccounts > 0
      ? [count('new accounts', report.newAccounts, kind === 'leads' ? '(named by leads only)' : '')]
      : []),
    ...quarantineLines(report, count),
    ...report.dates
      .filter(({ format }) => format !== 'ISO')
      .map(({ column, format }) => `  ${column} is read as ${format}`),
    ...(names ? noted('new names', names) : []),
    ...report.mistaken.map(({ column, target }) => {
      const taken = kind === 'events' || kind === 'conversions' ? 'a property' : 'an attribute'
      return `  The column ${column} was taken as ${taken}; did you mean ${target}? --map ${target}=${column}`
    }),
    ...report.interrupted.map(
      (each) => `  An earlier import of ${each.source} was interrupted and took nothing: repeat it.`,
    ),
  ]
}

const here: Record<Kind, string> = {
  events: '(same event id)',
  conversions: '(same event id)',
  leads: '(nothing new in them)',
  accounts: '(nothing new in them)',
}

function quarantineLines(
  report: ImportReport,
  count: (name: string, rows: number, note?: string) => string,
): string[] {
  if (report.quarantined.length === 0) return []
  const shown = report.quarantined
    .slice(0, 5)
    .map(({ rows, reason }) => `${thousands(String(rows))} × ${reason}`)
  const more =
    report.quarantined.length > 5 ? [`… and ${plural(report.quarantined.length - 5, 'other reason')}`] : []
  const [first = '', ...rest] = [...shown, ...more].flatMap((reason) => wrap(reason, 70))
  return [
    count('quarantined', refused(report), first),
    ...rest.map((line) => `${' '.repeat(29)}${line}`),
    `${' '.repeat(29)}${quarantineQuery(report.importId)}`,
  ]
}

function noted(name: string, text: string): string[] {
  return wrap(text, 84).map((line, index) => `  ${(index === 0 ? name : '').padEnd(13)}${line}`)
}
