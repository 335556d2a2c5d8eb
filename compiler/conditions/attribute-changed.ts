import { z } from 'zod'
import { type AttributeTest, attributeTest } from '../attribute-tests.ts'
import { type Named, printScalar, sayStored } from '../comparison.ts'
import { type Context, condition } from '../condition.ts'
import { comparedValue, storedName } from '../definition.ts'
import { type AttributeFeature, type Feature, nobody } from '../ir.ts'
import { scalarType } from '../operand.ts'
import { inWindow, lowerPeriod, period, printPeriod, sayPeriod } from '../period.ts'
import { sayAgo } from '../phrase.ts'
import { attributeNamed } from './attribute.ts'
import { printSubject } from './attribute-been.ts'

const shape = z.strictObject({
  kind: z.literal('attribute_changed'),
  of: z.enum(['lead', 'account']),
  ...storedName,
  from: comparedValue.optional(),
  to: comparedValue.optional(),
  when: period.optional(),
})
type AttributeChanged = z.infer<typeof shape>

export const attributeChanged = condition<AttributeChanged>({
  kind: 'attribute_changed',
  meaning:
    'An attribute changed in a period (ever, if none is said): from one value, to another, or from any to any. Its first known value is no change.',
  missing:
    'What is missing is no value, so it is neither what is said behind from nor behind to; else it counts as one.',
  shape,
  syntax: `
attribute_changed
  = of:attributeOwner? name:storedName _ 'changed' end from:(_ 'from' end _ @changedValue)? to:(_ 'to' end _ @changedValue)?
    when:(_ @period)?
    {
      return node({
        kind: 'attribute_changed', of: of ?? 'lead', ...name,
        ...(from ? { from } : {}), ...(to ? { to } : {}), ...(when ? { when } : {}),
      })
    }
changedValue
  = to:value { return to.exactly ? { value: to.value, exactly: true } : { value: to.value } }
`,
  print: (node) =>
    `${printSubject(node)} changed${printValues(node)}${node.when ? ` ${printPeriod(node.when)}` : ''}`,
  lower(node, context) {
    const named = attributeNamed(node, context)
    if (!named) return nobody
    const sides = sidesOf(node, named, context)
    if (!sides) return nobody
    const { attribute, from, to } = sides
    const { from: begin, ...end } = node.when ? lowerPeriod(node, node.when, context) : {}
    const changed: Feature = {
      ...{ kind: 'attribute_history', attribute, figure: 'changed' },
      ...(from ? { from: from.is } : {}),
      ...(to ? { to: to.is } : {}),
      ...(end.to || end.until ? { end } : {}),
    }
    return inWindow(changed, begin ? { from: begin } : {})
  },
  say: (node) => `${sayName(node)} changed${sayValues(node)}${node.when ? ` ${sayPeriod(node.when)}` : ''}`,
  tell(node, seen) {
    const [changed] = seen.features
    const at = changed ? seen.value(changed) : null
    if (at !== null) return `${sayName(node)} changed${sayValues(node)} ${sayAgo(at, seen)}`
    const when = node.when ? ` ${sayPeriod(node.when)}` : ''
    return `${sayName(node)} did not change${sayValues(node)}${when}`
  },
  examples: [
    'industry changed from "Technology" to "Healthcare" within 30 days',
    'industry changed to "technology" within 1 year',
    'industry changed from "Technology" more than 1 day ago',
    'industry changed within 30 days',
    'title changed',
    'title changed to exactly "VP of Sales"',
    'company_size changed from 5 to 500',
    'company_size changed between 60 and 1 days ago',
    'subscribed changed from true to false since "2026-01-01"',
    'renewal changed this month',
    'tags changed to "vip" within 30 days',
    'address.city changed from "Berlin" within 90 days',
    'account.plan changed from "free" to "pro" within 30 days',
    'account.plan changed before "2026-03-01"',
  ],
})

const printValues = ({ from, to }: AttributeChanged): string =>
  [
    ...[from ? ` from ${from.exactly ? 'exactly ' : ''}${printScalar(from.value)}` : ''],
    ...[to ? ` to ${to.exactly ? 'exactly ' : ''}${printScalar(to.value)}` : ''],
  ].join('')

const sayName = (node: AttributeChanged): string => sayStored(node, node.of === 'account' ? 'account ' : '')
const sayValues = (node: AttributeChanged): string => printValues(node).replaceAll('"', '')

type Sides = { attribute: AttributeFeature; from?: AttributeTest; to?: AttributeTest }

function sidesOf(node: AttributeChanged, named: Named<Feature>, context: Context): Sides | undefined {
  const equal = (side: AttributeChanged['from']) =>
    side && attributeTest(named, { op: '=', ...side }, context)
  const [from, to] = [equal(node.from), equal(node.to)]
  if ((node.from && !from) || (node.to && !to)) return undefined
  const found = from ?? to
  if (from && to && from.attribute.type !== to.attribute.type) {
    context.report(node, 'TYPE_MISMATCH', `${named.label} changes from one type to another here.`)
    return undefined
  }
  if (found) return { attribute: found.attribute, ...(from && { from }), ...(to && { to }) }
  const type = scalarType(named)
  if (type === undefined || type === 'json') {
    const message = `Of ${named.label} no type is known, so it can't be said whether it changed.`
    context.report(node, 'TYPE_MISMATCH', message, { hint: 'Say from what, or to what.' })
    return undefined
  }
  return { attribute: named.subject(type) as AttributeFeature }
}
