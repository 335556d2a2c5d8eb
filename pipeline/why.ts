import {
  bitsPerWord,
  Columns,
  type ConditionPart,
  canonical,
  conditionsOf,
  countBeside,
  dialects,
  emit,
  explain,
  type Feature,
  type FeatureValue,
  holdsIn,
  type Instant,
  type Moment,
  type Part,
  type Predicate,
  phrase,
  plan,
  type QueryPlan,
  readInstant,
  readsAccounts,
  type Score,
  sayValue,
  shortBy,
  turnsAt,
  turnsOf,
} from '../compiler/index.ts'
import { handsOn, onTheList, withHand } from './by-hand.ts'
import { type Reader, rows } from './catalog.ts'
import type { Parameter, Row } from './engine.ts'
import { type PinnedDefinitions, pinDefinitions } from './runs/definitions.ts'
import { statement } from './sql.ts'

/** Why a lead is in a segment, or isn't: each condition's truth, and what it saw. */
export type Why = {
  readonly segment: string
  readonly holds: boolean
  /** How many conditions would have to turn over for it to be in, or out. */
  readonly short: number
  readonly part: ExplainedPart
  /** What it saw of the conditions that hold, in one sentence. */
  readonly sentence: string
}

export type ExplainedPart =
  | { readonly kind: 'all' | 'any' | 'not'; readonly holds: boolean; readonly of: readonly ExplainedPart[] }
  | {
      readonly kind: 'condition'
      readonly holds: boolean
      readonly text: string
      readonly words: string
      readonly saw: readonly string[]
    }

export type Explanation = {
  readonly asOf: Instant
  /** Those asked for; the ones it is in first, then those it is nearest to. */
  readonly segments: readonly Why[]
  readonly scores: readonly {
    readonly score: string
    readonly value: string
    readonly level: string | null
  }[]
  /** When it leaves a segment (or enters one) if nothing happens until then: by segment, where that can be told. */
  readonly turns: ReadonlyMap<string, Instant>
}

type Asking = {
  readonly id: string
  readonly asOf: Instant
  readonly horizon: string
  /** Keys; all active segments if left out. */
  readonly segments?: readonly string[] | undefined
  /** Whether to look ahead for when it leaves. */
  readonly ahead?: boolean
}

/** The same query plan as a run's, for one lead; each condition is asked like a segment of its own. */
export async function explainLead(reader: Reader, asking: Asking): Promise<Explanation> {
  const definitions = await pinDefinitions(reader)
  const segments = definitions.segments.filter(
    ({ key }) => asking.segments === undefined || asking.segments.includes(key),
  )
  const catalog = { ...definitions.catalog, segments: definitions.compiled }
  const parts = segments.map(({ key, zone, predicate }) => {
    const { definition } = definitions.compiled.get(key)!
    return { key, predicate, part: definition ? explain(definition, catalog, zone) : onTheList(key) }
  })
  const { references, scores } = definitions
  const turning = asking.ahead ? parts.map(({ predicate }) => turnsOf(predicate, references, scores)) : []
  const looker = new Looker(reader, definitions, {
    id: asking.id,
    horizon: asking.horizon,
    predicates: [
      ...parts.flatMap(({ key, part }) => [
        ...conditionsOf(part).map((each) => each.predicate),
        ...handsOn(key, definitions.references),
      ]),
      ...turning.flatMap((turns) =>
        (turns ?? []).flatMap(({ feature }) => (feature ? [known(feature)] : [])),
      ),
    ],
  })
  const seen = await looker.look(asking.asOf)
  const handled = parts.map((each) => {
    return { ...each, part: withHand(each, definitions.references, (one) => seen.holds(one)) }
  })
  const turns = new Map<string, Instant>()
  if (asking.ahead) await lookAhead(looker, seen, handled, turning, turns)
  return {
    asOf: asking.asOf,
    segments: inOrder(handled.map(({ key, part }) => explained(key, part, seen))),
    scores: definitions.scores.map((score) => scoreOf(score, seen)),
    turns,
  }
}

const known = (subject: Feature): Predicate => ({ kind: 'test', subject, is: { op: 'known' } })

/** Those it is in, then the near misses. */
const inOrder = (all: readonly Why[]): Why[] =>
  [...all].sort(
    (a, b) => Number(b.holds) - Number(a.holds) || a.short - b.short || (a.segment < b.segment ? -1 : 1),
  )

function explained(segment: string, part: Part, seen: Sight): Why {
  const truth = (condition: ConditionPart) => seen.holds(condition.predicate)
  const holds = holdsIn(part, truth)
  const phrases = new Set<string>()
  collectPhrases(part, true, seen, phrases)
  return {
    segment,
    holds,
    short: shortBy(part, truth, !holds),
    part: explainPart(part, seen),
    sentence: [...phrases].join(', '),
  }
}

function explainPart(part: Part, seen: Sight): ExplainedPart {
  const truth = (condition: ConditionPart) => seen.holds(condition.predicate)
  const holds = holdsIn(part, truth)
  if (part.kind !== 'condition')
    return { kind: part.kind, holds, of: part.of.map((each) => explainPart(each, seen)) }
  const saw = part.features.map((feature) => sayValue(feature, seen.value(feature), seen.asOf))
  return { kind: 'condition', holds, text: part.text, words: part.words, saw: [...new Set(saw)] }
}

