import { z } from 'zod'
import { lowerComparison, printComparison, sayComparison } from '../comparison.ts'
import { type Context, condition } from '../condition.ts'
import { comparison } from '../definition.ts'
import type { Filter, Property } from '../ir.ts'
import { lowerPeriod, period, printPeriod, sayPeriod } from '../period.ts'
import { propertyOf } from '../property.ts'
import { lowerTimes, printTimes, sayNever, sayTimes, tellTimes, times } from '../times.ts'

const shape = z.strictObject({
  kind: z.literal('converted'),
  of: z.string().optional(),
  value: comparison.optional(),
  times: times.optional(),
  when: period.optional(),
})
type Converted = z.infer<typeof shape>

export const converted = condition<Converted>({
  kind: 'converted',
  meaning:
    'The lead did an event of a type that events.yaml marks as a conversion: of a kind, with a value, so many times, in a period.',
  missing:
    'A lead without conversions converted 0 times. A conversion without kind or value matches no positive comparison with it.',
  shape,
  syntax: `
converted
  = 'converted' end clauses:(_ @converted_clause)*
    { return node({ kind: 'converted', ...once(clauses) }) }
converted_clause
  = clause:converted_clauseSaid { return { clause, at: location() } }
converted_clauseSaid
  = 'of' end _ 'kind' end _ of:string { return { of } }
  / 'with' end _ 'value' end _ value:comparison { return { value } }
  / times:times { return { times } }
  / when:period { return { when } }
`,
  print: (node) =>
    [
      'converted',
      node.of !== undefined && `of kind ${JSON.stringify(node.of)}`,
      node.value && `with value ${printComparison(node.value)}`,
      node.times && printTimes(node.times),
      node.when && printPeriod(node.when),
    ]
      .filter(Boolean)
      .join(' '),
  lower(node, context) {
    const only = [...context.catalog.events].filter(([, type]) => type.conversion).map(([name]) => name)
    if (only.length === 0) {
      context.report(node, 'NO_CONVERSION', 'No event type is marked as a conversion, so nobody converted.', {
        severity: 'warning',
        hint: 'Mark one in events.yaml: deal_won: { conversion: true }.',
      })
    }
    const types = { only: only.sort() }
    const where = { kind: 'all', of: filtersOf(node, types, context) } as const
    const during = node.when ? lowerPeriod(node, node.when, context) : {}
    return lowerTimes({ types, where, ...during }, node.times)
  },
  say: sayConverted,
  tell(node, seen) {
    const kind = node.of === undefined ? '' : ` of kind ${JSON.stringify(node.of)}`
    const value = node.value ? ` (value ${sayComparison(node.value)})` : ''
    return tellTimes(`conversion${kind}${value}`, node, seen) ?? sayConverted(node)
  },
  examples: [
    'converted',
    'converted within 30 days',
    'converted of kind "won"',
    'converted with value >= 1000',
    'converted with value between 10 and 500.5 last month',
    'converted with value is unknown',
    'converted of kind "won" with value >= 100 at least 2 times this year',
    'converted exactly 0 times within 90 days',
    'converted at most 1 times since "2026-01-01"',
    'converted more than 30 days ago',
  ],
})

function sayConverted(node: Converted): string {
  const kind = node.of === undefined ? [] : [`kind is ${JSON.stringify(node.of)}`]
  const said = [...kind, ...(node.value ? [`value ${sayComparison(node.value)}`] : [])].join(' and ')
  const when = node.when ? ` ${sayPeriod(node.when)}` : ''
  return `${sayNever(node.times)}converted${said && ` (${said})`}${sayTimes(node.times)}${when}`
}

function filtersOf(node: Converted, types: { only: string[] }, context: Context): Filter[] {
  const compare = (name: string, is: z.infer<typeof comparison>): Filter[] => {
    const named = propertyOf(node, { name }, { types, label: 'conversion' }, context)
    return named ? [lowerComparison<Property>(named, is, context)] : []
  }
  return [
    ...(node.of === undefined ? [] : compare('kind', { op: '=', value: node.of })),
    ...(node.value ? compare('value', node.value) : []),
  ]
}
