import {
  type AttributeFeature,
  attributesReadBy,
  type ConditionPart,
  conditionsOf,
  explain,
  gather,
  holdsIn,
  type Instant,
  isEver,
  type Look,
  levelAt,
  type Part,
  type Score,
  sentenceOf,
  shortBy,
} from '../compiler/index.ts'
import { handsOn, onTheList, withHand } from './by-hand.ts'
import type { Reader } from './catalog.ts'
import { type Ending, findEndings } from './endings.ts'
import { type AssumedValue, assumedAmong, type FirstKnown } from './lead.ts'
import { Looker, type Sight } from './look.ts'
import { type RecordedSince, readRecordedSince } from './recorded-since.ts'
import { type PinnedDefinitions, pinDefinitions, type Stated } from './runs/definitions.ts'

/** Why a lead is in a segment, or isn't: each condition's truth, and what it saw. */
export type Why = {
  readonly segment: string
  /** Runs evaluate active segments alone. */
  readonly status: Stated['status']
  /** Of its definition: days and times are shown on its clock. */
  readonly zone: string
  readonly holds: boolean
  /** How many conditions would have to turn over for it to be in; how many of those that count are met already. */
  readonly short: number
  readonly met: number
  readonly part: ExplainedPart
  /** What was seen of the conditions that hold; where it isn't in, then what it lacks. */
  readonly sentence: string
}

export type ExplainedPart =
  | { readonly kind: 'all' | 'any' | 'not'; readonly holds: boolean; readonly of: readonly ExplainedPart[] }
  | ExplainedCondition

export type ExplainedCondition = {
  readonly kind: 'condition'
  readonly holds: boolean
  readonly text: string
  readonly words: string
  readonly saw: readonly string[]
  /** Attributes whose first known value is taken to have held before it was known: this was asked of such a time. */
  readonly assumed?: readonly AssumedValue[]
  /** Of a condition on the past: since when there is a record of it. */
  readonly recorded?: readonly RecordedSince[]
}

export type Explanation = {
  readonly asOf: Instant
  /** Those asked for; the ones it is in first, then those it is nearest to. */
  readonly segments: readonly Why[]
  /** Those asked for whose current definition can't be evaluated. */
  readonly broken: readonly Broken[]
  readonly scores: readonly {
    readonly score: string
    readonly value: string
    readonly level: string | null
  }[]
  /** By segment that it is in, if that was asked for. */
  readonly endings: ReadonlyMap<string, Ending>
}

export type Broken = { readonly segment: string; readonly status: Stated['status'] } & Wrong
type Wrong = { readonly code: string; readonly message: string; readonly hint?: string | undefined }

type Asking = {
  readonly id: string
  readonly asOf: Instant
  readonly horizon: string
  /** Keys; all active segments if left out. */
  readonly segments?: readonly string[] | undefined
  /** Whether to look ahead for when it leaves. */
  readonly ahead?: boolean
  readonly firstKnown?: FirstKnown | undefined
}

type Taken = { readonly key: string; readonly stated: Stated; readonly part: Part }

/** The same query plan as a run's, for one lead; each condition is asked like a segment of its own. */
export async function explainLead(reader: Reader, asking: Asking): Promise<Explanation> {
  const { id, asOf, horizon } = asking
  const definitions = await pinDefinitions(reader)
  const { references, scores } = definitions
  const asked = [...definitions.stated].filter(([key, { status }]) =>
    asking.segments ? asking.segments.includes(key) : status === 'active',
  )
  const able = asked.filter(([key]) => references.has(key))
  const parts = able.map(([key, stated]): Taken => ({ key, stated, part: partOf(key, stated, definitions) }))
  const looker = new Looker(reader, definitions, {
    ...{ id, horizon },
    predicates: parts.flatMap(({ key, part }) => [
      ...conditionsOf(part).map((each) => each.predicate),
      ...handsOn(key, references),
    ]),
  })
  const seen = await looker.look(asOf)
  const handled = parts.map((each) => ({ ...each, part: withHand(each, references, seen.holds) }))
  const explained = await explainParts(reader, handled, { seen, definitions, firstKnown: asking.firstKnown })
  const keys = explained.flatMap(({ segment, holds }) => (holds ? [segment] : []))
  return {
    asOf,
    segments: inOrder(explained),
    broken: asked.flatMap(([key, { status }]) =>
      references.has(key) ? [] : [{ segment: key, status, ...wrongIn(key, definitions) }],
    ),
    scores: scores.map((score) => scoreOf(score, seen)),
    endings: asking.ahead ? await findEndings(reader, definitions, { id, asOf, horizon, keys }) : new Map(),
  }
}

