import * as fc from 'fast-check'
import type { z } from 'zod'
import { conditions } from '../../compiler/conditions/index.ts'
import type { Definition } from '../../compiler/definition.ts'
import { anyText, texts } from './values.ts'

/** Whatever the conditions' shapes allow, meaningful or not. */
export const anyDefinitions: fc.Arbitrary<Definition> = fc.constant(null).chain(() => {
  made ??= trees(
    fc.oneof(
      ...conditions.map(({ shape }) => arbitraryOf(shape).filter((node) => shape.safeParse(node).success)),
    ) as fc.Arbitrary<Definition>,
  )
  return made
})
let made: fc.Arbitrary<Definition> | undefined

/** Trees of depth ≤ 4 over conditions. Lists have two members or more: those of one are what they hold. */
export function trees(leaves: fc.Arbitrary<Definition>, depth = 4): fc.Arbitrary<Definition> {
  const { tree } = fc.letrec<{ tree: Definition }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: depth - 1, withCrossShrink: true },
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

const known = new Map<string, WeakMap<z.ZodType, fc.Arbitrary<unknown>>>()

/** What a zod shape describes: made once for each shape and for how often shapes came back to themselves above it. */
function arbitraryOf(shape: z.ZodType, level = 0): fc.Arbitrary<unknown> {
  const made = known.get(String(level)) ?? new WeakMap<z.ZodType, fc.Arbitrary<unknown>>()
  known.set(String(level), made)
  const found = made.get(shape) ?? refined(shape, describedBy(shape, level))
  made.set(shape, found)
  return found
}

/** What a shape says beyond its parts holds here already, or whole trees would be thrown away for one comparison. */
function refined(shape: z.ZodType, described: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { checks = [], type } = shape._zod.def as unknown as Def
  const own = checks.some((check) => check._zod.def.check === 'custom')
  return own || type === 'string' || type === 'number'
    ? described.filter((value) => shape.safeParse(value).success)
    : described
}

const deepest = 3

/** It knows the parts that conditions are built of; what is new to it, it says. */
function describedBy(shape: z.ZodType, level: number): fc.Arbitrary<unknown> {
  const def = shape._zod.def as unknown as Def
  const inside = (part: z.ZodType) => arbitraryOf(part, level)
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
      return pattern ? fc.stringMatching(pattern) : fc.oneof(texts, anyText().filter(isKept))
    }
    case 'array':
      return fc.array(inside(def.element!), { minLength: 2, maxLength: 3 })
    case 'optional':
      return inside(def.innerType!)
    case 'union':
      // Deep inside, only what ends: the alternatives that don't come back here.
      return fc.oneof(...def.options!.filter((each) => level < deepest || !comesBack(each)).map(inside))
    case 'lazy':
      return fc.constant(null).chain(() => arbitraryOf(def.getter!(), level + 1))
    default:
      throw new Error(`test/support/shapes.ts makes nothing of a zod ${def.type} yet`)
  }
}

/** Whether something in it is looked up later, as what holds itself has to be. */
function comesBack(shape: z.ZodType): boolean {
  const def = shape._zod.def as unknown as Def
  const parts = [...Object.values(def.shape ?? {}), ...(def.options ?? []), def.element, def.innerType]
  return def.type === 'lazy' || parts.some((part) => part !== undefined && comesBack(part))
}

const isKept = (text: string): boolean => !text.includes('\0')
