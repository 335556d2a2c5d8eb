import { z } from 'zod'
import { attributeTest } from '../attribute-tests.ts'
import { printComparison, printStored, sayComparison, sayStored } from '../comparison.ts'
import { condition } from '../condition.ts'
import { type ComparisonNode, comparison, duration, storedName } from '../definition.ts'
import { nobody } from '../ir.ts'
import { inWindow, since } from '../period.ts'
import { isEver, sayLength } from '../phrase.ts'
import { attributeNamed, tellAttribute } from './attribute.ts'
import { printFor } from './in-segment.ts'

const followed = new Set<ComparisonNode['op']>([
  ...(['=', '<', '<=', '>', '>=', 'between', 'in', 'is known'] as const),
  ...(['contains', 'starts with', 'ends with', 'like', 'matches'] as const),
])

const shape = z.strictObject({
  kind: z.literal('attribute_been'),
  of: z.enum(['lead', 'account']),
  ...storedName,
  is: comparison.refine(({ op }) => followed.has(op), 'only what a value is can be followed'),
  for: duration,
})
type AttributeBeen = z.infer<typeof shape>

export const attributeBeen = condition<AttributeBeen>({
  kind: 'attribute_been',
  meaning:
    'An attribute has compared as said without a break, from so long before asOf until asOf. Before its first known value that one holds.',
  missing: 'While an attribute is missing it does not compare as said.',
  shape,
  syntax: `
attribute_been
  = of:attributeOwner? name:storedName _ 'has' end _ 'been' end _ is:beenSaid _ length:forAtLeast
    { return node({ kind: 'attribute_been', of: of ?? 'lead', ...name, is, for: length }) }
beenSaid
  = op:('>=' / '<=' / '=' / '>' / '<') _ to:value
    { return to.exactly ? { op, value: to.value, exactly: true } : { op, value: to.value } }
  / 'between' end _ low:number _ AND _ high:number { return { op: 'between', low, high } }
  / 'between' end _ low:string _ AND _ high:string { return { op: 'between', low, high } }
  / 'in' end _ exactly:exactly? values:list { return { op: 'in', values, ...exactly } }
  / op:textOperator _ to:text
    { return { op, value: to.value, ...(to.exactly ? { exactly: true } : {}) } }
  / 'known' end { return { op: 'is known' } }
  / to:value { return to.exactly ? { op: '=', value: to.value, exactly: true } : { op: '=', value: to.value } }
`,
  print: (node) => `${printSubject(node)} has been ${printBeen(node.is)}${printFor(node.for)}`,
  lower(node, context) {
    const named = attributeNamed(node, context)
    const found = named && attributeTest(named, node.is, context)
    if (!found) return nobody
    const { attribute, is } = found
    const begun = { kind: 'attribute_history', attribute, figure: 'since', to: is } as const
    return inWindow(begun, { to: since(node, node.for, context) })
  },
  say: (node) => `${sayBeen(node)}${printFor(node.for)}`,
  tell(node, seen) {
    const [begun] = seen.features
    const since = begun ? seen.value(begun) : null
    if (begun?.kind === 'attribute_history' && since === null)
      return tellAttribute(node, begun.attribute, seen)
    if (since === null) return `not: ${sayBeen(node)}`
    return `${sayBeen(node)} ${isEver(since) ? 'since ever' : `for ${sayLength(since, seen) ?? 'no time yet'}`}`
  },
  examples: [
    'industry has been "Technology" for at least 30 days',
    'not industry has been "technology" for at least 0 days',
    'industry has been exactly "Technology" for at least 1 week',
    'industry has been in ("Technology", "Healthcare") for at least 1 month',
    'company_size has been > 500 for at least 7 days',
    'company_size has been 5 for at least 1 hour',
    'company_size has been between 1 and 500 for at least 30 days',
    'title has been known for at least 1 day',
    'title has been contains "vp" for at least 2 days',
    'subscribed has been true for at least 1 week',
    'renewal has been >= "2026-03-01" for at least 1 day',
    'tags has been "vip" for at least 7 days',
    'address.city has been "Berlin" for at least 30 days',
    'account.plan has been "pro" for at least 1 month',
  ],
})

const sayBeen = (node: AttributeBeen): string =>
  `${sayStored(node, node.of === 'account' ? 'account ' : '')} ${sayComparison(node.is)}`

export const printSubject = (node: Pick<AttributeBeen, 'of' | 'name' | 'path'>): string =>
  printStored(node, node.of === 'account' ? { owner: 'account.' } : { taken: new Set(['account']) })

/** `has been` stands for `is` and `=`. */
const printBeen = (is: ComparisonNode): string => printComparison(is).replace(/^(= |is )/, '')