function partOf(key: string, { zone }: Stated, { compiled, catalog }: PinnedDefinitions): Part {
  const { definition } = compiled.get(key)!
  return definition ? explain(definition, { ...catalog, segments: compiled }, zone) : onTheList(key)
}

/** Why a definition has no meaning. */
function wrongIn(key: string, { compiled }: PinnedDefinitions): Wrong {
  const error = compiled.get(key)?.diagnostics.find(({ severity }) => severity === 'error')
  return error ?? { code: 'SEGMENT_BROKEN', message: 'It is not understood.' }
}

/** Those it is in, then the nearest: first of those that lack as little the ones of which most is met. */
const inOrder = (all: readonly Why[]): Why[] =>
  [...all].sort((a, b) => {
    if (a.holds && b.holds) return byName(a, b)
    return Number(b.holds) - Number(a.holds) || a.short - b.short || b.met - a.met || byName(a, b)
  })
const byName = (a: Why, b: Why): number => (a.segment < b.segment ? -1 : 1)

type Seeing = {
  readonly seen: Sight
  readonly definitions: PinnedDefinitions
  readonly firstKnown: FirstKnown | undefined
}

async function explainParts(reader: Reader, parts: readonly Taken[], seeing: Seeing): Promise<Why[]> {
  const conditions = parts.flatMap(({ part }) => conditionsOf(part))
  const since = await readRecordedSince(
    reader,
    conditions.map(({ predicate }) => predicate),
    seeing.definitions.references,
  )
  const recorded = new Map(conditions.map((each, index) => [each, since[index]!]))
  return parts.map((taken) => explained(taken, seeing, recorded))
}

type Recorded = ReadonlyMap<ConditionPart, readonly RecordedSince[]>

function explained({ key, stated, part }: Taken, seeing: Seeing, recorded: Recorded): Why {
  const { seen } = seeing
  const truth = (condition: ConditionPart) => seen.holds(condition.predicate)
  const look: Look = { ...seen, zone: stated.zone }
  return {
    ...{ segment: key, status: stated.status, zone: stated.zone, holds: holdsIn(part, truth) },
    short: shortBy(part, truth),
    met: gather(part, truth).met.length,
    part: explainPart(part),
    sentence: sentenceOf(part, truth, look),
  }

  function explainPart(part: Part): ExplainedPart {
    const holds = holdsIn(part, truth)
    if (part.kind !== 'condition') return { kind: part.kind, holds, of: part.of.map(explainPart) }
    const assumed = assumedBy(part, seeing)
    const past = recorded.get(part) ?? []
    return {
      ...{ kind: 'condition', holds, text: part.text, words: part.words, saw: part.tell(look, holds).saw },
      ...(assumed.length > 0 ? { assumed } : {}),
      ...(past.length > 0 ? { recorded: past } : {}),
    }
  }
}

/** What a condition takes for granted: of a time before an attribute was first known, that it was so already. */
function assumedBy({ predicate, features }: ConditionPart, seeing: Seeing): AssumedValue[] {
  const { seen, firstKnown, definitions } = seeing
  if (!firstKnown) return []
  const reachesBack = ({ of, name }: AttributeFeature) =>
    features.some(
      (each) =>
        each.kind === 'attribute_history' &&
        each.attribute.of === of &&
        each.attribute.name === name &&
        isEver(seen.value(each) ?? ''),
    )
  return assumedAmong(
    attributesReadBy(predicate, definitions.references, definitions.scores),
    firstKnown,
    (known, attribute) => known > seen.asOf || (attribute !== undefined && reachesBack(attribute)),
  )
}

function scoreOf(score: Score, seen: Sight): Explanation['scores'][number] {
  const value = seen.value({ kind: 'score', score: score.name }) ?? '0'
  return {
    score: score.name,
    value: String(Number(value) / 1e6),
    level: levelAt(score, BigInt(value)),
  }
}
