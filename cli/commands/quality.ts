import { adviceFor, type Fit, readQuality, sayKinds } from '../../pipeline/quality.ts'
import { command, type Start } from '../command.ts'
import type { Answer } from '../output.ts'
import { type Column, renderTable } from '../table.ts'
import { plural } from '../values.ts'

export const quality = (start: Start) =>
  command('quality', {
    summary: 'stored values that are not of the type of their name',
    description:
      'Attributes and properties of which stored values are not of the type that the catalog gives: such a value counts as missing, or, among json, as a list of one. Says how many, and of which kind they are instead, without showing any.',
    examples: [
      ['tideline quality', 'what is wrong, worst first'],
      ['tideline quality --all --format csv', 'every name, for a spreadsheet'],
    ],
  })
    .option('--all', 'names of which every value fits as well')
    .action(
      start(async (cli, options: { all?: boolean }) => {
        const { database } = await cli.open()
        await cli.print(answer(await readQuality(database), options.all ?? false))
      }),
    )

const columns: readonly Column[] = [
  { name: 'subject', title: null },
  { name: 'event', title: null },
  { name: 'holder', title: 'OF' },
  { name: 'name' },
  { name: 'type' },
  { name: 'known', kind: 'count' },
  { name: 'wrong', kind: 'count' },
  { name: 'share', kind: 'share' },
  { name: 'kinds', kind: 'json', title: null },
  { name: 'instead', title: 'INSTEAD' },
]
const machine = columns.filter(({ name }) => name !== 'holder' && name !== 'instead')

function answer(all: readonly Fit[], everything: boolean): Answer {
  const share = ({ wrong, known }: Fit) => (Number(known) > 0 ? Number(wrong) / Number(known) : null)
  const wrong = all
    .filter((each) => Number(each.wrong) > 0)
    .sort((a, b) => (share(b) ?? 0) - (share(a) ?? 0) || Number(b.wrong) - Number(a.wrong))
  const shown = everything ? [...wrong, ...all.filter((each) => Number(each.wrong) === 0)] : wrong
  const rows = shown.map((each) => ({
    ...each,
    holder: each.event ?? `${each.subject}s`,
    share: share(each),
    instead: each.kinds ? sayKinds(each.kinds) : '',
  }))
  const fits = all.length - wrong.length
  const advice = wrong.flatMap((each) => adviceFor(each) ?? []).slice(0, 5)
  const end =
    wrong.length === 0
      ? [`${plural(all.length, 'name')}, and every stored value is of its type.`]
      : [sayWrong(wrong, fits), ...advice]
  return {
    columns: machine,
    rows,
    lines: [...(rows.length > 0 ? [...renderTable(columns, rows, 100), ''] : []), ...end],
  }
}

/** Among json a single value is a list of one. */
function sayWrong(wrong: readonly Fit[], fits: number): string {
  const single = wrong.filter(({ type }) => type === 'json').length
  const missing = wrong.length - single
  const parts = [
    ...(missing > 0 ? [`${plural(missing, 'name')} with values that count as missing`] : []),
    ...(single > 0 ? [`${plural(single, 'name')} of type json with single values, each a list of one`] : []),
  ]
  return `${parts.join(', ')}; ${fits} without.`
}
