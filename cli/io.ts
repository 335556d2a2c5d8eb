import type { Config } from '../config.ts'

/** Where a command's words go: a terminal, a file or a pipe. */
export type Sink = {
  write(text: string): void | Promise<void>
  readonly isTerminal: boolean
  readonly columns?: number | undefined
}

/** Everything outside that a command touches, so that tests can stand in for it. */
export type Io = {
  readonly cwd: string
  readonly config: Config
  readonly out: Sink
  readonly err: Sink
  /** Asks somebody at a terminal; undefined if nobody sits there. */
  readonly ask?: ((question: string) => Promise<string>) | undefined
  /** Resolves when whoever started the process wants it to stop. */
  readonly interrupted?: (() => Promise<string>) | undefined
  /** Ends the process without waiting for what is still going on. */
  readonly leave?: ((exitCode: number) => never) | undefined
}

/** Resolves once the stream has room again, so that a slow reader is waited for. */
export function sinkOf(stream: NodeJS.WriteStream): Sink {
  return {
    write(text) {
      if (stream.write(text)) return
      return new Promise((resolve) => {
        stream.once('drain', resolve)
      })
    },
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns
    },
  }
}
