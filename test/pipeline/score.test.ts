import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dialects, emit, plan, type RuleDay, readDays, type Score } from '../../compiler/index.ts'
import type { Database, Parameter, Row } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { loadDuckdb, loadPostgres } from '../support/load.ts'
import type { RulePoints } from '../support/reference/points.ts'
import { leadsOfAccount, leadsThatExist, pointsOf, scoreOf } from '../support/reference.ts'
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
      for (const each of expected) expectSums(each, expected, scores)
    }),
    { numRuns: 12 },
  ))

type Told = {
  lead: number
  scores: {
    value: string
    rules?: { events: string; before: string; points: string; days: RuleDay[] }[]
    /** Leads of the account that are summed up. */
    leads?: number[]
  }[]
}

/** Days add up to rules, rules to scores, and leads to the scores of their accounts. */
function expectSums({ scores: told }: Told, all: readonly Told[], scores: readonly Score[]): void {
  for (const [index, { value, rules = [], leads }] of told.entries()) {
    const { ofLeads, rules: said } = scores[index]!
    if (ofLeads) {
      const base = scores.findIndex(({ name }) => name === ofLeads.score)
      const each = all
        .filter(({ lead }) => leads!.includes(lead))
        .map((mate) => BigInt(mate.scores[base]!.value))
      expect(summedUp(ofLeads.by, each)).toBe(BigInt(value))
      continue
    }
    expect(rules.reduce((sum, { points }) => sum + BigInt(points), 0n)).toBe(BigInt(value))
    for (const [position, { events, before, points, days }] of rules.entries()) {
      const rule = said[position]!
      if (rule.kind === 'fit') continue
      const sum = (of: (day: RuleDay) => bigint) => days.reduce((total, day) => total + of(day), 0n)
      expect([sum((day) => BigInt(day.events)), sum((day) => day.before)]).toEqual([
        BigInt(events),
        BigInt(before),
      ])
      const cap = BigInt(rule.capPerLead ?? 10n ** 30n)
      const left = sum((day) => day.points)
      expect(rule.micropoints.startsWith('-') ? max(left, -cap) : -max(-left, -cap)).toBe(BigInt(points))
    }
  }
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

function summedUp(by: 'sum' | 'max' | 'mean', each: readonly bigint[]): bigint {
  if (each.length === 0) return 0n
  const sum = each.reduce((a, b) => a + b)
  return by === 'sum' ? sum : by === 'max' ? each.reduce(max) : sum / BigInt(each.length)
}

function told(world: World): Told[] {
  return leadsThatExist(world)
    .map((lead) => ({
      lead: lead.id,
      scores: world.scores.map((score) => ({
        value: String(scoreOf(score, lead, world)),
        ...(score.ofLeads
          ? {
              leads: leadsOfAccount(lead, world)
                .map(({ id }) => id)
                .sort((a, b) => a - b),
            }
          : {
              rules: pointsOf(score, lead, world).map((points, position) => rulesOf(score, position, points)),
            }),
      })),
    }))
    .sort((a, b) => a.lead - b.lead)
}

const rulesOf = ({ rules }: Score, position: number, { events, before, points, days }: RulePoints) => ({
  ...(rules[position]!.kind === 'fit'
    ? { events: '', before: '' }
    : { events: String(events), before: String(before) }),
  ...{ points: String(points), days: [...days] },
})

function written(rows: readonly Row[], { scores }: World): Told[] {
  return rows
    .map((row) => ({
      lead: Number(row.lead_id),
      scores: scores.map(({ rules, ofLeads }, index) => ({
        value: String(row[`s${index}`]),
        ...(ofLeads
          ? { leads: leadsWith(row[`score_${index}_account`], `score_${index}_account`, rows) }
          : {
              rules: rules.map((_, position) => {
                const of = (what: string) => String(row[`score_${index}_rule_${position}_${what}`] ?? '')
                return {
                  ...{ events: of('events'), before: of('before'), points: of('points') },
                  days: readDays(of('days')),
                }
              }),
            }),
      })),
    }))
    .sort((a, b) => a.lead - b.lead)
}

const leadsWith = (account: unknown, column: string, rows: readonly Row[]): number[] =>
  rows
    .filter((row) => account !== null && row[column] === account)
    .map((row) => Number(row.lead_id))
    .sort((a, b) => a - b)
