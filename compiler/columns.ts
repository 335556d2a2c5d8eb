import { canonical, type Feature, type Property } from './ir.ts'
import type { QueryPlan } from './plan.ts'

/** Which column each feature and property of a query plan is, by the order in which the plan has them. */
export class Columns {
  private readonly names: ReadonlyMap<string, string>

  constructor(plan: QueryPlan) {
    const named = (letter: string, of: readonly (Feature | Property)[]) =>
      of.map((each, position): [string, string] => [canonical(each), `${letter}${position}`])
    this.names = new Map([
      ...named('e', plan.events),
      ...named('q', plan.sequences),
      ...named('s', plan.points),
      ...named('a', plan.attributes),
      ...named('b', plan.buckets),
      ...named('l', plan.lists),
      ...named('h', plan.attributeHistory),
      ...named('d', plan.derived.flat()),
      ...named('p', plan.properties),
    ])
  }

  of(each: Exclude<Feature, { kind: 'score_change' }> | Property): string {
    if (each.kind === 'first_seen') return 'first_seen'
    const name = this.names.get(canonical(each))
    if (name === undefined) throw new Error(`a predicate reads a ${each.kind} that its plan lacks`)
    return name
  }
}

/** The column beside that of a mean, which holds the sum: over how many values. */
export const countBeside = (column: string): string => `${column}n`
