import * as fc from 'fast-check'
import type {
  Comparison,
  EventFeature,
  Events,
  Feature,
  Figure,
  Filter,
  Operand,
  Predicate,
  Property,
  ScalarComparison,
  ScalarType,
  SequenceFeature,
  Stored,
  Test,
  Tree,
  ValueType,
} from '../../compiler/ir.ts'
import { normalizePredicate } from '../../compiler/normalize.ts'
import type { Instant, Moment } from '../../compiler/time.ts'
import type { Case } from './agreement.ts'
import { catalog, segments } from './catalog.ts'
import { hostileName, momentNear, texts } from './values.ts'
import { eventNames, worlds } from './world.ts'

/** Random worlds and predicates: the engines are asked for the normal form, the reference for what was drawn. */
export const predicateCases = (perWorld: number): fc.Arbitrary<Case> =>
  worlds.chain((world) =>
    fc
      .array(predicatesAt(world.asOf, world.zone), { minLength: perWorld, maxLength: perWorld })
      .map((found) => ({
        world,
        questions: found.map((means) => ({ means, predicate: normalizePredicate(means) })),
      })),
  )

/** Random predicates straight over the IR: every kind of feature, figure, type, comparison and moment. */
export function predicatesAt(asOf: Instant, zone: string): fc.Arbitrary<Predicate> {
  const moments = momentsAt(asOf, zone)
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

const numbers = fc
  .constantFrom(
    ...['0', '1', '2', '3', '5', '-5', '500', '5.5', '30', '60', '0.000001', '-0.000001', '25', '49.999999'],
    ...['1000.5', '10', '-1', '9007199254740993', `${'9'.repeat(22)}`, `-${'9'.repeat(22)}.999999`, '0.5'],
  )
  .map((value): Operand => ({ type: 'number', value }))
const text = (value: string) => ({ type: 'text', value }) as const
const usualTexts = [
  ...['/pricing', '/docs', 'technology', 'Technology', 'pro', 'web', 'email', 'q1', 'won', 'Berlin'],
  ...['berlin', '10115', 'a', 'vip', 'é', 'i', 'İ'],
]
const textOperands = fc
  .oneof({ weight: 2, arbitrary: fc.constantFrom(...usualTexts) }, { weight: 1, arbitrary: texts })
  .map(text)

/** Wildcards, escaped and not, between pieces of text. */
const likes = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('%', '_', '\\%', '\\_', '\\\\', '%%', '\\a', '_%') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('/', 'pric', 'tech', 'É', 'é', 'ß', 'a', 'İ', '日', '😀', "'", '\n'),
      },
    ),
    { maxLength: 4 },
  )
  .map((parts) => text(parts.join('')))

/** What every engine's expressions share. Folded already, so letters are small. */
const patterns = fc
  .letrec<{ alternatives: string }>((tie) => {
    const atoms = fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom('a', 'b', 'i', '/', 'é', 'ß', '日', '😀', 'pric', 'tech', '-', "'", ' ', '5', '1'),
      fc.constantFrom('.', '\\.', '\\\\', '\\$', '\\*', '\\(', '\\[', '[a-z]', '[^a-z]', '[0-9]', '[abc/]'),
      tie('alternatives').map((inside) => `(${inside})`),
    )
    const quantifiers = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}', '{0,1}')
    const piece = fc.tuple(atoms, quantifiers).map(([atom, quantifier]) => {
      const letters = [...atom]
      const single = letters.length === 1 || /^[\\[(]/.test(atom)
      return quantifier && !single ? `(${atom})${quantifier}` : `${atom}${quantifier}`
    })
    const sequences = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''))
    return {
      alternatives: fc
        .array(sequences, { minLength: 1, maxLength: 2 })
        .map((alternatives) => alternatives.join('|')),
    }
  })
  .alternatives.chain((inside) => fc.constantFrom(inside, `^(${inside})`, `(${inside})$`, `^(${inside})$`))
  .map(text)

