import { openQueue } from '../../jobs/queue.ts'
import type { Installation } from '../../pipeline/installation.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { printDryRun } from '../dry-run.ts'
import { WrongUsage } from '../errors.ts'
import { enqueuedAnswer, runAnswer, runNow, told } from '../runs.ts'

type Options = { asOf?: string; full?: boolean; dryRun?: boolean; enqueue?: boolean; wait?: boolean }

export const runCommand = (start: Start) =>
  command('run', {
    summary: 'bring all segments and scores up to date',
    description:
      'Evaluates all active segments and scores as of one instant, and writes what differs: members, history with its cause, figures and scores, in one transaction. Looks only at the leads that have changed or are due; at all of them after each midnight in UTC and whenever that is not enough, and says why. Killed and repeated, it ends in the same state.',
    examples: [
      ['tideline run', 'as of now'],
      ['tideline run --as-of 2026-11-23', 'as of 00:00 of that day in the time zone of the project'],
      ['tideline run --full', 'all leads, to be sure'],
      ['tideline run --dry-run', 'what it would do, step by step, with its SQL; nothing is written'],
      ['tideline run --enqueue --wait', 'let a worker do it, and wait for it'],
    ],
  })
    .option('--as-of <T>', 'what had happened by then counts: a date or an instant after the last run')
    .option('--full', 'look at all leads, not only at those that changed or are due')
    .option('--dry-run', 'say how it would be done, why so, and with which statements; write nothing')
    .option('--enqueue', 'put it on the queue, for a worker to do')
    .option('--wait', 'with --enqueue: wait until it is done')
    .action(
      start(async (cli, options: Options) => {
        if (options.wait && !options.enqueue) throw waitWithoutEnqueue()
        if (options.dryRun && options.enqueue) throw dryWithEnqueue()
        const installation = await cli.open()
        const asOf =
          options.asOf && cli.instant(options.asOf, '--as-of', installation.project.settings.timezone)
        if (options.dryRun)
          return printDryRun(cli, installation, { asOf: asOf || undefined, full: options.full ?? false })
        if (options.enqueue) return enqueueRun(cli, installation, asOf || undefined, options.wait ?? false)
        const { full = false } = options
        await cli.print(
          runAnswer(told(await runNow(cli, installation, { asOf: asOf || undefined, full })), cli),
        )
      }),
    )

async function enqueueRun(
  cli: Cli,
  installation: Installation,
  asOf: string | undefined,
  wait: boolean,
): Promise<void> {
  const start = performance.now()
  const queue = await openQueue({ database: installation.database, redisUrl: cli.io.config.redisUrl })
  try {
    const job = await queue.enqueue('run', asOf ? { asOf } : {})
    if (!wait) return await cli.print(enqueuedAnswer(job, queue.described, await queue.workers()))
    let warned = false
    let behind = false
    const result = await queue.wait(job, {
      onState({ workers, waitsFor }) {
        if (workers === 0 && !warned)
          cli.say('There is no worker at the moment: start one with `tideline worker`.')
        warned = true
        if (waitsFor !== 'RUN_IN_PROGRESS' || behind) return
        cli.say('Another run is being applied; this one waits for it to end.')
        behind = true
      },
    })
    await cli.print(runAnswer({ ...result, milliseconds: Math.round(performance.now() - start) }, cli))
  } finally {
    await queue.close()
  }
}

const dryWithEnqueue = (): WrongUsage =>
  new WrongUsage({
    code: 'WRONG_USAGE',
    message: '--dry-run does not go with --enqueue.',
    hint: 'Without --enqueue it says what a run here and now would do.',
  })

const waitWithoutEnqueue = (): WrongUsage =>
  new WrongUsage({
    code: 'WRONG_USAGE',
    message: '--wait goes with --enqueue.',
    hint: 'Without --enqueue the command waits anyway.',
  })
