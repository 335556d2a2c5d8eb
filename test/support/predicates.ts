import * as fc from 'fast-check'
import type {
  EventFeature,
  Events,
  Feature,
  Figure,
  Filter,
  Predicate,
  Property,
  ScalarType,
  SequenceFeature,
  Test,
  Tree,
  ValueType,
} from '../../compiler/ir.ts'
import { normalizePredicate } from '../../compiler/normalize.ts'
import type { Moment } from '../../compiler/time.ts'
import { type Case, mannersFor } from './agreement.ts'
import { catalog, segments } from './catalog.ts'
import { comparisonsOf, countsIn, type Pools, poolsOf } from './comparisons.ts'
import { momentsAt } from './moments.ts'
import { historyFeatures, recordedFeatures, scoreFeatures } from './recorded-features.ts'
import { declaredAs, properties, scalarTypes, storedOf } from './stored.ts'
import { hostileName, texts } from './values.ts'
import { eventNames, lengths, type World, worlds } from './world.ts'

/** Random worlds and predicates: the engines are asked for the normal form, the reference for what was drawn. */
export const predicateCases = (perWorld: number, among = worlds): fc.Arbitrary<Case> =>
  among.chain((world) =>
    fc.record({
      world: fc.constant(world),
      questions: fc
        .array(predicatesFor(world), { minLength: perWorld, maxLength: perWorld })
        .map((found) => found.map((means) => ({ means, predicate: normalizePredicate(means) }))),
      manner: mannersFor(world),
    }),
  )

/** Random predicates straight over the IR: every kind of feature, figure, type, comparison and moment. */
function predicatesFor({ asOf, zone, edges = [] }: World): fc.Arbitrary<Predicate> {
  const drawn = momentsAt(asOf, zone)
  const moments =
    edges.length > 0
      ? fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...edges) }, { weight: 1, arbitrary: drawn })
      : drawn
  const leaves = (that: fc.Arbitrary<Predicate> | undefined) => tests(moments, zone, that)
  const simple = trees(leaves(undefined), 2)
  return trees(leaves(trees(leaves(simple), 2)), 3)
}

type Moments = fc.Arbitrary<Moment>

function trees<Leaf>(leaves: fc.Arbitrary<Test<Leaf>>, depth: number): fc.Arbitrary<Tree<Test<Leaf>>> {
  const { tree } = fc.letrec<{ tree: Tree<Test<Leaf>> }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: depth - 1, depthSize: 'medium' },
      { weight: 5, arbitrary: leaves },
      { weight: 1, arbitrary: tie('tree').map((of) => ({ kind: 'not', of }) as const) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constantFrom('all', 'any'),
          of: fc.array(tie('tree'), { minLength: 0, maxLength: 3 }),
        }),
      },
    ),
  }))
  return tree
}

const filters = (moments: Moments): fc.Arbitrary<Filter> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Filter>({ kind: 'all', of: [] }) },
    { weight: 2, arbitrary: trees(propertyTests(moments), 2) },
  )
const propertyTests = (moments: Moments): fc.Arbitrary<Test<Property>> =>
  properties.chain((subject) =>
    comparisonsOf(subject.type, poolsOf(moments, subject.name)).map(
      (is): Test<Property> => ({ kind: 'test', subject, is }),
    ),
  )

