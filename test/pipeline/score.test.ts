import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dialects, emit, plan } from '../../compiler/index.ts'
import type { Database, Parameter, Row } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { loadDuckdb, loadPostgres } from '../support/load.ts'
import { leadsThatExist, pointsOf, scoreOf } from '../support/reference.ts'
import { randomScores } from '../support/scores-random.ts'
import { type World, worlds } from '../support/world.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

test('what the rules come to adds up to the score of every lead, on both engines and in the reference', () =>
  fc.assert(
    fc.asyncProperty(worlds, randomScores, async (drawn, scores) => {
      const world: World = { ...drawn, scores }
      const queryPlan = plan([], scores)
      const horizon = await loadPostgres(database, world)
      const duckdb = await loadDuckdb(database, queryPlan, horizon)
      const asked = (name: 'postgres' | 'duckdb') =>
        emit(queryPlan, dialects[name], { asOf: world.asOf, horizon, breakdown: true })
      const [inPostgres, inDuckdb] = [asked('postgres'), asked('duckdb')]
      const expected = told(world)
      expect(
        written(await database.query(inPostgres.sql, inPostgres.parameters as Parameter[]), world),
      ).toEqual(expected)
      expect(written(await duckdb.rows(inDuckdb.sql, inDuckdb.parameters as string[]), world)).toEqual(
        expected,
      )
      duckdb.close()
      for (const { scores: each } of expected) {
        for (const { value, rules } of each) {
          if (!rules) continue
          expect(rules.reduce((sum, { points }) => sum + BigInt(points), 0n)).toBe(BigInt(value))
        }
      }
    }),
    { numRuns: 12 },
  ))

type Told = {
  lead: number
  scores: { value: string; rules?: { events: string; before: string; points: string }[] }[]
}

function told(world: World): Told[] {
  return leadsThatExist(world)
    .map((lead) => ({
      lead: lead.id,
      scores: world.scores.map((score) => ({
        value: String(scoreOf(score, lead, world)),
        ...(score.ofLeads
          ? {}
          : {
              rules: pointsOf(score, lead, world).map(({ events, before, points }, position) => ({
                events: score.rules[position]!.kind === 'fit' ? '' : String(events),
                before: score.rules[position]!.kind === 'fit' ? '' : String(before),
                points: String(points),
              })),
            }),
      })),
    }))
    .sort((a, b) => a.lead - b.lead)
}

function written(rows: readonly Row[], { scores }: World): Told[] {
  return rows
    .map((row) => ({
      lead: Number(row.lead_id),
      scores: scores.map(({ rules, ofLeads }, index) => ({
        value: String(row[`s${index}`]),
        ...(ofLeads
          ? {}
          : {
              rules: rules.map((_, position) => {
                const of = (what: string) => String(row[`score_${index}_rule_${position}_${what}`] ?? '')
                return { events: of('events'), before: of('before'), points: of('points') }
              }),
            }),
      })),
    }))
    .sort((a, b) => a.lead - b.lead)
}
