import type { Part, Predicate } from '../compiler/index.ts'

/** What a part of a definition means by itself. */
export function predicateOf(part: Part): Predicate {
  switch (part.kind) {
    case 'condition':
      return part.predicate
    case 'not':
      return { kind: 'not', of: predicateOf(part.of[0]) }
    default:
      return { kind: part.kind, of: part.of.map(predicateOf) }
  }
}

/** One part of a definition, as a row of a table: parts stand below what combines them, further in. */
export type PartRow = {
  readonly depth: number
  /** What combines the rows below; `condition`: nothing does. */
  readonly kind: 'all' | 'any' | 'not' | 'condition'
  readonly text: string
  readonly predicate: Predicate
  /** The how-manieth of those that all have to hold, from 0, where `and` joins them at the top. */
  readonly step?: number
}

/** A single condition, negated or not, is one row; what joins the whole by `and` has none of its own. */
export function rowsOf(part: Part): PartRow[] {
  if (part.kind === 'all' && part.of.length > 0) return part.of.flatMap((each, step) => below(each, 0, step))
  return below(part, 0, 0)
}

function below(part: Part, depth: number, step?: number): PartRow[] {
  const whole = part.kind === 'condition' || (part.kind === 'not' && part.of[0].kind === 'condition')
  const { text } = part
  const kind = whole ? ('condition' as const) : part.kind
  const row: PartRow = {
    ...{ depth, kind, text, predicate: predicateOf(part) },
    ...(step === undefined ? {} : { step }),
  }
  if (part.kind === 'condition' || whole) return [row]
  return [row, ...part.of.flatMap((each) => below(each, depth + 1))]
}

/** How many a part holds for alone, and how many are left once all steps up to it hold. */
export type CountedPart = Omit<PartRow, 'predicate' | 'step'> & {
  readonly count: number
  readonly remaining: number | null
}
