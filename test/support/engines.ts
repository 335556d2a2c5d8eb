import { compile } from '../../compiler/compile.ts'
import { conditionOf } from '../../compiler/conditions/index.ts'
import type { Definition } from '../../compiler/definition.ts'
import type { DialectName } from '../../compiler/dialect.ts'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit } from '../../compiler/emit.ts'
import { not, type Predicate } from '../../compiler/ir.ts'
import { normalize } from '../../compiler/normalize.ts'
import { print } from '../../compiler/parse.ts'
import { bitsPerWord, plan, type QueryPlan } from '../../compiler/plan.ts'
import type { Statement } from '../../compiler/statement.ts'
import type { Database, Duckdb, Parameter, Row } from '../../pipeline/engine.ts'
import { loadDuckdb, loadPostgres } from './load.ts'
import { leadsThatExist, members, scoreOf } from './reference.ts'
import { catalog, type World } from './world.ts'

/** Something to ask of a world: a definition's meaning, or its negation. */
export type Question = { readonly definition: Definition; readonly predicate: Predicate }

/** Each definition, plain and negated. */
export function questionsOf(definitions: readonly Definition[], zone: string): Question[] {
  return definitions.flatMap((definition) => {
    const { predicate, diagnostics } = compile(definition, catalog, zone)
    if (!predicate) throw new Error(`${print(definition)}: ${JSON.stringify(diagnostics)}`)
    const negated = { kind: 'not', of: definition } as const
    return [
      { definition, predicate },
      { definition: negated, predicate: normalize(not(predicate)) },
    ]
  })
}

/** What an engine answered: per question the leads that hold, and per lead the micro-points of each score. */
export type Answer = {
  readonly members: readonly number[][]
  readonly scores: Readonly<Record<string, string[]>>
}

/** Asks the reference and both engines; tells every difference, with all that is needed to understand it. */
export async function differences(
  database: Database,
  world: World,
  questions: readonly Question[],
): Promise<string[]> {
  const segments = questions.map(({ predicate }, index) => ({ key: `s${index}`, predicate }))
  const queryPlan = plan(segments, world.scores)
  const horizon = await loadPostgres(database, world)
  const duckdb = await loadDuckdb(database, queryPlan, horizon)
  const statement = (name: DialectName) => emit(queryPlan, dialects[name], { asOf: world.asOf, horizon })
  const expected = reference(world, queryPlan)
  const postgresAnswer = await askPostgres(database, queryPlan, statement('postgres'))
  const duckdbAnswer = await askDuckdb(duckdb, queryPlan, statement('duckdb'))
  duckdb.close()
  return [
    ...compareAnswers('postgres', expected, postgresAnswer, questions, world, horizon),
    ...compareAnswers('duckdb', expected, duckdbAnswer, questions, world, horizon),
  ]
}

function reference(world: World, { segments, scores }: QueryPlan): Answer {
  return {
    members: segments.map(({ predicate }) => members(predicate, world)),
    scores: Object.fromEntries(
      leadsThatExist(world).map((lead) => [
        lead.id,
        scores.map((score) => String(scoreOf(score, lead, world))),
      ]),
    ),
  }
}

async function askPostgres(database: Database, queryPlan: QueryPlan, statement: Statement): Promise<Answer> {
  return answer(queryPlan, await database.query(statement.sql, statement.parameters as Parameter[]))
}

async function askDuckdb(duckdb: Duckdb, queryPlan: QueryPlan, statement: Statement): Promise<Answer> {
  return answer(queryPlan, await duckdb.rows(statement.sql, statement.parameters as string[]))
}

function answer(queryPlan: QueryPlan, rows: readonly Row[]): Answer {
  const sorted = [...rows].sort((a, b) => Number(a.lead_id) - Number(b.lead_id))
  const holds = (row: Row, segment: number) =>
    (BigInt(row[`w${Math.floor(segment / bitsPerWord)}`] as string) >> BigInt(segment % bitsPerWord)) & 1n
  return {
    members: queryPlan.segments.map((_, segment) =>
      sorted.filter((row) => holds(row, segment)).map((row) => Number(row.lead_id)),
    ),
    scores: Object.fromEntries(
      sorted.map((row) => [
        Number(row.lead_id),
        queryPlan.scores.map((_, index) => String(row[`s${index}`])),
      ]),
    ),
  }
}

function compareAnswers(
  engine: DialectName,
  expected: Answer,
  found: Answer,
  questions: readonly Question[],
  world: World,
  horizon: string,
): string[] {
  const wrong = questions.flatMap(({ definition, predicate }, index) => {
    const [right, answered] = [expected.members[index]!, found.members[index]!]
    if (right.join() === answered.join()) return []
    const alone = emit(plan([{ key: 'alone', predicate }], world.scores), dialects[engine], {
      asOf: world.asOf,
      horizon,
    })
    return [
      [
        `${engine}: ${print(definition)}`,
        `in words: ${sentence(definition)}`,
        `should be in: ${right.filter((lead) => !answered.includes(lead)).join(', ') || 'none'}`,
        `should not be in: ${answered.filter((lead) => !right.includes(lead)).join(', ') || 'none'}`,
        alone.sql,
        JSON.stringify(alone.parameters),
      ].join('\n'),
    ]
  })
  const scores = JSON.stringify(expected.scores) === JSON.stringify(found.scores)
  return scores ? wrong : [...wrong, `${engine}: scores ${JSON.stringify([expected.scores, found.scores])}`]
}

/** In words, as far as there are words: of each condition. */
export function sentence(tree: Definition): string {
  if ('of' in tree && tree.kind === 'not') return `not (${sentence(tree.of as Definition)})`
  if ('of' in tree && Array.isArray(tree.of)) {
    return tree.of.map((each) => `(${sentence(each)})`).join(tree.kind === 'all' ? ' and ' : ' or ')
  }
  return conditionOf(tree.kind)!.say(tree)
}
