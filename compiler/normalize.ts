import { createHash } from 'node:crypto'
import {
  type Comparison,
  canonical,
  type Events,
  type Feature,
  type Filter,
  type Predicate,
  type Test,
  type Tree,
} from './ir.ts'

/**
 * One meaning, one form: `not` pushed down to the tests, nested `all`/`any` flattened, members sorted and each
 * kept once, constants folded. The order of operands, doubled negations and repetitions leave no trace.
 */
export function normalize<Subject>(tree: Tree<Test<Subject>>): Tree<Test<Subject>> {
  return simplify(tree, false)
}

function simplify<Subject>(tree: Tree<Test<Subject>>, negated: boolean): Tree<Test<Subject>> {
  if (tree.kind === 'not') return simplify(tree.of, !negated)
  if (tree.kind === 'test') return negated ? { kind: 'not', of: tree } : tree
  const kind = negated ? (tree.kind === 'all' ? 'any' : 'all') : tree.kind
  const members = new Map<string, Tree<Test<Subject>>>()
  for (const each of tree.of) {
    const simple = simplify(each, negated)
    for (const member of simple.kind === kind ? simple.of : [simple]) members.set(canonical(member), member)
  }
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, member]) => member)
  // An empty `any` is false and decides an `all`; an empty `all` is true and decides an `any`.
  const deciding = sorted.find((each) => each.kind === (kind === 'all' ? 'any' : 'all') && isConstant(each))
  if (deciding) return deciding
  return sorted.length === 1 ? sorted[0]! : { kind, of: sorted }
}

const isConstant = <Subject>(tree: Tree<Test<Subject>>): boolean =>
  (tree.kind === 'all' || tree.kind === 'any') && tree.of.length === 0

/** A whole predicate: filters and predicates inside of features first, so that features of one meaning are one. */
export function normalizePredicate(predicate: Predicate): Predicate {
  return normalize(mapTests(predicate, ({ subject, is }) => test(normalizeFeature(subject), is)))
}

export const normalizeFilter = (filter: Filter): Filter =>
  normalize(mapTests(filter, ({ subject, is }) => test(subject, is)))

function normalizeFeature(feature: Feature): Feature {
  switch (feature.kind) {
    case 'events':
      return { ...feature, events: normalizeEvents(feature.events) }
    case 'attribute_history': {
      const { from, to } = feature
      return { ...feature, ...(from && { from: sortList(from) }), ...(to && { to: sortList(to) }) }
    }
    case 'leads_of_account':
      return { ...feature, that: normalizePredicate(feature.that) }
    case 'sequence': {
      const { steps, without } = feature
      return {
        ...feature,
        steps: steps.map((step) => ({ ...step, events: normalizeEvents(step.events) })),
        ...(without ? { without: { ...without, events: normalizeEvents(without.events) } } : {}),
      }
    }
    default:
      return feature
  }
}

export function normalizeEvents(events: Events): Events {
  const { types } = events
  const sorted = (names: readonly string[]) => [...new Set(names)].sort()
  return {
    ...events,
    types:
      'only' in types
        ? { only: sorted(types.only) }
        : 'allBut' in types
          ? { allBut: sorted(types.allBut) }
          : types,
    where: normalizeFilter(events.where),
  }
}

function mapTests<Subject>(
  tree: Tree<Test<Subject>>,
  change: (test: Test<Subject>) => Test<Subject>,
): Tree<Test<Subject>> {
  if (tree.kind === 'not') return { kind: 'not', of: mapTests(tree.of, change) }
  if (tree.kind !== 'test') return { kind: tree.kind, of: tree.of.map((each) => mapTests(each, change)) }
  return change(tree)
}

const test = <Subject>(subject: Subject, is: Comparison): Test<Subject> => ({
  kind: 'test',
  subject,
  is: sortList(is),
})

/** A list is a set: in what order its values stand, and how often, is no part of the meaning. */
function sortList(is: Comparison): Comparison {
  if (is.op === 'some' || is.op === 'every') return { ...is, is: sortList(is.is) as typeof is.is }
  if (is.op !== 'in') return is
  const operands = new Map(is.to.map((operand) => [canonical(operand), operand]))
  return { ...is, to: [...operands].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, operand]) => operand) }
}

/** Equal for equal normal forms, and for nothing else. */
export const fingerprint = (value: unknown): string =>
  createHash('sha256').update(canonical(value)).digest('hex')
