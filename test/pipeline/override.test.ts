import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { type Hand, override, readOverrides } from '../../pipeline/override.ts'
import { explainLead } from '../../pipeline/why.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead, apply, history, members, runAsOf } from '../support/definitions.ts'

let database: Database
beforeEach(async () => {
  database = await testDatabase()
  for (const id of ['a', 'b', 'c']) await addLead(database, id)
  await addEvent(database, 'a', 'login', '2026-01-02T00:00:00Z')
  await apply(database, { active: 'did login', quiet: 'not in segment "active"', all: 'everyone' })
  await runAsOf(database, '2026-02-01T00:00:00.000000Z')
})
afterEach(() => database.close())

const hand = (hand: Hand, key: string, ...leads: string[]) =>
  override(database, { key, hand, leads, by: 'me@here' })
const causes = async (segment: string) =>
  (await history(database, segment)).map((line) => line.split(' ').slice(0, 3).join(' ')).slice(-1)

describe('an override', () => {
  test('wins over the definition, inside references as well, and says that a hand did it', async () => {
    await hand('add', 'active', 'b')
    await hand('remove', 'active', 'a')
    await runAsOf(database)
    expect(await members(database, 'active')).toEqual(['b'])
    expect(await members(database, 'quiet')).toEqual(['a', 'c'])
    const changes = async (segment: string) =>
      (await history(database, segment)).slice(-2).map((line) => line.split(' ').slice(0, 3).join(' '))
    expect(await changes('active')).toEqual(['a left manual', 'b entered manual'])
    expect(await changes('quiet')).toEqual(['a entered manual', 'b left manual'])
  })

  test('is sticky, whatever is imported and applied, and can be undone', async () => {
    await hand('remove', 'active', 'a')
    await runAsOf(database)
    await addEvent(database, 'a', 'login', '2026-02-02T00:00:00Z')
    await apply(database, { active: 'did login within 5 years', quiet: 'not in segment "active"' })
    await runAsOf(database)
    expect(await members(database, 'active')).toEqual([])
    await hand('undo', 'active', 'a')
    await runAsOf(database)
    expect(await members(database, 'active')).toEqual(['a'])
    expect(await causes('active')).toEqual(['a entered manual'])
    await addEvent(database, 'c', 'login', '2026-02-02T00:00:00Z')
    await runAsOf(database)
    expect(await causes('active')).toEqual(['c entered data'])
  })

  test('ends when it was said to', async () => {
    const [{ soon } = { soon: '' }] = await database.query<{ soon: string }>(
      `select to_char(clock_timestamp() + interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as soon`,
    )
    await override(database, { key: 'active', hand: 'add', leads: ['b'], until: soon })
    await runAsOf(database)
    expect(await members(database, 'active')).toEqual(['a', 'b'])
    await database.query('select pg_sleep(1.1)')
    await runAsOf(database)
    expect(await causes('active')).toEqual(['b left manual'])
  })

  test('the later one replaces the earlier; said twice it is kept', async () => {
    expect(await hand('add', 'active', 'b')).toMatchObject([{ before: null, after: 'add', kept: false }])
    expect(await hand('add', 'active', 'b', 'b')).toMatchObject([{ before: 'add', kept: true }])
    expect(await hand('remove', 'active', 'b')).toMatchObject([
      { before: 'add', after: 'remove', kept: false },
    ])
    expect(await hand('undo', 'active', 'c')).toMatchObject([{ before: null, after: null, kept: true }])
    expect(await readOverrides(database, 'active')).toMatchObject([
      { segment: 'active', lead_id: 'b', override: 'remove', until: null, by: 'me@here' },
    ])
    expect(await readOverrides(database, undefined, { ended: true })).toHaveLength(2)
  })

  test('of a lead that nobody knows nothing is done', async () => {
    await expect(hand('add', 'active', 'b', 'nobody')).rejects.toMatchObject({ code: 'UNKNOWN_LEAD' })
    await expect(hand('add', 'activ', 'b')).rejects.toMatchObject({ code: 'UNKNOWN_SEGMENT' })
    await expect(
      override(database, { key: 'active', hand: 'add', leads: ['b'], until: '2020-01-01T00:00:00.000000Z' }),
    ).rejects.toMatchObject({ code: 'UNTIL_IN_PAST' })
    expect(await readOverrides(database, undefined)).toEqual([])
  })
})

test('why says what a hand did', async () => {
  await hand('add', 'active', 'b')
  await hand('remove', 'active', 'a')
  const explain = async (lead: string) => {
    const [row] = await database.query<{ lead_id: string; now: string; horizon: string }>(
      `select lead_id, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now,
         pg_snapshot_xmin(pg_current_snapshot())::text as horizon from leads where external_id = $1`,
      [lead],
    )
    const found = await explainLead(database, {
      ...{ id: row!.lead_id, asOf: row!.now, horizon: row!.horizon, segments: ['active'], ahead: true },
    })
    return found.segments[0]!
  }
  expect(await explain('b')).toMatchObject({
    holds: true,
    sentence: 'added by hand',
    part: {
      kind: 'any',
      of: [
        { text: 'added by hand', holds: true },
        { text: 'did login', holds: false },
      ],
    },
  })
  expect(await explain('a')).toMatchObject({
    holds: false,
    part: {
      kind: 'all',
      of: [
        { kind: 'not', holds: false },
        { text: 'did login', holds: true },
      ],
    },
  })
  expect(await explain('c')).toMatchObject({ holds: false, part: { kind: 'condition', text: 'did login' } })
})
