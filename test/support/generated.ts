import * as fc from 'fast-check'
import type { CatalogType } from '../../compiler/catalog.ts'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import type { Definition } from '../../compiler/definition.ts'
import { parse } from '../../compiler/parse.ts'
import { catalog, segments } from './catalog.ts'
import { comparisonFor, periods, storedFor } from './comparisons-written.ts'
import { trees } from './shapes.ts'
import { hostileName } from './values.ts'
import { durations } from './world.ts'

/** Those that the catalog gives a meaning: every condition's examples, and random ones of every family. */
export const definitions: fc.Arbitrary<Definition> = fc.constant(null).chain(() => {
  built ??= definitionsOfEveryFamily()
  return built
})
let built: fc.Arbitrary<Definition> | undefined

function definitionsOfEveryFamily(): fc.Arbitrary<Definition> {
  const examples = conditions.flatMap((condition) => condition.examples.map(definitionOf))
  return trees(
    fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...examples) },
      { weight: 6, arbitrary: fc.oneof(...Object.values(families)).filter(hasMeaning) },
    ),
  )
}

export function definitionOf(text: string): Definition {
  const parsed = parse(text)
  if ('diagnostics' in parsed) throw new Error(`${text}: ${JSON.stringify(parsed.diagnostics)}`)
  return parsed.definition
}

const hasMeaning = (definition: Definition): boolean =>
  compile(definition, catalog, 'Europe/Berlin').predicate !== undefined

type Properties = readonly (readonly [name: string, type: CatalogType | undefined])[]
type Which = { readonly event: unknown; readonly properties: Properties }

const everyProperty = [...new Map([...catalog.events.values()].flatMap(({ properties }) => [...properties]))]
const propertiesOf = (type: string): Properties => [
  ...(catalog.events.get(type)?.properties ?? [
    ['page', undefined] as const,
    [hostileName, undefined] as const,
  ]),
  ['channel', catalog.events.has(type) ? 'text' : undefined],
]
const types = fc.constantFrom(...catalog.events.keys(), 'uncatalogued', 'page_view', 'email_open', 'purchase')
const nothing: Properties = [['channel', 'text']]

/** Which events, and which properties they have. */
const events: fc.Arbitrary<Which> = fc.oneof(
  { weight: 4, arbitrary: types.map((event) => ({ event, properties: propertiesOf(event) })) },
  { weight: 1, arbitrary: fc.constant({ event: 'viewed_pricing', properties: propertiesOf('page_view') }) },
  { weight: 1, arbitrary: fc.constant({ event: 'any_mail', properties: propertiesOf('email_open') }) },
  { weight: 1, arbitrary: fc.constant({ event: { any: true }, properties: everyProperty }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('email_', 'page', 'p', hostileName.slice(0, 5))
      .map((prefix) => ({ event: { prefix }, properties: nothing })),
  },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(fc.oneof(types, fc.constant('any_mail')), { minLength: 1, maxLength: 3 })
      .map((types) => ({ event: { types }, properties: nothing })),
  },
)

/** Events, and now and then what must hold on each of them. */
const which = events.chain(({ event, properties }) =>
  fc
    .option(wheres(properties), { freq: 3 })
    .map((where) => ({ event, properties, fields: where === null ? { event } : { event, where } })),
)
const whichFields = which.map(({ fields }) => fields)

function wheres(properties: Properties): fc.Arbitrary<unknown> {
  const tests = properties.map(([name, type]) =>
    storedFor(name, type).chain((stored) =>
      comparisonFor(stored, type).map((is) => ({ kind: 'property', ...stored, is })),
    ),
  )
  const { where } = fc.letrec<{ where: unknown }>((tie) => ({
    where: fc.oneof(
      { maxDepth: 2 },
      { weight: 3, arbitrary: fc.oneof(...tests) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('not'), of: tie('where') }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constantFrom('all', 'any'),
          of: fc.array(tie('where'), { minLength: 2, maxLength: 3 }),
        }),
      },
    ),
  }))
  return where
}

const numberComparisons = comparisonFor({ name: '' }, 'number')
const counts = fc.constantFrom(0, 1, 1, 2, 3)
const smallNumbers = fc.oneof(
  fc.record({
    op: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
    value: counts.map((n) => ({ number: String(n) })),
  }),
  numberComparisons,
)
const times = fc.record({
  op: fc.constantFrom('at least', 'at most', 'exactly', 'more than', 'fewer than'),
  n: counts,
})

