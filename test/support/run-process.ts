// A process of its own that does one run and kills itself before the step it is told: URL AS_OF STEP.
import { openPostgres } from '../../pipeline/engine.ts'
import { run } from '../../pipeline/runs/run.ts'

const [url, asOf, failpoint] = process.argv.slice(2) as [string, string, string]
const database = openPostgres(url)
await run(database, {
  asOf,
  owner: `process ${process.pid}`,
  timezone: 'UTC',
  temporary: `/tmp/tideline-test-${process.pid}`,
  onStep: (step) => {
    if (step === failpoint) process.kill(process.pid, 'SIGKILL')
  },
})
await database.close()
