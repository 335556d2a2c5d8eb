import {
  type Healed,
  type LakeState,
  lakeProperties,
  type Rebuilt,
  readLakeState,
  rebuildLake,
  rebuiltReasons,
  repairLake,
  type SyncProgress,
  type SyncResult,
  type Verified,
  verifyLake,
} from '../../pipeline/lake/lake.ts'
import type { Project } from '../../pipeline/project/settings.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { damages, openLakeOf, whyAnew, writtenBy } from '../lake.ts'
import { progressBar } from '../progress.ts'
import { type Column, renderTable } from '../table.ts'
import { exact, instant, megabytes, plural, thousands } from '../values.ts'

export const lakeCommand = (start: Start) =>
  command('lake', {
    summary: 'the copy of the events that full runs read: status, verify, repair, rebuild',
    description:
      'The lake is a folder of Parquet files with a copy of the events. Full runs bring it up to date and heal it by themselves; it may be deleted at any time.',
    examples: [
      ['tideline lake status', 'how much it holds, and up to when'],
      ['tideline lake verify', 'compare every event in it with the database'],
      ['tideline lake repair', 'the same, and write anew what differs'],
    ],
  })
    .addCommand(command('status', { summary: 'how much it holds, and up to when' }).action(start(statusOfIt)))
    .addCommand(
      command('verify', {
        summary: 'compare every event in it with the database',
        description:
          'Reads all files and all events, as known when the lake was written, and says which files differ. Changes nothing. Ends with exit code 3 if anything differs, or if nothing can be compared.',
      }).action(start(verifyIt)),
    )
    .addCommand(
      command('repair', { summary: 'verify it, and write anew what differs' }).action(start(repairIt)),
    )
    .addCommand(
      command('rebuild', {
        summary: 'write all of it anew',
        description:
          'Writes all files anew from the database, without the columns of properties that no definition reads any more.',
      }).action(start(rebuildIt)),
    )

async function statusOfIt(cli: Cli): Promise<void> {
  const project = cli.project()
  const state = await readLakeState(openLakeOf(project))
  const row = {
    folder: state.folder,
    state: state.state,
    written_at: state.writtenAt,
    horizon: exact(state.horizon),
    events: state.events,
    files: state.files,
    bytes: state.bytes,
    columns: state.columns,
    compared_at: state.comparedAt,
    strays: state.strays,
  }
  await cli.print({
    columns: [
      ...[{ name: 'folder' }, { name: 'state' }],
      { name: 'written_at', kind: 'instant' },
      { name: 'horizon', kind: 'number' },
      ...['events', 'files', 'bytes', 'columns'].map((name) => ({ name, kind: 'count' as const })),
      ...[
        { name: 'compared_at', kind: 'instant' as const },
        { name: 'strays', kind: 'count' as const },
      ],
    ],
    rows: [row],
    document: row,
    lines: statusLines(state, project),
  })
}

function statusLines(lake: LakeState, project: Project): string[] {
  const { state, folder, writtenAt, events, files, bytes, columns, comparedAt, strays } = lake
  if (state !== 'ok') {
    return [`The lake is to be written anew: ${whyAnew(state, strays)}. ${writtenBy(project)}`, folder]
  }
  const compared =
    comparedAt === null ? '' : `; every row was copied or compared since ${instant(comparedAt)} UTC`
  return [
    `${plural(events, 'event')} in ${plural(files, 'file')}, ${megabytes(bytes)}, with ${plural(columns, 'property', 'properties')}`,
    `written ${instant(writtenAt!)} UTC${compared}`,
    folder,
  ]
}

const wrongColumns: readonly Column[] = [
  { name: 'period' },
  { name: 'damage' },
  { name: 'only_lake', title: 'ONLY LAKE', kind: 'count' },
  { name: 'only_postgres', title: 'ONLY POSTGRES', kind: 'count' },
  { name: 'unlike', kind: 'count' },
]

