// A worker in a process of its own, with slots every second: URL REDIS_URL STEP, the last two may be empty.
// At that step, once it is to run a slot, it kills itself.
import pino from 'pino'
import { startWorker } from '../../jobs/worker.ts'
import { openPostgres } from '../../pipeline/engine.ts'

const [url, redisUrl, failpoint] = process.argv.slice(2) as [string, string, string]
await startWorker({
  database: openPostgres(url, { max: 8 }),
  ...(redisUrl ? { redisUrl } : {}),
  settings: { slots: '* * * * * *', catchUpSeconds: 3600, timezone: 'UTC' },
  owner: `process ${process.pid}`,
  temporary: `/tmp/tideline-jobs-${process.pid}`,
  log: pino({ level: 'silent' }),
  watchSeconds: 1,
  onStep: (step) => {
    if (step === failpoint) process.kill(process.pid, 'SIGKILL')
  },
})
