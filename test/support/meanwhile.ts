import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../pipeline/engine.ts'

const patience = 300

/**
 * Begins `work` before a step of a run (or before the first one, if none is named), once. The run goes on when it is
 * done; or while it waits for the run itself, and gets its turn after it. `done` is to be awaited in the end.
 */
export function meanwhile(database: Database, at: string | undefined, work: () => Promise<unknown>) {
  let going: Promise<unknown> | undefined
  return {
    done: async () => going,
    onStep: async (step: string) => {
      if (going || (at !== undefined && step !== at)) return
      let over = false
      going = work().finally(() => {
        over = true
      })
      // It is awaited only later.
      going.catch(() => {})
      const start = performance.now()
      while (!over && performance.now() - start < patience && !(await isWaiting(database))) await sleep(5)
    },
  }
}

const isWaiting = async (database: Database) =>
  (
    await database.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
  ).length > 0