/** Of what holds as it is wanted, in the order in which it is written. */
function collectPhrases(part: Part, wanted: boolean, seen: Sight, into: Set<string>): void {
  if (part.kind === 'not') collectPhrases(part.of[0], !wanted, seen, into)
  else if (part.kind !== 'condition') {
    for (const each of part.of) {
      if (holdsIn(each, ({ predicate }) => seen.holds(predicate)) === wanted)
        collectPhrases(each, wanted, seen, into)
    }
  } else if (seen.holds(part.predicate) === wanted) {
    const said = part.features.map((feature) => phrase(feature, seen.value(feature), seen.asOf))
    const simple = said.length > 0 && said.every((each) => each !== undefined)
    for (const each of simple ? said : [wanted ? part.words : `not: ${part.words}`]) into.add(each)
  }
}

function scoreOf(score: Score, seen: Sight): Explanation['scores'][number] {
  const value = seen.value({ kind: 'score', score: score.name }) ?? '0'
  const points = Number(value) / 1e6
  const level = [...score.levels].reverse().find(({ from }) => points >= Number(from)) ?? score.levels[0]
  return { score: score.name, value: String(points), level: level?.name ?? null }
}

/** What holds for one lead at one instant. */
type Sight = {
  readonly asOf: Instant
  holds(predicate: Predicate): boolean
  value(feature: Feature): FeatureValue
}

/** Asks one query plan about one lead, at as many instants as one likes. */
class Looker {
  private readonly reader: Reader
  private readonly plan: QueryPlan
  private readonly columns: Columns
  private readonly positions: ReadonlyMap<string, number>
  private readonly id: string
  private readonly horizon: string
  private mates: readonly string[] | undefined

  constructor(
    reader: Reader,
    { references, scores }: PinnedDefinitions,
    asked: { id: string; horizon: string; predicates: readonly Predicate[] },
  ) {
    const distinct = new Map(asked.predicates.map((predicate) => [canonical(predicate), predicate]))
    this.reader = reader
    this.id = asked.id
    this.horizon = asked.horizon
    this.positions = new Map([...distinct.keys()].map((name, position) => [name, position]))
    const subjects = [...distinct].map(([key, predicate]) => ({ key, predicate }))
    this.plan = plan(subjects, scores, references)
    this.columns = new Columns(this.plan)
  }

  async look(asOf: Instant): Promise<Sight> {
    this.mates ??= readsAccounts(this.plan) ? await this.readMates() : [this.id]
    const query = emit(this.plan, dialects.postgres, {
      asOf,
      horizon: this.horizon,
      leads: this.mates,
      values: true,
    })
    const found = await rows<Row>(this.reader, query.sql, query.parameters as Parameter[])
    const row = found.find((each) => String(each.lead_id) === this.id)
    return {
      asOf,
      holds: (predicate) => {
        const position = this.positions.get(canonical(predicate))!
        const word = BigInt(String(row?.[`w${Math.floor(position / bitsPerWord)}`] ?? 0))
        return ((word >> BigInt(position % bitsPerWord)) & 1n) === 1n
      },
      value: (feature) => featureValue(feature, row, this.columns),
    }
  }

  private async readMates(): Promise<string[]> {
    const found = await rows<{ lead_id: string }>(this.reader, statement('reads/account_mates'), [this.id])
    return found.map(({ lead_id }) => lead_id)
  }
}

const pointsAt = (score: string, at: Moment | undefined) =>
  ({ kind: 'score', score, ...(at ? { at } : {}) }) as const

function featureValue(feature: Feature, row: Row | undefined, columns: Columns): FeatureValue {
  if (feature.kind === 'score_change') {
    const at = (moment?: Moment) => String(row?.[`value_${columns.of(pointsAt(feature.score, moment))}`] ?? 0)
    return String(BigInt(at()) - BigInt(at(feature.since)))
  }
  const column = columns.of(feature)
  const value = row?.[`value_${column}`] ?? null
  if (value === null || feature.kind !== 'events' || feature.figure.kind !== 'mean')
    return value as FeatureValue
  const count = Number(row?.[`value_${countBeside(column)}`])
  return (Number(value) / count).toFixed(2)
}

type Looked = { readonly key: string; readonly part: Part }

/** How many turning points are looked at before giving up. */
const stepsAhead = 40

/** Goes from one instant at which something may turn to the next, until every segment has turned or none is left. */
async function lookAhead(
  looker: Looker,
  now: Sight,
  parts: readonly Looked[],
  turning: readonly (ReturnType<typeof turnsOf> | undefined)[],
  found: Map<string, Instant>,
): Promise<void> {
  const isIn = ({ part }: Looked, sight: Sight) => holdsIn(part, ({ predicate }) => sight.holds(predicate))
  const open = new Map(
    parts.flatMap((each, index) => (turning[index] ? [[each, turning[index]] as const] : [])),
  )
  let sight = now
  for (let step = 0; step < stepsAhead && open.size > 0; step++) {
    const next = [...open.values()]
      .flat()
      .flatMap((turn) =>
        turnsAt(turn, turn.feature ? readValue(sight.value(turn.feature)) : null, sight.asOf),
      )
      .sort()[0]
    if (next === undefined) return
    const then = await looker.look(next)
    for (const each of [...open.keys()]) {
      if (isIn(each, then) === isIn(each, now)) continue
      found.set(each.key, next)
      open.delete(each)
    }
    sight = then
  }
}

const readValue = (value: FeatureValue): Instant | null =>
  value === null ? null : (readInstant(value, 'UTC') ?? null)
