import { Writable } from 'node:stream'
import progress, { type SingleBar } from 'cli-progress'
import type { Io } from './io.ts'
import { thousands } from './values.ts'

export type ProgressBar = { update(done: number, of: number): void; stop(): void }

const silent: ProgressBar = { update() {}, stop() {} }

/** A bar on a terminal, nothing anywhere else. It goes away when the work is done: the summary says what came of it. */
export function progressBar(io: Io, name: string, unit: string): ProgressBar {
  if (!io.err.isTerminal) return silent
  let bar: SingleBar | undefined
  const begun = performance.now()
  return {
    update(done, of) {
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
            const drawn = progress.Format.BarFormat(share, options)
            return `${name}   ${thousands(String(total))} ${unit}   ${drawn}  ${percent}   ${thousands(String(perSecond))} ${unit}/s`
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
