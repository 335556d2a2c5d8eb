import * as fc from 'fast-check'
import type { AttributeFeature, Comparison, Feature, ListedFeature, ValueType } from '../../compiler/ir.ts'
import type { Moment } from '../../compiler/time.ts'
import { catalog, segments } from './catalog.ts'
import { comparisonsOf, poolsOf } from './comparisons.ts'
import { scores } from './scores.ts'

type Asked = { readonly feature: Feature; readonly type: ValueType }

const keys = fc.constantFrom(...segments.keys())

/** What runs recorded of segments, and what hands put on their lists. */
export function recordedFeatures(moments: fc.Arbitrary<Moment>): fc.Arbitrary<Asked> {
  const maybe = fc.option(moments, { nil: undefined })
  const ends = fc.oneof(
    fc.constant({}),
    moments.map((to) => ({ to })),
    moments.map((until) => ({ until })),
  )
  const listed = fc
    .tuple(keys, fc.constantFrom<ListedFeature['list']>('members', 'added', 'removed'))
    .map(([segment, list]): Asked => ({ feature: { kind: 'listed', segment, list }, type: 'boolean' }))
  const inside = fc.tuple(keys, maybe, ends).map(([segment, from, end]): Asked => {
    const meaning = catalog.segments.get(segment)!.fingerprint!
    const feature: Feature = { kind: 'inside', segment, meaning, ...(from ? { from } : {}), ...end }
    return { feature, type: 'boolean' }
  })
  const figures = fc.constantFrom('since' as const, 'entered' as const, 'left' as const)
  const moved = fc.tuple(keys, figures, ends).map(([segment, figure, end]): Asked => {
    const meaning = catalog.segments.get(segment)!.fingerprint!
    const bounds = figure === 'since' ? {} : end
    return { feature: { kind: 'recorded', segment, meaning, figure, ...bounds }, type: 'instant' }
  })
  return fc.oneof(listed, { weight: 2, arbitrary: inside }, { weight: 3, arbitrary: moved })
}

/** Scores now and by their course, as the language asks them: since a time before asOf. */
export function scoreFeatures(zone: string): fc.Arbitrary<Asked> {
  const day = 86_400
  const since: fc.Arbitrary<Moment> = fc.oneof(
    fc
      .constantFrom(0, 1, day - 1, day, 3 * day, 7 * day, 30 * day, 400 * day)
      .map((amount): Moment => ({ kind: 'ago', duration: { amount, unit: 'second' } })),
    fc.constant<Moment>({ kind: 'ago', duration: { amount: 1, unit: 'month' }, zone }),
  )
  return fc.constantFrom(...scores).chain(({ name: score, levels }) => {
    const points = (feature: Feature): Asked => ({ feature, type: 'number' })
    return fc.oneof(
      fc.constant(points({ kind: 'score', score })),
      since.map((at) => points({ kind: 'score_change', score, since: at })),
      fc
        .option(since, { nil: undefined })
        .map((from) => points({ kind: 'score_max', score, ...(from ? { from } : {}) })),
      fc
        .constantFrom(...levels)
        .map(
          ({ name: level }): Asked => ({ feature: { kind: 'level_entered', score, level }, type: 'instant' }),
        ),
    )
  })
}

/** Since when an attribute has been something, and when it changed. */
export function historyFeatures(
  moments: fc.Arbitrary<Moment>,
  attributes: fc.Arbitrary<Asked>,
): fc.Arbitrary<Asked> {
  const ends = fc.oneof(
    fc.constant(undefined),
    moments.map((to) => ({ to })),
    moments.map((until) => ({ until })),
  )
  return attributes.chain(({ feature, type }) => {
    const attribute = feature as AttributeFeature
    const compared = comparisonsOf(type, poolsOf(moments, attribute.name))
    const made = (
      figure: 'since' | 'changed',
      said: { from?: Comparison; to?: Comparison; end?: { to?: Moment; until?: Moment } },
    ): Asked => ({ feature: { kind: 'attribute_history', attribute, figure, ...said }, type: 'instant' })
    // Of lists and of what is only known there is no order of values to follow without a comparison.
    const isScalar = ['number', 'text', 'boolean', 'instant'].includes(type)
    const maybe = fc.option(compared, { nil: undefined })
    const changed = fc
      .tuple(maybe, maybe, ends)
      .filter(([from, to]) => isScalar || from !== undefined || to !== undefined)
      .map(([from, to, end]) =>
        made('changed', { ...(from ? { from } : {}), ...(to ? { to } : {}), ...(end ? { end } : {}) }),
      )
    return fc.oneof(
      compared.map((to) => made('since', { to })),
      { weight: 2, arbitrary: changed },
    )
  })
}
