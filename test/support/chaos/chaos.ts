import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { removeServer, startServer } from '../../../pipeline/embedded.ts'
import { migrate } from '../../../pipeline/migrate.ts'
import { type Fault, faults } from '../checker.ts'
import { begin, someAct } from './data.ts'
import { troubleInLake } from './lake.ts'
import { disturbedRun, quietRun } from './nemesis.ts'
import { dumpOrPutBack } from './put-back.ts'
import { random } from './random.ts'
import { rewrite } from './rewrite.ts'
import { count, later, newSetting, type Setting, serverSettings } from './setting.ts'

export type Chaos = {
  readonly seed: number
  readonly seconds: number
  /** It goes on until this was done, for so many seconds at most. */
  readonly until?: (did: ReadonlyMap<string, number>) => boolean
  readonly atMost?: number
  /** Empty; removed in the end. */
  readonly folder: string
  readonly binaries?: string | undefined
  /** Told what is done. */
  readonly log: (line: string) => void
}

export type Outcome = {
  readonly rounds: number
  /** What was done, and how often. */
  readonly did: ReadonlyMap<string, number>
}

/**
 * Data arrive, people edit, time passes, and runs are killed, paused, cut off and doubled, as the seed says; after each
 * round all that stands in the database is recomputed. Throws at the first thing that is not as it should be.
 */
export async function chaos({
  seed,
  seconds,
  until,
  atMost = seconds,
  folder,
  binaries,
  log,
}: Chaos): Promise<Outcome> {
  const begun = performance.now()
  const isOver = (limit: number) => performance.now() - begun >= limit * 1000
  const server = join(folder, '.tideline')
  const servers = [server]
  try {
    const { url } = await startServer({ folder: server, binaries, ...serverSettings })
    const setting = newSetting({ random: random(seed), folder, server, servers, url, binaries, log })
    await migrate(setting.database)
    await begin(setting)
    await quietRun(setting, setting.now)
    let rounds = 0
    while (!isOver(seconds) || !(isOver(atMost) || (until?.(setting.did) ?? true))) {
      log(`round ${++rounds}`)
      await round(setting)
    }
    await setting.kept?.database.close()
    await setting.database.close()
    return { rounds, did: setting.did }
  } finally {
    for (const each of servers) await removeServer(each)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function round(setting: Setting): Promise<void> {
  const { random } = setting
  for (let acts = random.below(4); acts > 0; acts--) await someAct(setting)
  setting.lake = random.chance(0.7)
  setting.full = random.chance(0.3)
  if (random.chance(0.06)) await dumpOrPutBack(setting)
  if (setting.lake && random.chance(0.3)) await troubleInLake(setting)
  if (setting.rewrites && random.chance(0.15)) await rewrite(setting)
  const asOf = later(setting)
  await disturbedRun(setting, asOf)
  // It may be there already, or not: both are well, as long as nothing is there by half.
  const first = await quietRun(setting, asOf)
  count(setting, `disturbed run was ${first.status === 'unchanged' ? '' : 'not '}applied`)
  setting.now = asOf
  if (first.status === 'unchanged') {
    setting.now = later(setting)
    await quietRun(setting, setting.now)
  }
  await check(setting)
}

async function check(setting: Setting): Promise<void> {
  const found: Fault[] = await faults(setting.database, { sources: true })
  const [stored] = await setting.database.query<{ events: string; known: string; waiting: string }>(
    `select count(*) as events, count(*) filter (where event_id = any($1::text[])) as known,
       (select count(*) from inbox_events) as waiting from events`,
    [[...setting.events.keys()]],
  )
  const { events, known, waiting } = stored!
  if (Number(events) !== setting.events.size || known !== events || waiting !== '0')
    found.push({ what: `${setting.events.size} events were given`, count: 1, example: stored })
  if (found.length > 0) throw new Error(`after run as of ${setting.now}: ${JSON.stringify(found, null, 2)}`)
}
