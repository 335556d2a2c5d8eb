import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agendaOf } from '../../compiler/agenda.ts'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit, type Seen } from '../../compiler/emit.ts'
import type { Predicate } from '../../compiler/ir.ts'
import { plan, type QueryPlan } from '../../compiler/plan.ts'
import { readsAccounts, readsScore } from '../../compiler/reads.ts'
import type { Instant } from '../../compiler/time.ts'
import { type Database, inTransaction, type Parameter, type Row } from '../../pipeline/engine.ts'
import type { Case } from '../support/agreement.ts'
import { testDatabase } from '../support/database.ts'
import { type Due, dueInDuckdb, dueInPostgres } from '../support/due.ts'
import { rowsOf, written } from '../support/engines.ts'
import { loadPostgres } from '../support/load.ts'
import { predicateCases } from '../support/predicates.ts'
import { definitionCases } from '../support/questions.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'
import { seed, times } from '../support/seed.ts'
import { earlierOn, judged, matesIn, midnightAfter, recordedNow } from '../support/turning.ts'
import type { World } from '../support/world.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

/** A failure tells its seed; `SEED=…` begins with that world. */
const seconds = 8 * times

type Asked = {
  readonly world: World
  readonly predicates: readonly Predicate[]
  /** Around it much lies on an edge. */
  readonly edge: Instant
  readonly on: number
}

