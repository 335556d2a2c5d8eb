import { z } from 'zod'
import { type Condition, inner } from './condition.ts'
import { conditionOf, conditions } from './conditions/index.ts'
import type { Definition } from './definition.ts'
import { type Diagnostic, diagnosticCodes } from './diagnostic.ts'
import { SyntaxError as GrammarError, parse as parseGrammar, spans } from './language/grammar.js'
import { limits } from './limits.ts'
import { misfits } from './misfits.ts'
import { syntaxDiagnostic } from './syntax.ts'
import { tokens } from './tokens.ts'

export type Parsed = { readonly definition: Definition } | { readonly diagnostics: readonly Diagnostic[] }

/** Text form or JSON form → definition. What a user wrote never makes it throw. */
export function parse(source: unknown): Parsed {
  return typeof source === 'string' ? parseText(source) : parseJson(source)
}

function parseText(text: string): Parsed {
  if (text.trim() === '')
    return fail('EMPTY', 'The definition is empty.', { hint: '`everyone` means all leads.' })
  if (text.length > limits.textLength) return tooLong(text.length)
  // The parser calls itself once per level: the depth is looked at before, so that it can't run out of stack.
  if (nesting(text) > limits.depth) return fail('TOO_LARGE', `More than ${limits.depth} levels are nested.`)
  try {
    return check(parseGrammar(text))
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error
    return { diagnostics: [syntaxDiagnostic(error, text)] }
  }
}

/** The JSON form. */
export const definition: z.ZodType<Definition> = z.lazy(() =>
  z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('all'), of: z.array(definition).min(1) }),
      z.strictObject({ kind: z.literal('any'), of: z.array(definition).min(1) }),
      z.strictObject({ kind: z.literal('not'), of: definition }),
      ...conditions.map(
        (condition) => condition.shape as unknown as z.ZodObject<{ kind: z.ZodLiteral<string> }>,
      ),
    ])
    .meta({ examples: [{ kind: 'did', event: 'page_view' }] }),
)
inner.shape = definition

const eitherForm = z.union([z.string().meta({ examples: ['did page_view within 7 days'] }), definition])

function parseJson(source: unknown): Parsed {
  if (jsonDepth(source) > 4 * limits.depth)
    return fail('TOO_LARGE', `More than ${limits.depth} levels are nested.`)
  const result = definition.safeParse(source)
  if (result.success) return check(single(result.data))
  return {
    diagnostics: misfits(eitherForm, source)
      .slice(0, 10)
      .map(({ path, meant: _, ...said }) => ({
        ...{ code: 'SHAPE', severity: 'error', path: path.join('.') },
        ...said,
      })),
  }
}

/** A list of one says what its member says: as the text form has it, where parentheses leave no trace. */
function single<Value>(tree: Value): Value {
  if (Array.isArray(tree)) return tree.map(single) as Value
  if (tree === null || typeof tree !== 'object') return tree
  const node = Object.fromEntries(Object.entries(tree).map(([name, value]) => [name, single(value)])) as Value
  const { kind, of } = node as { kind?: unknown; of?: unknown }
  return (kind === 'all' || kind === 'any') && Array.isArray(of) && of.length === 1 ? of[0] : node
}

/** What holds for both forms: the limits, and that every text is one that databases can keep. */
function check(tree: Definition): Parsed {
  const parsed = withinLimits(tree)
  if ('diagnostics' in parsed) return parsed
  const node = withBadText(tree)
  if (node) return fail('BAD_TEXT', diagnosticCodes.BAD_TEXT, { span: spans.get(node) })
  const { length } = print(tree)
  return length > limits.textLength ? tooLong(length) : parsed
}

const tooLong = (length: number): Parsed =>
  fail('TOO_LARGE', `The text is ${length} characters long; ${limits.textLength} are allowed.`)

/** The innermost node with a text that Postgres would refuse. */
function withBadText(node: object): object | undefined {
  for (const value of Object.values(node)) {
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) return node
    const within = value !== null && typeof value === 'object' ? withBadText(value) : undefined
    if (within) return spans.has(within) ? within : node
  }
  return undefined
}

