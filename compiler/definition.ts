import { z } from 'zod'
import { durationUnits } from './time.ts'

/** A definition as written, before it is given its meaning: the JSON form, and what the text form parses to. */
export type Definition =
  | { readonly kind: 'all'; readonly of: readonly Definition[] }
  | { readonly kind: 'any'; readonly of: readonly Definition[] }
  | { readonly kind: 'not'; readonly of: Definition }
  | { readonly kind: string }

/** A number is `{ number: '12.50' }` as written, so that no digit is lost; text and booleans stand as they are. */
const number = z.strictObject({ number: z.string().regex(/^-?\d+(\.\d+)?$/) })
const scalar = z.union([z.string(), z.boolean(), number])
export type Scalar = z.infer<typeof scalar>

const exactly = { exactly: z.literal(true).optional() }
const onlyText = 'exactly is said of text'

/** What may stand behind the name of an attribute or property. */
export const comparison = z.discriminatedUnion('op', [
  z
    .strictObject({ op: z.enum(['=', '!=', '>', '>=', '<', '<=']), value: scalar, ...exactly })
    .refine((is) => !is.exactly || typeof is.value === 'string', onlyText),
  z.strictObject({ op: z.literal('between'), low: number, high: number }),
  z.strictObject({ op: z.enum(['in', 'not in']), values: z.array(scalar).min(1), ...exactly }),
  z.strictObject({
    op: z.enum(['contains', 'not contains', 'starts with', 'not starts with', 'ends with', 'not ends with']),
    value: z.string(),
    ...exactly,
  }),
  z.strictObject({ op: z.enum(['is known', 'is unknown', 'is true', 'is false']) }),
])
export type ComparisonNode = z.infer<typeof comparison>

export const duration = z.strictObject({
  amount: z.int().nonnegative().max(999_999),
  unit: z.enum(durationUnits),
})
export const name = z.string().min(1).max(200)
export const count = z.int().nonnegative().max(999_999)
