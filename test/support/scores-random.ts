import * as fc from 'fast-check'
import { type EventRule, everyone, type Filter, type FitRule, type Score, test } from '../../compiler/ir.ts'
import { type Fade, fadeTable } from '../../compiler/scoring.ts'
import { scores } from './scores.ts'

/** Scores with whatever a rule can say. */

const micropoints = fc.oneof(
  fc.constantFrom('1', '-1', '1000000', '-2500000', '7333333', '0'),
  fc.integer({ min: -50_000_000, max: 50_000_000 }).map(String),
)
const cap = fc.constantFrom('1', '1000000', '9999999', '20000000')
const fade: fc.Arbitrary<Fade> = fc.record({
  kind: fc.constantFrom('expires' as const, 'half-life' as const, 'linear' as const),
  days: fc.constantFrom(1, 2, 7, 30, 45, 400),
})

const pricing: Filter = test(
  { kind: 'property', name: 'page', type: 'text' },
  { op: '=', to: { type: 'text', value: '/pricing' } },
)
const events: fc.Arbitrary<EventRule['events']> = fc.record(
  {
    types: fc.oneof(
      fc.constantFrom('page_view', 'email_open', 'purchase').map((type) => ({ only: [type] })),
      fc.constantFrom({ only: ['email_open', 'page_view'] }, { allBut: [] }, { prefix: 'email_' }),
    ),
    where: fc.constantFrom<Filter>(everyone, everyone, pricing),
    from: fc.constantFrom({ kind: 'at' as const, instant: '2024-01-15T00:00:00.000000Z' }),
    until: fc.constantFrom({ kind: 'at' as const, instant: '2026-03-15T00:00:00.000000Z' }),
  },
  { requiredKeys: ['types', 'where'] },
)

const eventRule: fc.Arbitrary<EventRule> = fc
  .record(
    { events, micropoints, capPerDay: cap, capPerLead: cap, fades: fade },
    { requiredKeys: ['events', 'micropoints'] },
  )
  .map(({ fades, ...rule }) => ({
    kind: 'events',
    name: 'rule',
    ...rule,
    ...(fades ? { fade: fadeTable(fades, rule.micropoints, rule.capPerDay) } : {}),
  }))

const fitRules = scores.flatMap(({ rules }) => rules.filter((rule): rule is FitRule => rule.kind === 'fit'))
const fitRule = fc
  .tuple(fc.constantFrom(...fitRules), micropoints)
  .map(([rule, micropoints]): FitRule => ({ ...rule, micropoints }))

const rules = fc.array(fc.oneof({ weight: 4, arbitrary: eventRule }, fitRule), { minLength: 0, maxLength: 5 })

export const randomScores: fc.Arbitrary<Score[]> = fc
  .tuple(rules, rules, fc.constantFrom('sum' as const, 'max' as const, 'mean' as const))
  .map(([one, other, by]) => [
    { name: 'one', rules: one, levels: [] },
    { name: 'other', rules: other, levels: [] },
    { name: 'whole', rules: [], ofLeads: { by, score: 'one' }, levels: [] },
  ])
