import { z } from 'zod'
import { type Asked, hintForUnknown } from '../attribute-hints.ts'
import {
  lowerComparison,
  type Named,
  printComparison,
  printStored,
  sayComparison,
  sayStored,
} from '../comparison.ts'
import { type Context, condition } from '../condition.ts'
import { nextAnniversary } from '../dates.ts'
import { comparison, stored } from '../definition.ts'
import { type AttributeFeature, type Feature, nobody } from '../ir.ts'
import { type Seen, sayDays, sayDistance, sayMoment, sayTyped } from '../phrase.ts'

const shape = z.strictObject({
  kind: z.literal('attribute'),
  of: z.enum(['lead', 'account']),
  ...stored,
  is: comparison,
})
type Attribute = z.infer<typeof shape>

/** Words that begin other conditions: an attribute of such a name is written in backquotes. */
const taken = new Set([
  ...[
    'score',
    'level',
    'last',
    'no',
    'first',
    'account',
    'any',
    'in',
    'all',
    'none',
    'size',
    'at',
    'sum',
    'mean',
    'min',
  ],
  ...['max', 'distinct', 'stopped', 'restarted', 'regularly', 'converted', 'bucket'],
])

const printSubject = (node: Pick<Asked, 'of' | 'name' | 'path' | 'each'>) =>
  printStored(node, node.of === 'account' ? { owner: 'account.' } : { taken })

export const attribute = condition<Attribute>({
  kind: 'attribute',
  meaning: 'An attribute of the lead, or of its account, compares as said, as of asOf.',
  missing: 'A positive comparison never matches a missing value; a negative one always does.',
  shape,
  syntax: `
attribute
  = each:each? of:attributeOwner? name:storedName _ is:comparison
    { return node({ kind: 'attribute', of: of ?? 'lead', ...name, ...each, is }) }
attributeOwner
  = 'account' '.' { return 'account' }
`,
  print: (node) => `${printSubject(node)} ${printComparison(node.is)}`,
  lower(node, context) {
    const named = attributeNamed(node, context)
    return named ? lowerComparison(named, node.is, context) : nobody
  },
  say: sayAttribute,
  tell(node, seen) {
    const [feature] = seen.features
    return feature?.kind === 'attribute' ? tellAttribute(node, feature, seen) : sayAttribute(node)
  },
  show(node, seen) {
    const [feature] = seen.features
    const value = feature ? seen.value(feature) : null
    if (node.is.op !== 'anniversary' || value === null) return undefined
    return [`${sayMoment(value, seen.zone)}, again ${sayDays(nextAnniversary(value, seen), seen)}`]
  },
  examples: [
    'company_size > 500',
    'company_size >= 1000.5',
    'company_size between 1 and 500',
    'company_size in (5, 500, 1200)',
    'employees >= 500',
    'employees is unknown',
    'industry = "Technology"',
    'industry = exactly "Technology"',
    'industry != "technology"',
    'industry > "M"',
    'industry between "A" and "M"',
    'industry in ("Technology", "Healthcare")',
    'industry not in ("technology", "retail")',
    'industry in exactly ("Technology")',
    'title contains "vp of marketing"',
    'title not contains "Director"',
    'title contains "100%_\\\\"',
    'title starts with "Sales"',
    'title not starts with exactly "sales"',
    'title ends with exactly "Sales"',
    'title not ends with "Sales"',
    'title like "vp%marketing"',
    'title like exactly "_P of 100\\\\%"',
    'title not like "%director%"',
    'title matches "^(vp|vice president) "',
    'title matches "[a-z]{2,5} \\\\w+$"',
    'title matches exactly "^[A-Z]+\\\\. \\\\d?"',
    'title not matches "director"',
    'title is known',
    'title is unknown',
    'subscribed is true',
    'subscribed is false',
    'subscribed = true',
    'subscribed in (true, false)',
    'renewal = "2026-03-01"',
    'renewal != "2026-03-01"',
    'renewal < "2026-03-01"',
    'renewal > "2026-03-01"',
    'renewal <= "2026-03-01"',
    'renewal >= "2026-03-01 12:00"',
    'renewal between "2026-02-01" and "2026-03-01"',
    'renewal in ("2026-03-01", "2026-03-28 12:00")',
    'renewal on "2026-03-01"',
    'renewal since "2026-03-01"',
    'renewal before "2026-03-01"',
    'renewal after "2026-03-01"',
    'renewal within 30 days',
    'renewal within next 30 days',
    'renewal more than 2 weeks ago',
    'renewal more than 1 month from now',
    'renewal between 60 and 30 days ago',
    'renewal between 2 months and 3 days ago',
    'renewal today',
    'renewal yesterday',
    'renewal tomorrow',
    'renewal last week',
    'renewal this month',
    'renewal is next quarter',
    'renewal this year',
    'renewal anniversary within next 14 days',
    'tags is known',
    'tags is unknown',
    'tags = "vip"',
    'tags != "vip"',
    'tags in ("vip", "beta")',
    'tags > 5',
    'tags between 1 and 5',
    'tags is true',
    'any of tags starts with "v"',
    'none of tags = "vip"',
    'all of tags contains "a"',
    'all of tags != exactly "VIP"',
    'size of tags >= 2',
    'size of tags between 1 and 3',
    'address.city = "Berlin"',
    'address.geo.zip starts with "10"',
    'address.city not in ("Berlin", "Paris")',
    'address.floors = 2',
    'any of address.floors > 1',
    'all of address.floors between 1 and 2',
    'size of address.floors = 0',
    'address.city is known',
    'address.geo is unknown',
    'account.plan = "pro"',
    'account.seats >= 10',
    'account.plan is unknown',
    'any of account.tags = "vip"',
    'account.address.city = "Berlin"',
  ],
})

