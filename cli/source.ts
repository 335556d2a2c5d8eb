import type { Instant } from '../compiler/index.ts'
import type { Source } from '../pipeline/asof.ts'
import { UserError } from '../pipeline/errors.ts'
import type { SegmentKey } from '../pipeline/reads.ts'
import { WrongUsage } from './errors.ts'
import { instant } from './values.ts'

type Answered = { readonly segment: string; readonly source: Source | null }

/** Where an answer about several segments comes from: `as recorded by run 12; evaluated: new-leads`. */
export function sayAllAnswered(found: readonly Answered[]): string {
  const sources = <Kind extends Source['kind']>(kind: Kind) =>
    found.flatMap(({ segment, source }) =>
      source?.kind === kind ? [{ segment, source: source as Extract<Source, { kind: Kind }> }] : [],
    )
  const runs = [...new Set(sources('recorded').map(({ source }) => source.run_id))]
  const evaluated = sources('evaluated').map(({ segment }) => segment)
  const all = evaluated.length > 3 || runs.length === 0
  const which = all ? `${evaluated.length} evaluated` : `evaluated: ${evaluated.join(', ')}`
  const parts = [
    ...(runs.length > 0 ? [`as recorded by run ${runs.join(', ')}`] : []),
    ...(evaluated.length > 0 ? [`${which} on what is known now`] : []),
  ]
  return parts.join('; ') || 'nothing is known'
}

/** Where an answer as of an instant comes from, in words. */
export function sayAnswered(source: Source, asOf: Instant): string {
  if (source.kind === 'recorded') {
    const when = source.run_as_of === asOf ? '' : `, as of ${instant(source.run_as_of)} UTC`
    return `as recorded by run ${source.run_id}${when}`
  }
  const { version, recorded_since: since } = source
  const why = since === null ? 'nothing is recorded' : `recorded since ${instant(since)} UTC`
  // What was recorded by then is evaluated only where somebody asks for it.
  const how = since !== null && since <= asOf ? 'evaluated, as asked' : 'not recorded but evaluated'
  return `${how}: version ${version} on what is known now (${why})`
}

/** A line for each of these that has a past alone. */
export const archivedLines = (segments: readonly Pick<SegmentKey, 'segment' | 'archived_at'>[]): string[] =>
  segments.flatMap(({ segment, archived_at: at }) =>
    at === null ? [] : [`${segment} is archived since ${instant(at)} UTC.`],
  )

/** The same as columns beside each row. */
export const sourceColumns = [
  { name: 'as_of', kind: 'instant', title: null },
  { name: 'answered', title: null },
  { name: 'run_id', kind: 'number', title: null },
  { name: 'run_as_of', kind: 'instant', title: null },
  { name: 'version', kind: 'number', title: null },
] as const

export function sourceFields(source: Source, asOf: Instant) {
  const { kind } = source
  return {
    as_of: asOf,
    answered: kind,
    run_id: source.kind === 'recorded' ? source.run_id : null,
    run_as_of: source.kind === 'recorded' ? source.run_as_of : null,
    version: source.kind === 'evaluated' ? source.version : null,
  }
}

/** What is to come is not recorded; evaluated it says what will be if nothing happens. */
export function refuseFuture(
  asOf: Instant,
  now: Instant,
  { evaluate, hint }: { evaluate?: boolean | undefined; hint?: string } = {},
): void {
  if (asOf <= now || evaluate) return
  throw new UserError({
    code: 'AS_OF_IN_FUTURE',
    message: `${asOf} lies in the future; the database's clock says ${now}.`,
    hint: hint ?? 'With --evaluate: who would be in then if nothing happened until then.',
  })
}

export const evaluateAlone = () =>
  new WrongUsage({
    code: 'WRONG_USAGE',
    message: '--evaluate needs --as-of: the instant at which to evaluate.',
    hint: '`tideline run` brings the present up to date.',
  })
