import { z } from 'zod'
import { lowerComparison, printComparison, printStored, sayComparison, sayStored } from './comparison.ts'
import type { Context } from './condition.ts'
import { type ComparisonNode, comparison, type StoredNode, stored } from './definition.ts'
import { type Filter, nobody, not } from './ir.ts'
import { type Of, propertyOf } from './property.ts'

/** What must hold on one and the same event. */
export type Where =
  | { kind: 'all'; of: Where[] }
  | { kind: 'any'; of: Where[] }
  | { kind: 'not'; of: Where }
  | ({ kind: 'property'; is: ComparisonNode } & StoredNode)

export const where: z.ZodType<Where> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('all'), of: z.array(where).min(1) }),
    z.strictObject({ kind: z.literal('any'), of: z.array(where).min(1) }),
    z.strictObject({ kind: z.literal('not'), of: where }),
    z.strictObject({ kind: z.literal('property'), ...stored, is: comparison }),
  ]),
)

export const whereSyntax = `
whereOr
  = head:whereAnd tail:(_ OR _ @whereAnd)* { return tail.length ? node({ kind: 'any', of: [head, ...tail] }) : head }
whereAnd
  = head:whereUnary tail:(_ AND _ @whereUnary)* { return tail.length ? node({ kind: 'all', of: [head, ...tail] }) : head }
whereUnary
  = NOT _ of:whereUnary { return node({ kind: 'not', of }) }
  / '(' _ @whereOr _ ')'
  / stored:stored _ is:comparison { return node({ kind: 'property', ...stored, is }) }
`

/** One comparison stands as it is; several stand in parentheses, so that what follows is not taken for a filter. */
export function printWhere(node: Where): string {
  if (node.kind === 'property') return `${printStored(node)} ${printComparison(node.is)}`
  if (node.kind === 'not') return `not ${printWhere(node.of)}`
  return `(${node.of.map(printWhere).join(node.kind === 'all' ? ' and ' : ' or ')})`
}

/** In words: "page is "/pricing" and seconds is at least 30". */
export function sayWhere(node: Where): string {
  if (node.kind === 'property') return `${sayStored(node)} ${sayComparison(node.is)}`
  if (node.kind === 'not') return `not (${sayWhere(node.of)})`
  const said = node.of.map((each) => (each.kind === 'property' ? sayWhere(each) : `(${sayWhere(each)})`))
  return said.join(node.kind === 'all' ? ' and ' : ' or ')
}

export function lowerWhere(node: Where, of: Of, context: Context): Filter {
  if (node.kind === 'all' || node.kind === 'any') {
    return { kind: node.kind, of: node.of.map((each) => lowerWhere(each, of, context)) }
  }
  if (node.kind === 'not') return not(lowerWhere(node.of, of, context))
  const { each, is } = node
  const asked = !each && (is.op === 'is known' || is.op === 'is unknown') ? 'known' : 'value'
  const named = propertyOf(node, node, of, context, { asked, length: printStored(node).length })
  return named ? lowerComparison({ ...named, each }, is, context) : nobody
}
