import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { parse, print, say } from '../../compiler/parse.ts'
import { durationUnits } from '../../compiler/time.ts'
import { anyText, texts } from '../support/values.ts'
import { catalog } from '../support/world.ts'

/** Names and values that could be mistaken for something else; all comparisons and periods that can be written. */
const words =
  'and or not where did everyone true false any none all size of account score last first no in is event activity seen at sum between matches stopped converted bucket'
const kept = (text: string) => text.isWellFormed() && !text.includes('\0')
const value = fc.oneof(texts, anyText()).filter(kept)
const name = fc
  .oneof(value, fc.constantFrom(...words.split(' ')))
  .filter((text) => text.length > 0 && text.length <= 200)
const number = fc
  .oneof(fc.integer().map(String), fc.constantFrom('-0', '1.50', '000.1', '9'.repeat(40)))
  .map((written) => ({ number: written }))
const scalar = fc.oneof(value, fc.boolean(), number)

const duration = fc.record({ amount: fc.nat(999_999), unit: fc.constantFrom(...durationUnits) })
const unit = fc.constantFrom('week', 'month', 'quarter', 'year')
const periodOfValue = fc.oneof(
  fc.record({
    is: fc.constantFrom('within', 'within next', 'more than ago', 'more than from now'),
    duration,
  }),
  fc.record({ is: fc.constant('between ago'), from: duration, to: duration }),
  fc.record({ is: fc.constantFrom('since', 'before', 'after', 'on'), date: value }),
  fc.record({ is: fc.constantFrom('this', 'last', 'next'), unit }),
  fc.record({ is: fc.constantFrom('today', 'yesterday', 'tomorrow') }),
)
const period = fc.oneof(periodOfValue, fc.record({ is: fc.constant('between'), from: value, to: value }))

const textOps = ['contains', 'starts with', 'ends with', 'like', 'matches'].flatMap((op) => [op, `not ${op}`])
const exactlyOrNot = (is: fc.Arbitrary<object>) =>
  fc.tuple(is, fc.constantFrom({}, { exactly: true })).map(([said, exactly]) => ({ ...said, ...exactly }))
const comparison = fc.oneof(
  fc.record({ op: fc.constantFrom('=', '!=', '>', '>=', '<', '<='), value: scalar }),
  exactlyOrNot(fc.record({ op: fc.constantFrom('=', '!=', '>'), value })),
  ...[number, value].map((bound) => fc.record({ op: fc.constant('between'), low: bound, high: bound })),
  exactlyOrNot(
    fc.record({
      op: fc.constantFrom('in', 'not in'),
      values: fc.array(scalar, { minLength: 1, maxLength: 3 }),
    }),
  ),
  exactlyOrNot(fc.record({ op: fc.constantFrom(...textOps), value })),
  fc.record({ op: fc.constantFrom('is known', 'is unknown', 'is true', 'is false') }),
  fc.record({ op: fc.constant('period'), when: periodOfValue }),
  fc.record({ op: fc.constant('anniversary'), within: fc.nat(366) }),
)
const attributeOf = (named: fc.Arbitrary<string>) =>
  fc.record(
    {
      kind: fc.constant('attribute'),
      of: fc.constantFrom('lead', 'account'),
      name: named,
      path: fc.array(name, { minLength: 1, maxLength: 3 }),
      each: fc.constantFrom('any', 'all', 'none', 'size'),
      is: comparison,
    },
    { requiredKeys: ['kind', 'of', 'name', 'is'] },
  )
const conditions = fc.oneof(
  { weight: 4, arbitrary: attributeOf(name) },
  {
    weight: 4,
    arbitrary: attributeOf(fc.constantFrom('title', 'tags', 'renewal', 'company_size', 'address')),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('first_seen'), when: period }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('last_activity'),
      is: fc.constantFrom('last', 'no'),
      when: period,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('score'), is: comparison }) },
)

test('what is printed is read as the same, whatever stands in it; and everything can be said and asked', () =>
  fc.assert(
    fc.property(conditions, conditions, (one, other) => {
      const tree = { kind: 'all', of: [one, { kind: 'not', of: other }] }
      expect(parse(tree)).toEqual({ definition: tree })
      const text = print(tree)
      expect(parse(text), text).toEqual({ definition: tree })
      expect(say(tree)).not.toContain('undefined')
      const { diagnostics } = compile(tree, catalog)
      for (const { message } of diagnostics) expect(message).toMatch(/^\S.*\.$/su)
    }),
    { numRuns: 3000 },
  ))
