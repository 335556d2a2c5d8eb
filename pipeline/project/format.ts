import { isMap, isScalar, type Node, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml'
import { type Definition, hasComment, parse, print } from '../../compiler/index.ts'

export type FormattedFile = {
  readonly text: string
  /** Keys whose definition was written anew. */
  readonly changed: readonly string[]
  /** Keys that were left as they are although they are not in form, and why. */
  readonly left: readonly { readonly key: string; readonly reason: string }[]
}

export const width = 100

/**
 * Writes the definitions of a file of segments in their usual form. All else stays byte for byte. One that was
 * written over several lines stays so: an operand a line.
 */
export function formatSegments(source: string): FormattedFile {
  let text = source
  const changed: string[] = []
  const left: { key: string; reason: string }[] = []
  for (const { key } of definitionsIn(source)) {
    // Each time anew, since what stands before may have become longer.
    const found = definitionsIn(text).find((each) => each.key === key)
    if (!found) continue
    const formed = formOf(found)
    if ('reason' in formed) left.push({ key, reason: formed.reason })
    if (!('text' in formed) || formed.text === found.written) continue
    const next = replaceDefinition(text, key, formed.text)
    if (next === undefined)
      left.push({ key, reason: 'it stands where it can not be written over several lines' })
    else if (next !== text) {
      text = next
      changed.push(key)
    }
  }
  return { text, changed, left }
}

/** The file with another definition (in the text form) under a key; undefined where it can't be put there safely. */
export function replaceDefinition(source: string, key: string, definition: string): string | undefined {
  const found = definitionsIn(source).find((each) => each.key === key)
  if (!found) return undefined
  const candidates = [splice(source, found, definition), splice(source, found, definition, { quoted: true })]
  return candidates.find((text) => text !== undefined && saysTheSame(source, text, key, definition))
}

type Found = {
  readonly key: string
  readonly scalar: Scalar
  readonly written: string
  /** How far the key `where` is indented, and how much of its line stands before the definition. */
  readonly indent: number
  readonly before: number
  readonly inFlow: boolean
  /** Whether it is a block of several lines: a folded one is read as one. */
  readonly inLines: boolean
}

/** The definitions in the text form. */
function definitionsIn(source: string): Found[] {
  const document = parseDocument(source)
  if (document.errors.length > 0 || !isMap(document.contents)) return []
  const column = (offset: number) => offset - (source.lastIndexOf('\n', offset - 1) + 1)
  return document.contents.items.flatMap((item) => {
    const { key, value } = item as Pair<Node, Node | null>
    if (!isMap(value)) return []
    const where = (value as YAMLMap).items.find((each) => String(each.key) === 'where')
    const scalar = where?.value
    if (!isScalar(scalar) || typeof scalar.value !== 'string' || !scalar.range) return []
    const start = (where?.key as Node | undefined)?.range?.[0] ?? 0
    const lines = source.slice(scalar.range[0], scalar.range[1]).trimEnd().split('\n')
    return [
      {
        key: String(key),
        scalar,
        written: scalar.value.trim(),
        indent: column(start),
        before: column(scalar.range[0]),
        inFlow: value.flow === true || (document.contents as YAMLMap).flow === true,
        // The first one is its head.
        inLines: isBlock(scalar) && lines.length > 2,
      },
    ]
  })
}

const isBlock = ({ type }: Scalar): boolean => type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'

function formOf(found: Found): { text: string } | { reason: string } {
  const { written, scalar, before, indent, inFlow, inLines } = found
  if (hasComment(written)) return { reason: 'it has comments inside' }
  const parsed = parse(written)
  if (!('definition' in parsed)) return { reason: 'it is not understood; `tideline check` says why' }
  const single = print(parsed.definition)
  const margin = isBlock(scalar) ? indent + 2 : before
  const broken = inLines || margin + single.length > width
  if (!broken || inFlow) return { text: single }
  const text = layOut(parsed.definition, width - indent - 2).join('\n')
  const again = parse(text)
  const same = 'definition' in again && print(again.definition) === single
  return { text: same ? text : single }
}

type Group = { readonly kind: 'all' | 'any'; readonly of: readonly Definition[] }

/** One operand a line; one that is too long for it is opened up in its parentheses. */
function layOut(definition: Definition, room: number): string[] {
  if (!isGroup(definition)) return opened(definition, room)
  const word = definition.kind === 'all' ? 'and ' : 'or '
  return definition.of.flatMap((member, index) => {
    const prefix = index === 0 ? '' : word
    const text = isGroup(member) ? `(${print(member)})` : print(member)
    const lines = prefix.length + text.length <= room ? [text] : opened(member, room)
    return lines.map((line, nth) => (nth === 0 ? prefix + line : line))
  })
}

function opened(definition: Definition, room: number): string[] {
  const inner = definition.kind === 'not' && 'of' in definition ? (definition.of as Definition) : definition
  if (!isGroup(inner)) return [print(definition)]
  const inside = layOut(inner, room - 2).map((line) => `  ${line}`)
  return [inner === definition ? '(' : 'not (', ...inside, ')']
}

const isGroup = (definition: Definition): definition is Definition & Group =>
  (definition.kind === 'all' || definition.kind === 'any') && 'of' in definition

/** Puts the definition in the place of the old one, and touches nothing around it. */
function splice(
  source: string,
  found: Found,
  definition: string,
  options: { quoted?: boolean } = {},
): string | undefined {
  const { scalar, indent, inFlow } = found
  const [start, end] = scalar.range!
  const lines = definition.trim().split(/\r?\n/)
  const eol = source.includes('\r\n') ? '\r\n' : '\n'
  if (isBlock(scalar)) {
    const header = source.slice(start, source.indexOf('\n', start) + 1)
    const body = source.slice(start + header.length, end)
    const margin = /^[ ]*(?=\S)/m.exec(body)?.[0] ?? ' '.repeat(indent + 2)
    const tail = /\r?\n\s*$/.exec(body)?.[0] ?? eol
    return source.slice(0, start) + header + indented(lines, margin, eol) + tail + source.slice(end)
  }
  if (lines.length === 1 && !options.quoted) {
    return source.slice(0, start) + lines[0] + source.slice(end)
  }
  if (inFlow) {
    return lines.length === 1
      ? `${source.slice(0, start)}${JSON.stringify(lines[0])}${source.slice(end)}`
      : undefined
  }
  const line = /\r?\n/.exec(source.slice(end))?.index
  // What stands behind it on its line is a comment: it moves to the head of the block.
  const rest = source.slice(end, line === undefined ? undefined : end + line)
  const after = line === undefined ? eol : source.slice(end + line)
  return `${source.slice(0, start)}|${rest.trimEnd()}${eol}${indented(lines, ' '.repeat(indent + 2), eol)}${after}`
}

const indented = (lines: readonly string[], margin: string, eol: string): string =>
  lines.map((line) => (line.trim() === '' ? '' : margin + line)).join(eol)

/** Whether only this definition differs, and it is read as it was meant. */
function saysTheSame(before: string, after: string, key: string, definition: string): boolean {
  const [old, anew] = [before, after].map((text) => parseDocument(text))
  if (!old || !anew || anew.errors.length > 0) return false
  const words = (text: unknown) => String(text).trim().split(/\s+/).join(' ')
  if (words(anew.getIn([key, 'where'])) !== words(definition)) return false
  for (const document of [old, anew]) document.setIn([key, 'where'], '')
  return JSON.stringify(old.toJS()) === JSON.stringify(anew.toJS())
}
