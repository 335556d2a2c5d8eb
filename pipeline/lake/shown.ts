import { literal } from '../import/source.ts'

/**
 * The text of a statement of the lake without what is another one each time: names of files, transactions, pages of the
 * table, periods. So it stays the same from run to run, and can be kept once.
 */
export function withoutFiles(text: string, folder: string): string {
  const [first = '', ...others] = text.split(literal(folder).slice(0, -1))
  // Up to the quote that ends the name; one that is doubled belongs to it.
  const rest = others.map((each) => `'…'${each.replace(/^(?:[^']|'')*'/, '')}`)
  return [first, ...rest]
    .join('')
    .replace(/'…'(?:, '…')+/g, "'…'")
    .replace(/cast\('[^']*' as (xid8|tid|timestamptz)\)/g, "cast('…' as $1)")
    .replace(/filename_pattern '[^']*'/g, "filename_pattern '…'")
    .replace(/ = '\d{4}-\d\d'/g, " = '…'")
}
