import { createHash } from 'node:crypto'
import { canonical, type Test, type Tree } from './ir.ts'

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

/** Equal for equal normal forms, and for nothing else. */
export const fingerprint = (value: unknown): string =>
  createHash('sha256').update(canonical(value)).digest('hex')
