import { cut, isNumeric, type Kind, show, widthOf } from './values.ts'

export type Row = Readonly<Record<string, unknown>>

export type Column = {
  /** The name in JSON and CSV. */
  readonly name: string
  /** The heading on a terminal: the name in capitals unless said; null: not shown there. */
  readonly title?: string | null
  readonly kind?: Kind
  /** Left out where there is no room for all. */
  readonly spare?: true
}

const gap = '  '
/** Nothing is wider, however wide the terminal. */
export const widest = 100

/**
 * Aligned columns without borders. Where they can't be made to fit, the last spare one is left out; without any, it is
 * records, one field a line.
 */
export function renderTable(columns: readonly Column[], rows: readonly Row[], width: number): string[] {
  const shown = columns.filter((column) => column.title !== null)
  const titles = shown.map((column) => column.title ?? column.name.replaceAll('_', ' ').toUpperCase())
  const cells = rows.map((row) => shown.map((column) => show(row[column.name], column.kind ?? 'text')))
  const wanted = titles.map((title, index) =>
    cells.reduce((most, row) => Math.max(most, widthOf(row[index]!)), widthOf(title)),
  )
  // Lines that a narrow terminal folds are still easier to read than records.
  const widths = fit(shown, wanted, width) ?? fit(shown, wanted, widest)
  if (!widths) {
    const spare = shown.findLast((column) => column.spare)
    const fewer = shown.filter((column) => column !== spare)
    return spare ? renderTable(fewer, rows, width) : records(titles, cells, width)
  }
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => {
        const kept = cut(text, widths[index]!)
        const pad = ' '.repeat(widths[index]! - widthOf(kept))
        return isNumeric(shown[index]!.kind ?? 'text') ? pad + kept : kept + pad
      })
      .join(gap)
      .trimEnd()
  return [line(titles), ...cells.map(line)]
}

const narrowest = 10

/** Takes from the widest column of text until all fit; undefined if they never do. */
function fit(columns: readonly Column[], wanted: readonly number[], width: number): number[] | undefined {
  const widths = [...wanted]
  let over = widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1)) - width
  while (over > 0) {
    let widest = -1
    for (const [index, column] of columns.entries()) {
      const flexible = !column.kind || column.kind === 'text' || column.kind === 'json'
      if (flexible && widths[index]! > narrowest && (widest < 0 || widths[index]! > widths[widest]!))
        widest = index
    }
    if (widest < 0) return undefined
    widths[widest]!--
    over--
  }
  return widths
}

function records(titles: readonly string[], cells: readonly string[][], width: number): string[] {
  const margin = Math.max(...titles.map(widthOf)) + gap.length
  return cells.flatMap((row, index) => [
    ...(index > 0 ? [''] : []),
    ...row.map((text, field) => {
      const title = titles[field]!
      return title + ' '.repeat(margin - widthOf(title)) + cut(text, Math.max(narrowest, width - margin))
    }),
  ])
}
