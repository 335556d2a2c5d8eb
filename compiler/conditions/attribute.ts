import { z } from 'zod'
import { type Catalog, nearest } from '../catalog.ts'
import { lowerComparison, printComparison, printName } from '../comparison.ts'
import { type Context, condition } from '../condition.ts'
import { comparison, name } from '../definition.ts'
import { nobody } from '../ir.ts'

const shape = z.strictObject({
  kind: z.literal('attribute'),
  of: z.enum(['lead', 'account']),
  name,
  is: comparison,
})

/** Words that begin other conditions: an attribute of such a name is written in backquotes. */
const taken = new Set(['score', 'last', 'no', 'first', 'account', 'any', 'in'])

const printSubject = ({ of, name }: z.infer<typeof shape>) =>
  `${of === 'account' ? 'account.' : ''}${printName(name, taken)}`

export const attribute = condition<z.infer<typeof shape>>({
  kind: 'attribute',
  meaning: 'An attribute of the lead, or of its account, compares as said with a value, as of asOf.',
  missing: 'A positive comparison never matches a missing value; a negative one always does.',
  shape,
  syntax: `
attribute
  = of:attributeOwner? name:name _ is:comparison { return node({ kind: 'attribute', of: of ?? 'lead', name, is }) }
attributeOwner
  = 'account' '.' { return 'account' }
`,
  print: (node) => `${printSubject(node)} ${printComparison(node.is)}`,
  lower(node, context) {
    const known = node.of === 'lead' ? context.catalog.leads : context.catalog.accounts
    const type = known.get(node.name)
    if (type === undefined) {
      const message = `There is no attribute "${node.name}" on ${node.of}s.`
      context.report(node, 'UNKNOWN_ATTRIBUTE', message, {
        hint: hintFor(node, known, context),
        length: printSubject(node).length,
      })
      return nobody
    }
    return lowerComparison(
      {
        node,
        label: `"${node.name}"`,
        type,
        subject: (compared) => ({ kind: 'attribute', of: node.of, name: node.name, type: compared }),
      },
      node.is,
      context,
    )
  },
  say: (node) =>
    `${node.of === 'account' ? 'account ' : ''}${node.name.replaceAll('_', ' ')} ${printComparison(node.is)}`,
  examples: [
    'company_size > 500',
    'company_size >= 1000.5',
    'company_size between 1 and 500',
    'industry = "Technology"',
    'industry = exactly "Technology"',
    'industry != "technology"',
    'industry > "M"',
    'industry in ("Technology", "Healthcare")',
    'industry not in ("technology", "retail")',
    'industry in exactly ("Technology")',
    'company_size in (5, 500, 1200)',
    'title contains "vp of marketing"',
    'title not contains "Director"',
    'title starts with "Sales"',
    'title ends with exactly "Sales"',
    'title contains "100%_\\\\"',
    'title is known',
    'title is unknown',
    'subscribed is true',
    'subscribed is false',
    'subscribed = true',
    'renewal = "2026-03-01"',
    'renewal < "2026-03-01"',
    'renewal > "2026-03-01"',
    'renewal >= "2026-03-01 12:00"',
    'renewal in ("2026-03-01", "2026-03-28 12:00")',
    'subscribed in (true, false)',
    'tags is known',
    'account.plan = "pro"',
    'account.seats >= 10',
    'account.plan is unknown',
  ],
})

function hintFor(
  node: z.infer<typeof shape>,
  known: Catalog['leads'],
  { catalog }: Context,
): string | undefined {
  if (node.of === 'lead' && catalog.accounts.has(node.name)) {
    return `Accounts have one: write account.${printName(node.name)}.`
  }
  const meant = nearest(node.name, known.keys())
  if (meant) return `Did you mean "${meant}"?`
  const event = [...catalog.events].find(([, { properties }]) => properties.has(node.name))?.[0]
  return event === undefined
    ? undefined
    : `Events of type ${event} have such a property: what is asked of one event stands in one pair of parentheses, did ${printName(event)} where (… and …).`
}
