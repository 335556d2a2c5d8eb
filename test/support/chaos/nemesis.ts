import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '../../../compiler/time.ts'
import { openQueue } from '../../../jobs/queue.ts'
import { startServer } from '../../../pipeline/embedded.ts'
import { openPostgres } from '../../../pipeline/engine.ts'
import { type RunResult, run } from '../../../pipeline/runs/run.ts'
import { type Elsewhere, runElsewhere } from '../elsewhere.ts'
import { meanwhile } from '../meanwhile.ts'
import { crashServer } from '../server.ts'
import { someAct } from './data.ts'
import { edit, pauseOrResume, retypeOne } from './edits.ts'
import { withoutRoom } from './lake.ts'
import { type Act, count, lakeOf, type Setting } from './setting.ts'
import { crewAt } from './worker.ts'

/** How a run may end that was disturbed: somebody else did it, or the connection was lost. All else is a fault. */
const excused = [
  /^(FENCED_OFF|RUN_IN_PROGRESS|AS_OF_NOT_AFTER_LAST_RUN|DATABASE_UNREACHABLE|ECONNRESET|EPIPE)$/,
  /^(57P0\d|08\d{3}|25P03)$/,
]
const lostConnection =
  /Connection (terminated|ended)|connection.*(closed|lost)|Client (has|was)|not queryable/i

function forgive(setting: Setting, error: { code?: string; message?: string }): void {
  const code = error.code ?? ''
  if (!excused.some((pattern) => pattern.test(code)) && !lostConnection.test(error.message ?? '')) throw error
  count(setting, `ended by ${code || 'a lost connection'}`)
}

const anyStep = ({ random, steps }: Setting) => random.pick([...steps])

export async function quietRun(setting: Setting, asOf?: Instant): Promise<RunResult> {
  const result = await run(setting.database, optionsOf(setting, asOf))
  for (const { name } of result.steps) setting.steps.add(name)
  count(setting, `run ${result.status === 'done' ? `${result.mode}, ${result.chosen?.code}` : result.status}`)
  if (result.engine) count(setting, `evaluated by ${result.engine}`)
  if (result.chosen?.lake) count(setting, `not in the lake: ${result.chosen.lake.code}`)
  for (const { outcome } of result.failing) count(setting, `segment ${outcome}`)
  return result
}

/** Over a lake, if the seed says so; now and then all leads are asked for. */
const wishes = (setting: Setting) => ({
  ...(setting.lake ? { lake: { folder: lakeOf(setting) } } : {}),
  ...(setting.full ? { full: true } : {}),
  guard: setting.guarded ? { maxChange: 0.3, atLeast: 4 } : ('none' as const),
})

const optionsOf = (setting: Setting, asOf?: Instant) => ({
  ...(asOf ? { asOf } : {}),
  owner: 'chaos',
  timezone: 'UTC',
  temporary: `${setting.folder}/work`,
  ...wishes(setting),
})

async function elsewhereEnded(setting: Setting, child: Elsewhere): Promise<void> {
  const { said, signal } = await child.ended
  if (signal === 'SIGKILL') count(setting, 'killed indeed')
  if (said.code !== undefined) forgive(setting, { ...said, message: said.message ?? '' })
}

const run_ = (setting: Setting, asOf: Instant, how: NonNullable<Parameters<typeof runElsewhere>[2]> = {}) =>
  runElsewhere(setting.database.url, asOf, { ...how, options: { ...wishes(setting), ...how.options } })

type Strike = (setting: Setting, asOf: Instant) => Promise<void>

const killed: Strike = async (setting, asOf) => {
  const step = anyStep(setting)
  setting.log(`    before "${step}"`)
  await elsewhereEnded(setting, run_(setting, asOf, { step }))
}

const killedAtAnyTime: Strike = async (setting, asOf) => {
  const child = run_(setting, asOf)
  await sleep(300 + setting.random.below(400))
  child.signal('SIGKILL')
  await elsewhereEnded(setting, child)
}

/** It stands still; its lease runs out, somebody else does the run, and then it goes on. */
const paused: Strike = async (setting, asOf) => {
  const { database } = setting
  const step = anyStep(setting)
  setting.log(`    before "${step}"`)
  const child = run_(setting, asOf, { step, signal: 'SIGSTOP' })
  if ((await child.reached) !== undefined) {
    await loseLease(setting)
    if (setting.random.chance(0.7)) await someAct(setting)
    await quietRun(setting, asOf).catch((error) => forgive(setting, error))
    if (setting.random.chance(0.3)) await database.query('select 1')
  }
  child.signal('SIGCONT')
  await elsewhereEnded(setting, child)
}

