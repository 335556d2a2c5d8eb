import { Option } from 'commander'
import { type Instant, resolve } from '../../compiler/index.ts'
import { type Flow, type FlowRange, type Moved, type Path, readFlow, readPath } from '../../pipeline/flow.ts'
import { findEver, readStanding } from '../../pipeline/reads.ts'
import { command, duration, type Start, wholeNumber } from '../command.ts'
import { WrongUsage } from '../errors.ts'
import type { Answer } from '../output.ts'
import { archivedLines, refuseFuture } from '../source.ts'
import { type Column, renderTable } from '../table.ts'
import { instant, plural, printable, show, thousands, wrap } from '../values.ts'

type Options = {
  period: ReturnType<typeof duration>
  asOf?: string
  backward?: boolean
  path?: boolean
  limit: number
  allCauses?: boolean
}

export const flow = (start: Start) =>
  command('flow', {
    summary: 'how leads move between segments: the matrix, or the way through several',
    description:
      'Counts, over a period that ends with the last run, the leads that moved from one segment to another. A lead was in A within the period if it was in it at the beginning or entered it until the end. It moved from A to B if it entered B strictly after an instant of the period at which it was in A; it need not have left A. From A to A: it came back. Forward, the share is of the leads that were in A within the period; --backward, of those that entered B: where they came from. Entries by cause data, time or manual count, unless --all-causes. With --path, the KEYs are steps, and a lead goes down it if it was in the first within the period and entered each next one after the one before.',
    examples: [
      ['tideline flow cold warm hot', 'from Warm to Hot, from Hot to Warm, and all other pairs in 30 days'],
      ['tideline flow cold warm hot --period 90d --backward', 'where those who entered came from'],
      ['tideline flow trial active customers --path --limit 100', 'how many went all the way, and who'],
    ],
  })
    .argument('<KEY...>', 'keys of two or more segments')
    .addOption(
      new Option('--period <D>', 'how far it goes back')
        .argParser(duration)
        .default(duration('30d'), '30 days'),
    )
    .option('--as-of <T>', 'where the period ends; by default with the last run')
    .option('--backward', 'rows are where leads came to, columns where they came from')
    .option('--path', 'the KEYs are steps in order (with --backward, from the last to the first)')
    .option('--limit <N>', 'with --path: name no more than so many leads', wholeNumber, 20)
    .option('--all-causes', 'count entries by definition, repair and backfill as well')
    .action(
      start(async (cli, keys: string[], options: Options) => {
        const { database, project } = await cli.open()
        if (keys.length < 2)
          throw new WrongUsage({
            code: 'WRONG_USAGE',
            message: 'flow needs two KEYs or more: from where to where.',
          })
        const segments = []
        for (const key of new Set(keys)) segments.push(await findEver(database, key))
        const archived = archivedLines(segments)
        const { now, last_as_of } = await readStanding(database)
        const to = options.asOf
          ? cli.instant(options.asOf, '--as-of', project.settings.timezone)
          : (last_as_of ?? now)
        refuseFuture(to, now, { hint: 'Without --as-of the period ends with the last run.' })
        const range = { from: before(to, options.period.seconds), to, allCauses: options.allCauses }
        if (options.path) {
          const steps = options.backward ? [...keys].reverse() : keys
          const found = await readPath(database, steps, { ...range, limit: options.limit })
          return cli.print(pathAnswer(found, range, archived))
        }
        const distinct = [...new Set(keys)]
        const found = await readFlow(database, distinct, range)
        const { backward = false } = options
        await cli.print(matrixAnswer(found, distinct, { ...range, backward }, archived))
      }),
    )

const before = (to: Instant, seconds: number): Instant =>
  resolve({ kind: 'ago', duration: { amount: seconds, unit: 'second' } }, to)

const columns: readonly Column[] = [
  { name: 'from' },
  { name: 'to' },
  { name: 'moved', kind: 'count' },
  { name: 'of', kind: 'count' },
  { name: 'share', kind: 'share' },
]

