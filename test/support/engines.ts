import type { Definition } from '../../compiler/definition.ts'
import type { DialectName } from '../../compiler/dialect.ts'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit } from '../../compiler/emit.ts'
import type { Predicate } from '../../compiler/ir.ts'
import { bitsPerWord, plan, type QueryPlan } from '../../compiler/plan.ts'
import type { Statement } from '../../compiler/statement.ts'
import type { Database, Duckdb, Parameter, Row } from '../../pipeline/engine.ts'
import { loadDuckdb, loadPostgres } from './load.ts'
import { leadsThatExist, members, scoreOf } from './reference.ts'
import type { World } from './world.ts'

/** Something to ask of a world: a definition's meaning, or its negation, or a predicate that no definition has. */
export type Question = {
  readonly definition?: Definition
  readonly text?: string
  readonly predicate: Predicate
  /** What the reference is asked, if not the same: the predicate before it was given its normal form. */
  readonly means?: Predicate
}

/** What an engine answered: per question the leads that hold, and per lead the micro-points of each score. */
type Answer = {
  readonly members: readonly number[][]
  readonly scores: Readonly<Record<string, string[]>>
}

/** Where an engine answered something else than the reference. */
export type Difference = {
  readonly engine: DialectName
  /** None: the scores differ. */
  readonly question?: Question
  readonly missing: readonly number[]
  readonly wrong: readonly number[]
}

/** Asks the reference and both engines; tells every difference, with all that is needed to understand it. */
export async function differences(
  database: Database,
  world: World,
  questions: readonly Question[],
): Promise<string[]> {
  const found = await compareEngines(database, world, questions)
  return found.map((difference) => describe(difference, world))
}

/** How the statement is asked for: all leads are looked at or only some, with the values they were judged by or without. */
export type Manner = { readonly leads?: readonly number[]; readonly values?: boolean }

export async function compareEngines(
  database: Database,
  world: World,
  questions: readonly Question[],
  { leads, values }: Manner = {},
): Promise<Difference[]> {
  const segments = questions.map(({ predicate }, index) => ({ key: `s${index}`, predicate }))
  const queryPlan = plan(segments, world.scores, world.segments)
  const expected = reference(world, questions, queryPlan, leads)
  const only = leads ? { leads: leads.map(String) } : {}
  const horizon = await loadPostgres(database, world)
  const duckdb = await loadDuckdb(database, queryPlan, horizon)
  const statement = (name: DialectName) =>
    emit(queryPlan, dialects[name], { asOf: world.asOf, horizon, ...only, ...(values ? { values } : {}) })
  try {
    const inPostgres = await askPostgres(database, queryPlan, statement('postgres'))
    const inDuckdb = await askDuckdb(duckdb, queryPlan, statement('duckdb'))
    return [
      ...compareAnswers('postgres', expected, inPostgres, questions),
      ...compareAnswers('duckdb', expected, inDuckdb, questions),
    ]
  } finally {
    duckdb.close()
  }
}

function reference(
  world: World,
  questions: readonly Question[],
  { scores }: QueryPlan,
  leads: readonly number[] = world.leads.map(({ id }) => id),
): Answer {
  const asked = (id: number) => leads.includes(id)
  return {
    members: questions.map(({ predicate, means }) => members(means ?? predicate, world).filter(asked)),
    scores: Object.fromEntries(
      leadsThatExist(world)
        .filter(({ id }) => asked(id))
        .map((lead) => [lead.id, scores.map((score) => String(scoreOf(score, lead, world)))]),
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
): Difference[] {
  const wrong = questions.flatMap((question, index): Difference[] => {
    const [right, answered] = [expected.members[index]!, found.members[index]!]
    if (right.join() === answered.join()) return []
    return [
      {
        engine,
        question,
        missing: right.filter((lead) => !answered.includes(lead)),
        wrong: answered.filter((lead) => !right.includes(lead)),
      },
    ]
  })
  const sameScores = JSON.stringify(expected.scores) === JSON.stringify(found.scores)
  return sameScores ? wrong : [...wrong, { engine, missing: [], wrong: [] }]
}

/** What was asked, who is missing and who is too many, what is known of them, and the statement. */
export function describe({ engine, question, missing, wrong }: Difference, world: World): string {
  if (!question)
    return `${engine}: other scores\n${rowsOf(
      world,
      world.leads.map(({ id }) => id),
    )}`
  const { definition, text, predicate, means } = question
  const alone = emit(
    plan([{ key: 'alone', predicate }], [...world.scores], world.segments),
    dialects[engine],
    {
      asOf: world.asOf,
      horizon: '1',
    },
  )
  return [
    `${engine}: ${text ?? written(definition ?? means ?? predicate)}`,
    `as of ${world.asOf} in ${world.zone}`,
    `should be in: ${missing.join(', ') || 'none'}; should not be in: ${wrong.join(', ') || 'none'}`,
    rowsOf(world, [...missing, ...wrong]),
    alone.sql,
    JSON.stringify(alone.parameters),
  ].join('\n')
}

/** A predicate or feature, short enough to be read. */
export function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const fields = Object.entries(value)
    .filter(([name]) => name !== 'meaning')
    .map(([name, field]) => (name === 'kind' ? String(field) : `${name}: ${written(field)}`))
  return `{${fields.join(', ')}}`
}

/** What is known of some leads, of their accounts and of the leads of these. */
export function rowsOf(world: World, leads: readonly number[]): string {
  const accounts = new Set(links(world, (id) => leads.includes(id)).map(({ value }) => value))
  const mates = new Set(
    links(world, (id, value) => leads.includes(id) || accounts.has(value)).map(({ id }) => id),
  )
  const concerned = new Set([...leads, ...mates])
  const late = (row: { late?: boolean }) => (row.late ? ' (above the horizon)' : '')
  return [
    ...world.leads
      .filter(({ id }) => concerned.has(id))
      .map(
        (lead) =>
          `lead ${lead.id} ${JSON.stringify(lead.externalId)} first seen ${lead.firstSeen}${late(lead)}`,
      ),
    ...world.changes
      .filter(({ subject, id }) => (subject === 'lead' ? concerned.has(id) : accounts.has(String(id))))
      .map(
        (each) =>
          `${each.subject} ${each.id} ${each.attribute} = ${each.value} from ${each.from}${late(each)}`,
      ),
    ...world.events
      .filter(({ lead }) => concerned.has(lead))
      .map((event) => {
        const properties = Object.entries(event.properties).map(([name, json]) => ` ${name}=${json}`)
        return `event ${JSON.stringify(event.id)} of ${event.lead}: ${event.type} at ${event.at}${properties}${late(event)}`
      }),
  ].join('\n')
}

const links = (world: World, wanted: (id: number, value: string | null) => boolean) =>
  world.changes.filter(({ attribute, id, value }) => attribute === '@account' && wanted(id, value))
