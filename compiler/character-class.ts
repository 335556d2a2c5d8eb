/** Classes of a pattern are sets of ASCII code points, written out so that every engine takes them for the same. */
export function writeClass(members: ReadonlySet<number>, negated: boolean): string {
  return `[${negated ? '^' : ''}${runs(members).join('')}]`
}

/** In small letters. */
export const folded = (members: ReadonlySet<number>): ReadonlySet<number> =>
  new Set([...members].map((code) => (code >= 65 && code <= 90 ? code + 32 : code)))

const ranges = [/^[0-9]$/, /^[a-z]$/, /^[A-Z]$/]

const codes = (text: string): number[] => [...text].map((character) => character.charCodeAt(0))
const between = (from: string, to: string): number[] =>
  Array.from({ length: to.charCodeAt(0) - from.charCodeAt(0) + 1 }, (_, index) => from.charCodeAt(0) + index)

const digits = between('0', '9')
/** `\d`, `\w` and `\s`, as code points. */
export const classes: Readonly<Record<string, ReadonlySet<number>>> = {
  d: new Set(digits),
  w: new Set([...digits, ...between('A', 'Z'), ...between('a', 'z'), ...codes('_')]),
  s: new Set(codes(' \t\n\r\f\v')),
}

/** Ranges lie within digits, capitals or small letters: what lies between others depends on who reads. */
export const isRange = (from: string, to: string): boolean =>
  from <= to && ranges.some((range) => range.test(from) && range.test(to))

/** Members in their order; three and more in a row within digits, capitals or small letters as a range. */
function runs(members: ReadonlySet<number>): string[] {
  const sorted = [...members].sort((a, b) => a - b).map((code) => String.fromCharCode(code))
  const found: string[] = []
  for (let index = 0; index < sorted.length; ) {
    const first = sorted[index]!
    const range = ranges.find((each) => each.test(first))
    let end = index
    while (range && isNext(sorted[end]!, sorted[end + 1]) && range.test(sorted[end + 1]!)) end++
    if (end - index >= 2) found.push(`${first}-${sorted[end]}`)
    else for (const character of sorted.slice(index, end + 1)) found.push(inSet(character))
    index = end + 1
  }
  return found
}

const isNext = (a: string, b: string | undefined): boolean => b?.charCodeAt(0) === a.charCodeAt(0) + 1
const inSet = (character: string): string => (specialInSet.has(character) ? `\\${character}` : character)

const specialInSet = new Set('[]^-\\')