const usual = fc.constantFrom('page_view', 'page_view', 'email_open', 'purchase')
const name = fc.oneof({ weight: 2, arbitrary: usual }, fc.constantFrom(...eventNames))
const eventTypes: fc.Arbitrary<Events['types']> = fc.oneof(
  { weight: 4, arbitrary: name.map((type) => ({ only: [type] })) },
  { weight: 2, arbitrary: fc.uniqueArray(name, { minLength: 2, maxLength: 3 }).map((only) => ({ only })) },
  { weight: 2, arbitrary: fc.uniqueArray(name, { maxLength: 2 }).map((allBut) => ({ allBut })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('email_', 'email%', 'p', 'page_view', '', hostileName.slice(0, 9))
      .map((prefix) => ({ prefix })),
  },
)

/** Windows that end long before asOf are empty. */
const isLater = (moment: Moment): boolean => !(moment.kind === 'ago' && moment.duration.unit === 'month')

const eventsOf = (moments: Moments): fc.Arbitrary<Events> =>
  fc
    .tuple(
      eventTypes,
      filters(moments),
      fc.option(moments, { freq: 2 }),
      fc.option(moments.filter(isLater), { freq: 2 }),
      fc.boolean(),
    )
    .map(([types, where, from, end, closed]) => ({
      types,
      where,
      ...(from ? { from } : {}),
      ...(end ? (closed ? { to: end } : { until: end }) : {}),
    }))

type Asked = { readonly feature: Feature; readonly type: ValueType }

/** What a feature is compared with: counts with counts, shares with shares, texts with those of their name. */
function poolsFor(feature: Feature, moments: Moments): Pools {
  if (feature.kind === 'attribute') return poolsOf(moments, feature.name)
  const pools = poolsOf(moments)
  if (feature.kind === 'bucket') {
    const share = fc.integer({ min: 0, max: feature.of }).map(String)
    return { ...pools, numbers: fc.oneof({ weight: 4, arbitrary: share }, pools.numbers) }
  }
  if (feature.kind === 'leads_of_account') return countsIn(pools)
  if (feature.kind !== 'events') return pools
  if (['count', 'distinct', 'days', 'periods'].includes(feature.figure.kind)) return countsIn(pools)
  return 'property' in feature.figure ? poolsOf(moments, feature.figure.property.name) : pools
}

/** The language has no lists of means. */
const isMean = (feature: Feature): boolean => feature.kind === 'events' && feature.figure.kind === 'mean'

/** A figure, and the type of its value. */
function figures(of: 'lead' | 'account', zone: string): fc.Arbitrary<[Figure, ValueType]> {
  const property = (...among: readonly ScalarType[]): fc.Arbitrary<Property> =>
    fc.constantFrom(...among).chain((type) =>
      fc.oneof(
        { weight: 4, arbitrary: declaredAs(type) },
        {
          weight: 1,
          arbitrary: properties.map(({ ofType, ...found }) => ({
            ...found,
            type,
            ...(ofType && type === 'text' ? { ofType } : {}),
          })),
        },
      ),
    )
  const numeric = property('number')
  const asNumber = (figure: fc.Arbitrary<Figure>) =>
    figure.map((each): [Figure, ValueType] => [each, 'number'])
  const both = [
    fc
      .constantFrom('first' as const, 'last' as const)
      .map((kind): [Figure, ValueType] => [{ kind }, 'instant']),
    asNumber(fc.constant<Figure>({ kind: 'count' })),
    asNumber(numeric.map((property): Figure => ({ kind: 'sum', property }))),
    fc
      .tuple(fc.constantFrom('min' as const, 'max' as const), property('number', 'instant'))
      .map(([kind, property]): [Figure, ValueType] => [{ kind, property }, property.type]),
  ]
  if (of === 'account') return fc.oneof(...both)
  return fc.oneof(
    ...both,
    numeric.map((property): [Figure, ValueType] => [{ kind: 'mean', property }, 'number']),
    asNumber(property(...scalarTypes).map((property): Figure => ({ kind: 'distinct', property }))),
    fc
      .tuple(fc.constantFrom('value of first' as const, 'value of last' as const), properties)
      .map(([kind, property]): [Figure, ValueType] => [{ kind, property }, property.type]),
    asNumber(fc.constant<Figure>({ kind: 'days', zone })),
    asNumber(
      fc.record({
        kind: fc.constant('periods' as const),
        from: fc
          .record({
            seconds: fc.constantFrom(3600, 86_400, 604_800, 2_592_000),
            count: fc.integer({ min: 1, max: 6 }),
          })
          .map(({ seconds, count }) =>
            Array.from({ length: count }, (_, n) => secondsAgo(seconds * (n + 1))),
          ),
        least: fc.integer({ min: 1, max: 3 }),
      }),
    ),
  )
}

const secondsAgo = (amount: number): Moment => ({ kind: 'ago', duration: { amount, unit: 'second' } })

function eventFeatures(moments: Moments, zone: string): fc.Arbitrary<Asked> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant('lead') }, fc.constant('account')).chain((found) => {
    const of = found as 'lead' | 'account'
    return fc.tuple(figures(of, zone), eventsOf(moments)).map(([[figure, type], events]): Asked => {
      const feature: EventFeature = { kind: 'events', of, figure, events }
      return { feature, type }
    })
  })
}

