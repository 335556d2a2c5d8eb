import type { Catalog } from './catalog.ts'
import type { Context } from './condition.ts'
import { conditionOf } from './conditions/index.ts'
import type { Definition } from './definition.ts'
import { type Diagnostic, isError, type Span } from './diagnostic.ts'
import { canonical, type Filter, not, type Predicate, type Test, type Tree } from './ir.ts'
import { spans } from './language/grammar.js'
import { fingerprint, normalize } from './normalize.ts'
import { parse } from './parse.ts'

export type Compiled = {
  /** The normal form; absent if there is an error among the diagnostics. */
  readonly predicate?: Predicate
  /** Of the meaning: types, time zone and activity types included. */
  readonly fingerprint?: string
  readonly definition?: Definition
  readonly diagnostics: readonly Diagnostic[]
}

/** Text or JSON form → meaning: parse, lower, normalize, fingerprint. */
export function compile(source: unknown, catalog: Catalog, zone = 'UTC'): Compiled {
  const parsed = parse(source)
  if ('diagnostics' in parsed) return { diagnostics: parsed.diagnostics }
  const diagnostics: Diagnostic[] = []
  const context: Context = {
    catalog,
    zone,
    report(node, code, message, options = {}) {
      const { hint, severity = 'error', length } = options
      const whole: Span | undefined = spans.get(node)
      const span = whole && length ? { start: whole.start, end: whole.start + length } : whole
      const path = span ? undefined : pathTo(node, parsed.definition)
      const found: Diagnostic = { code, severity, message, hint, span, path }
      // A list of wrong values earns one diagnostic, not one for each.
      if (!diagnostics.some((each) => canonical(each) === canonical(found))) diagnostics.push(found)
    },
  }
  const predicate = normalizeDeep(lower(parsed.definition, context))
  if (diagnostics.some(isError)) return { definition: parsed.definition, diagnostics }
  return { definition: parsed.definition, predicate, fingerprint: fingerprint(predicate), diagnostics }
}

/** Where in the JSON form a node stands: `of.1.where`. */
function pathTo(node: object, tree: object): string | undefined {
  if (tree === node) return ''
  for (const [step, value] of Object.entries(tree)) {
    const within = value !== null && typeof value === 'object' ? pathTo(node, value) : undefined
    if (within !== undefined) return within === '' ? step : `${step}.${within}`
  }
  return undefined
}

function lower(tree: Definition, context: Context): Predicate {
  if ('of' in tree && (tree.kind === 'all' || tree.kind === 'any')) {
    return { kind: tree.kind, of: (tree.of as Definition[]).map((each) => lower(each, context)) }
  }
  if ('of' in tree && tree.kind === 'not') return not(lower(tree.of as Definition, context))
  const condition = conditionOf(tree.kind)
  if (!condition) throw new Error(`no condition of kind ${tree.kind}`)
  return condition.lower(tree, context)
}

/** Filters inside features are normalized first, so that features of one meaning are one feature. */
function normalizeDeep(predicate: Predicate): Predicate {
  const inner = (tree: Predicate): Predicate => {
    if (tree.kind === 'not') return not(inner(tree.of))
    if (tree.kind !== 'test') return { kind: tree.kind, of: tree.of.map(inner) }
    if (tree.subject.kind !== 'events') return { ...tree, is: sortList(tree.is) }
    const where: Filter = normalize(mapTests(tree.subject.events.where))
    return { ...tree, subject: { ...tree.subject, events: { ...tree.subject.events, where } } }
  }
  return normalize(inner(predicate))
}

function mapTests<Subject>(tree: Tree<Test<Subject>>): Tree<Test<Subject>> {
  if (tree.kind === 'not') return not(mapTests(tree.of))
  if (tree.kind !== 'test') return { kind: tree.kind, of: tree.of.map(mapTests) }
  return { ...tree, is: sortList(tree.is) }
}

function sortList(is: Test<unknown>['is']): Test<unknown>['is'] {
  if (is.op !== 'in') return is
  const operands = new Map(is.to.map((operand) => [canonical(operand), operand]))
  return { ...is, to: [...operands].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, operand]) => operand) }
}
