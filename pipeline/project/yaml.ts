import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import type { z } from 'zod'
import { misfits, nearest, type Span } from '../../compiler/index.ts'
import { UserError } from '../errors.ts'
import type { Project } from './settings.ts'
import { inWords } from './yaml-words.ts'

/** Something wrong in a file: what the compiler or a file's shape said, and where it stands. */
export type Finding = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly length: number
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  /** The attribute, property or event type that the catalog doesn't know. */
  readonly unknown?: string | undefined
  /** The line as it stands in the file. */
  readonly excerpt: string
}
export type Place = Pick<Finding, 'file' | 'line' | 'column' | 'length' | 'excerpt'>
/** A part of the text at a place, or the key of what stands there. */
type Part = { readonly span?: Span | undefined; readonly isKey?: true | undefined }

/** One entry of a YAML map, and where it stands. */
export class Entry {
  readonly file: YamlFile
  readonly keyNode: Node | null
  readonly value: unknown

  constructor(file: YamlFile, keyNode: Node | null, value: unknown) {
    this.file = file
    this.keyNode = keyNode
    this.value = value
  }

  /** What it says, if it has the shape. Where nothing stands behind the key, nothing is said: `empty`. */
  check<T>(shape: z.ZodType<T>, empty: unknown = {}): T | undefined {
    const data = (isNode(this.value) ? this.value.toJS(this.file.document) : this.value) ?? empty
    const result = shape.safeParse(data)
    if (result.success) return result.data
    for (const { path, isKey, message, hint } of misfits(shape, data).slice(0, 5)) {
      const where = path.length > 0 ? `${path.join('.')}: ` : ''
      this.find('BAD_FILE', where + message, { hint, path, isKey })
    }
    return undefined
  }

  find(
    code: string,
    message: string,
    { hint, path = [], ...part }: Part & { hint?: string | undefined; path?: readonly string[] } = {},
  ): void {
    this.file.findings.push({ ...this.locate(path, part), severity: 'error', code, message, hint })
  }

  /** The value at a path, or what there is of the way to it. */
  private nodeAt(path: readonly string[]): Node | undefined {
    for (let length = isMap(this.value) ? path.length : 0; length > 0; length--) {
      const node = (this.value as YAMLMap).getIn(path.slice(0, length), true)
      if (isNode(node)) return node
    }
    return undefined
  }

  private keyAt(path: readonly string[]): Node | undefined {
    const map = path.length > 1 ? this.nodeAt(path.slice(0, -1)) : this.value
    const pair = isMap(map) ? map.items.find(({ key }) => String(key) === path.at(-1)) : undefined
    return pair && isNode(pair.key) ? pair.key : undefined
  }

  /** The n-th visible character of a text stands at the n-th visible character of its YAML source. */
  locate(path: readonly string[], { span, isKey }: Part = {}): Place {
    const found = isKey ? this.keyAt(path) : this.nodeAt(path)
    const node = path.length === 0 && span && isNode(this.value) ? this.value : (found ?? this.keyNode)
    if (!span || !isScalar(node) || !node.range) {
      const start = node?.range?.[0] ?? 0
      const length = isScalar(node) && node.range ? node.range[1] - node.range[0] : 1
      return this.file.place(start, Math.max(1, length))
    }
    const text = String(node.value)
    const source = this.file.text
    let offset =
      node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
        ? source.indexOf('\n', node.range[0])
        : node.range[0]
    if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') offset++
    let visible = text.slice(0, span.start).replace(/\s/g, '').length
    let after = offset
    while (offset < node.range[1] && (visible > 0 || /\s/.test(source[offset] ?? ''))) {
      if (!/\s/.test(source[offset]!)) {
        visible--
        after = offset + 1
      }
      offset++
    }
    // What is missing at the end is missed behind the last character, not on a line further down.
    if (offset === node.range[1]) offset = after
    return this.file.place(offset, Math.max(1, span.end - span.start))
  }
}

export class YamlFile {
  readonly name: string
  readonly text: string
  readonly document: Document
  readonly lines = new LineCounter()
  readonly findings: Finding[]

  constructor(name: string, text: string, findings: Finding[]) {
    this.name = name
    this.text = text
    this.findings = findings
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false })
  }

  place(offset: number, length: number): Place {
    const { line, col } = this.lines.linePos(offset)
    return { file: this.name, line, column: col, length, excerpt: this.text.split('\n')[line - 1] ?? '' }
  }

  /** Says of every key at the top that is not one of these that it is not known. */
  only(...keys: readonly string[]): this {
    if (!isMap(this.document.contents)) return this
    for (const { key } of this.document.contents.items) {
      if (keys.includes(String(key))) continue
      const name = String(key)
      const start = (key as Node | null)?.range?.[0] ?? 0
      const places = keys.map((each) => `"${each}:"`).join(' or ')
      const message = `"${name}" is not known here; everything stands under ${places}.`
      const meant = nearest(name, keys)
      this.findings.push({
        ...this.place(start, name.length),
        ...{ severity: 'error', code: 'BAD_FILE', message },
        hint: meant === undefined ? undefined : `Did you mean "${meant}"?`,
      })
    }
    return this
  }

  /** The entries of the map at the top, or under a key of it. */
  each(visit: (key: string, entry: Entry) => void, under?: string): void {
    const top = this.document.contents
    const contents = under !== undefined && isMap(top) ? (top.get(under, true) ?? null) : top
    if (contents === null || (isScalar(contents) && contents.value === null)) return
    if (!isMap(contents)) {
      const { range } = contents as Node
      const message = 'A map of names to what they mean is expected here.'
      this.findings.push({
        ...this.place(range?.[0] ?? 0, 1),
        severity: 'error',
        code: 'BAD_FILE',
        message,
      })
      return
    }
    for (const item of contents.items) {
      visit(
        String(isScalar(item.key) ? item.key.value : item.key),
        new Entry(this, item.key as Node | null, item.value),
      )
    }
  }
}

/** A file of the project, if it is there and is YAML. */
export function readYaml(project: Project, name: string, findings: Finding[]): YamlFile | undefined {
  const path = join(project.folder, name)
  return existsSync(path) ? openYaml(path, relative(project.folder, path), findings) : undefined
}

/** What is wrong behind the first place where it is no YAML follows from that. */
function openYaml(path: string, name: string, findings: Finding[]): YamlFile | undefined {
  const file = new YamlFile(name, readFileSync(path, 'utf8'), findings)
  const [error] = file.document.errors
  if (!error) return file
  findings.push({ ...file.place(error.pos[0], 1), severity: 'error', code: 'BAD_YAML', ...inWords(error) })
  return undefined
}

/** A file that has one shape as a whole. Nothing can be done without it: the first that is wrong with it is thrown. */
export function readWhole<T>(path: string, shape: z.ZodType<T>, told: { code: string; hint: string }): T {
  const findings: Finding[] = []
  const file = openYaml(path, path, findings)
  const read = file && new Entry(file, null, file.document.contents).check(shape)
  if (read !== undefined) return read
  const { line, column, message, hint } = findings[0]!
  throw new UserError({
    ...{ code: told.code, message, where: `${path}:${line}:${column}` },
    hint: [hint, told.hint].filter(Boolean).join(' '),
  })
}
