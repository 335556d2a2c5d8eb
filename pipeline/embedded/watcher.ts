import { stopServer } from '../embedded.ts'
import { type Client, openPostgres } from '../engine.ts'
import { runningPostmaster } from './postmaster.ts'
import { urlOf, watcherName } from './readiness.ts'
import { readState, type State } from './state.ts'

/** A process of its own: stops the server of one project after it has stood idle for so many minutes. */
const [folder = '', minutes = '60'] = process.argv.slice(2)
const idle_ms = Number(minutes) * 60_000
const period_ms = Math.min(60_000, idle_ms / 3)

const state = readState(folder)
if (state) await watch(state).catch(() => {}) // The server has gone, and with it what there was to watch.
process.exit(0)

async function watch(state: State): Promise<void> {
  const database = openPostgres(urlOf(state, 'postgres'), { max: 1 })
  await database.session(async (client) => {
    if (!(await isOnlyWatcher(client))) return
    for (let rounds = 0, last = ''; rounds * period_ms < idle_ms; ) {
      await new Promise((done) => setTimeout(done, period_ms))
      if (readState(folder) === undefined) return abandon(state)
      const now = await activity(client)
      rounds = now === last ? rounds + 1 : 0
      last = now
    }
    await stopServer(folder)
  })
}

/** The first watcher holds this lock as long as it lives. */
async function isOnlyWatcher(client: Client): Promise<boolean> {
  const answer = await client.query<{ mine: boolean }>(
    "select pg_try_advisory_lock(1414087749, 1) as mine, set_config('application_name', $1, false)",
    [watcherName],
  )
  return answer.rows[0]?.mine === true
}

/** Unchanged between two looks if nobody was connected meanwhile. A connection that stays makes every look differ. */
async function activity(client: Client): Promise<string> {
  const answer = await client.query<{ sessions: string; others: string }>(
    `select sum(sessions)::text as sessions,
            (select count(*) from pg_stat_activity
             where backend_type = 'client backend' and pid <> pg_backend_pid()) as others
     from pg_stat_database`,
  )
  const { sessions, others } = answer.rows[0]!
  return others === '0' ? sessions : crypto.randomUUID()
}

/** The project was deleted under the running server. */
function abandon(state: State): void {
  const running = runningPostmaster(state.place)
  if (running) process.kill(running.pid, 'SIGINT')
}
