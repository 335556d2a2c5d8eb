import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { openBackend } from '../../jobs/backend.ts'
import { type BullQueue, openBullQueue } from '../../jobs/queue.ts'
import { type RunningWorker, startWorker, type WorkerOptions } from '../../jobs/worker.ts'
import type { Database } from '../../pipeline/engine.ts'

export { eventually } from '../support/eventually.ts'

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
/** Both places where jobs may be kept. Redis is left out, and said to be, where there is no redis-server. */
export const backends = [
  { name: 'Postgres', skip: false, url: async () => undefined },
  {
    name: hasRedis ? 'Redis' : 'Redis (skipped: no redis-server on this machine)',
    skip: !hasRedis,
    url: async () => (await startRedis()).url,
  },
] as const

/** A Redis of its own, ended after the test at the latest. */
export async function startRedis(port?: number): Promise<{ url: string; stop(): Promise<void> }> {
  const at = port ?? (await freePort())
  const folder = mkdtempSync(join(tmpdir(), 'tideline-redis-'))
  const options = ['--port', `${at}`, '--dir', folder, '--save', '', '--maxmemory-policy', 'noeviction']
  const server = spawn('redis-server', options)
  const exited = new Promise((resolve) => server.once('exit', resolve))
  const stop = async () => {
    server.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  onTestFinished(stop)
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (text) => `${text}`.includes('Ready to accept connections') && resolve())
    server.once('exit', () => reject(new Error('redis-server ended at once')))
  })
  return { url: `redis://127.0.0.1:${at}`, stop }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}

type Line = { readonly level: number; readonly msg: string; readonly [name: string]: unknown }

/** A logger, and what it was told. */
export function listener(): { log: pino.Logger; lines: Line[] } {
  const lines: Line[] = []
  return { log: pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) }), lines }
}

export const everySecond = { slots: '* * * * * *', catchUpSeconds: 3600, timezone: 'UTC' }
export const never = { ...everySecond, slots: '0 0 1 1 *', catchUpSeconds: 0 }
export const temporary = join(tmpdir(), `tideline-jobs-${process.pid}`)

const started: RunningWorker[] = []
const children: ChildProcess[] = []
/** To be called after each test, before its database is closed. */
export async function stopAll(): Promise<void> {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(started.splice(0).map((each) => each.stop()))
}

/** A worker that `stopAll` stops. */
export async function worker(
  database: Database,
  options: Partial<WorkerOptions> = {},
): Promise<RunningWorker & { lines: Line[] }> {
  const { log, lines } = listener()
  const defaults = { database, settings: everySecond, owner: 'test', temporary, log, watchSeconds: 1 }
  const one = await startWorker({ ...defaults, ...options })
  started.push(one)
  return { ...one, lines }
}

export type ProcessOptions = Partial<Pick<WorkerOptions, 'redisUrl' | 'settings' | 'lockSeconds'>> & {
  /** The step at which it kills itself. */
  readonly failpoint?: string
  /** A step before which it waits until it gets a SIGUSR2. */
  readonly hold?: string
  /** How much its clock is ahead of the others'. */
  readonly shiftSeconds?: number
}

/** A worker in a process of its own, and what it logs. */
export function workerProcess(url: string, options: ProcessOptions): { child: ChildProcess; lines: Line[] } {
  const program = new URL('worker-process.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, url, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const lines: Line[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)))
  return { child, lines }
}

export type Run = { as_of: string; status: string; origin: string; mode: string }
export const runs = (database: Database) =>
  database.query<Run>(
    `select to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, status, origin, mode from runs order by run_id`,
  )
export const done = async (database: Database) =>
  (await runs(database)).filter((run) => run.status === 'done')

/** The database's clock, so many seconds ago, rounded to a whole second. */
export async function secondsAgo(database: Database, seconds: number): Promise<string> {
  const [row] = await database.query<{ at: string }>(
    `select to_char(date_trunc('second', clock_timestamp()) - make_interval(secs => $1), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
    [seconds],
  )
  return row!.at
}

type Place = { database: Database; redisUrl: string | undefined }

async function withQueue<T>(place: Place, work: (queue: BullQueue) => Promise<T>): Promise<T> {
  const queue = await openBullQueue(await openBackend(place))
  return work(queue).finally(() => queue.close())
}
export const obliterate = (place: Place) => withQueue(place, (queue) => queue.obliterate({ force: true }))
export const attemptsOf = (place: Place, id: string) =>
  withQueue(place, async (queue) => (await queue.getJob(id))?.attemptsMade)
export const schedulers = (place: Place) => withQueue(place, (queue) => queue.getJobSchedulersCount())
