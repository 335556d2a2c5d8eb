// A process of its own that does one backfill and kills itself before the step it is told: URL RANGE STEP.
import { openPostgres } from '../../pipeline/engine.ts'
import { backfill } from '../../pipeline/runs/backfill.ts'

const [url, range, failpoint] = process.argv.slice(2) as [string, string, string]
const database = openPostgres(url)
await backfill(database, {
  ...JSON.parse(range),
  owner: `process ${process.pid}`,
  onStep: (step) => {
    if (step === failpoint) process.kill(process.pid, 'SIGKILL')
  },
})
await database.close()
