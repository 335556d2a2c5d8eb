import { nextSlots } from '../../jobs/schedule.ts'
import { approve, type Parked, readParked } from '../../pipeline/approve.ts'
import { readStanding } from '../../pipeline/reads.ts'
import { moves } from '../../pipeline/runs/guard.ts'
import { command, type Start } from '../command.ts'
import { plainRow } from '../output.ts'
import { author, runAnswer, runNow, told } from '../runs.ts'
import type { Column } from '../table.ts'
import { instant } from '../values.ts'

type Options = { run?: boolean }

export const approveCommand = (start: Start) =>
  command('approve', {
    summary: 'let a change through that a run held back',
    description:
      'A run parks a segment that would lose or gain more of its members than the guard lets pass (docs/guard.md): it keeps its members, and what refers to it waits as well. Approving lets the change through, however large it is by then; without KEY, what waits is listed.',
    examples: [
      ['tideline approve', 'what waits'],
      ['tideline approve trials', 'let the change of trials through with the next run'],
      ['tideline approve trials enterprise --run', 'both, and run now'],
    ],
  })
    .argument('[KEY...]', 'keys of segments; without one, those that wait are listed')
    .option('--run', 'run now, so that members follow at once')
    .action(
      start(async (cli, keys: string[], options: Options) => {
        const installation = await cli.open()
        const { database, project } = installation
        if (keys.length === 0) {
          const parked = await readParked(database)
          const none = ['Nothing waits for approval.']
          return cli.print({
            ...{ columns, rows: parked },
            ...(parked.length === 0 ? { lines: none } : { below: parked.flatMap(waitingWith) }),
          })
        }
        const next = nextSlots(project.settings.slots, (await readStanding(database)).now, 1)[0]!
        const approved = await approve(database, { keys, by: author() })
        const run = options.run ? told(await runNow(cli, installation)) : undefined
        const answer = run && runAnswer(run, cli)
        const then = `Members follow with the next run: ${instant(next)} UTC if a worker is at work, or now by \`tideline run\`.`
        await cli.print({
          columns,
          rows: approved,
          document: {
            segments: approved.map((each) => plainRow(columns, each)),
            ...{ next_slot: next, ...(answer ? { run: answer.document } : {}) },
          },
          lines: [...approved.flatMap(linesOf), '', ...(answer?.lines ?? [then])],
        })
      }),
    )

const columns: readonly Column[] = [
  { name: 'segment' },
  { name: 'version', kind: 'number' },
  { name: 'members', kind: 'count' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
  { name: 'causes' },
  { name: 'good_as_of', title: 'MEMBERS AS OF', kind: 'instant' },
  { name: 'blocked', title: null, kind: 'json' },
  { name: 'approved_by' },
]

const waitingWith = ({ segment, blocked }: Parked): string[] =>
  blocked.length > 0 ? ['', `With ${segment} wait: ${blocked.join(', ')}.`] : []

function linesOf({ segment, members, entered, left, blocked }: Parked): string[] {
  const [all, come, go] = [members, entered, left].map(Number)
  const others = blocked.length > 0 ? [`  with it go on: ${blocked.join(', ')}`] : []
  const told = moves({ members: all!, enter: come!, leave: go! })
  return [`${segment} is let through: ${told}.`, ...others]
}
