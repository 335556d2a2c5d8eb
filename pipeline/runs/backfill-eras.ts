import { historiesReadBy, type Instant } from '../../compiler/index.ts'
import { rows } from '../catalog.ts'
import type { Client } from '../engine.ts'
import { UserError } from '../errors.ts'
import { statement } from '../sql.ts'
import { type Failing, type PinnedDefinitions, pinDefinitions, type Versions } from './definitions.ts'

/** What is current from an instant on until the next era begins. */
export type Era = { readonly from: Instant; readonly definitions: PinnedDefinitions }

/** What a backfill computes its instants by, and what it leaves as it is. */
export type Pinning = {
  /** Oldest first. One for all instants, unless they are computed by the versions of then. */
  readonly eras: readonly Era[]
  readonly ofThen: boolean
  /** Segments that can't be evaluated, by the current version or one of then. */
  readonly failing: readonly Failing[]
  /** Keys of active segments that look at the history of those that were asked for, and are not among them. */
  readonly looking: readonly string[]
}

type Asked = {
  readonly from: Instant
  readonly to: Instant
  readonly segments?: readonly string[] | undefined
  readonly versions?: 'then' | undefined
}

export const definitionsAt = ({ eras }: Pick<Pinning, 'eras'>, asOf: Instant): PinnedDefinitions =>
  eras.findLast(({ from }) => from <= asOf)!.definitions

export const lastOf = ({ eras }: Pick<Pinning, 'eras'>): PinnedDefinitions => eras.at(-1)!.definitions

/** Pins the definitions of all segments that can be evaluated, or of those that are asked for: they have to be. */
export async function pinEras(client: Client, asked: Asked): Promise<Pinning> {
  const { segments: keys } = asked
  const ofThen = asked.versions === 'then'
  const eras = ofThen ? await erasOfThen(client, asked) : [await present(client)]
  const failing = [
    ...new Map(
      eras.flatMap(({ definitions }) => definitions.failing.map((each) => [each.key, each])),
    ).values(),
  ]
  for (const key of keys ?? []) refuseMissing(key, eras, failing, ofThen)
  const left = new Set(failing.map(({ key }) => key))
  const wanted = ({ key }: { key: string }) => !left.has(key) && (keys?.includes(key) ?? true)
  return {
    eras: eras.map(({ from, definitions }) => {
      const segments = definitions.segments.filter(wanted)
      return { from, definitions: { ...definitions, segments, failing: [] } }
    }),
    ...{ ofThen, failing: keys ? [] : failing },
    looking: keys ? lookingAt(keys, lastOf({ eras })) : [],
  }
}

const present = async (client: Client): Promise<Era> => ({
  from: '-infinity',
  definitions: await pinDefinitions(client),
})

async function erasOfThen(client: Client, { from, to }: Asked): Promise<Era[]> {
  const found = await rows<Versions & { from: Instant }>(client, statement('backfill/eras'), [from, to])
  const eras: Era[] = []
  for (const { from: since, ...versions } of found)
    eras.push({ from: since, definitions: await pinDefinitions(client, versions) })
  return eras
}

function refuseMissing(
  key: string,
  eras: readonly Era[],
  failing: readonly Failing[],
  ofThen: boolean,
): void {
  const wrong = failing.find((each) => each.key === key)
  if (!wrong && eras.some(({ definitions }) => definitions.segments.some((each) => each.key === key))) return
  throw new UserError({
    code: wrong ? wrong.code : 'UNKNOWN_SEGMENT',
    message: wrong
      ? `Version ${wrong.version} of "${key}" can't be evaluated: ${wrong.message}`
      : ofThen
        ? `No version of a segment "${key}" was current in that range.`
        : `There is no active segment "${key}".`,
    hint: ofThen
      ? 'Without --versions then, the current version gives it a past.'
      : '`tideline segments` lists them.',
  })
}

const lookingAt = (keys: readonly string[], { segments, references }: PinnedDefinitions): string[] =>
  segments
    .filter(({ key, predicate }) => {
      if (keys.includes(key)) return false
      return historiesReadBy(predicate, references).some((each) => keys.includes(each))
    })
    .map(({ key }) => key)
    .sort()

/** Which version of each segment is current since when and until when, a row each, column by column. */
export function versionsOf({ eras }: Pinning) {
  const current = eras.flatMap(({ from, definitions }, index) => {
    const { segments, scoringVersion } = definitions
    const until = eras[index + 1]?.from ?? 'infinity'
    return segments.map(({ segmentId, version, meaning }) => {
      return { segmentId, version, meaning, scoringVersion, from, until }
    })
  })
  return [
    current.map(({ segmentId }) => segmentId),
    current.map(({ version }) => version),
    current.map(({ meaning }) => meaning),
    current.map(({ scoringVersion }) => scoringVersion),
    current.map(({ from }) => from),
    current.map(({ until }) => until),
  ]
}