function operandsOf(type: ScalarType, moments: Moments): fc.Arbitrary<Operand> {
  switch (type) {
    case 'number':
      return numbers
    case 'text':
      return textOperands
    case 'boolean':
      return fc.boolean().map((value) => ({ type: 'boolean', value }))
    case 'instant':
      return moments.map((moment) => ({ type: 'instant', moment }))
  }
}

function scalarComparisons(type: ScalarType, moments: Moments): fc.Arbitrary<ScalarComparison> {
  const operands = operandsOf(type, moments)
  const ops = type === 'boolean' ? (['='] as const) : (['=', '<', '<=', '>', '>='] as const)
  const plain = fc.record({ op: fc.constantFrom(...ops), to: operands })
  const lists = fc.record({
    op: fc.constant('in' as const),
    to: fc.array(operands, { minLength: 1, maxLength: 4 }),
  })
  if (type === 'instant') return plain
  if (type !== 'text') return fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: lists })
  const exactly = (is: fc.Arbitrary<ScalarComparison>): fc.Arbitrary<ScalarComparison> =>
    fc.tuple(is, fc.boolean()).map(([each, exact]) => (exact ? { ...each, exactly: true } : each))
  const within = fc.record({
    op: fc.constantFrom('contains' as const, 'starts with' as const, 'ends with' as const),
    to: textOperands,
  })
  return exactly(
    fc.oneof(
      plain,
      lists,
      within,
      fc.record({ op: fc.constant('like' as const), to: likes }),
      fc.record({ op: fc.constant('matches' as const), to: patterns }),
    ),
  )
}

const known: Comparison = { op: 'known' }
const elementTypes = { texts: 'text', numbers: 'number', booleans: 'boolean' } as const

/** A way to compare a value of this type. */
export function comparisonsOf(type: ValueType, moments: Moments): fc.Arbitrary<Comparison> {
  switch (type) {
    case 'json':
      return fc.constant(known)
    case 'size':
      return scalarComparisons('number', moments)
    case 'texts':
    case 'numbers':
    case 'booleans':
      return fc.record({
        op: fc.constantFrom('some', 'every'),
        is: scalarComparisons(elementTypes[type], moments),
      })
    default:
      return fc.oneof(
        { weight: 1, arbitrary: fc.constant(known) },
        { weight: 5, arbitrary: scalarComparisons(type, moments) },
      )
  }
}

const scalarTypes = ['number', 'text', 'boolean', 'instant'] as const
const types: readonly ValueType[] = [...scalarTypes, 'json', 'texts', 'numbers', 'booleans', 'size']

/** Mostly read as the type it has, now and then as any other. */
function typeFor(declared: string): fc.Arbitrary<ValueType> {
  if (declared === 'json')
    return fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom<ValueType>('json', 'texts', 'texts', 'numbers', 'booleans', 'size'),
      },
      { weight: 1, arbitrary: fc.constantFrom(...types) },
    )
  const proper = types.find((type) => type === declared) ?? 'number'
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(proper) },
    { weight: 1, arbitrary: fc.constantFrom(...types) },
  )
}

const paths: Readonly<Record<string, readonly (readonly string[])[]>> = {
  address: [['city'], ['geo'], ['geo', 'zip'], ['floors'], ['floors', '0'], ['city', 'city'], [hostileName]],
  utm: [['source'], ['campaign'], ['campaign', '0']],
  tags: [['0'], ['a']],
}

/** A stored value, or one at a path within it. */
function storedOf(name: string, declared: string): fc.Arbitrary<Stored> {
  const whole = typeFor(declared).map((type): Stored => ({ name, type }))
  const inside = paths[name]
  if (!Object.hasOwn(paths, name) || !inside) return whole
  const nested = fc.record({
    name: fc.constant(name),
    path: fc.constantFrom(...inside),
    type: fc.constantFrom(...types),
  })
  return fc.oneof({ weight: 1, arbitrary: whole }, { weight: 1, arbitrary: nested })
}

const channels = { email_open: 'email', email_sent: 'email', email_click: 'email', page_view: 'web' }

