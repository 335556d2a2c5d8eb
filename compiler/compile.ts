import type { Alias, Catalog, SegmentMeaning } from './catalog.ts'
import type { Context } from './condition.ts'
import { conditionOf } from './conditions/index.ts'
import type { Definition } from './definition.ts'
import { type Diagnostic, isError, type Span } from './diagnostic.ts'
import { lowerEvents, type Which } from './events.ts'
import { type Part, partsOf } from './explain.ts'
import { canonical, not, type Predicate } from './ir.ts'
import { spans } from './language/grammar.js'
import { fingerprint, normalizeFilter, normalizePredicate } from './normalize.ts'
import { type Parsed, parse } from './parse.ts'
import type { References } from './plan.ts'
import { referencesOf } from './references.ts'

export type Compiled = {
  /** The normal form; absent if there is an error among the diagnostics. */
  readonly predicate?: Predicate
  /** Of the meaning: types, time zone, activity types, aliases and segments referred to included. */
  readonly fingerprint?: string
  readonly definition?: Definition
  readonly diagnostics: readonly Diagnostic[]
}

/** Text or JSON form → meaning: parse, lower, normalize, fingerprint. */
export function compile(source: unknown, catalog: Catalog, zone = 'UTC'): Compiled {
  const parsed = parse(source)
  return 'diagnostics' in parsed ? parsed : compileDefinition(parsed.definition, catalog, zone)
}

function compileDefinition(definition: Definition, catalog: Catalog, zone: string): Compiled {
  const { context, diagnostics } = contextFor(definition, catalog, zone)
  const predicate = normalizePredicate(context.lower(definition))
  if (diagnostics.some(isError)) return { definition, diagnostics }
  return { definition, predicate, fingerprint: fingerprint(predicate), diagnostics }
}

/** A definition that has a meaning, taken apart. */
export const explain = (definition: Definition, catalog: Catalog, zone: string): Part =>
  partsOf(definition, contextFor(definition, catalog, zone).context)

/** A definition by the name that others refer to it by. */
export type SegmentText = { readonly source: unknown; readonly zone: string }

/**
 * Segments that may refer to each other, in whatever order they are given. One that is part of a cycle is broken,
 * and so is what refers to a broken one; a diamond is fine.
 */
export function compileAll(
  sources: ReadonlyMap<string, SegmentText>,
  catalog: Catalog,
): Map<string, Compiled> {
  const parsed = new Map([...sources].map(([key, { source }]) => [key, parse(source)]))
  const references = new Map(
    [...parsed].map(([key, each]) => [key, 'definition' in each ? referencesOf(each.definition) : []]),
  )
  const compiled = new Map<string, Compiled>()
  const meaning = (key: string): Compiled => {
    const known = compiled.get(key)
    if (known) return known
    const each = parsed.get(key)!
    const { zone } = sources.get(key)!
    const result =
      'diagnostics' in each
        ? each
        : compileDefinition(each.definition, { ...catalog, segments: seenFrom(key) }, zone)
    compiled.set(key, result)
    return result
  }
  const seenFrom = (asking: string): Catalog['segments'] => ({
    has: (key) => parsed.has(key) || catalog.segments.has(key),
    keys: () => new Set([...parsed.keys(), ...catalog.segments.keys()]).keys(),
    get: (key): SegmentMeaning | undefined => {
      if (!parsed.has(key)) return catalog.segments.get(key)
      const way = wayTo(asking, key, references)
      return way ? { cycle: [asking, ...way] } : meaning(key)
    },
  })
  return new Map([...sources.keys()].map((key) => [key, meaning(key)]))
}

/** What those mean that have a meaning: for the plan of what refers to them. */
export function meanings(compiled: ReadonlyMap<string, Compiled>): References {
  const found = new Map<string, Predicate>()
  for (const [key, { predicate }] of compiled) if (predicate) found.set(key, predicate)
  return found
}

/** The shortest way along the references from `start` to `goal`, both included, if there is one. */
function wayTo(
  goal: string,
  start: string,
  references: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const from = new Map<string, string | undefined>([[start, undefined]])
  const open = [start]
  for (let key = open.shift(); key !== undefined; key = open.shift()) {
    if (key === goal) {
      const way: string[] = []
      for (let step: string | undefined = goal; step !== undefined; step = from.get(step)) way.unshift(step)
      return way
    }
    for (const next of references.get(key) ?? []) {
      if (!from.has(next)) {
        from.set(next, key)
        open.push(next)
      }
    }
  }
  return undefined
}

