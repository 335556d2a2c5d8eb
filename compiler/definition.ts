import { z } from 'zod'
import { limits } from './limits.ts'
import { periodOfValue } from './period.ts'

export { duration, period } from './period.ts'

/** A definition as written, before it is given its meaning: the JSON form, and what the text form parses to. */
export type Definition =
  | { readonly kind: 'all'; readonly of: readonly Definition[] }
  | { readonly kind: 'any'; readonly of: readonly Definition[] }
  | { readonly kind: 'not'; readonly of: Definition }
  | { readonly kind: string }

/** A number is `{ number: '12.50' }` as written, so that no digit is lost; text and booleans stand as they are. */
export const number = z
  .strictObject({ number: z.string().regex(/^-?\d+(\.\d+)?$/, 'is not a number as it is written here') })
  .meta({ examples: [{ number: '12.50' }] })
const scalar = z.union([z.string(), z.boolean(), number])
export type Scalar = z.infer<typeof scalar>
const bound = z.union([z.string(), number])

const textOperators = [
  ...(['contains', 'starts with', 'ends with', 'like', 'matches'] as const),
  ...(['not contains', 'not starts with', 'not ends with', 'not like', 'not matches'] as const),
] as const

const exactly = { exactly: z.literal(true).optional() }
const onlyText = 'exactly is said of text'

/** What may stand behind the name of an attribute or property. */
export const comparison = z.discriminatedUnion('op', [
  z
    .strictObject({ op: z.enum(['=', '!=', '>', '>=', '<', '<=']), value: scalar, ...exactly })
    .refine((is) => !is.exactly || typeof is.value === 'string', onlyText),
  /** Text stands for a date here, or for itself. */
  z
    .strictObject({ op: z.literal('between'), low: bound, high: bound })
    .refine((is) => typeof is.low === typeof is.high, 'both are numbers or both are text'),
  z.strictObject({ op: z.enum(['in', 'not in']), values: z.array(scalar).min(1), ...exactly }),
  z.strictObject({ op: z.enum(textOperators), value: z.string(), ...exactly }),
  z.strictObject({ op: z.enum(['is known', 'is unknown', 'is true', 'is false']) }),
  z.strictObject({ op: z.literal('period'), when: periodOfValue }),
  z.strictObject({ op: z.literal('anniversary'), within: z.int().nonnegative().max(366) }),
])
/** A value that something is or was. */
export const comparedValue = z
  .strictObject({ value: scalar, ...exactly })
  .refine((is) => !is.exactly || typeof is.value === 'string', onlyText)

export type ComparisonNode = z.infer<typeof comparison>

export const name = z.string().min(1).max(limits.nameLength)
export const count = z.int().nonnegative().max(limits.count)

/** A value by its name, or what lies at a path of keys within it. */
export const storedName = { name, path: z.array(name).min(1).max(limits.pathLength).optional() }
/** In front of it: which elements of a list have to compare so, or that their number has to. */
const each = z.enum(['any', 'none', 'all', 'size'])
export const stored = { ...storedName, each: each.optional() }
export type StoredNode = {
  readonly name: string
  readonly path?: readonly string[] | undefined
  readonly each?: z.infer<typeof each> | undefined
}
