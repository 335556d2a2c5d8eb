import type { Catalog } from '../compiler/index.ts'
import type { Finding } from '../pipeline/project/sources.ts'
import { wrap } from './values.ts'

const titles: Readonly<Record<string, string>> = {
  UNKNOWN_ATTRIBUTE: 'attributes',
  UNKNOWN_EVENT: 'event types',
  UNKNOWN_PROPERTY: 'properties',
}

/** Whether nothing was imported yet that has attributes or properties: then no name can be told from a slip. */
export const knowsNothing = ({ leads, accounts, events }: Catalog): boolean =>
  leads.size + accounts.size === 0 && [...events.values()].every(({ properties }) => properties.size === 0)

/** `attributes   company_size, industry`: what findings say is not known, each name once. */
export function unknownLines(findings: readonly Finding[]): string[] {
  return Object.entries(titles).flatMap(([code, title]) => {
    const names = findings.flatMap((each) => (each.code === code && each.unknown ? [each.unknown] : []))
    if (names.length === 0) return []
    const lines = wrap([...new Set(names)].sort().join(', '), 84)
    return lines.map((line, index) => `  ${(index === 0 ? title : '').padEnd(13)}${line}`)
  })
}

export const bringIn = [
  '`tideline import leads FILE` and `tideline import events FILE` bring them in; --map NAME=COLUMN takes',
  'a column that has another name.',
]
