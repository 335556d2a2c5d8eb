import {
  bitsPerWord,
  Columns,
  canonical,
  countBeside,
  dialects,
  emit,
  type Feature,
  type FeatureValue,
  formatInstant,
  type Instant,
  type Look,
  type Moment,
  type Predicate,
  pathColumn,
  plan,
  type QueryPlan,
  readsAccounts,
  type SequenceFeature,
  stepsOf,
  toInstant,
} from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import type { Parameter, Row } from './engine.ts'
import type { PinnedDefinitions } from './runs/definitions.ts'
import { statement } from './sql.ts'

/** What holds for one lead at one instant. */
export type Sight = Omit<Look, 'zone'> & { holds(predicate: Predicate): boolean }

/** Asks one query plan about one lead, at as many instants as one likes. */
export class Looker {
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
      steps: (feature) => stepsSeen(feature, row, this.columns),
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

/** An array of instants as Postgres writes it: `{"2026-03-01 00:00:00+00",NULL}`. */
function stepsSeen(feature: SequenceFeature, row: Row | undefined, columns: Columns): readonly Instant[] {
  const path = String(row?.[`value_${pathColumn(feature, { columns })}`] ?? '')
  const instants = [...path.matchAll(/"([^"]+)"/g)].map(([, text]) => formatInstant(toInstant(text!)!))
  return stepsOf(feature, instants)
}