async function verifyIt(cli: Cli): Promise<number> {
  const { database, project, temporary } = await cli.open()
  const bar = progressBar(cli.io, 'comparing', 'parts')
  const lake = openLakeOf(project)
  const found = await verifyLake(database, lake, {
    temporary,
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.stop())
  const rows = found.wrong.map(({ period, damage, onlyLake, onlyPostgres, unlike }) => ({
    ...{ period, damage, only_lake: onlyLake ?? null },
    ...{ only_postgres: onlyPostgres ?? null, unlike: unlike ?? null },
  }))
  const whole = found.unusable === null && rows.length === 0
  const { horizon, events, files, unusable } = found
  await cli.print({
    columns: wrongColumns,
    rows,
    document: { whole, unusable, horizon: exact(horizon), events, files, wrong: rows },
    lines: verifiedLines(found, rows),
  })
  return whole ? 0 : 3
}

function verifiedLines({ unusable, events, files, wrong }: Verified, rows: object[]): string[] {
  if (unusable)
    return [`The lake can't be compared: ${rebuiltReasons[unusable]}. The next full run writes it anew.`]
  if (wrong.length === 0)
    return [`All ${plural(events, 'event')} in ${plural(files, 'file')} are as in the database.`]
  return [
    `${plural(wrong.length, 'file')} of ${thousands(String(files))} not as in the database:`,
    ...renderTable(wrongColumns, rows as Record<string, unknown>[], 100),
    '`tideline lake repair` writes them anew; so does the next full run, where files are missing or damaged.',
  ]
}

async function repairIt(cli: Cli): Promise<void> {
  const { database, project, temporary } = await cli.open()
  const properties = await lakeProperties(database)
  const lake = openLakeOf(project)
  const result = await shown(cli, (onProgress) =>
    repairLake(database, lake, { properties, temporary, onProgress }),
  )
  await printResult(cli, result)
}

async function rebuildIt(cli: Cli): Promise<void> {
  const { database, project } = await cli.open()
  const properties = await lakeProperties(database)
  const lake = openLakeOf(project)
  await printResult(
    cli,
    await shown(cli, (onProgress) => rebuildLake(database, lake, { properties, onProgress })),
  )
}

async function shown<T>(
  cli: Cli,
  work: (onProgress: (progress: SyncProgress) => void) => Promise<T>,
): Promise<T> {
  const bars = {
    check: progressBar(cli.io, 'comparing', 'parts'),
    copy: progressBar(cli.io, 'copying', 'parts'),
    write: progressBar(cli.io, 'writing', 'files'),
  }
  const stop = (but?: SyncProgress['step']) => {
    for (const [step, bar] of Object.entries(bars)) if (step !== but) bar.stop()
  }
  const onProgress = ({ step, done, total }: SyncProgress) => {
    stop(step)
    bars[step].update(done, total)
  }
  return work(onProgress).finally(() => stop())
}

async function printResult(cli: Cli, result: SyncResult): Promise<void> {
  const row = { ...result, written: result.written.length, healed: result.healed.length }
  await cli.print({
    columns: [
      ...['events', 'files', 'bytes', 'written', 'healed'].map((name) => ({ name, kind: 'count' as const })),
      { name: 'rebuilt' },
      { name: 'horizon', kind: 'number' },
    ],
    rows: [row],
    document: { ...result, horizon: exact(result.horizon) },
    lines: resultLines(result),
  })
}

function resultLines({ events, files, bytes, written, healed, rebuilt }: SyncResult): string[] {
  const held = `${plural(events, 'event')} in ${plural(files, 'file')}, ${megabytes(bytes)}`
  if (rebuilt) return [`The lake was written anew: ${reasonOf(rebuilt)}.`, held]
  if (written.length === 0) return ['Nothing was to be repaired.', held]
  return [...healed.map(told), `${plural(written.length, 'file')} written anew.`, held]
}

const reasonOf = (rebuilt: Rebuilt): string => rebuiltReasons[rebuilt]
const told = ({ period, damage }: Healed): string => `${period}: ${damages[damage]}`
