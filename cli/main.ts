import { enableCompileCache } from 'node:module'
import { createInterface } from 'node:readline/promises'

// The process: arguments, terminal and environment are read here and handed on.
// With what was compiled before kept, a command starts in half the time; so the rest is imported after this.
enableCompileCache()
const { readConfig } = await import('../config.ts')
const { sinkOf } = await import('./io.ts')
const { main } = await import('./program.ts')
const { stdin, stdout, stderr } = process

// `tideline … | head` ends as soon as nobody reads any more, and that is no failure.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** Ctrl-C is an answer, too: the one that nothing is done after. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    return await terminal.question(question)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ABORT_ERR') throw error
    stderr.write('\n')
    return ''
  } finally {
    terminal.close()
  }
}

/** Whoever is ended in the middle of a progress bar leaves a terminal with a cursor and with lines that wrap. */
function endTidily(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return
  if (stderr.isTTY) stderr.write('\u001b[?25h\u001b[?7h\n')
  process.off(signal, endTidily)
  process.kill(process.pid, signal)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, endTidily)

/** The first signal is for the command to hear; the next one ends the process, as if nobody listened. */
function interrupted(): Promise<string> {
  const signals = ['SIGINT', 'SIGTERM'] as const
  return new Promise((resolve) => {
    const hear = (signal: string) => {
      for (const each of signals) process.off(each, hear)
      resolve(signal)
    }
    for (const each of signals) process.on(each, hear)
  })
}

process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  config: readConfig(),
  out: sinkOf(stdout),
  err: sinkOf(stderr),
  ask: stdin.isTTY && stderr.isTTY ? ask : undefined,
  interrupted,
  leave: (exitCode) => process.exit(exitCode),
})
