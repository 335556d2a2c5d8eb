import * as fc from 'fast-check'
import type { z } from 'zod'
import type { EventType } from '../../compiler/catalog.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import type { Definition } from '../../compiler/definition.ts'
import type { ValueType } from '../../compiler/ir.ts'
import { parse } from '../../compiler/parse.ts'
import { hostileName, instants, texts } from './values.ts'
import { catalog, durations } from './world.ts'

/** Trees of depth ≤ 4 over conditions. Lists have two members or more: those of one are what they hold. */
function trees(leaves: fc.Arbitrary<Definition>): fc.Arbitrary<Definition> {
  const { tree } = fc.letrec<{ tree: Definition }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 2, arbitrary: leaves },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('not'), of: tie('tree') }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constantFrom('all', 'any'),
          of: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
        }),
      },
    ),
  }))
  return tree
}

/** Whatever the conditions' shapes allow, meaningful or not. */
export const anyDefinitions: fc.Arbitrary<Definition> = fc.constant(null).chain(() => {
  const leaves = conditions.map(({ shape }) =>
    arbitraryOf(shape).filter((node) => shape.safeParse(node).success),
  )
  return trees(fc.oneof(...leaves) as fc.Arbitrary<Definition>)
})

/** Those that the catalog gives a meaning: every condition's examples, and all comparisons of the right types. */
export const definitions: fc.Arbitrary<Definition> = fc.constant(null).chain(() => {
  const examples = conditions.flatMap((condition) => condition.examples.map(definitionOf))
  return trees(
    fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...examples) },
      { weight: 4, arbitrary: attributes },
      { weight: 4, arbitrary: dids },
      { weight: 1, arbitrary: others },
    ),
  )
})

export function definitionOf(text: string): Definition {
  const parsed = parse(text)
  if ('diagnostics' in parsed) throw new Error(`${text}: ${JSON.stringify(parsed.diagnostics)}`)
  return parsed.definition
}

const number = fc
  .constantFrom(
    '0',
    '-0',
    '1',
    '5',
    '-5',
    '500',
    '5.5',
    '0.000001',
    '-0.000001',
    '25',
    '49.999999',
    '1000.5',
    '9'.repeat(22),
  )
  .map((written) => ({ number: written }))
const instantsWritten = fc.oneof(
  instants.map((instant) => instant.slice(0, 10)),
  // The last hours of the calendar are beyond it where the clocks are behind UTC.
  instants.map(
    (instant) => `${instant.slice(0, 10)} ${instant.replace(/^9999.*T../, '9999-12-31T12').slice(11, 16)}`,
  ),
  instants,
  instants.map((instant) => `${instant.slice(0, 10)}T12:00:00+02:00`),
)
const values: Record<ValueType, fc.Arbitrary<unknown>> = {
  number,
  text: texts,
  boolean: fc.boolean(),
  instant: instantsWritten,
  json: fc.nat(),
}

const exactlyOrNot = fc.constantFrom({}, { exactly: true })

function comparisonsOf(type: ValueType): fc.Arbitrary<unknown> {
  const known = fc.record({ op: fc.constantFrom('is known', 'is unknown') })
  if (type === 'json') return known
  const exactly = type === 'text' ? exactlyOrNot : fc.constant({})
  const withExactly = (is: fc.Arbitrary<object>) => fc.tuple(is, exactly).map(([a, b]) => ({ ...a, ...b }))
  const ops = withExactly(
    fc.record({ op: fc.constantFrom('=', '!=', '<', '<=', '>', '>='), value: values[type] }),
  )
  const lists = withExactly(
    fc.record({
      op: fc.constantFrom('in', 'not in'),
      values: fc.array(values[type], { minLength: 1, maxLength: 4 }),
    }),
  )
  const textOps = ['contains', 'starts with', 'ends with'].flatMap((op) => [op, `not ${op}`])
  const own: Record<Exclude<ValueType, 'json'>, fc.Arbitrary<unknown>> = {
    number: fc.record({ op: fc.constant('between'), low: number, high: number }),
    text: withExactly(fc.record({ op: fc.constantFrom(...textOps), value: texts })),
    boolean: fc.record({ op: fc.constantFrom('is true', 'is false') }),
    instant: ops,
  }
  return fc.oneof(known, ops, lists, own[type])
}

