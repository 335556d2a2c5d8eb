import { lowerComparison, type Named } from './comparison.ts'
import type { Context } from './condition.ts'
import type { ComparisonNode } from './definition.ts'
import type { AttributeFeature, Comparison, Feature, Predicate } from './ir.ts'

export type AttributeTest = { readonly attribute: AttributeFeature; readonly is: Comparison }

/**
 * A comparison that can be followed through an attribute's history: of one value, in one test. Undefined if it is none
 * or is wrong, which is then reported.
 */
export function attributeTest(
  named: Named<Feature>,
  comparison: ComparisonNode,
  context: Context,
): AttributeTest | undefined {
  const tree = lowerComparison(named, comparison, context)
  if (tree.kind === 'any' && tree.of.length === 0) return undefined
  const found = oneTest(tree)
  if (found) return found
  const message = `What ${named.label} has been can't be compared so.`
  const hint = 'Dates are compared with >= or <, or with an instant such as "2026-11-23 14:00".'
  context.report(named.node, 'TYPE_MISMATCH', message, { hint })
  return undefined
}

function oneTest(tree: Predicate): AttributeTest | undefined {
  if (tree.kind === 'test') {
    return tree.subject.kind === 'attribute' ? { attribute: tree.subject, is: tree.is } : undefined
  }
  if (tree.kind !== 'all') return undefined
  // Between two values, both included.
  const [low, high] = tree.of.map(oneTest)
  if (tree.of.length !== 2 || low?.is.op !== '>=' || high?.is.op !== '<=') return undefined
  return { attribute: low.attribute, is: { op: 'between', low: low.is.to, high: high.is.to } }
}