type Fields = Record<string, unknown>
/** Fields that are always there, and such as may be. */
const made = (kind: string, needed: fc.Arbitrary<Fields>, more: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.tuple(needed, fc.record(more, { requiredKeys: [] })).map(([a, b]): Definition => ({ kind, ...a, ...b }))

const fixed = durations.map((duration) => ({
  ...duration,
  unit: { month: 'day', quarter: 'week', year: 'week' }[duration.unit as string] ?? duration.unit,
}))

const sequences = fc
  .record({
    first: fc.tuple(whichFields, fc.option(periods, { freq: 3 })),
    later: fc.array(fc.tuple(whichFields, fc.option(fixed, { freq: 2 })), { maxLength: 3 }),
    within: fc.option(fixed, { freq: 3 }),
    without: fc.option(fc.tuple(whichFields, fixed), { freq: 2 }),
  })
  .map(({ first: [first, when], later, within, without }): Definition => {
    const alone = later.length === 0
    const after = without ?? (alone ? ([first, { amount: 1, unit: 'day' }] as const) : undefined)
    const overall = within && !alone ? { within } : {}
    const steps = [
      { ...first, ...(when ? { when } : {}) },
      ...later.map(([step, each]) => ({
        ...step,
        ...(each && !('within' in overall) ? { within: each } : {}),
      })),
    ]
    const fields = { steps, ...overall, ...(after ? { without: { ...after[0], within: after[1] } } : {}) }
    return { kind: 'sequence', ...fields }
  })

/** One that another holds: not too deep, and nothing of its own that holds more. */
const inner = fc.oneof(
  fc.constantFrom(...['did page_view', 'score >= 25', 'viewed_pricing', 'in segment "customers"']),
  fc.constantFrom('industry = "technology"', 'not did email_open', 'any lead of account did purchase'),
  fc.constantFrom('account did page_view at least 2 times', 'did page_view then did purchase', 'everyone'),
)

const attributes = fc.oneof(
  ...(['lead', 'account'] as const).flatMap((of) =>
    [...(of === 'lead' ? catalog.leads : catalog.accounts)].map(([name, type]) =>
      storedFor(name, type).chain((stored) =>
        comparisonFor(stored, type).map(
          (is): Definition => ({ kind: 'attribute', of, ...stored, is }) as Definition,
        ),
      ),
    ),
  ),
)

const figures = ['sum', 'mean', 'min', 'max', 'distinct', 'first', 'last'] as const

const eventValues = fc.tuple(which, fc.constantFrom(...figures)).chain(([{ fields, properties }, figure]) => {
  const fitting = properties.filter(([, type]) => {
    if (figure === 'sum' || figure === 'mean') return type === 'number'
    if (figure === 'min' || figure === 'max') return type === 'number' || type === 'instant'
    return true
  })
  const property = fc.constantFrom(...(fitting.length > 0 ? fitting : ([['seconds', 'number']] as const)))
  return property.chain(([name, type]) =>
    storedFor(name, type).chain(({ path }) => {
      const stored = { name, ...(path ? { path } : {}) }
      const compared =
        figure === 'distinct'
          ? smallNumbers
          : figure === 'first' || figure === 'last'
            ? comparisonFor(stored, type)
            : comparisonFor({ name }, type)
      return made(
        'event_value',
        compared.map((is) => ({ figure, property: stored, ...fields, is })),
        {
          when: periods,
        },
      )
    }),
  )
})

const families: Record<string, fc.Arbitrary<Definition>> = {
  attributes,
  did: made('did', whichFields, { times, when: periods }),
  accountDid: made('account_did', whichFields, { times, when: periods }),
  occurrence: made(
    'occurrence',
    fc.tuple(whichFields, fc.constantFrom('first', 'last'), periods).map(([which, position, when]) => ({
      which: position,
      ...which,
      when,
    })),
  ),
  lastActivity: made('last_activity', fc.record({ is: fc.constantFrom('last', 'no'), when: periods })),
  firstSeen: made('first_seen', fc.record({ when: periods })),
  eventValues,
  activeDays: made(
    'active_days',
    fc.tuple(whichFields, smallNumbers).map(([which, is]) => ({ ...which, is })),
    { when: periods },
  ),
  stopped: made(
    'stopped',
    fc
      .tuple(whichFields, durations, durations)
      .map(([which, silent, within]) => ({ ...which, silent, within })),
  ),
  restarted: made(
    'restarted',
    fc
      .tuple(whichFields, durations, durations)
      .map(([which, within, after]) => ({ ...which, within, after })),
  ),
  regularly: made(
    'regularly',
    fc
      .tuple(whichFields, counts, fc.integer({ min: 1, max: 4 }), counts, durations)
      .map(([which, times, of, some, period]) => ({ ...which, times, in: Math.min(some, of), of, period })),
  ),
  sequences,
  leadsOfAccount: made(
    'leads_of_account',
    fc.tuple(counts, inner).map(([least, text]) => ({ least, that: definitionOf(text) })),
  ),
  converted: made('converted', fc.constant({}), {
    of: fc.constantFrom('won', 'Renewed', 'x'),
    value: numberComparisons,
    times,
    when: periods,
  }),
  inSegment: made('in_segment', fc.record({ key: fc.constantFrom(...segments.keys()) })),
  bucket: made(
    'bucket',
    fc
      .tuple(fc.constantFrom(1, 2, 3, 10, 100), fc.nat(), fc.nat(), fc.constantFrom('spring', '', 'É'))
      .map(([of, a, b, by]) => ({ from: a % of, to: (a % of) + 1 + (b % (of - (a % of))), of, by })),
  ),
  score: made('score', fc.record({ is: numberComparisons })),
}
