import type { Logger } from 'pino'
import type { Instant } from '../compiler/index.ts'
import type { Database } from '../pipeline/engine.ts'
import { lakeIn } from '../pipeline/lake/lake.ts'
import type { Settings } from '../pipeline/project/settings.ts'
import { readLastApplied } from '../pipeline/runs/instants.ts'
import { run } from '../pipeline/runs/run.ts'
import type { OnStep } from '../pipeline/runs/steps.ts'
import { statement } from '../pipeline/sql.ts'
import { failureOf } from './failure.ts'
import { dueSlots, secondsBetween } from './schedule.ts'

export type SlotSettings = {
  readonly database: Database
  readonly settings: Pick<Settings, 'slots' | 'catchUpSeconds' | 'timezone'> &
    Partial<Pick<Settings, 'scoreHistoryDays' | 'guard' | 'lake' | 'lakeFrom' | 'memory'>>
  readonly owner: string
  readonly temporary: string
  readonly log: Logger
  /** Told before each step of a run. Crash tests end the process here. */
  readonly onStep?: OnStep | undefined
  /** Once it is aborted, what is being done is cancelled. */
  readonly signal?: AbortSignal | undefined
}

/**
 * After so many failures a slot is left to the next one, which does its work: a run writes what should be true then.
 * The newest is never given up.
 */
const maxAttempts = 4
/** The pauses between failures grow, but not beyond this many seconds, nor beyond the time between two slots. */
const longestPause = 600
const shortestPause = 5
/** Other workers hold the lease for as long as a run takes; whoever finds it taken comes again. */
const waitMilliseconds = 2000
/** Somebody else did it, or is about to. */
const elsewhere = new Set(['RUN_IN_PROGRESS', 'FENCED_OFF', 'AS_OF_NOT_AFTER_LAST_RUN'])

export type Slots = {
  /** Runs all slots that are due, oldest first. Called while it is at it, it looks once more afterwards. */
  wake(): Promise<void>
  /** Starts no further slot; resolves when the present one has ended. */
  stop(): Promise<void>
}

/** The one who runs slots, whatever woke it up. Which of them are due, the ledger says, and never the queue. */
export function slotsOf(settings: SlotSettings): Slots {
  let going: Promise<void> | undefined
  let again = false
  let stopping = false
  const work = async () => {
    do {
      again = false
      for (;;) {
        const slot = stopping ? undefined : await nextDue(settings)
        if (slot === undefined || !(await runSlot(settings, slot))) break
      }
    } while (again && !stopping)
  }
  return {
    wake() {
      again = true
      going ??= work()
        .catch((error) => settings.log.warn(failureOf(error), 'could not look for due slots'))
        .finally(() => {
          going = undefined
        })
      return going
    },
    async stop() {
      stopping = true
      await going
    },
  }
}

type Failed = { readonly as_of: Instant; readonly attempts: number; readonly may_retry: boolean }

async function nextDue({ database, settings }: SlotSettings): Promise<Instant | undefined> {
  const last = await database.session(readLastApplied)
  const pause = Math.min(Math.max(secondsBetween(settings.slots, last.now), shortestPause), longestPause)
  const failed = await database.query<Failed>(statement('jobs/failed_slots'), [last.run_id, pause])
  if (failed.some((each) => !each.may_retry)) return undefined
  const due = dueSlots({
    pattern: settings.slots,
    lastApplied: last.as_of,
    now: last.now,
    catchUp: settings.catchUpSeconds,
    limit: failed.length + 1,
  })
  const before = new Map(failed.map((each) => [each.as_of, each]))
  return due.find((each) => (before.get(each)?.attempts ?? 0) < maxAttempts) ?? due.at(-1)
}

/** Whether to go on with the next slot at once. */
async function runSlot(slots: SlotSettings, slot: Instant): Promise<boolean> {
  const { database, owner, temporary, log, onStep, signal } = slots
  const start = performance.now()
  try {
    const { timezone, scoreHistoryDays, guard, lake, lakeFrom, memory } = slots.settings
    const result = await run(database, {
      asOf: slot,
      origin: 'schedule',
      owner,
      timezone,
      guard,
      lake: lakeIn(lake),
      lakeFrom,
      memory,
      scoreHistoryDays,
      temporary,
      waitMilliseconds,
      signal,
      ...(onStep ? { onStep } : {}),
    })
    if (result.status === 'unchanged') return true
    const { runId, segments, entered, left, failing } = result
    const milliseconds = Math.round(performance.now() - start)
    log.info({ slot, runId, segments, entered, left, failing: failing.length, milliseconds }, 'slot done')
    return true
  } catch (error) {
    const failure = failureOf(error)
    if (elsewhere.has(failure.code)) {
      log.debug({ slot, code: failure.code }, 'slot is done elsewhere')
      return failure.code === 'AS_OF_NOT_AFTER_LAST_RUN'
    }
    if (failure.code === 'STOPPED') log.info({ slot }, 'slot stopped; it is left to the next worker')
    else log.error({ slot, ...failure }, 'slot failed')
    return false
  }
}
