import {
  bitsPerWord,
  dialects,
  emit,
  type Instant,
  type Predicate,
  plan,
  type References,
  type Score,
} from '../compiler/index.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'

export type Tallying = {
  /** What may be asked about; questions name them by their position. */
  readonly predicates: readonly Predicate[]
  readonly references: References
  readonly scores: readonly Score[]
  readonly asOf: Instant
  readonly horizon: string
  readonly questions: readonly Question[]
  /** How many leads are named for each question that asks for it. */
  readonly sample: number
}

/** The leads for which all of these predicates hold, and none of those. */
export type Question = {
  readonly all: readonly number[]
  readonly none?: readonly number[]
  /** Internal ids of segments: the leads are in this one, or not in that one, as runs have left them. */
  readonly member?: string
  readonly noMember?: string
  /** Whether some of them are named. */
  readonly named?: boolean
}

export type Tally = {
  /** All leads that exist at asOf. */
  readonly leads: number
  /** Per question: how many, and the external ids of some, in the order in which they came. */
  readonly answers: readonly { readonly count: number; readonly sample: readonly string[] }[]
}

/**
 * One look at the database, in a transaction that can write nothing: whatever is read belongs together. A statement
 * that takes longer than so long is stopped, waiting for locks included.
 */
export function readOnly<T>(
  database: Database,
  limitSeconds: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return database.session(async (client) => {
    await client.query('begin transaction isolation level repeatable read read only')
    await client.query(`set local statement_timeout = ${Math.ceil(limitSeconds * 1000)}`)
    try {
      return await work(client).catch((error: unknown) => Promise.reject(explainTimeout(error, limitSeconds)))
    } finally {
      await client.query('rollback').catch(() => {})
    }
  })
}

/** Counts leads by what holds for them: one statement. */
export async function tally(client: Client, asked: Tallying): Promise<Tally> {
  const { predicates, references, scores, asOf, horizon } = asked
  const subjects = predicates.map((predicate, position) => ({ key: String(position), predicate }))
  const query = emit(plan(subjects, scores, references), dialects.postgres, { asOf, horizon })
  const counts = asked.questions.map((question) => `count(*) filter (where ${condition(question)})`)
  const samples = asked.questions.map((question) =>
    question.named
      ? `array_to_json(array(select external_id from evaluated join leads using (lead_id)
          where ${condition(question)} order by lead_id limit ${asked.sample}))`
      : `'[]'::json`,
  )
  const segments = asked.questions.flatMap(({ member, noMember }) => member ?? noMember ?? [])
  const words = Array.from(
    { length: Math.max(1, Math.ceil(predicates.length / bitsPerWord)) },
    (_, n) => `w${n}`,
  )
  const { rows } = await client.query<{ leads: string; counts: string[]; samples: string[][] }>(
    `with evaluated as materialized (
         select ${['lead_id', ...words, ...(segments.length > 0 ? ['member_of'] : [])].join(', ')}
         from (${query.sql}) as features ${memberships(segments)}
       )
       select count(*) as leads, to_json(array[${counts.join(', ')}]::bigint[]) as counts,
         to_json(array[${samples.join(', ')}]::json[]) as samples
       from evaluated`,
    [...query.parameters],
  )
  const { leads, counts: counted, samples: named } = rows[0]!
  return {
    leads: Number(leads),
    answers: asked.questions.map((_, index) => ({
      count: Number(counted[index]),
      sample: named[index] ?? [],
    })),
  }
}

/** Of which of these segments each lead is a member: one pass over their members. */
function memberships(segments: readonly string[]): string {
  if (segments.length === 0) return ''
  return `left join (
      select lead_id, array_agg(segment_id) as member_of from membership
      where segment_id in (${[...new Set(segments)].map(BigInt).join(', ')}) group by lead_id
    ) as membership using (lead_id)`
}

/** Positions and ids of segments are whole numbers of ours, so they may stand in the text. */
function condition({ all, none = [], member, noMember }: Question): string {
  const bit = (position: number) =>
    `w${Math.floor(position / bitsPerWord)} & ${2n ** BigInt(position % bitsPerWord)}::bigint <> 0`
  const isIn = (segment: string) => `coalesce(${BigInt(segment)} = any(member_of), false)`
  const tests = [
    ...all.map(bit),
    ...none.map((position) => `not (${bit(position)})`),
    ...(member === undefined ? [] : [isIn(member)]),
    ...(noMember === undefined ? [] : [`not ${isIn(noMember)}`]),
  ]
  return tests.length > 0 ? tests.join(' and ') : 'true'
}

function explainTimeout(error: unknown, seconds: number): unknown {
  if ((error as { code?: string }).code !== '57014') return error
  return new UserError({
    code: 'TIME_LIMIT',
    message: `Counting was stopped after ${seconds} ${seconds === 1 ? 'second' : 'seconds'}, the time it was given. Nothing was changed.`,
    hint: 'Give it more with --time-limit, or ask about fewer segments.',
    cause: error,
  })
}
