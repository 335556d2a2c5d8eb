import { Writable } from 'node:stream'
import progress, { type SingleBar } from 'cli-progress'
import type { Io } from './io.ts'
import { seconds, thousands } from './values.ts'

export type ProgressBar = {
  /** An estimate of the seconds left is shown in place of the speed. */
  update(done: number, of: number, secondsLeft?: number): void
  stop(): void
}

/**
 * A bar on a terminal, which goes away when the work is done: the summary says what came of it. Anywhere else a line
 * now and then, of what takes long.
 */
export function progressBar(io: Io, name: string, unit: string, everySeconds = 30): ProgressBar {
  if (!io.err.isTerminal) return progressLines(io, name, unit, everySeconds)
  let bar: SingleBar | undefined
  let left: number | undefined
  const begun = performance.now()
  return {
    update(done, of, secondsLeft) {
      left = secondsLeft
      if (!bar) {
        bar = new progress.SingleBar({
          stream: terminalOf(io),
          clearOnComplete: true,
          hideCursor: true,
          barsize: 24,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          format: (options, { progress: share, value, total }) => {
            const percent = `${Math.floor(share * 100)} %`.padStart(5)
            const perSecond = Math.round(value / Math.max(0.001, (performance.now() - begun) / 1000))
            const pace =
              left === undefined
                ? `${thousands(String(perSecond))} ${unit}/s`
                : `about ${seconds(Math.ceil(left) * 1000)} left`
            const drawn = progress.Format.BarFormat(share, options)
            return `${name}   ${thousands(String(total))} ${unit}   ${drawn}  ${percent}   ${pace}`
          },
        })
        bar.start(of, done)
      }
      bar.setTotal(of)
      bar.update(done)
    },
    stop() {
      bar?.stop()
    },
  }
}

function progressLines(io: Io, name: string, unit: string, everySeconds: number): ProgressBar {
  let said = performance.now()
  return {
    update(done, of, secondsLeft) {
      if (performance.now() - said < everySeconds * 1000) return
      said = performance.now()
      const left = secondsLeft === undefined ? '' : `, about ${seconds(Math.ceil(secondsLeft) * 1000)} left`
      io.err.write(`${name}: ${thousands(String(done))} of ${thousands(String(of))} ${unit}${left}\n`)
    },
    stop() {},
  }
}

function terminalOf({ err }: Io): NodeJS.WritableStream {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      // At once, so that the bar is gone before the summary is printed.
      void err.write(String(chunk))
      done()
    },
  })
  return Object.assign(stream, { isTTY: true, columns: err.columns ?? 80 })
}
