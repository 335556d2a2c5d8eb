import * as fc from 'fast-check'
import type { Predicate, Tree } from '../../compiler/ir.ts'
import type { Database } from '../../pipeline/engine.ts'
import { compareEngines, type Difference, describe, type Manner, type Question } from './engines.ts'
import type { World } from './world.ts'

/** One world and what it is asked. */
export type Case = {
  readonly world: World
  readonly questions: readonly Question[]
  readonly manner?: Manner
}

/** Mostly plainly; or with values; or of some leads, to which the other leads of their accounts belong, now or ever. */
export function mannersFor(world: World): fc.Arbitrary<Manner> {
  const some = fc.subarray([...world.leads], { minLength: 1 }).map((chosen) => {
    const links = world.changes.filter(({ attribute, value }) => attribute === '@account' && value !== null)
    const ids = new Set(chosen.map(({ id }) => id))
    // Whoever was ever in an account with them (an earlier moment may be asked for), and with those in turn: all
    // that come along are compared as well.
    for (let before = -1; before < ids.size; ) {
      before = ids.size
      const accounts = new Set(links.filter(({ id }) => ids.has(id)).map(({ value }) => value))
      for (const { id, value } of links) if (accounts.has(value)) ids.add(id)
    }
    return [...ids]
  })
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<Manner>({}) },
    { weight: 1, arbitrary: fc.constant<Manner>({ values: true }) },
    { weight: 1, arbitrary: some.map((leads) => ({ leads })) },
    { weight: 1, arbitrary: some.map((leads) => ({ leads, values: true })) },
  )
}

export type Outcome = { readonly cases: number; readonly worlds: number; readonly seconds: number }

/**
 * Draws worlds and questions and compares the engines with the reference, until the time is over or so many worlds
 * were seen; but the `least` are seen however long it takes. What fails is made small and told together with its seed:
 * the same seed gives the same case at once.
 */
export async function holdsFor(
  database: Database,
  cases: fc.Arbitrary<Case>,
  limit: {
    seconds: number
    worlds?: number
    least?: number
    seed: number
    said?: (outcome: Outcome) => void
  },
): Promise<Outcome> {
  const started = performance.now()
  const { seed, seconds, worlds: most = Number.POSITIVE_INFINITY, least = 0 } = limit
  const passed = () => (performance.now() - started) / 1000
  let [worlds, asked] = [0, 0]
  while ((passed() < seconds || worlds < least) && worlds < most) {
    const [drawn] = fc.sample(cases, { seed: seed + worlds, numRuns: 1, unbiased: true })
    await expectAgreement(database, drawn!, seed + worlds)
    worlds++
    asked += drawn!.questions.length
    limit.said?.({ worlds, cases: asked, seconds: passed() })
  }
  return { worlds, cases: asked, seconds: passed() }
}

async function expectAgreement(database: Database, drawn: Case, seed: number): Promise<void> {
  const failure = await failureOf(database, drawn)
  if (!failure) return
  const small = await shrink(database, drawn, failure)
  throw new Error(`With SEED=${seed}:\n${await tell(database, small)}`)
}

type Failure = Difference | { readonly message: string }

async function failureOf(
  database: Database,
  { world, questions, manner }: Case,
): Promise<Failure | undefined> {
  try {
    return (await compareEngines(database, world, questions, manner))[0]
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) }
  }
}

async function tell(database: Database, small: Case): Promise<string> {
  const failure = await failureOf(database, small)
  if (!failure) return 'it does not fail any more'
  const manner =
    small.manner && Object.keys(small.manner).length > 0 ? `${JSON.stringify(small.manner)}\n` : ''
  if ('engine' in failure) return `${manner}${describe(failure, small.world)}`
  const [question] = small.questions
  const nobody: Difference = { engine: 'postgres', missing: [], wrong: small.world.leads.map(({ id }) => id) }
  return `${manner}${failure.message}\n${describe(question ? { ...nobody, question } : nobody, small.world)}`
}

/** Another failure of the same kind is as good: it need not be the same leads that differ. */
const sameKind = (a: Failure, b: Failure | undefined): boolean =>
  b !== undefined &&
  ('message' in a ? 'message' in b && kindOf(a.message) === kindOf(b.message) : 'engine' in b)
const kindOf = (message: string): string => message.replace(/\d+|"[^"]*"/g, '').slice(0, 60)

