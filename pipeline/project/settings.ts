import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { GuardLimits } from '../runs/guard.ts'
import { seconds, settingsShape } from './shapes.ts'
import { readWhole } from './yaml.ts'

export const projectFile = 'tideline.yaml'

export type Settings = {
  readonly timezone: string
  /** Cron pattern of the instants as of which scheduled runs happen, UTC. */
  readonly slots: string
  readonly catchUpSeconds: number
  /** For how many days the course of scores is kept; undefined: for good. */
  readonly scoreHistoryDays: number | undefined
  /** How much of a segment a run may change before somebody has to approve it. */
  readonly guard: GuardLimits
  /** The folder of the lake; undefined: none is wanted. */
  readonly lake: string | undefined
  /** With fewer events none is used. */
  readonly lakeFrom: number
  /** How much DuckDB may take, such as `1GB`. */
  readonly memory: string
  readonly database: string | undefined
  readonly schema: string
}

export type Project = { readonly folder: string; readonly state: string; readonly settings: Settings }

/** The project that a folder belongs to: itself, or the nearest above it that holds tideline.yaml. */
export function findProject(start: string, given?: string): Project {
  if (given !== undefined) {
    if (!existsSync(join(given, projectFile))) throw noProject(resolve(given))
    return openProject(resolve(given))
  }
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, projectFile))) return openProject(folder)
    if (dirname(folder) === folder) throw noProject(resolve(start))
  }
}

const noProject = (folder: string): UserError =>
  new UserError({
    code: 'NO_PROJECT',
    message: `There is no ${projectFile} in ${folder} or above it.`,
    hint: 'Begin one with `tideline init`, or name its folder with --project DIR.',
  })

function openProject(folder: string): Project {
  const file = join(folder, projectFile)
  const read = readWhole(file, settingsShape, {
    code: 'BAD_SETTINGS',
    hint: 'docs/project.md lists the settings.',
  })
  const { catch_up, database, retention, guard, lake, lake_from: lakeFrom, ...rest } = read
  const kept = retention.score_history
  const scoreHistoryDays = kept === undefined ? undefined : Math.ceil(seconds(kept) / 86_400)
  return {
    folder,
    state: join(folder, '.tideline'),
    settings: {
      ...rest,
      guard: limitsOf(guard),
      lake: lake === 'none' ? undefined : resolve(folder, lake),
      lakeFrom,
      database,
      catchUpSeconds: seconds(catch_up),
      scoreHistoryDays,
    },
  }
}

const limitsOf = (guard: 'none' | { max_change: string; at_least: number }): GuardLimits =>
  guard === 'none'
    ? 'none'
    : { maxChange: Number.parseFloat(guard.max_change) / 100, atLeast: guard.at_least }
