import { UserError } from '../pipeline/errors.ts'
import {
  type Healed,
  type Lake,
  type LakeTold,
  openLake,
  type Rebuilt,
  rebuiltReasons,
} from '../pipeline/lake/lake.ts'
import type { Project } from '../pipeline/project/settings.ts'
import { plural, thousands } from './values.ts'

/** The project's lake, for commands that have nothing to do without one. */
export function openLakeOf({ settings }: Project): Lake {
  if (settings.lake !== undefined) return openLake(settings.lake)
  throw new UserError({
    code: 'NO_LAKE',
    message: 'The project wants no lake: tideline.yaml says `lake: none`.',
    hint: 'Without that line there is one in .tideline/lake; `lake: DIR` names another folder.',
  })
}

/** What was wrong with a period's file. */
export const damages: Record<Healed['damage'], string> = {
  missing: 'its file was missing',
  truncated: 'its file was cut off',
  changed: 'its file had changed',
  different: 'it was not as in the database',
}

const mostNamed = 5

/** What a run had to mend in the lake, in one sentence; undefined if nothing had to be. */
export function mended({ files, healed, rebuilt }: LakeTold): string | undefined {
  if (rebuilt) return `${plural(files, 'file')} written anew, all of them: ${rebuiltReasons[rebuilt]}.`
  if (healed.length === 0) return undefined
  const named = healed.slice(0, mostNamed).map(({ period, damage }) => `${period} (${damages[damage]})`)
  const rest = healed.length - named.length
  return `${plural(healed.length, 'file')} written anew: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`
}

/** Below a number of events Postgres does full runs as fast, and nobody writes a lake. */
export const writtenBy = ({ settings: { lakeFrom } }: Project): string =>
  lakeFrom > 0
    ? `The next full run does so, as soon as there are ${thousands(String(lakeFrom))} events.`
    : 'The next full run does so.'

/** Why the next full run writes all of it: of files without a manifest nobody knows what they hold. */
export function whyAnew(state: Rebuilt, strays: number): string {
  if (state !== 'missing' || strays === 0) return rebuiltReasons[state]
  const lie = strays === 1 ? 'lies' : 'lie'
  return `its manifest is gone, and without it nobody reads the ${plural(strays, 'file')} that ${lie} there`
}
