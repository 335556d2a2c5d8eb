import type { CountedPart } from '../pipeline/parts.ts'
import type { Column, Row } from './table.ts'

export const partColumns: readonly Column[] = [
  { name: 'condition' },
  { name: 'leads', title: 'ALONE', kind: 'count' },
  { name: 'share', kind: 'share' },
  { name: 'remaining', title: 'REMAIN', kind: 'count' },
]

export const combining = { all: 'all of', any: 'any of', not: 'none of' } as const

/** A definition's conditions as rows: what combines some stands above them. */
export function partRows(parts: readonly CountedPart[], leads: number): Row[] {
  return parts.map(({ depth, kind, text, count, remaining }) => ({
    condition: `${'  '.repeat(depth)}${kind === 'condition' ? text : combining[kind]}`,
    leads: count,
    share: leads > 0 ? count / leads : null,
    remaining,
  }))
}
