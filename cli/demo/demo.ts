import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ago, resolve } from '../../compiler/index.ts'
import { applySources } from '../../pipeline/apply.ts'
import { removeServer, serverStatus, stopServer } from '../../pipeline/embedded.ts'
import { UserError } from '../../pipeline/errors.ts'
import type { Installation } from '../../pipeline/installation.ts'
import { findProject } from '../../pipeline/project/settings.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import { readStanding } from '../../pipeline/reads.ts'
import { type Cli, demoMarker } from '../cli.ts'
import { importOne } from '../commands/import.ts'
import { createProject } from '../commands/init.ts'
import { author, runNow } from '../runs.ts'
import { plural, seconds, thousands } from '../values.ts'
import { generateWorld } from './world.ts'

/** How many nights are replayed as runs, so that entries, exits and trends are there to see. */
const nights = 14

export type Demo = { readonly folder: string; readonly installation: Installation; readonly built: boolean }

/**
 * A project of its own with a generated world in its own embedded database. One that was finished before is shown as
 * it stands; one that was interrupted, and any with `clean`, is made anew. Its server goes with whoever started it:
 * the next command starts it again.
 */
export async function withDemo(
  cli: Cli,
  folder: string,
  options: { clean: boolean },
  show: (demo: Demo) => Promise<void>,
): Promise<void> {
  const marker = readMarker(folder)
  if (marker === undefined && existsSync(folder) && readdirSync(folder).length > 0) throw notOurs(folder)
  const kept = marker?.finished === true && !options.clean
  const step = stepper(cli)
  if (marker && !kept) await step('removing what was there', () => remove(folder))
  if (!kept) await step(`creating ${relative(cli.io.cwd, folder)}/`, async () => create(folder))
  const running = (await serverStatus(join(folder, '.tideline'))).running
  try {
    const installation = await step('starting its PostgreSQL', () =>
      cli.open({ project: findProject(folder, folder), quiet: true }),
    )
    if (!kept) await build(cli, folder, installation, step)
    await show({ folder, installation, built: !kept })
  } finally {
    await cli.close()
    if (!running) await stopServer(join(folder, '.tideline'))
  }
}

async function build(cli: Cli, folder: string, installation: Installation, step: Step): Promise<void> {
  const { database, project } = installation
  const { now } = await readStanding(database)
  const today = now.slice(0, 10)
  const { files } = await step('making up a year of a B2B funnel', () =>
    generateWorld({ folder: join(folder, 'data'), today }),
  )
  for (const { kind, file, rows } of files) {
    await step(`importing ${thousands(String(rows))} ${kind}`, () =>
      importOne(cli, installation, kind, file, { map: {}, set: {}, dateFormat: undefined }),
    )
  }
  const sources = readSources(project)
  await step(`applying ${plural(sources.segments.length, 'segment')}`, () =>
    applySources(database, sources, project.settings.timezone, author()),
  )
  await step(`running the last ${nights} nights`, async () => {
    for (let back = nights - 1; back >= 0; back--) {
      const asOf = resolve(ago({ amount: back, unit: 'day' }, 'UTC'), `${today}T00:00:00.000000Z`)
      // A minute is long for a demo: the nights before the last one are not rolled up.
      await runNow(cli, installation, { asOf, rollUp: back === 0 })
    }
  })
  writeFileSync(join(folder, demoMarker), JSON.stringify({ finished: true }))
}

function create(folder: string): void {
  mkdirSync(join(folder, '.tideline'), { recursive: true })
  writeFileSync(join(folder, demoMarker), JSON.stringify({ finished: false }))
  createProject(folder, { templates: true })
}

async function remove(folder: string): Promise<void> {
  await removeServer(join(folder, '.tideline'))
  rmSync(folder, { recursive: true, force: true })
}

function readMarker(folder: string): { finished: boolean } | undefined {
  const path = join(folder, demoMarker)
  if (!existsSync(path)) return undefined
  try {
    return { finished: (JSON.parse(readFileSync(path, 'utf8')) as { finished?: boolean }).finished === true }
  } catch {
    // It was being written when the process ended.
    return { finished: false }
  }
}

type Step = <T>(what: string, work: () => Promise<T>) => Promise<T>

/** Says what is being done, and how long it took; on a terminal while it lasts. */
function stepper(cli: Cli): Step {
  return async (what, work) => {
    const started = performance.now()
    if (cli.io.err.isTerminal) cli.io.err.write(`  ${what} …\r`)
    const result = await work()
    const took = seconds(performance.now() - started)
    const clear = cli.io.err.isTerminal ? '\r\u001b[K' : ''
    cli.io.err.write(`${clear}  ${what.padEnd(44)}${took.padStart(8)}\n`)
    return result
  }
}

const notOurs = (folder: string): UserError =>
  new UserError({
    code: 'NOT_A_DEMO',
    message: `${folder} holds something that the demo did not put there, so it is left alone.`,
    hint: 'Run the demo in another folder, or move that one away.',
  })