/** As if the time of lease and of idle transactions were over. */
async function loseLease({ database }: Setting): Promise<void> {
  await database.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity
     where datname = current_database() and state = 'idle in transaction' and xact_start < clock_timestamp()
       and pid <> pg_backend_pid()`,
  )
  await database.query(
    `update run_lease set lease_until = clock_timestamp() - interval '1 s' where lease_until is not null`,
  )
}

const cutOff: Strike = async (setting, asOf) => {
  const step = anyStep(setting)
  setting.log(`    before "${step}"`)
  const work = run(setting.database, {
    ...optionsOf(setting, asOf),
    onStep: async (name) => {
      if (name !== step) return
      await setting.database.query(
        `select pg_terminate_backend(backend_pid, 5000) from run_lease where backend_pid is not null`,
      )
    },
  })
  await work.then(
    () => undefined,
    (error) => forgive(setting, error),
  )
}

/** The server ends without a word, or in good order, while a run is going; it is back a moment later. */
const outage: Strike = async (setting, asOf) => {
  const signal = setting.random.pick(['SIGQUIT', 'SIGINT', 'SIGKILL'] as const)
  setting.log(`    ${signal} to the server`)
  const child = run_(setting, asOf)
  await sleep(300 + setting.random.below(400))
  await crashServer(setting.server, signal)
  const { port } = await startServer({ folder: setting.server, idleMinutes: 10 })
  await elsewhereEnded(setting, child)
  const url = new URL(setting.database.url)
  // Another may have taken the port meanwhile.
  if (url.port === String(port)) return
  url.port = String(port)
  await setting.database.close()
  setting.database = openPostgres(url.href, { max: 8 })
  setting.kept = undefined
}

const twoAtOnce: Strike = async (setting, asOf) => {
  const wrong = setting.random.chance(0.5) ? { shiftSeconds: 86_400 } : { shiftSeconds: -90 }
  const children = [run_(setting, asOf), run_(setting, asOf, { options: wrong })]
  await Promise.all(children.map((child) => elsewhereEnded(setting, child)))
}

const beside =
  (act: Act): Strike =>
  async (setting, asOf) => {
    const { onStep, done } = meanwhile(setting.database, anyStep(setting), () => act(setting))
    await run(setting.database, { ...optionsOf(setting, asOf), onStep })
    await done()
  }

/** Somebody puts it on the queue; a worker takes it and is killed on the way, and another takes it up. */
const byWorkers: Strike = async (setting, asOf) => {
  const { database } = setting
  const step = anyStep(setting)
  setting.log(`    before "${step}"`)
  const { backing, folder } = { backing: { database }, folder: `${setting.folder}/work` }
  const queue = await openQueue(backing)
  const crews = [crewAt(database.url, { ...wishes(setting), temporary: folder, failpoint: step })]
  try {
    const job = await queue.enqueue('run', { asOf })
    await Promise.race([crews[0]!.ended, sleep(4000)])
    crews.push(crewAt(database.url, { ...wishes(setting), temporary: folder }))
    await queue.wait(job, { seconds: 60 }).then(
      () => undefined,
      (error) => forgive(setting, error),
    )
  } finally {
    for (const crew of crews) crew.kill()
    await Promise.all(crews.map(({ ended }) => ended))
    await queue.close()
  }
}

const noRoom: Strike = async (setting, asOf) => {
  Object.assign(setting, { lake: true, full: true })
  await withoutRoom(setting, () => quietRun(setting, asOf))
}

const strikes: readonly (readonly [number, string, Strike])[] = [
  [5, 'killed', killed],
  [2, 'killed at any time', killedAtAnyTime],
  [3, 'paused', paused],
  [4, 'cut off', cutOff],
  [1, 'outage', outage],
  [2, 'two at once', twoAtOnce],
  [3, 'something arrives meanwhile', beside(someAct)],
  [2, 'no room for the lake', noRoom],
  [2, 'edited meanwhile', beside(edit)],
  [2, 'paused or resumed meanwhile', beside(pauseOrResume)],
  [1, 'retyped meanwhile', beside(retypeOne)],
  [1, 'by workers', byWorkers],
]

/** A run that something happens to. Whether it was applied is open; that nothing is half done is not. */
export async function disturbedRun(setting: Setting, asOf: Instant): Promise<void> {
  const [, name, strike] = setting.random.weighted(strikes.map((each) => [each[0], each] as const))
  setting.log(`  run as of ${asOf}: ${name}`)
  count(setting, name)
  await strike(setting, asOf)
}
