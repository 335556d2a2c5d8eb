import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageFolder } from '../config.ts'

/** The rules of the house, as data. Each failure names the file, the line and what stands there. */

/** Imports run one way: what each folder may import besides itself. `bin`, `test` and the tools may import anything. */
const layers: Record<string, readonly string[]> = {
  compiler: [],
  pipeline: ['compiler', 'config.ts'],
  jobs: ['pipeline', 'compiler', 'config.ts'],
  api: ['jobs', 'pipeline', 'compiler', 'config.ts'],
  cli: ['jobs', 'pipeline', 'compiler', 'config.ts'],
  'config.ts': [],
}

/** Who may import a package; all others may not. */
const packages: Record<string, readonly string[]> = {
  pg: ['pipeline/engine.ts'],
  '@duckdb/node-api': ['pipeline/engine.ts'],
  'pg-copy-streams': ['pipeline/'],
  kysely: ['compiler/', 'pipeline/'],
  peggy: ['compiler/language/generate.ts'],
  bullmq: ['jobs/'],
  ioredis: ['jobs/'],
  fastify: ['api/'],
  commander: ['cli/'],
}

type Rule = {
  readonly name: string
  readonly pattern: RegExp
  /** Files whose path begins so are looked at. */
  readonly in: readonly string[]
  readonly but?: readonly string[]
}

const sources = ['compiler/', 'pipeline/', 'jobs/', 'api/', 'cli/', 'config.ts']
const written = [
  ...sources,
  'sql/',
  'docs/',
  'templates/',
  'examples/',
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
]

const rules: readonly Rule[] = [
  {
    name: 'the environment is read in config.ts alone',
    pattern: /process\.env/,
    in: sources,
    but: ['config.ts'],
  },
  {
    name: 'the clock is read where a process begins; elsewhere time is an argument',
    pattern: /\bDate\.now\(|\bnew Date\(|\bTemporal\.Now\b/,
    in: sources,
    but: ['cli/main.ts', 'cli/commands/worker.ts', 'jobs/worker.ts'],
  },
  {
    name: 'the SQL that is compiled knows no clock and no zone of the session',
    pattern: /\b(now|clock_timestamp|statement_timestamp)\(\)|\bcurrent_(timestamp|date)\b|\btoday\(\)/i,
    in: ['compiler/'],
  },
  {
    name: 'no any',
    pattern: /(:|<|\bas|\|) any\b|<any>|\bany\[\]/,
    in: [...sources, 'test/'],
    but: ['test/tidy.test.ts', 'test/golden/'],
  },
  {
    name: 'nothing is hidden from the compiler or the linter',
    pattern: /@ts-(ignore|expect-error|nocheck)|biome-ignore|eslint-disable/,
    in: [...sources, 'test/'],
    but: ['test/tidy.test.ts'],
  },
  {
    name: 'no test is left out',
    pattern: /\b(test|it|describe)\.(only|skip|todo)\b/,
    in: ['test/'],
    but: ['test/tidy.test.ts'],
  },
  {
    // "Node" is left alone: it is also the runtime's name, and a part of a syntax tree.
    name: 'words are those of docs/glossary.md',
    pattern: /\b(audiences?|cohorts?|rule engines?|workspaces?|contacts)\b/i,
    in: written,
  },
  {
    name: 'the project speaks for itself',
    pattern: /\bDESIGN\.md\b|\.\.\/shared\b|\/work\/|\bissue #?\d/i,
    in: [...written, 'test/'],
    but: ['test/tidy.test.ts'],
  },
]

const generated = ['compiler/language/grammar.js', 'sql/schema.dump.sql']
const fileLimit = 300
const lineLimit = 120

type File = { readonly path: string; readonly lines: readonly string[] }

const files: readonly File[] = walk('')
  .filter((path) => /\.(ts|js|sql|md|yaml|peggy)$/.test(path) && !generated.includes(path))
  .map((path) => ({ path, lines: readFileSync(join(packageFolder, path), 'utf8').split('\n') }))

function walk(folder: string): string[] {
  const left = ['node_modules', 'dist', '.git', '.tideline', ...(folder === '' ? ['demo'] : [])]
  return readdirSync(join(packageFolder, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (left.includes(entry.name)) return []
    return entry.isDirectory() ? walk(path) : [path]
  })
}

const within = (path: string, places: readonly string[]) => places.some((place) => path.startsWith(place))

/** `path:line: what stands there`, for each line that is found wrong. */
function offenders(wrong: (line: string, file: File) => boolean, among: readonly File[] = files): string[] {
  return among.flatMap((file) =>
    file.lines.flatMap((line, index) =>
      wrong(line, file) ? [`${file.path}:${index + 1}: ${line.trim()}`] : [],
    ),
  )
}

/** What a line of TypeScript imports, statically or not. */
const imported = (line: string): string[] =>
  [...line.matchAll(/(?:\bfrom|^\s*import|\bimport\()\s*'([^']+)'/g)].map((match) => match[1]!)

const code = files.filter(({ path }) => path.endsWith('.ts') && within(path, sources))

test('imports run one way', () => {
  const wrong = (line: string, { path }: File) =>
    imported(line)
      .filter((name) => name.startsWith('.'))
      .some((name) => {
        const own = path.split('/')[0]!
        const target = join(path, '..', name).split('/')[0]!
        return target !== own && !layers[own]!.includes(target)
      })
  expect(offenders(wrong, code)).toEqual([])
})

test('each package is imported in its place alone', () => {
  const wrong = (line: string, { path }: File) =>
    imported(line).some((name) => Object.hasOwn(packages, name) && !within(path, packages[name]!))
  expect(offenders(wrong, code)).toEqual([])
})

test('no source imports a test', () => {
  expect(offenders((line) => imported(line).some((name) => /(^|\/)test\//.test(name)), code)).toEqual([])
})

test.each(rules)('$name', ({ pattern, in: places, but = [] }) => {
  const among = files.filter(({ path }) => within(path, places) && !within(path, but))
  expect(offenders((line) => pattern.test(line), among)).toEqual([])
})

test(`a source has ${fileLimit} lines at most`, () => {
  const long = files.filter(
    ({ path, lines }) => within(path, [...sources, 'sql/']) && lines.length > fileLimit,
  )
  expect(long.map(({ path, lines }) => `${path}: ${lines.length} lines`)).toEqual([])
})

test(`a line has ${lineLimit} characters at most, quoted text and patterns aside`, () => {
  // The formatter breaks code; a sentence in quotes stays whole, and can be searched for.
  const quoted = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"|\/(?:[^/\\\s]|\\.){8,}\//g
  const long = (line: string) => line.length > lineLimit && line.replace(quoted, '').length > lineLimit
  expect(offenders(long, code)).toEqual([])
})

test('every SQL file begins with a comment that says what it is for', () => {
  const silent = files.filter(({ path, lines }) => path.endsWith('.sql') && !/^-- \S/.test(lines[0]!))
  expect(silent.map(({ path }) => path)).toEqual([])
})

test('no SQL file names a schema of ours: search_path decides', () => {
  const sql = files.filter(({ path }) => within(path, ['sql/']) && path.endsWith('.sql'))
  const named = (line: string) => /\btideline\.\w/.test(line.replace(/'[^']*'|--.*/g, ''))
  expect(offenders(named, sql)).toEqual([])
})

test('migrations are numbered without a gap', () => {
  const numbers = walk('sql/migrations').map((path) => Number(/\/(\d{4})_[a-z0-9_]+\.sql$/.exec(path)?.[1]))
  expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1))
})