function withinLimits(tree: Definition): Parsed {
  let found = 0
  let deepest = 0
  let longest = 0
  let longestName = 0
  let longestPath = 0
  let anniversaries = 0
  const visit = (node: object, depth: number): void => {
    deepest = Math.max(deepest, depth)
    if (deepest > limits.depth) return
    for (const [key, value] of Object.entries(node)) {
      const children: unknown[] = Array.isArray(value) ? value : [value]
      if (key === 'path') longestPath = Math.max(longestPath, children.length)
      longest = Math.max(longest, children.length)
      for (const child of children) {
        if (names.has(key) && typeof child === 'string') longestName = Math.max(longestName, child.length)
        if (child !== null && typeof child === 'object') visit(child, depth + ('kind' in child ? 1 : 0))
      }
    }
    if ('kind' in node) found++
    if ('op' in node && node.op === 'anniversary') anniversaries++
  }
  visit(tree, 1)
  if (deepest > limits.depth) return fail('TOO_LARGE', `More than ${limits.depth} levels are nested.`)
  if (found > limits.conditions) {
    return fail('TOO_LARGE', `There are ${found} conditions; ${limits.conditions} are allowed.`)
  }
  if (longest > limits.listLength) {
    return fail('TOO_LARGE', `A list has ${longest} values; ${limits.listLength} are allowed.`)
  }
  if (longestName > limits.nameLength) {
    return fail('TOO_LARGE', `A name is ${longestName} characters long; ${limits.nameLength} are allowed.`)
  }
  if (longestPath > limits.pathLength) {
    return fail('TOO_LARGE', `A path has ${longestPath} parts; ${limits.pathLength} are allowed.`)
  }
  if (anniversaries > limits.anniversaries) {
    const message = `There are ${anniversaries} anniversaries; ${limits.anniversaries} are allowed.`
    return fail('TOO_LARGE', message)
  }
  return { definition: tree }
}

/** The fields that hold names. */
const names = new Set(['name', 'path', 'event', 'types', 'prefix', 'key', 'by', 'of', 'level', 'levels'])

/** How deep parentheses, `not` and `lead of account` stand in each other, counted without understanding the text. */
function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  let inFront = 0
  for (const [token] of text.matchAll(tokens)) {
    if (prefixes.has(token)) inFront++
    if (joints.has(token)) inFront = 0
    if (token === '(') depth++
    if (token === ')') depth--
    deepest = Math.max(deepest, depth + inFront)
  }
  return deepest
}

const prefixes = new Set(['not', 'lead', 'leads'])
const joints = new Set(['and', 'or', ')'])

function jsonDepth(value: unknown): number {
  let level: unknown[] = [value]
  let depth = 0
  while (level.length > 0 && depth <= 4 * limits.depth + 1) {
    depth++
    level = level.flatMap((each) => (each !== null && typeof each === 'object' ? Object.values(each) : []))
  }
  return depth
}

const fail = (code: Diagnostic['code'], message: string, more: Partial<Diagnostic> = {}): Parsed => ({
  diagnostics: [{ code, severity: 'error', message, ...more }],
})

/** Definition → text form. Parsing it again gives the same definition. */
export const print = (tree: Definition): string => form(tree, 'any', printCondition)

/** Definition → words, for sentences. */
export const say = (tree: Definition): string => form(tree, 'any', sayCondition)

/** A definition inside a condition is one operand: in parentheses where it is several. */
const printCondition = (tree: Definition): string =>
  known(tree).print(tree, (inner) => form(inner, 'not', printCondition))
const sayCondition = (tree: Definition): string =>
  known(tree).say(tree, (inner) => form(inner, 'not', sayCondition))

function known(tree: Definition): Condition {
  const condition = conditionOf(tree.kind)
  if (!condition) throw new Error(`no condition of kind ${tree.kind}`)
  return condition
}

function form(tree: Definition, inside: 'any' | 'all' | 'not', leaf: (tree: Definition) => string): string {
  if ('of' in tree && tree.kind === 'not') return `not ${form(tree.of as Definition, 'not', leaf)}`
  if ('of' in tree && (tree.kind === 'all' || tree.kind === 'any')) {
    const nested = tree.kind
    const text = (tree.of as readonly Definition[])
      .map((part) => (part.kind === nested ? `(${form(part, 'any', leaf)})` : form(part, nested, leaf)))
      .join(nested === 'all' ? ' and ' : ' or ')
    return inside === 'not' || (inside === 'all' && nested === 'any') ? `(${text})` : text
  }
  return leaf(tree)
}
