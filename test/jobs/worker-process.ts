// A worker in a process of its own: URL OPTIONS. It says all that it logs, and each step that it is at.
import { once } from 'node:events'
import pino from 'pino'
import { startWorker } from '../../jobs/worker.ts'
import { openPostgres } from '../../pipeline/engine.ts'
import type { ProcessOptions } from './support.ts'

const [url, given] = process.argv.slice(2) as [string, string]
const { failpoint, hold, shiftSeconds = 0, settings, ...options }: ProcessOptions = JSON.parse(given)
const now = Date.now
Date.now = () => now() + shiftSeconds * 1000

const log = pino({ level: 'debug' })
await startWorker({
  database: openPostgres(url, { max: 8 }),
  settings: settings ?? { slots: '* * * * * *', catchUpSeconds: 3600, timezone: 'UTC' },
  owner: `process ${process.pid}`,
  temporary: `/tmp/tideline-jobs-${process.pid}`,
  log,
  watchSeconds: 1,
  ...options,
  onStep: async (step) => {
    log.debug({ step }, 'step')
    if (step === failpoint) process.kill(process.pid, 'SIGKILL')
    if (step === hold) await once(process, 'SIGUSR2')
  },
})
