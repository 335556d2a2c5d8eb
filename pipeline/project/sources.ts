import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
import { z } from 'zod'
import type { Score, Span } from '../../compiler/index.ts'
import type { Project } from './settings.ts'

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
  /** The line as it stands in the file. */
  readonly excerpt: string
}

export type SegmentSource = {
  readonly key: string
  readonly name: string
  readonly owner: string | null
  readonly action: string | null
  readonly review: string | null
  readonly status: 'draft' | 'active' | 'paused'
  /** Text form, or JSON form. */
  readonly where: unknown
  /** From a place in the text form to a place in the file. */
  locate(found: { span?: Span | undefined; path?: string | undefined }): Place
}
type Place = Pick<Finding, 'file' | 'line' | 'column' | 'length' | 'excerpt'>

export type EventTypeSource = {
  readonly type: string
  readonly channel: string | null
  readonly activity: boolean
  readonly conversion: boolean
}

/** Everything that the files of a project say. */
export type Sources = {
  readonly segments: readonly SegmentSource[]
  readonly events: readonly EventTypeSource[]
  readonly scores: readonly Score[]
  readonly findings: readonly Finding[]
}

const segmentShape = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  owner: z.string().max(200).optional(),
  action: z.string().max(2000).optional(),
  review: z.string().max(200).optional(),
  status: z.enum(['draft', 'active', 'paused']).default('active'),
  where: z
    .unknown()
    .refine((where) => where !== undefined && where !== null, 'says which leads are meant; it is missing'),
})
const eventShape = z.strictObject({
  channel: z.string().min(1).optional(),
  activity: z.boolean().default(true),
  conversion: z.boolean().default(false),
})
const decimal = z
  .number()
  .refine(
    (n) => Math.abs(n) <= 1e9 && /^-?\d+(\.\d{1,6})?$/.test(String(n)),
    'must be a number of at most six places',
  )
  .transform(String)
const scoreShape = z.strictObject({
  points: z.record(z.string().min(1), decimal),
  levels: z.record(z.string().min(1), decimal).default({}),
})

/** Reads segments/*.yaml, events.yaml and scoring.yaml. What is wrong becomes a finding, never an exception. */
export function readSources(project: Project): Sources {
  const findings: Finding[] = []
  const segments: SegmentSource[] = []
  const folder = join(project.folder, 'segments')
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => /\.ya?ml$/.test(file)) : []
  for (const file of files.sort()) {
    readFile(project, join('segments', file), findings)?.each((key, entry) => {
      const twin = segments.find((segment) => segment.key === key)
      if (!/^[a-z0-9][a-z0-9_-]*$/.test(key)) {
        entry.find(
          'BAD_KEY',
          `"${key}" can't be a segment's key.`,
          'Use lower-case letters, digits, - and _.',
        )
      } else if (twin) {
        const place = twin.locate({})
        entry.find('DUPLICATE_KEY', `There is a segment "${key}" already, in ${place.file}:${place.line}.`)
      } else {
        const shape = entry.check(segmentShape)
        if (shape) {
          const { name = key, owner = null, action = null, review = null, status, where } = shape
          segments.push({
            key,
            name,
            owner,
            action,
            review,
            status,
            where,
            locate: ({ span, path }) => entry.locate(['where', ...(path ? path.split('.') : [])], span),
          })
        }
      }
    })
  }
  const events: EventTypeSource[] = []
  readFile(project, 'events.yaml', findings)
    ?.under('events')
    ?.each((type, entry) => {
      const shape = entry.check(eventShape)
      if (shape)
        events.push({
          type,
          channel: shape.channel ?? null,
          activity: shape.activity,
          conversion: shape.conversion,
        })
    })
  const scores: Score[] = []
  readFile(project, 'scoring.yaml', findings)
    ?.under('scores')
    ?.each((name, entry) => {
      const shape = entry.check(scoreShape)
      if (shape) scores.push(scoreOf(name, shape, entry))
    })
  return { segments, events, scores, findings }
}

