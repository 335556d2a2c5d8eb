import * as fc from 'fast-check'
import type { z } from 'zod'
import { conditions } from '../../compiler/conditions/index.ts'
import type { Definition } from '../../compiler/definition.ts'
import { texts } from './values.ts'

/** Whatever the conditions' shapes allow, meaningful or not. */
export const anyDefinitions: fc.Arbitrary<Definition> = fc.constant(null).chain(() => {
  const leaves = conditions.map(({ shape }) =>
    arbitraryOf(shape).filter((node) => shape.safeParse(node).success),
  )
  return trees(fc.oneof(...leaves) as fc.Arbitrary<Definition>)
})

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
    case 'union':
      // Deep inside, only what ends: the alternatives that don't come back here.
      return fc.oneof(...(depth > 12 ? def.options!.slice(-1) : def.options!).map(inside))
    case 'lazy':
      return depth > 14 ? fc.constant({ kind: 'everyone' }) : inside(def.getter!())
    default:
      throw new Error(`test/support/shapes.ts makes nothing of a zod ${def.type} yet`)
  }
}

const isKept = (text: string): boolean => !text.includes('\0')