function matrixAnswer(
  found: Flow,
  keys: readonly string[],
  range: FlowRange & { readonly backward: boolean },
  archived: readonly string[],
): Answer {
  const { backward } = range
  const rows = found.pairs.map((pair) => ({ ...pair, ...shareOf(pair, backward) }))
  const document = {
    ...{ from: range.from, to: range.to, direction: backward ? 'backward' : 'forward' },
    all_causes: range.allCauses ?? false,
    recorded_since: Object.fromEntries(found.later),
    entered_otherwise: Object.fromEntries(found.otherwise),
    moves: rows.map(({ from, to, moved, of, share }) => ({ from, to, moved, of, share })),
  }
  const of = backward ? 'ENTERED' : 'WERE IN IT'
  const shown: Column[] = [
    { name: 'segment', title: backward ? 'TO' : 'FROM' },
    { name: 'of', kind: 'count', title: of },
    ...keys.map((key) => ({ name: `: ${key}`, title: `${backward ? 'FROM' : 'TO'} ${key}` })),
  ]
  const table = keys.map((segment) => {
    const own = rows.filter((each) => segment === (backward ? each.to : each.from))
    const cells = own.map((each) => [`: ${backward ? each.from : each.to}`, cellOf(each)])
    return { segment, of: own[0]?.of ?? 0, ...Object.fromEntries(cells) }
  })
  return {
    columns,
    rows,
    document,
    lines: [...head(range), ...renderTable(shown, table, 100), ...notes(found, archived)],
  }
}

function shareOf({ moved, inFrom, enteredTo }: Moved, backward: boolean) {
  const of = backward ? enteredTo : inFrom
  return { of, share: of === 0 ? null : Number((moved / of).toFixed(6)) }
}

const cellOf = ({ moved, share }: { moved: number; share: number | null }): string =>
  moved === 0 ? '0' : `${thousands(String(moved))} (${show(share, 'share')})`

function pathAnswer(found: Path, range: FlowRange, archived: readonly string[]): Answer {
  const first = found.steps[0]?.leads ?? 0
  const rows = found.steps.map((each, index) => ({
    step: index + 1,
    ...each,
    share: first === 0 ? null : Number((each.leads / first).toFixed(6)),
  }))
  const through = rows.at(-1)?.leads ?? 0
  const { named } = found
  const names = wrap(named.map(printable).join(', ') + (through > named.length ? ', …' : ''), 98)
  return {
    columns: pathColumns,
    rows,
    document: {
      ...{ from: range.from, to: range.to, all_causes: range.allCauses ?? false },
      recorded_since: Object.fromEntries(found.later),
      entered_otherwise: Object.fromEntries(found.otherwise),
      ...{ steps: rows, leads: through, lead_ids: named },
    },
    lines: [
      ...head(range),
      ...renderTable(pathColumns, rows, 100),
      '',
      `${plural(through, 'lead')} went all the way${named.length > 0 ? ':' : '.'}`,
      ...(named.length > 0 ? names.map((line) => `  ${line}`) : []),
      ...notes(found, archived),
    ],
  }
}

const pathColumns: readonly Column[] = [
  { name: 'step', kind: 'count' },
  { name: 'segment' },
  { name: 'leads', kind: 'count' },
  { name: 'share', kind: 'share', title: 'OF THE FIRST' },
]

const head = ({ from, to, allCauses }: FlowRange): string[] => [
  `from ${instant(from)} to ${instant(to)} UTC  ·  entries by ${allCauses ? 'any cause' : 'data, time or manual'}`,
  '',
]

function notes(
  { later, otherwise }: Pick<Flow, 'later' | 'otherwise'>,
  archived: readonly string[],
): string[] {
  const since = [...later].map(([key, at]) =>
    at === null ? `Of ${key} nothing is recorded.` : `${key} is recorded only since ${instant(at)} UTC.`,
  )
  const left = [...otherwise].map(([key, leads]) => `${key} ${thousands(String(leads))}`)
  const more =
    left.length > 0
      ? wrap(
          `Entered by definition, repair or backfill, not counted: ${left.join(', ')}; --all-causes does.`,
          98,
        )
      : []
  const all = [...since, ...more, ...archived]
  return all.length > 0 ? ['', ...all] : []
}