function scoreOf(name: string, shape: z.infer<typeof scoreShape>, entry: Entry): Score {
  const levels = Object.entries(shape.levels).map(([level, from]) => ({ name: level, from }))
  if (levels.some((level, index) => index > 0 && Number(level.from) <= Number(levels[index - 1]!.from))) {
    entry.find('BAD_LEVELS', `The levels of "${name}" are lower bounds and must rise.`)
  }
  const rules = Object.entries(shape.points).map(([event, points]) => ({ event, micropoints: micro(points) }))
  return { name, rules, levels }
}

const micro = (points: string): string => {
  const [whole = '0', fraction = ''] = points.split('.')
  return String(BigInt(`${whole}${fraction.padEnd(6, '0')}`))
}

/** One entry of a YAML map, and where it stands. */
class Entry {
  readonly file: YamlFile
  readonly keyNode: Node | null
  readonly value: unknown

  constructor(file: YamlFile, keyNode: Node | null, value: unknown) {
    this.file = file
    this.keyNode = keyNode
    this.value = value
  }

  private data(): unknown {
    return (this.value as Node | null)?.toJS?.(this.file.document) ?? this.value
  }

  check<T>(shape: z.ZodType<T>): T | undefined {
    const result = shape.safeParse(this.data() ?? {})
    if (result.success) return result.data
    for (const issue of result.error.issues.slice(0, 5)) {
      const path = issue.path.map(String).join('.')
      this.find('BAD_FILE', path ? `${path}: ${issue.message}` : issue.message)
    }
    return undefined
  }

  find(code: string, message: string, hint?: string): void {
    this.file.findings.push({ ...this.locate([]), severity: 'error', code, message, hint })
  }

  /** The value at a path, or what there is of the way to it. */
  private nodeAt(path: readonly string[]): Node | undefined {
    for (let length = isMap(this.value) ? path.length : 0; length > 0; length--) {
      const node = (this.value as YAMLMap).getIn(path.slice(0, length), true)
      if (isNode(node)) return node
    }
    return undefined
  }

  /** The n-th visible character of a text stands at the n-th visible character of its YAML source. */
  locate(path: readonly string[], span?: Span): Place {
    const node = this.nodeAt(path)
    if (!span || !isScalar(node) || !node.range) {
      const start = node?.range?.[0] ?? this.keyNode?.range?.[0] ?? 0
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
    while (offset < node.range[1] && (visible > 0 || /\s/.test(source[offset] ?? ''))) {
      if (!/\s/.test(source[offset]!)) visible--
      offset++
    }
    return this.file.place(offset, Math.max(1, span.end - span.start))
  }
}

class YamlFile {
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

  under(key: string): YamlFile | undefined {
    if (!isMap(this.document.contents)) return this.document.contents === null ? undefined : this
    const inner = this.document.contents.get(key, true)
    this.document.contents.items
      .filter((item) => String(item.key) !== key)
      .forEach((item) => {
        const start = (item.key as Node | null)?.range?.[0] ?? 0
        const message = `"${String(item.key)}" is not known here; everything stands under "${key}:".`
        this.findings.push({ ...this.place(start, 1), severity: 'error', code: 'BAD_FILE', message })
      })
    if (!inner) return undefined
    this.document.contents = inner as unknown as typeof this.document.contents
    return this
  }

  each(visit: (key: string, entry: Entry) => void): void {
    const { contents } = this.document
    if (contents === null || (isScalar(contents) && contents.value === null)) return
    if (!isMap(contents)) {
      const message = 'A map of names to what they mean is expected here.'
      this.findings.push({
        ...this.place(contents.range?.[0] ?? 0, 1),
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

function readFile(project: Project, name: string, findings: Finding[]): YamlFile | undefined {
  const path = join(project.folder, name)
  if (!existsSync(path)) return undefined
  const file = new YamlFile(relative(project.folder, path), readFileSync(path, 'utf8'), findings)
  for (const error of file.document.errors) {
    const message = error.message.split('\n')[0] ?? 'is not YAML'
    findings.push({ ...file.place(error.pos[0], 1), severity: 'error', code: 'BAD_YAML', message })
  }
  return file.document.errors.length > 0 ? undefined : file
}
