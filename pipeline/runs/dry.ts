import type { Client, Database } from '../engine.ts'
import { statement } from '../sql.ts'
import { idsAre, isRestored } from './cluster.ts'
import { pinForRun } from './definitions.ts'
import { overLake } from './dry-lake.ts'
import { chooseAsOf, readLastApplied } from './instants.ts'
import { type RunOptions, type RunResult, runAsOf } from './run.ts'
import { isWorthIt } from './stage.ts'
import { Steps, textOf } from './steps.ts'

export type DryRun = Pick<RunResult, 'asOf' | 'mode' | 'chosen' | 'candidates' | 'segments' | 'failing'> & {
  readonly horizon: string
  /** How many there were at the last run. */
  readonly leads: number
  /** What waits in the inboxes would be taken first. */
  readonly inboxes: readonly string[]
  /** Of all leads DuckDB, as long as there is a lake that can be used. */
  readonly engine: 'postgres' | 'duckdb'
  readonly steps: readonly DryStep[]
}

/** `sql_after`: what is executed between it and the next one. */
export type DryStep = {
  readonly name: string
  readonly sql: readonly string[]
  readonly sql_after: readonly string[]
}

/**
 * What a run would do, without doing it: definitions are pinned, candidates are counted and the mode is chosen as a run
 * does; from there on the same code goes on with a connection that executes nothing, and tells what it was given.
 * Undefined if nothing would be done. Claims nothing, waits for nobody, and writes nothing.
 */
export async function dryRun(database: Database, options: RunOptions): Promise<DryRun | undefined> {
  const steps = new Steps()
  return database.session(async (session) => {
    const waiting = await session.query<Record<string, boolean>>(statement('imports/inbox_waits'))
    const last = await readLastApplied(session)
    const asOf = chooseAsOf(last, options.asOf)
    if (asOf === undefined) return undefined
    const inboxes = Object.entries(waiting.rows[0]!).flatMap(([name, waits]) => (waits ? [name] : []))
    try {
      const lease = { fence: '0', seconds: 0, release: async () => {} }
      const restored = isRestored(await idsAre(session))
      const going = { ...options, asOf, last, restored, owing: false, lake: undefined, steps }
      const result = await runAsOf(imagined(database), imagining(session), lease, going)
      const { mode, chosen, candidates, segments, failing } = result
      const engine = mode === 'full' && (await isWorthIt(session, options)) ? 'duckdb' : 'postgres'
      const told = stepsTold(steps)
      const horizon = last.next_horizon
      const out = new Set(failing.map(({ segmentId }) => segmentId))
      const pinned = await pinForRun(session)
      const definitions = {
        ...pinned,
        segments: pinned.segments.filter(({ segmentId }) => !out.has(segmentId)),
      }
      return {
        ...{ asOf, mode, chosen, candidates, segments, failing, inboxes, engine, horizon },
        steps: engine === 'duckdb' ? overLake(told, definitions, { asOf, horizon }) : told,
        leads: last.leads ?? 0,
      }
    } finally {
      await session.query('discard temp')
    }
  })
}

function stepsTold(steps: Steps): DryStep[] {
  const texts = steps.statements()
  const textsOf = (hashes: readonly string[]) => hashes.flatMap((hash) => texts.get(hash) ?? [])
  return steps.done.map(({ name, statements = [], after = [] }) => ({
    ...{ name, sql: textsOf(statements), sql_after: textsOf(after) },
  }))
}

/** Executes what only reads; from the first statement on that writes, nothing any more. */
function imagining(session: Client, from = false): Client {
  const first = statement('runs/start')
  let writing = from
  return new Proxy(session, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'query') return value.bind(target)
      return (...given: unknown[]) => {
        writing ||= textOf(given[0]) === first
        return writing ? Promise.resolve(nothing) : value.apply(target, given)
      }
    },
  })
}

const imagined = (database: Database): Database => ({
  ...database,
  query: async () => [],
  session: (work) => database.session((session) => work(imagining(session, true))),
})

/** No rows to go through; but whoever takes the first, since there must be one, gets an empty one. */
const nothing = {
  rowCount: 1,
  rows: new Proxy<object[]>([], {
    get: (target, name) => (name === '0' ? {} : Reflect.get(target, name)),
  }),
}