function sequences(moments: Moments): fc.Arbitrary<Asked> {
  const plain = usual.map((type): Events => ({ types: { only: [type] }, where: { kind: 'all', of: [] } }))
  const events = fc.oneof({ weight: 2, arbitrary: plain }, eventsOf(moments))
  const length = fc.constantFrom(...lengths)
  const steps = fc.array(fc.tuple(events, fc.option(length, { freq: 2 })), { minLength: 1, maxLength: 4 })
  const overall = fc.option(length, { freq: 2 })
  const without = fc.option(fc.record({ events, within: length }), { freq: 2 })
  return fc.tuple(steps, overall, without).map(([found, within, without]): Asked => {
    const perStep = within === null
    const feature: SequenceFeature = {
      kind: 'sequence',
      steps: found.map(([events, within], index) =>
        perStep && index > 0 && within !== null ? { events, within } : { events },
      ),
      ...(within !== null && found.length > 1 ? { within } : {}),
      ...(without ? { without } : {}),
    }
    return { feature, type: 'boolean' }
  })
}

const attributes: fc.Arbitrary<Asked> = fc.oneof(
  ...(['lead', 'account'] as const).flatMap((of) =>
    [...(of === 'lead' ? catalog.leads : catalog.accounts)].map(([name, declared]) =>
      storedOf(name, declared).map(
        (stored): Asked => ({ feature: { kind: 'attribute', of, ...stored }, type: stored.type }),
      ),
    ),
  ),
)

const buckets: fc.Arbitrary<Asked> = fc
  .record({
    kind: fc.constant('bucket' as const),
    of: fc.constantFrom(1, 2, 3, 10, 100, 10_000),
    by: fc.oneof(fc.constantFrom('spring', '', 'É'), texts),
  })
  .map((feature) => ({ feature, type: 'number' }))

const inSegments: fc.Arbitrary<Asked> = fc.constantFrom(
  ...[...segments.keys()].map(
    (key): Asked => ({
      feature: { kind: 'segment', key, meaning: catalog.segments.get(key)!.fingerprint! },
      type: 'boolean',
    }),
  ),
)

function tests(
  moments: Moments,
  zone: string,
  that: fc.Arbitrary<Predicate> | undefined,
): fc.Arbitrary<Test<Feature>> {
  const asked = fc.oneof(
    { weight: 5, arbitrary: attributes },
    { weight: 7, arbitrary: eventFeatures(moments, zone) },
    { weight: 2, arbitrary: sequences(moments) },
    { weight: 1, arbitrary: fc.constant<Asked>({ feature: { kind: 'first_seen' }, type: 'instant' }) },
    { weight: 2, arbitrary: scoreFeatures(zone) },
    { weight: 1, arbitrary: buckets },
    { weight: 1, arbitrary: inSegments },
    { weight: 2, arbitrary: recordedFeatures(moments) },
    { weight: 2, arbitrary: historyFeatures(moments, attributes) },
    ...(that
      ? [
          {
            weight: 1,
            arbitrary: that.map(
              (that): Asked => ({ feature: { kind: 'leads_of_account', that }, type: 'number' }),
            ),
          },
        ]
      : []),
  )
  return asked.chain(({ feature, type }) =>
    comparisonsOf(type, poolsFor(feature, moments))
      .filter((is) => !(isMean(feature) && is.op === 'in'))
      .map((is): Test<Feature> => ({ kind: 'test', subject: feature, is })),
  )
}
