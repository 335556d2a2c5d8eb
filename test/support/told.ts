import { expect } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { testDatabase } from './database.ts'
import { differences, type Question } from './engines.ts'
import { leadsThatExist, members } from './reference.ts'
import { pointsFor } from './scores.ts'
import { type Change, catalog, type Event, type Json, segments, type World } from './world.ts'

/** Worlds written down by hand, and who is in. */
export const asOf = '2026-03-31T12:00:00.000000Z'

export type Told = {
  firstSeen?: string
  events?: ([type: string, at: string] | [type: string, at: string, properties: Record<string, Json>])[]
  /** Known since ever, or `[value, from]` in the order of recording. */
  attributes?: Record<string, Json | [Json | null, string][]>
  account?: number
}

export function worldOf(
  told: Record<string, Told>,
  accounts: Record<number, Record<string, Json>> = {},
): World & { names: string[] } {
  const names = Object.keys(told)
  const events: Event[] = []
  const changes: Change[] = []
  const since = '2020-01-01T00:00:00.000000Z'
  Object.values(told).forEach((lead, index) => {
    const id = index + 1
    for (const [type, at, properties = {}] of lead.events ?? []) {
      events.push({ id: `${events.length}`, lead: id, type, at, properties })
    }
    for (const [attribute, value] of Object.entries(lead.attributes ?? {})) {
      const history: [Json | null, string][] = typeof value === 'string' ? [[value, since]] : value
      for (const [each, from] of history) changes.push({ subject: 'lead', id, attribute, value: each, from })
    }
    if (lead.account)
      changes.push({ subject: 'lead', id, attribute: '@account', value: `${lead.account}`, from: since })
  })
  for (const [id, attributes] of Object.entries(accounts)) {
    for (const [attribute, value] of Object.entries(attributes)) {
      changes.push({ subject: 'account', id: Number(id), attribute, value, from: since })
    }
  }
  const scores = [
    {
      name: 'engagement',
      rules: [pointsFor('page_view', '25000000'), pointsFor('email_sent', '-1')],
      levels: [],
    },
  ]
  const leads = names.map((_, index) => ({
    id: index + 1,
    firstSeen: told[names[index]!]!.firstSeen ?? since,
  }))
  return { asOf, zone: 'UTC', leads, events, changes, scores, segments, names }
}

/** Asks the reference who is in, and sees that the engines say the same. `rest` stands for all others that exist. */
export async function expectMembers(
  world: World & { names: string[] },
  cases: readonly (readonly [string, string])[],
) {
  const questions: Question[] = cases.map(([text]) => {
    const { definition, predicate, diagnostics } = compile(text, catalog, world.zone)
    if (!definition || !predicate) throw new Error(`${text}: ${JSON.stringify(diagnostics)}`)
    return { definition, predicate }
  })
  const nameOf = (id: number) => world.names[id - 1]!
  const found = questions.map(({ predicate }, index) => [
    cases[index]![0],
    members(predicate, world).map(nameOf).join(' '),
  ])
  expect(found).toEqual(
    cases.map(([text, expected]) => [
      text,
      expand(
        expected,
        leadsThatExist(world).map((lead) => nameOf(lead.id)),
      ),
    ]),
  )
  const database = await testDatabase()
  try {
    expect(await differences(database, world, questions)).toEqual([])
  } finally {
    await database.close()
  }
}

/** `all but a b` is everybody else who exists. */
function expand(expected: string, exist: readonly string[]): string {
  if (!expected.startsWith('all but')) return expected
  const without = expected.slice('all but'.length).trim().split(' ')
  return exist.filter((name) => !without.includes(name)).join(' ')
}