/** Leaves out what the failure does not need, for as long as something can be left out or time is over. */
async function shrink(database: Database, drawn: Case, failure: Failure): Promise<Case> {
  const deadline = performance.now() + 25_000
  const fails = async (each: Case) =>
    performance.now() < deadline && sameKind(failure, await failureOf(database, each))
  const plainly = { world: drawn.world, questions: drawn.questions }
  let small = await aloneIfFailing((await fails(plainly)) ? plainly : drawn, failure, fails)
  for (let progress = true; progress && performance.now() < deadline; ) {
    progress = false
    for (const part of ['leads', 'events', 'changes'] as const) {
      const kept = await fewest<unknown>(small.world[part], (rows) =>
        fails({ ...small, world: { ...small.world, [part]: rows } }),
      )
      progress ||= kept.length < small.world[part].length
      small = { ...small, world: { ...small.world, [part]: kept } }
    }
    for (const simpler of simplerCases(small)) {
      if (!(await fails(simpler))) continue
      small = simpler
      progress = true
      break
    }
  }
  return small
}

async function aloneIfFailing(
  drawn: Case,
  failure: Failure,
  fails: (each: Case) => Promise<boolean>,
): Promise<Case> {
  if ('engine' in failure && failure.question) {
    const alone = { ...drawn, questions: [failure.question] }
    if (await fails(alone)) return alone
  }
  const questions = await fewest(drawn.questions, (questions) => fails({ ...drawn, questions }))
  return { ...drawn, questions }
}

/** Halves first, then single ones. */
async function fewest<Row>(
  rows: readonly Row[],
  fails: (rows: readonly Row[]) => Promise<boolean>,
): Promise<readonly Row[]> {
  let kept = rows
  for (let size = Math.ceil(rows.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)]
      if (await fails(without)) kept = without
      else from += size
    }
  }
  return kept
}

/** A part of what is asked in place of the whole, or events and leads with less to them. */
function* simplerCases(small: Case): Generator<Case> {
  const { world } = small
  for (const [index, { predicate, means }] of small.questions.entries()) {
    for (const simpler of simplerTrees(means ?? predicate)) {
      yield { ...small, questions: small.questions.with(index, { predicate: simpler }) }
    }
  }
  for (const [index, event] of world.events.entries()) {
    for (const name of Object.keys(event.properties)) {
      const { [name]: _, ...properties } = event.properties
      yield { ...small, world: { ...world, events: world.events.with(index, { ...event, properties }) } }
    }
  }
}

/** What is one step simpler: a part in its place, or a part of it made simpler. */
export function* simplerTrees(tree: Predicate): Generator<Predicate> {
  if (tree.kind === 'not') {
    yield tree.of
    for (const of of simplerTrees(tree.of)) yield { kind: 'not', of }
  } else if (tree.kind !== 'test') {
    yield* tree.of
    yield* fewerMembers(tree, simplerTrees)
  } else {
    for (const subject of simplerParts(tree.subject)) yield { ...tree, subject } as Predicate
  }
}

function* fewerMembers<Leaf>(
  tree: { kind: 'all' | 'any'; of: readonly Tree<Leaf>[] },
  simpler: (each: Tree<Leaf>) => Generator<Tree<Leaf>>,
): Generator<Tree<Leaf>> {
  for (const index of tree.of.keys()) yield { kind: tree.kind, of: tree.of.toSpliced(index, 1) }
  for (const [index, each] of tree.of.entries()) {
    for (const simple of simpler(each)) yield { kind: tree.kind, of: tree.of.with(index, simple) }
  }
}

/** Filters without their parts, windows without their ends, sequences without their steps, wherever they stand. */
function* simplerParts(value: unknown): Generator<unknown> {
  if (value === null || typeof value !== 'object') return
  if (Array.isArray(value)) {
    if (value.length > 1) for (const index of value.keys()) yield value.toSpliced(index, 1)
    for (const [index, each] of value.entries()) {
      for (const simpler of simplerParts(each)) yield value.with(index, simpler)
    }
    return
  }
  const fields = value as Record<string, unknown>
  for (const optional of ['from', 'to', 'until', 'within', 'without', 'path', 'ofType', 'exactly']) {
    const { [optional]: left, ...rest } = fields
    if (left !== undefined && !(optional === 'from' && Array.isArray(left))) yield rest
  }
  if ('where' in fields) yield { ...fields, where: { kind: 'all', of: [] } }
  if (fields.kind === 'not') yield fields.of
  if ((fields.kind === 'all' || fields.kind === 'any') && Array.isArray(fields.of)) yield* fields.of
  for (const [name, field] of Object.entries(fields)) {
    for (const simpler of simplerParts(field)) yield { ...fields, [name]: simpler }
  }
}