const declaredProperties = [
  ...new Map([...catalog.events.values()].flatMap(({ properties }) => [...properties])),
]
const properties: fc.Arbitrary<Property> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.oneof(
      ...declaredProperties.map(([name, declared]) =>
        storedOf(name, declared).map((stored): Property => ({ kind: 'property', ...stored })),
      ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<ValueType>('text')
      .map((type): Property => ({ kind: 'property', name: 'channel', type, ofType: channels })),
  },
)

const filters = (moments: Moments): fc.Arbitrary<Filter> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant<Filter>({ kind: 'all', of: [] }) },
    { weight: 3, arbitrary: trees(propertyTests(moments), 2) },
  )
const propertyTests = (moments: Moments): fc.Arbitrary<Test<Property>> =>
  properties.chain((subject) =>
    comparisonsOf(subject.type, moments).map((is): Test<Property> => ({ kind: 'test', subject, is })),
  )

const name = fc.constantFrom(...eventNames, 'page_view', 'email_open', 'purchase')
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

const eventsOf = (moments: Moments): fc.Arbitrary<Events> =>
  fc
    .tuple(
      eventTypes,
      filters(moments),
      fc.option(moments, { freq: 2 }),
      fc.option(moments, { freq: 2 }),
      fc.boolean(),
    )
    .map(([types, where, from, end, closed]) => ({
      types,
      where,
      ...(from ? { from } : {}),
      ...(end ? (closed ? { to: end } : { until: end }) : {}),
    }))

type Asked = { readonly feature: Feature; readonly type: ValueType }

/** A figure, and the type of its value. */
function figures(of: 'lead' | 'account', zone: string): fc.Arbitrary<[Figure, ValueType]> {
  const property = (...among: readonly ValueType[]): fc.Arbitrary<Property> =>
    fc
      .tuple(properties, fc.constantFrom(...among))
      .map(([{ ofType, ...found }, type]) => ({
        ...found,
        type,
        ...(ofType && type === 'text' ? { ofType } : {}),
      }))
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

const lengths = fc.constantFrom(0, 1, 3600, 86_400, 604_800, 2_592_000)

function sequences(moments: Moments): fc.Arbitrary<Asked> {
  const events = eventsOf(moments)
  const steps = fc.array(fc.tuple(events, fc.option(lengths, { freq: 2 })), { minLength: 1, maxLength: 4 })
  const overall = fc.option(lengths, { freq: 2 })
  const without = fc.option(fc.record({ events, within: lengths }), { freq: 2 })
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
    {
      weight: 1,
      arbitrary: fc.constant<Asked>({ feature: { kind: 'score', score: 'engagement' }, type: 'number' }),
    },
    { weight: 1, arbitrary: buckets },
    { weight: 1, arbitrary: inSegments },
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
    comparisonsOf(type, moments).map((is): Test<Feature> => ({ kind: 'test', subject: feature, is })),
  )
}

/** Of every kind, in the zone, where the world has its edges. */
function momentsAt(asOf: Instant, zone: string): Moments {
  const amounts = fc.constantFrom(0, 1, 2, 7, 14, 30, 90, 168)
  const seconds = fc.constantFrom(1, 60, 3600, 86_400, 604_800)
  const signs = fc.constantFrom('ago', 'ago', 'ahead') as fc.Arbitrary<'ago' | 'ahead'>
  return fc.oneof(
    momentNear(asOf, zone).map((instant): Moment => ({ kind: 'at', instant })),
    fc
      .tuple(signs, amounts, seconds)
      .map(([kind, n, each]): Moment => ({ kind, duration: { amount: n * each, unit: 'second' } })),
    fc
      .tuple(signs, fc.constantFrom(0, 1, 2, 3, 6, 12, 30, 2400))
      .map(([kind, amount]): Moment => ({ kind, duration: { amount, unit: 'month' }, zone })),
    fc
      .tuple(
        fc.constantFrom('day', 'week', 'month', 'quarter', 'year'),
        fc.integer({ min: -2, max: 2 }),
        fc.option(fc.constantFrom(1, 4, 100), { freq: 2 }),
      )
      .map(
        ([of, offset, years]): Moment => ({
          kind: 'start',
          of: of as 'day',
          offset,
          zone,
          ...(years === null ? {} : { years }),
        }),
      ),
  )
}