const earlier = (cases: fc.Arbitrary<Case>): fc.Arbitrary<Asked> =>
  cases.chain(({ world, questions }) =>
    fc.record({
      world: earlierOn(world),
      predicates: fc.constant(mostlyTurning(world, questions)),
      edge: fc.constant(world.asOf),
      on: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  )

/** Those that time can turn, and a few of the others, which it is said to leave as they are. */
const mostlyTurning = (world: World, questions: Case['questions']): Predicate[] =>
  questions
    .map(({ predicate }) => predicate)
    .filter((predicate, index) => {
      const { asOf, scores, segments } = world
      const { passagesOf, ...agenda } = agendaOf(plan([{ key: 'one', predicate }], scores, segments), asOf)
      const moments = Object.values(agenda).flatMap((turns) => turns.map(({ moment }) => moment))
      return index % 8 === 0 || moments.some((moment) => passagesOf(moment).length > 0)
    })

const planFor = ({ world, predicates }: Asked): QueryPlan =>
  plan(
    predicates.map((predicate, index) => ({ key: `s${index}`, predicate })),
    world.scores,
    world.segments,
  )

/** Until when each lead is said to stay as it is: until it is due, or who ever shared an account with it if that counts. */
function boundsOf(world: World, due: Due, shared: boolean): Map<number, Instant> {
  const mates = shared ? matesIn(world) : new Map<number, ReadonlySet<number>>()
  return new Map(
    [...due.keys()].map((id) => {
      const all = [...(mates.get(id) ?? [id])].flatMap((mate) => due.get(mate) ?? [])
      return [id, [...all, midnightAfter(world.asOf)].sort()[0]!]
    }),
  )
}

/** Right before every bound and after it, right after asOf, around the edge, and on the way. */
function instantsBetween({ world: { asOf }, edge, on }: Asked, bounds: Iterable<Instant>): Instant[] {
  const [from, tip, midnight] = [asOf, edge, midnightAfter(asOf)].map(microsOf) as [bigint, bigint, bigint]
  const ends = [...new Set(bounds)].map(microsOf)
  const way = ends.map((end) => from + BigInt(Math.floor(Number(end - from) * on)))
  const all = [from + 1n, ...ends.flatMap((end) => [end - 1n, end + 1n]), ...way, tip - 1n, tip, tip + 1n]
  return [...new Set(all)].filter((at) => at > from && at < midnight).map(instantOf)
}

/** A lake for each world would take most of the time. */
const oneIn = 5

type Tally = { leads: number; due: number; turned: number; worlds: number }

async function check(asked: Asked, tally: Tally): Promise<void> {
  const { world, predicates } = asked
  const horizon = await loadPostgres(database, world)
  const seen = { asOf: world.asOf, horizon }
  if (tally.worlds % oneIn === 0) {
    const queryPlan = planFor(asked)
    const inDuckdb = await dueInDuckdb(database, queryPlan, seen)
    expect([...inDuckdb].sort(byLead)).toEqual(
      [...(await dueInPostgres(database, queryPlan, seen))].sort(byLead),
    )
  }
  const recorded = recordedNow(world)
  // One by one: what is due for the one would hide what is not for the other.
  for (const predicate of predicates)
    await checkAlone({ ...asked, predicates: [predicate] }, recorded, seen, tally)
  await checkAlone({ ...asked, predicates: [] }, recorded, seen, tally)
  tally.worlds++
}

/** One predicate; none: the scores. */
async function checkAlone(whole: Asked, recorded: World, seen: Seen, tally: Tally): Promise<void> {
  const { world, predicates } = whole
  const reading = predicates.every((predicate) => readsScore(predicate, world.segments))
  const asked = reading ? whole : { ...whole, world: { ...world, scores: [] } }
  const queryPlan = planFor(asked)
  const due = await dueInPostgres(database, queryPlan, seen)
  const midnight = midnightAfter(world.asOf)
  for (const at of due.values()) expect(at === undefined || (at > world.asOf && at <= midnight)).toBe(true)
  const bounds = boundsOf(world, due, readsAccounts(queryPlan))
  const before = judged(asked.world, predicates)
  const turned = new Set<number>()
  for (const later of [asked.world, { ...recorded, scores: asked.world.scores }]) {
    for (const then of instantsBetween(asked, bounds.values())) {
      for (const [id, found] of judged({ ...later, asOf: then }, predicates)) {
        if (found === before.get(id)) continue
        turned.add(id)
        if (then < bounds.get(id)!)
          throw new Error(tell({ asked, id, then, due, was: before.get(id)!, found }))
      }
    }
  }
  tally.leads += due.size
  tally.due += [...due.values()].filter((at) => at !== undefined).length
  tally.turned += turned.size
}

const byLead = ([a]: [number, unknown], [b]: [number, unknown]) => a - b

type Found = { asked: Asked; id: number; then: Instant; due: Due; was: string; found: string }

function tell({ asked: { world, predicates }, id, then, due, was, found }: Found): string {
  return [
    `lead ${id} turned at ${then}, as of ${world.asOf} in ${world.zone} due at ${due.get(id)}: ${was} → ${found}`,
    ...predicates.map(written),
    rowsOf(world, [id]),
    JSON.stringify(world.segmentChanges?.filter(({ lead }) => lead === id)),
    JSON.stringify(world.scoreDays?.filter(({ lead }) => lead === id)),
  ].join('\n')
}

async function holds(cases: fc.Arbitrary<Asked>): Promise<Tally> {
  const tally: Tally = { leads: 0, due: 0, turned: 0, worlds: 0 }
  const until = performance.now() + seconds * 1000
  for (let number = 0; performance.now() < until; number++) {
    const [asked] = fc.sample(cases, { seed: seed + number, numRuns: 1, unbiased: true })
    try {
      await check(asked!, tally)
    } catch (error) {
      throw new Error(`With SEED=${seed + number}: ${(error as Error).message}`)
    }
  }
  return tally
}

describe('nothing turns before a lead is due, in either engine, whether a run recorded what it saw or not', () => {
  test.each([
    ['predicates', earlier(predicateCases(24))],
    ['definitions', earlier(definitionCases(24))],
  ])('%s', { timeout: (seconds + 40) * 1000 }, async (_, cases) => {
    const { worlds, leads, due, turned } = await holds(cases)
    console.info(`seed ${seed}: ${worlds} worlds, ${leads} leads, ${due} due, ${turned} turned`)
    // On a machine that is busy there may be too few for any to turn.
    if (worlds >= 50) expect(turned).toBeGreaterThan(0)
    expect(due).toBeLessThan(leads)
  })
})

test('of leads in a table the same is said as of all', { timeout: 60_000 }, () =>
  fc.assert(
    fc.asyncProperty(earlier(predicateCases(8)), fc.integer({ min: 0, max: 8 }), async (asked, chosen) => {
      fc.pre(asked.world.leads.length > 0)
      const horizon = await loadPostgres(database, asked.world)
      const { asOf } = asked.world
      const lead = asked.world.leads[chosen % asked.world.leads.length]!.id
      const ids = [...matesIn(asked.world).get(lead)!]
      const query = (leads?: Seen['leads']) =>
        emit(planFor(asked), dialects.postgres, { asOf, horizon, due: true, ...(leads ? { leads } : {}) })
      const all = await database.query(query().sql, query().parameters as Parameter[])
      const some = await database.session((client) =>
        inTransaction(client, async () => {
          await client.query('create temporary table candidate (lead_id bigint primary key) on commit drop')
          await client.query('insert into candidate select unnest($1::bigint[])', [ids])
          const { sql, parameters } = query({ table: 'candidate' })
          return (await client.query<Row>(sql, [...parameters])).rows
        }),
      )
      const wanted = all.filter(({ lead_id }) => ids.includes(Number(lead_id)))
      const sorted = (rows: readonly Row[]) => [...rows].sort((a, b) => Number(a.lead_id) - Number(b.lead_id))
      expect(sorted(some)).toEqual(sorted(wanted))
    }),
    { numRuns: 15, interruptAfterTimeLimit: 20_000 },
  ),
)
