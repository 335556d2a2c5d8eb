import { findEver, readRenames, type SegmentKey } from '../../pipeline/reads.ts'
import { readVersions, reasonOf, type Version } from '../../pipeline/versions.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import type { Answer } from '../output.ts'
import { definitionLine } from '../plan/words.ts'
import { archivedLines } from '../source.ts'
import { instant, plural, wrap } from '../values.ts'

export const versions = (start: Start) =>
  command('versions', {
    summary: 'what a segment meant: every version, when, by whom, why',
    description:
      'Every version of a segment, newest first: when it was applied and by whom, what made it, and the definition before and after. `tideline apply KEY --to VERSION` makes an earlier one current again.',
    examples: [
      ['tideline versions hot-leads', 'newest first'],
      ['tideline versions hot-leads --format csv', 'for a spreadsheet'],
    ],
  })
    .argument('<KEY>', 'key of the segment')
    .action(
      start(async (cli, key: string) => {
        const { database } = await cli.open()
        const segment = await findEver(database, key)
        const found = await readVersions(database, key)
        const renames = (await readRenames(database)).filter((each) => each.segment === key)
        await cli.print(answer(cli, segment, found, renames))
      }),
    )

type Renamed = { readonly old_key: string; readonly renamed_at: string }

function answer(
  cli: Cli,
  segment: SegmentKey,
  found: readonly Version[],
  renames: readonly Renamed[],
): Answer {
  const rows = found.map((each, index) => ({
    ...each,
    reason: reasonOf(each, found[index + 1]),
    before: found[index + 1]?.definition ?? null,
  }))
  return {
    columns: [
      { name: 'version', kind: 'number' },
      { name: 'applied_at', kind: 'instant' },
      { name: 'applied_by' },
      { name: 'reason' },
      { name: 'before' },
      { name: 'definition' },
      { name: 'zone' },
      { name: 'fingerprint' },
      { name: 'current', kind: 'boolean' },
      { name: 'evaluated', kind: 'boolean' },
    ],
    rows,
    lines: [
      `${segment.segment}  ·  ${plural(found.length, 'version')}`,
      ...archivedLines([segment]),
      ...renames.map((each) => `called ${each.old_key} until ${instant(each.renamed_at)} UTC`),
      ...rows.flatMap((row) => ['', ...lines(cli, row)]),
    ],
  }
}

function lines(cli: Cli, row: Version & { reason: string; before: string | null }): string[] {
  const marks = [
    row.current ? cli.paint.bold('current') : '',
    row.current && !row.evaluated ? 'not evaluated yet' : '',
  ]
  const head = [
    `${instant(row.applied_at)} UTC`,
    row.applied_by ?? '',
    row.fingerprint.slice(0, 8),
    row.reason,
    ...marks,
  ]
  const margin = ' '.repeat(6)
  const [before, after] = [definitionLine(row.before), definitionLine(row.definition)]
  const edited = row.before !== null && before !== after
  const [first = '', ...rest] = wrap(after, 90)
  return [
    `${String(row.version).padStart(4)}  ${head.filter(Boolean).join('  ')}`,
    ...(edited ? wrap(before, 90).map((line) => margin + cli.paint.dim(line)) : []),
    `${margin}${edited ? '→  ' : ''}${first}`,
    ...rest.map((line) => margin + line),
  ]
}
