// A worker in a process of its own, for the jobs of a queue: URL OPTIONS.
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { openBackend } from '../../../jobs/backend.ts'
import { crewOf } from '../../../jobs/crew.ts'
import { openPostgres } from '../../../pipeline/engine.ts'
import type { CrewOptions } from './worker.ts'

const [url, given] = process.argv.slice(2) as [string, string]
const { lake, guard, temporary, failpoint }: CrewOptions = JSON.parse(given)
const options = {
  database: openPostgres(url, { max: 6 }),
  settings: {
    slots: '0 0 1 1 *',
    catchUpSeconds: 0,
    timezone: 'UTC',
    guard,
    ...(lake ? { lake: lake.folder } : {}),
  },
  owner: 'chaos',
  temporary,
  log: pino({ level: 'silent' }),
  lockSeconds: 1,
  clock: Date.now,
  onStep: (step: string) => {
    if (step === failpoint) process.kill(process.pid, 'SIGKILL')
  },
}
const noSlots = { wake: async () => {}, stop: async () => {} }
const crew = crewOf(options, await openBackend(options), noSlots)
for (;;) {
  await crew.keep()
  await sleep(500)
}
