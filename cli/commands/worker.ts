import { Writable } from 'node:stream'
import { pino } from 'pino'
import { nextSlots } from '../../jobs/schedule.ts'
import { graceSeconds, startWorker } from '../../jobs/worker.ts'
import { readStanding } from '../../pipeline/reads.ts'
import type { Cli } from '../cli.ts'
import { command, type Start, wholeNumber } from '../command.ts'
import { failpoint, owner } from '../runs.ts'
import { instant, printable } from '../values.ts'

export const workerCommand = (start: Start) =>
  command('worker', {
    summary: 'keep segments fresh: run every slot that is due, and what is on the queue',
    description:
      'Runs every slot that is due, oldest first, and what others put on the queue, until it is stopped. Any number of workers may share an installation; a slot is run once. The queue lies in Postgres, or in Redis if REDIS_URL names one. On SIGTERM or Ctrl-C it takes no more work, lets what it is at go on for a while, cancels it then, and stops; at the second one it ends at once.',
    examples: [
      ['tideline worker', 'log to the terminal; anywhere else one JSON object a line'],
      ['REDIS_URL=redis://127.0.0.1:6379 tideline worker', 'with the queue in Redis'],
    ],
  })
    .option(
      '--grace <SECONDS>',
      'how long what it is at may go on when it is to stop',
      wholeNumber,
      graceSeconds,
    )
    .action(
      start(async (cli, { grace }: { grace: number }) => {
        const { database, project, temporary } = await cli.open({ max: 10 })
        const { slots } = project.settings
        const log = pino({ base: {} }, logOf(cli))
        const stopped = cli.io.interrupted?.() ?? new Promise<string>(() => {})
        const worker = await startWorker({
          database,
          redisUrl: cli.io.config.redisUrl,
          settings: project.settings,
          owner: owner(),
          temporary,
          log,
          onStep: failpoint(cli.io.config.failpoint),
        })
        const { now } = await readStanding(database)
        const next = nextSlots(slots, now, 2).map((slot) => `${instant(slot)} UTC`)
        log.info({ queue: worker.described, next }, 'next slots')
        const signal = await stopped
        log.info({ signal }, `stopping: what is being done may go on for ${grace} seconds`)
        const { finished } = await worker.stop({ graceSeconds: grace })
        // What can't even be cancelled is dropped with its session, and taken up by the next worker.
        if (!finished) cli.io.leave?.(1)
      }),
    )

/** JSON lines for machines; for a terminal the time, what happened, and what belongs to it. */
function logOf(cli: Cli): Writable {
  const readable = cli.format === 'table'
  return new Writable({
    decodeStrings: false,
    write(line, _encoding, done) {
      const text = readable ? readableLine(cli, String(line)) : String(line)
      void Promise.resolve(cli.io.out.write(text)).then(() => done())
    },
  })
}

function readableLine(cli: Cli, line: string): string {
  const { time, level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
  const said = Object.entries(rest)
    .map(([name, value]) => `${name} ${printable(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(', ')
  const word =
    Number(level) >= 50
      ? cli.paint.red(String(msg))
      : Number(level) >= 40
        ? cli.paint.yellow(String(msg))
        : String(msg)
  const clock = new Date(Number(time)).toISOString().slice(11, 19)
  return `${cli.paint.dim(clock)}  ${word}${said ? `  ${cli.paint.dim(said)}` : ''}\n`
}
