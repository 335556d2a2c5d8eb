import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import peggy from 'peggy'
import { conditions } from '../conditions/index.ts'

const head = `// Generated from base.peggy and the conditions' own rules by: npm run grammar
`
const initializer = `{{
  /** Where in the text each node stands. */
  export const spans = new WeakMap()
}}
{
  const node = (value) => {
    const { start, end } = range()
    spans.set(value, { start, end })
    return value
  }
  /** What clauses say, each of them once. */
  const once = (clauses) => {
    const said = {}
    for (const { at, clause } of clauses) {
      const [name] = Object.keys(clause)
      if (name in said) error('This is said a second time', at)
      said[name] = clause[name]
    }
    return said
  }
}
`

/** The whole grammar, as Peggy reads it. */
export function grammar(): string {
  const base = readFileSync(new URL('./base.peggy', import.meta.url), 'utf8')
  const choice = `condition\n  = ${conditions.map((each) => each.kind).join('\n  / ')}\n`
  return [initializer, base, choice, ...conditions.map((each) => each.syntax)].join('\n')
}

/** The words of the language: whatever the grammar asks for letter by letter. */
function wordsOf(source: string): string[] {
  const found = new Set<string>()
  const collect = (part: unknown): void => {
    if (part === null || typeof part !== 'object') return
    const { type, value } = part as { type?: unknown; value?: unknown }
    if (type === 'literal' && typeof value === 'string' && /^[a-z]{2,}$/.test(value)) found.add(value)
    for (const inside of Object.values(part)) collect(inside)
  }
  collect(peggy.parser.parse(source).rules)
  return [...found].sort()
}

/** The parser's source, as committed in grammar.js. */
export function generateParser(): string {
  const source = grammar()
  const parser = peggy.generate(source, {
    output: 'source',
    format: 'es',
    allowedStartRules: ['definition'],
  })
  const words = wordsOf(source).map((word) => `'${word}'`)
  return `${head}${parser}
/** The words of the language. */
export const words = [${words.join(', ')}]
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('./grammar.js', import.meta.url), generateParser())
}
