// A process of its own that writes a lake, and kills or stops itself before the step it is told, the so many-th time:
// URL FOLDER HORIZON STEP TIME SIGNAL. It says the code of what it failed with.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { openPostgres } from '../../pipeline/engine.ts'
import { openLake, syncLake } from '../../pipeline/lake/lake.ts'
import { properties } from './lake-properties.ts'

// Who is killed would not keep it.
flushCompileCache()

const [url, folder, horizon, failpoint, time, signal] = process.argv.slice(2) as string[]
const database = openPostgres(url!)
let met = 0
try {
  await syncLake(database, openLake(folder!), {
    horizon: horizon!,
    properties,
    onStep: (step) => {
      if (step !== failpoint || ++met !== Number(time)) return
      if (signal === 'SIGSTOP') writeSync(1, 'stands still\n')
      process.kill(process.pid, signal as NodeJS.Signals)
    },
  })
} catch (error) {
  writeSync(1, String((error as { code?: string }).code ?? error))
  process.exitCode = 3
}
await database.close().catch(() => {})