/** What an alias of events.yaml stands for: events as they stand behind `did`, with `where` or without. */
export function compileAlias(
  text: string,
  catalog: Catalog,
  zone: string,
): { alias?: Alias; diagnostics: readonly Diagnostic[] } {
  const parsed = parseEvents(text, 'BAD_ALIAS')
  if ('diagnostics' in parsed) return parsed
  const { definition } = parsed
  const { context, diagnostics } = contextFor(definition, { ...catalog, aliases: new Map() }, zone)
  const { types, where } = lowerEvents(definition, definition as unknown as Which, context)
  const moved = diagnostics.map(inEvents)
  if (diagnostics.some(isError)) return { diagnostics: moved }
  return { alias: { types, where: normalizeFilter(where) }, diagnostics: moved }
}

const before = 'did '

/** Events as they stand behind `did`, with `where` or without, and nothing else: a node of that kind. */
export function parseEvents(text: string, code: 'BAD_ALIAS' | 'BAD_RULE'): Parsed {
  const parsed = parse(`${before}${text}`)
  if ('diagnostics' in parsed) return { diagnostics: parsed.diagnostics.map(inEvents) }
  const { definition } = parsed
  if (definition.kind === 'did' && !('times' in definition) && !('when' in definition)) return parsed
  const named = code === 'BAD_ALIAS' ? 'An alias stands for' : 'A rule gives points for'
  const message = `${named} events, with a filter or without, and for nothing else.`
  const hint = 'Write an event type, and `where` if need be: page_view where page = "/pricing".'
  return { diagnostics: [{ code, severity: 'error', message, hint }] }
}

/** From a place behind `did` to the place in the text without it. */
export function inEvents(diagnostic: Diagnostic): Diagnostic {
  const { span } = diagnostic
  if (!span) return diagnostic
  const back = (offset: number, least: number) => Math.max(least, offset - before.length)
  return { ...diagnostic, span: { start: back(span.start, 0), end: back(span.end, 1) } }
}

/** What lowering may ask, and where it says what it found. */
export function contextFor(
  definition: Definition,
  catalog: Catalog,
  zone: string,
): { context: Context; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = []
  const said = new Set<string>()
  let paths: ReadonlyMap<object, string> | undefined
  const context: Context = {
    catalog,
    zone,
    lower: (inner) => lower(inner, context),
    report(node, code, message, options = {}) {
      const { hint, severity = 'error', length, unknown } = options
      const whole: Span | undefined = spans.get(node)
      const span = whole && length ? { start: whole.start, end: whole.start + length } : whole
      if (!span) paths ??= pathsOf(definition)
      const path = span ? undefined : paths?.get(node)
      const found: Diagnostic = { code, severity, message, hint, span, path, ...(unknown ? { unknown } : {}) }
      // A list of wrong values earns one diagnostic, not one for each.
      const whatIsSaid = canonical(found)
      if (!said.has(whatIsSaid)) diagnostics.push(found)
      said.add(whatIsSaid)
    },
  }
  return { context, diagnostics }
}

/** Where in the JSON form each node stands: `of.1.where`. */
function pathsOf(tree: object): ReadonlyMap<object, string> {
  const paths = new Map<object, string>()
  const visit = (node: object, path: string): void => {
    if (paths.has(node)) return
    paths.set(node, path)
    for (const [step, value] of Object.entries(node)) {
      if (value !== null && typeof value === 'object') visit(value, path === '' ? step : `${path}.${step}`)
    }
  }
  visit(tree, '')
  return paths
}

function lower(tree: Definition, context: Context): Predicate {
  if ('of' in tree && (tree.kind === 'all' || tree.kind === 'any')) {
    const { kind: joint, of } = tree as { kind: 'all' | 'any'; of: readonly Definition[] }
    const behind = (index: number) => (index > 0 ? { behind: { definition: of[index - 1]!, joint } } : {})
    return { kind: joint, of: of.map((each, index) => lower(each, { ...context, ...behind(index) })) }
  }
  if (tree.kind === 'not' && 'of' in tree) {
    const behind = context.behind && { ...context.behind, isNegated: !context.behind.isNegated }
    return not(lower(tree.of as Definition, behind ? { ...context, behind } : context))
  }
  const condition = conditionOf(tree.kind)
  if (!condition) throw new Error(`no condition of kind ${tree.kind}`)
  return condition.lower(tree, context)
}
