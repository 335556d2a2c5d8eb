import { UserError } from '../pipeline/errors.ts'
import type { Installation } from '../pipeline/installation.ts'
import { foreseeLarge, type LargeChange } from '../pipeline/planned/large.ts'
import type { Sources } from '../pipeline/project/sources.ts'
import { moves } from '../pipeline/runs/guard.ts'
import type { Cli } from './cli.ts'
import { plural } from './values.ts'

export type Accepted = {
  /** Segment key: how many leads come and go. Empty where nobody agreed. */
  readonly changes: ReadonlyMap<string, number>
  readonly document: object
  readonly lines: readonly string[]
}

/** As long as counting may take before it is left to the run. */
const limitSeconds = 60

/**
 * Shows which segments a definition moves by more than the guard lets pass. Somebody at a terminal says whether that is
 * meant, or --yes does; where nobody can be asked the next run parks them.
 */
export async function acceptLarge(
  cli: Cli,
  { database, project }: Pick<Installation, 'database' | 'project'>,
  sources: Sources,
): Promise<Accepted> {
  const { guard: limits, timezone } = project.settings
  const { counted, changes } = await foreseeLarge(database, sources, timezone, { limits, limitSeconds })
  if (!counted) return uncounted
  if (changes.length === 0 || limits === 'none') return { changes: new Map(), document: {}, lines: [] }
  const large = changes.map(lineOf)
  const agreed = await asked(cli, large, limits.maxChange)
  const document = {
    large_changes: changes.map(({ key, ...rest }) => ({ segment: key, ...rest, accepted: agreed })),
  }
  if (agreed) {
    const kept = new Map(changes.map(({ key, enter, leave }) => [key, enter + leave]))
    return { changes: kept, document, lines: [...large, 'Accepted: the next run brings them in.', ''] }
  }
  const keys = changes.map(({ key }) => key).join(' ')
  const which = `${changes.length === 1 ? 'that is' : 'those are'} more than ${percent(limits.maxChange)} of the members, and nobody agreed`
  const then = `The next run parks ${changes.length === 1 ? 'it' : 'them'} until \`tideline approve ${keys}\`; --yes agrees beforehand.`
  return { changes: new Map(), document, lines: [...large, `${capital(which)}. ${then}`, ''] }
}

async function asked(cli: Cli, large: readonly string[], maxChange: number): Promise<boolean> {
  if (!cli.options.yes && !cli.io.ask) return false
  if (!cli.options.yes) for (const line of large) cli.say(line)
  const question = `More than ${percent(maxChange)} of the members of ${plural(large.length, 'segment')} would come or go. Is that meant?`
  if (await cli.confirmed(question)) return true
  throw new UserError({
    code: 'NOT_CONFIRMED',
    message: `Applying would change ${plural(large.length, 'segment')} by more than ${percent(maxChange)}. Nothing was applied.`,
    hint: '`tideline plan` shows who would come and go.',
  })
}

const uncounted: Accepted = {
  changes: new Map(),
  document: { large_changes: null },
  lines: [
    `Who comes and goes was not counted: it would take longer than ${limitSeconds} seconds. A segment that changes by more than the guard lets pass is parked by the next run.`,
    '',
  ],
}

const lineOf = ({ key, ...change }: LargeChange): string => `${key}: ${moves(change)}`

const percent = (share: number): string => `${Number((share * 100).toFixed(4))} %`
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`