function sayAttribute(node: Attribute): string {
  return `${sayStored(node, ownerOf(node))} ${sayComparison(node.is)}`
}

const ownerOf = ({ of }: Pick<Attribute, 'of'>): string => (of === 'account' ? 'account ' : '')

const lists = new Set<AttributeFeature['type']>(['texts', 'numbers', 'booleans'])

/** Of one lead: "company size 1,200", "renewal in 12 days", "no tags". */
export function tellAttribute(
  node: Pick<Attribute, 'of' | 'name' | 'path' | 'each' | 'is'>,
  feature: AttributeFeature,
  seen: Seen,
): string {
  const { each, is, ...named } = node
  const name = sayStored(each === 'size' ? node : named, ownerOf(node))
  const value = seen.value(feature)
  const { type } = feature
  if (value === null) return lists.has(type) ? `no ${name}` : `${name} unknown`
  if (is.op === 'anniversary') return `anniversary of ${name} ${sayDays(nextAnniversary(value, seen), seen)}`
  if (type !== 'instant') return `${name} ${sayTyped(value, type, seen)}`
  return `${name} ${is.op === 'period' ? sayDistance(value, seen) : sayMoment(value, seen.zone)}`
}

/** The attribute that a node names; undefined if there is none, which is then reported. */
export function attributeNamed(node: Asked, context: Context): Named<Feature> | undefined {
  const known = node.of === 'lead' ? context.catalog.leads : context.catalog.accounts
  const type = known.get(node.name)
  if (type === undefined) {
    const message = `There is no attribute "${node.name}" on ${node.of}s.`
    const hint = hintForUnknown(node, known, context)
    const { length } = printSubject(node)
    const unknown = node.of === 'lead' ? node.name : `account.${node.name}`
    context.report(node, 'UNKNOWN_ATTRIBUTE', message, { hint, length, unknown })
    return undefined
  }
  const { name, path, each } = node
  const label = `"${printStored({ name, path })}"`
  const within = path ? { path } : {}
  return {
    ...{ node, label, type, path, each },
    subject: (compared) => ({ kind: 'attribute', of: node.of, name, ...within, type: compared }),
  }
}