const attributes = fc.oneof(
  ...(['lead', 'account'] as const).flatMap((of) =>
    [...(of === 'lead' ? catalog.leads : catalog.accounts)].map(([name, type]) =>
      fc.record({
        kind: fc.constant('attribute'),
        of: fc.constant(of),
        name: fc.constant(name),
        is: comparisonsOf(type),
      }),
    ),
  ),
)

const dids = fc.oneof(
  ...[...catalog.events].map(([event, type]) => did(event, type)),
  did('uncatalogued', undefined),
)

function did(event: string, type: EventType | undefined): fc.Arbitrary<Definition> {
  const properties = type
    ? [...type.properties]
    : [['page', undefined] as const, [hostileName, undefined] as const]
  const times = fc.record({
    op: fc.constantFrom('at least', 'at most', 'exactly', 'more than', 'fewer than'),
    n: fc.constantFrom(0, 1, 2, 3),
  })
  const optional = properties.length > 0 ? { where: wheres(properties) } : {}
  return fc.record(
    { kind: fc.constant('did'), event: fc.constant(event), times, within: durations, ...optional },
    { requiredKeys: ['kind', 'event'] },
  )
}

function wheres(properties: readonly (readonly [string, ValueType | undefined])[]): fc.Arbitrary<unknown> {
  const tests = properties.map(([name, type]) =>
    fc.record({
      kind: fc.constant('property'),
      name: fc.constant(name),
      is: type
        ? comparisonsOf(type)
        : fc.oneof(comparisonsOf('text'), comparisonsOf('number'), comparisonsOf('boolean')),
    }),
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

const others: fc.Arbitrary<Definition> = fc.oneof(
  fc.record({ kind: fc.constant('score'), is: comparisonsOf('number') }),
  fc.record({
    kind: fc.constant('last_activity'),
    is: fc.constantFrom('within', 'more than', 'not within'),
    duration: durations,
  }),
  fc.record({
    kind: fc.constant('first_seen'),
    is: fc.constantFrom('within', 'more than'),
    duration: durations,
  }),
)

type Def = {
  type: string
  shape?: Record<string, z.ZodType>
  values?: unknown[]
  entries?: Record<string, string>
  element?: z.ZodType
  innerType?: z.ZodType
  options?: z.ZodType[]
  getter?: () => z.ZodType
  checks?: { _zod: { def: { check: string; format?: string; pattern?: RegExp } } }[]
}

/** What a zod shape describes. It knows the parts that conditions are built of; what is new to it, it says. */
function arbitraryOf(shape: z.ZodType, depth = 0): fc.Arbitrary<unknown> {
  const def = shape._zod.def as unknown as Def
  const inside = (part: z.ZodType) => arbitraryOf(part, depth + 1)
  switch (def.type) {
    case 'object': {
      const fields = Object.entries(def.shape!).map(([name, part]) => [name, inside(part)] as const)
      const needed = Object.entries(def.shape!).filter(([, part]) => part._zod.def.type !== 'optional')
      return fc.record(Object.fromEntries(fields), { requiredKeys: needed.map(([name]) => name) })
    }
    case 'literal':
      return fc.constantFrom(...def.values!)
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries!))
    case 'boolean':
      return fc.boolean()
    case 'number':
      return fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 999_999 }))
    case 'string': {
      const pattern = def.checks?.find((check) => check._zod.def.pattern)?._zod.def.pattern
      return pattern
        ? fc.stringMatching(pattern)
        : fc.oneof(texts, fc.string({ unit: 'binary' }).filter(isKept))
    }
    case 'array':
      return fc.array(inside(def.element!), { minLength: 2, maxLength: 3 })
    case 'optional':
      return inside(def.innerType!)
    case 'union': {
      // Deep inside, only what ends: the alternatives that don't come back here.
      const options = depth > 12 ? def.options!.slice(-1) : def.options!
      return fc.oneof(...options.map(inside))
    }
    case 'lazy':
      return inside(def.getter!())
    default:
      throw new Error(`test/support/generated.ts makes nothing of a zod ${def.type} yet`)
  }
}

const isKept = (text: string): boolean => !text.includes('\0')
