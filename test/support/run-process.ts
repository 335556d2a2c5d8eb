// A process of its own that does one run and ends itself, or stands still, before the step it is told:
// URL AS_OF [STEP [SIGNAL [OPTIONS]]]. It says which step it is at before the signal, and how the run went.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { openPostgres } from '../../pipeline/engine.ts'
import { type RunOptions, run } from '../../pipeline/runs/run.ts'

type More = Partial<RunOptions> & { shiftSeconds?: number }

// Who is killed would not keep it.
flushCompileCache()

const [url, asOf, failpoint, signal = 'SIGKILL', more = '{}'] = process.argv.slice(2) as [
  string,
  string,
  string,
]
const { shiftSeconds = 0, ...options }: More = JSON.parse(more)
const now = Date.now
Date.now = () => now() + shiftSeconds * 1000
// At once, since nothing is written any more after a signal.
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)

const database = openPostgres(url)
let raised = false
try {
  const { status, runId, steps } = await run(database, {
    ...(asOf ? { asOf } : {}),
    owner: `process ${process.pid}`,
    timezone: 'UTC',
    temporary: `/tmp/tideline-test-${process.pid}`,
    ...options,
    onStep: (step) => {
      if (step !== failpoint || raised) return
      raised = true
      say({ at: step })
      process.kill(process.pid, signal as NodeJS.Signals)
    },
  })
  say({ status, runId, steps: steps.length })
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  say({ code: code ?? 'FAILED', message })
  process.exitCode = 1
}
await database.close().catch(() => {})
