import { UserError } from '../../pipeline/errors.ts'
import { findSegment, readMembers, type SegmentKey } from '../../pipeline/reads.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { instant, thousands } from '../values.ts'

export const members = (start: Start) =>
  command('members', {
    summary: 'who is in a segment now, hottest first',
    examples: [
      ['tideline members hot-leads', 'the 50 hottest'],
      ['tideline members hot-leads --limit 1000000 --output hot.csv', 'all of them, into a file'],
    ],
  })
    .argument('<KEY>', 'key of the segment')
    .option('--limit <N>', 'no more than so many', wholeNumber, 50)
    .action(
      start(async (cli, key: string, { limit }: { limit: number }) => {
        const { database } = await cli.open()
        const segment = await findSegment(database, key)
        if (segment.state === null) {
          throw new UserError({
            code: 'NEVER_EVALUATED',
            message: `The segment "${key}" was never evaluated, so nobody knows who is in it.`,
            hint:
              segment.status === 'active'
                ? 'Run `tideline run`.'
                : `It is ${segment.status}; set status: active in its file and apply.`,
          })
        }
        const found = await readMembers(database, key, limit)
        const total = Number(found[0]?.total ?? 0)
        const stale = segment.good_as_of
          ? `${notEvaluated(segment)} These are its members as of ${instant(segment.good_as_of)} UTC.`
          : ''
        const note =
          total > found.length
            ? `${thousands(String(found.length))} of ${thousands(String(total))} members; --limit N shows more.`
            : ''
        if (stale) cli.say(stale)
        await cli.print({
          columns: [
            { name: 'lead_id', title: 'LEAD' },
            { name: 'since', kind: 'instant' },
            { name: 'score', kind: 'score' },
            { name: 'level' },
          ],
          rows: found,
          ...(total === 0 ? { lines: [`Nobody is in ${key} now.`] } : {}),
          below: note ? ['', note] : [],
        })
      }),
    )

const notEvaluated = ({ state, status, error }: SegmentKey): string => {
  if (state !== 'ok') return `It is ${state}: ${error}`
  return status === 'active' ? 'It is active again, and waits for its next run.' : `It is ${status}.`
}
