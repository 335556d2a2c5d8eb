import type { Feature, Predicate, Test } from './ir.ts'
import { testsOf } from './plan.ts'
import { type Instant, resolve } from './time.ts'

/** That a condition looks at how a score stood at the ends of days, from an instant on. */
export type LookBack = {
  readonly kind: 'score_max' | 'level_entered'
  readonly score: string
  readonly from: Instant
}

/**
 * How far a predicate itself looks back, as of an instant: one for each time that it asks for. What it asks of all that
 * was ever recorded is no time.
 */
export function looksBack(predicate: Predicate, asOf: Instant): LookBack[] {
  return [...testsWithin(predicate)].flatMap(({ subject, is }): LookBack[] => {
    if (subject.kind === 'score_max' && subject.from) {
      return [{ kind: subject.kind, score: subject.score, from: resolve(subject.from, asOf) }]
    }
    if (subject.kind !== 'level_entered' || (is.op !== '>=' && is.op !== '>')) return []
    return is.to.type === 'instant'
      ? [{ kind: subject.kind, score: subject.score, from: resolve(is.to.moment, asOf) }]
      : []
  })
}

function* testsWithin(predicate: Predicate): Generator<Test<Feature>> {
  for (const test of testsOf(predicate)) {
    yield test
    if (test.subject.kind === 'leads_of_account') yield* testsWithin(test.subject.that)
  }
}
