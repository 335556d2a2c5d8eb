import type { Instant } from '../../compiler/index.ts'
import { membersAt } from '../../pipeline/asof.ts'
import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import { findEver, findSegment, readMembers, readStanding, type SegmentKey } from '../../pipeline/reads.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import type { Answer } from '../output.ts'
import {
  archivedLines,
  evaluateAlone,
  refuseFuture,
  sayAnswered,
  sourceColumns,
  sourceFields,
} from '../source.ts'
import type { Column } from '../table.ts'
import { instant, thousands } from '../values.ts'

type Options = { limit: number; asOf?: string; evaluate?: boolean; timeLimit: number }

export const members = (start: Start) =>
  command('members', {
    summary: 'who is in a segment, hottest first: now, or as of any instant',
    description:
      'Who is in a segment as of the last run, hottest first. With --as-of: who was in it then, as the runs recorded it, and which run it was; where no run had looked at the segment by then, or with --evaluate, the current version of its definition is evaluated at that instant on what is known now, and the answer says so. Scores are those of that instant by the current rules.',
    examples: [
      ['tideline members hot-leads', 'the 50 hottest'],
      ['tideline members hot-leads --limit 1000000 --output hot.csv', 'all of them, into a file'],
      ['tideline members hot-leads --as-of 2026-10-01', 'who was in it on that day, as recorded'],
      [
        'tideline members hot-leads --as-of 2026-10-01 --evaluate',
        'by the definition and the events of today',
      ],
    ],
  })
    .argument('<KEY>', 'key of the segment')
    .option('--limit <N>', 'no more than so many', wholeNumber, 50)
    .option('--as-of <T>', 'as of when; by default the last run')
    .option('--evaluate', 'with --as-of: evaluate the current definition, whatever is recorded')
    .option('--time-limit <S>', 'with --as-of: give up after so many seconds', wholeNumber, 60)
    .action(
      start(async (cli, key: string, options: Options) => {
        const { database, project } = await cli.open()
        if (options.asOf !== undefined) {
          const asOf = cli.instant(options.asOf, '--as-of', project.settings.timezone)
          return cli.print(await answerAt(database, await findEver(database, key), asOf, options))
        }
        const segment = await findSegment(database, key)
        if (options.evaluate) throw evaluateAlone()
        if (segment.state === null) throw neverEvaluated(key, segment)
        if (segment.good_as_of) {
          cli.say(`${notEvaluated(segment)} These are its members as of ${instant(segment.good_as_of)} UTC.`)
        }
        const rows = await readMembers(database, key, options.limit)
        const total = Number(rows[0]?.total ?? 0)
        await cli.print({
          columns,
          rows,
          ...(total === 0 ? { lines: [`Nobody is in ${key} now.`] } : {}),
          more: limitNote(rows.length, total),
        })
      }),
    )

const columns: readonly Column[] = [
  { name: 'lead_id', title: 'LEAD' },
  { name: 'since', kind: 'instant' },
  { name: 'score', kind: 'score' },
  { name: 'level' },
]

async function answerAt(
  database: Database,
  segment: SegmentKey,
  asOf: Instant,
  options: Options,
): Promise<Answer> {
  const { segment: key } = segment
  const { limit, evaluate, timeLimit } = options
  refuseFuture(asOf, (await readStanding(database)).now, { evaluate })
  const found = await membersAt(database, key, { asOf, evaluate, limit, limitSeconds: timeLimit })
  const { source, total, members } = found
  const head = [
    `as of ${instant(asOf)} UTC  ·  ${sayAnswered(source, asOf)}`,
    ...archivedLines([segment]),
    '',
  ]
  return {
    columns: [...columns, ...sourceColumns],
    rows: members.map((each) => ({ ...each, ...sourceFields(source, asOf) })),
    above: head,
    ...(total === 0 ? { lines: [`Nobody was in ${key} then.`] } : {}),
    more: limitNote(members.length, total),
  }
}

const limitNote = (shown: number, total: number): string | undefined =>
  total > shown
    ? `${thousands(String(shown))} of ${thousands(String(total))} members; --limit N shows more.`
    : undefined

const neverEvaluated = (key: string, { status }: SegmentKey) =>
  new UserError({
    code: 'NEVER_EVALUATED',
    message: `The segment "${key}" was never evaluated, so nobody knows who is in it.`,
    hint:
      status === 'active'
        ? 'Run `tideline run`.'
        : `It is ${status}; set status: active in its file and apply.`,
  })

const notEvaluated = ({ state, status, error }: SegmentKey): string => {
  if (state !== 'ok') return `It is ${state}: ${error}`
  return status === 'active' ? 'It is active again, and waits for its next run.' : `It is ${status}.`
}
