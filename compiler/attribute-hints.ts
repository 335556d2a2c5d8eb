import { type Catalog, nearest } from './catalog.ts'
import { printComparison, printName, printStored } from './comparison.ts'
import type { Behind, Context } from './condition.ts'
import type { ComparisonNode, Definition, StoredNode } from './definition.ts'
import { printEventName, printWhich, type Which } from './events.ts'
import type { Where } from './where.ts'

/** An attribute as a condition names it, and what it is compared with, if it is. */
export type Asked = StoredNode & {
  readonly kind: string
  readonly of: 'lead' | 'account'
  readonly is?: ComparisonNode | undefined
}

/** What was probably meant by the name of an attribute that there is not. */
export function hintForUnknown(node: Asked, known: Catalog['leads'], context: Context): string | undefined {
  const { catalog, behind } = context
  const { name, path = [] } = node
  const is = node.kind === 'attribute' ? node.is : undefined
  if (node.of === 'lead' && catalog.accounts.has(name)) {
    return `Accounts have one: write ${printStored(node, { owner: 'account.' })}.`
  }
  const dotted = [name, ...path].join('.')
  if (known.has(dotted)) return `Its name has a dot in it: write ${printName(dotted)}.`
  const period = is?.op === 'period' ? printComparison(is) : undefined
  if (period && eventNames(catalog).includes(name)) {
    return `It is an event: write did ${printEventName(name)} ${period}.`
  }
  const event = [...catalog.events].find(([, { properties }]) => properties.has(name))?.[0]
  const together = behind && is && ofOneEvent({ ...node, is }, behind)
  const meant = event !== undefined && together ? undefined : nearest(name, known.keys())
  if (meant) return `Did you mean "${meant}"?`
  if (together) return `${oneEvent}: ${together}.`
  if (event !== undefined) {
    return `Events of type ${event} have such a property. ${oneEvent}: did ${printName(event)} where (… and …).`
  }
  const word = nearest(name, path.length > 0 ? ['account'] : ['score', 'level', 'converted'])
  if (word) return `Did you mean "${word}"?`
  return period && hintForEvent(name, period, catalog)
}

const eventNames = ({ events, aliases }: Catalog): string[] => [...events.keys(), ...aliases.keys()]

function hintForEvent(name: string, period: string, catalog: Catalog): string {
  const meant = nearest(name, eventNames(catalog))
  return meant === undefined
    ? `If it is an event, write did ${printEventName(name)} ${period}.`
    : `Did you mean did ${printEventName(meant)} ${period}?`
}

const oneEvent = 'What is asked of one event stands in one pair of parentheses'

/** A comparison right behind a filter, as a part of that filter. */
function ofOneEvent(
  { of, name, path, each, is }: Asked & { is: ComparisonNode },
  { definition, joint, isNegated }: Behind,
): string | undefined {
  const last = filteredLast(definition)
  if (of === 'account' || !last) return undefined
  const property: Where = { kind: 'property', name, path, each, is }
  const said: Where = isNegated ? { kind: 'not', of: property } : property
  return `did ${printWhich({ event: last.event, where: { kind: joint, of: [last.where, said] } })}`
}

/** Which events are meant where a definition ends with a filter. */
function filteredLast(definition: Definition): { event: Which['event']; where: Where } | undefined {
  const { kind, of, steps, event, where, ...more } = definition as Partial<Which> & {
    readonly kind?: string
    readonly of?: Definition | readonly Definition[]
    readonly steps?: readonly Definition[]
  }
  const inside = [of ?? steps ?? []].flat().at(-1) as Definition | undefined
  if (Object.keys(more).length > 0) return undefined
  if (kind === 'all' || kind === 'any' || kind === 'not' || kind === 'sequence') {
    return inside && filteredLast(inside)
  }
  return event !== undefined && where ? { event, where } : undefined
}
