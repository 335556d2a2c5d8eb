import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../pipeline/engine.ts'
import { override } from '../../pipeline/override.ts'
import { testDatabase } from '../support/database.ts'
import { addEvent, addLead } from '../support/definitions.ts'
import { type Desk, deskOf, errorOf } from './support.ts'

let database: Database
let desk: Desk
beforeEach(async () => {
  database = await testDatabase()
  desk = deskOf(database.url)
  desk.file('tideline.yaml', 'timezone: Europe/Berlin\n')
})
afterEach(() => database.close())

const json = async (line: string) => JSON.parse((await desk.type(line)).out)

const define = async (segments: Record<string, string>, scores: object = {}) => {
  const files = Object.entries(segments).map(([key, where]) => [key, { where }])
  desk.file('segments/a.yaml', JSON.stringify(Object.fromEntries(files)))
  desk.file('scoring.yaml', JSON.stringify({ scores }))
  expect((await desk.type('apply --yes')).err).toBe('')
}

describe('until when', () => {
  const ended = async (line: string) =>
    Object.fromEntries(
      ((await json(line)).segments as Record<string, string | null>[]).map((each) => [
        each.segment,
        [each.ending, each.until ?? each.not_before ?? each.because],
      ]),
    )

  test('each segment is looked at for itself, as far as it takes', async () => {
    const days = [20, 21, 22, 23, 24, 25, 26, 27, 28]
    await addLead(database, 'a', { events: days.map((day) => ['login', `2026-02-${day}T12:00:00Z`]) })
    await define(
      {
        fading: 'heat score > 0',
        expiring: 'push score >= 5',
        often: 'did login at least 2 times within 90 days',
        ever: 'did login',
        ordered: 'not did login then did buy',
        shared: 'account did login at most 100 times',
      },
      {
        heat: { rules: [{ events: 'login', points: 1, fade: 'half-life 30 days' }] },
        push: { rules: [{ events: 'login', points: 5, fade: 'expires after 60 days' }] },
      },
    )
    expect(await ended('lead a --as-of 2026-03-01T00:00Z')).toEqual({
      fading: ['beyond', '2026-05-01T00:00:00.000000Z'],
      expiring: ['at', '2026-04-29T00:00:00.000000Z'],
      often: ['at', '2026-05-28T12:00:00.000001Z'],
      ever: ['open', null],
      ordered: ['untold', 'an order of events'],
      shared: ['untold', 'the other leads of its account'],
    })
    const { out } = await desk.typeAtTerminal('lead a --as-of 2026-03-01T00:00Z')
    expect(out).toContain(
      `Segments
  SEGMENT   SINCE  UNTIL
  ever      –      something happens
  expiring  –      in 59 days (2026-04-29 02:00), if nothing happens
  fading    –      not before 2026-05-01 02:00, if nothing happens
  often     –      in 88 days (2026-05-28 14:00), if nothing happens
  ordered   –      can't be told: it hangs on an order of events
  shared    –      can't be told: it hangs on the other leads of its account
`,
    )
  })
})

test('until a hand no longer holds it', async () => {
  await addLead(database, 'a', {})
  await addLead(database, 'b', { events: [['login', '2026-02-01T00:00:00Z']] })
  await define({ active: 'did login' })
  await override(database, { key: 'active', hand: 'add', leads: ['a'], until: '2999-01-01T00:00:00.000000Z' })
  const ending = async (lead: string) => {
    const [{ ending, until }] = (await json(`lead ${lead}`)).segments
    return [ending, until]
  }
  expect(await ending('a')).toEqual(['at', '2999-01-01T00:00:00.000000Z'])
  expect(await ending('b')).toEqual(['open', null])
})

describe('on the clock of the project', () => {
  beforeEach(async () => {
    await database.query(
      `insert into catalog (subject, name, type) values ('lead', 'born', 'instant'), ('lead', 'renewal', 'instant')`,
    )
    await database.query(
      `insert into accounts (external_id, attributes) values ('Acme', '{"since": "2019-12-31T23:00:00.000000Z"}')`,
    )
    await database.query(`insert into catalog (subject, name, type) values ('account', 'since', 'instant')`)
    await addLead(database, 'a', {
      attributes: { born: '1985-11-08T23:00:00.000000Z', renewal: '2026-03-31T22:30:00.000000Z' },
      events: [['login', '2026-02-28T23:30:00Z']],
    })
    await database.query('update leads set account_id = (select account_id from accounts)')
    await database.query(`update attribute_change set from_at = '2026-02-01Z'`)
    await define({ renewing: 'renewal on "2026-04-01"', recent: 'last activity within 7 days' })
    await desk.type('run --as-of 2026-03-01')
  })

  test('lead: days are days, instants are local, and the head says where', async () => {
    const { out } = await desk.typeAtTerminal('lead a --as-of 2026-03-01')
    expect(out).toBe(`a
first seen 58 days ago (2026-01-01 01:00)  ·  as of 2026-03-01 00:00 Europe/Berlin
segments as recorded by run 1

  born     1985-11-09
  renewal  2026-04-01 00:30

account Acme
  since  2020-01-01

Segments
  SEGMENT   SINCE             UNTIL
  renewing  2026-03-01 00:00  something happens

Last events
  none

Changed in the last 30 days
  2026-03-01 00:00  entered  renewing (definition)
`)
  })

  test('why: no date contradicts its condition', async () => {
    const { out } = await desk.typeAtTerminal('why a renewing --as-of 2026-03-01T12:00')
    expect(out).toBe(`a is in renewing

  ✓ renewal on "2026-04-01"                             in 30 days (2026-04-01 00:30)

In a sentence: renewal in 30 days.

as of 2026-03-01 12:00 Europe/Berlin, evaluated by the current definition on what is known now
`)
    desk.file('tideline.yaml', '')
    const other = (await desk.typeAtTerminal('why a renewing --as-of 2026-03-01')).out
    expect(other).toMatch(/^a is in renewing \(times in Europe\/Berlin\)\n/)
    expect(other).toContain('\nas of 2026-03-01 00:00 UTC, evaluated')
  })

  test('history and catalog', async () => {
    expect((await desk.typeAtTerminal('history a')).out).toBe(
      [
        'a  ·  in 1 now, as runs recorded it  ·  times in Europe/Berlin',
        '',
        'SEGMENT   FROM              UNTIL  DAYS  WHY IT CAME AND WENT',
        'renewing  2026-03-01 00:00  –         0  definition',
        '',
      ].join('\n'),
    )
    const { out } = await desk.typeAtTerminal('catalog leads')
    expect(out).toContain('1985-11-09 (100 %)')
    expect(out).toContain('2026-04-01 00:30 (100 %)')
    expect((await json('catalog leads'))[0].values).toEqual([
      { value: '1985-11-08T23:00:00.000000Z', count: 1 },
    ])
  })
})

describe('as of an instant', () => {
  beforeEach(async () => {
    await addLead(database, 'a', { attributes: { plan: 'pro' }, events: [['login', '2026-03-01T12:00:00Z']] })
    await database.query(`update attribute_change set from_at = '2026-03-04Z'`)
    await define({ recent: 'did login within 2 days', quiet: 'not did login', all: 'everyone' })
    for (const day of ['02', '03', '04']) await desk.type(`run --as-of 2026-03-${day}T00:00Z`)
    await define({
      recent: 'did login within 2 days',
      quiet: 'not did login',
      all: 'everyone',
      ever: 'did login',
    })
    // It came late.
    await addEvent(database, 'a', 'login', '2026-03-03T12:00:00Z')
  })
  const segments = async (line: string) =>
    ((await json(line)).segments as Record<string, unknown>[]).map(
      ({ segment, since, answered, run_id, version, ending, because }) => ({
        ...{ segment, since, from: answered === 'recorded' ? `run ${run_id}` : `version ${version}` },
        ending: because ?? ending,
      }),
    )

  test('what runs recorded; what no run had looked at is evaluated', async () => {
    const first = '2026-03-02T00:00:00.000000Z'
    expect(await segments('lead a --as-of 2026-03-04T00:00Z')).toEqual([
      { segment: 'all', since: first, from: 'run 3', ending: 'open' },
      { segment: 'ever', since: null, from: 'version 1', ending: 'open' },
    ])
    expect((await desk.typeAtTerminal('lead a --as-of 2026-03-04T00:00Z')).out).toContain(
      '\nsegments as recorded by run 3; evaluated: ever on what is known now\n',
    )
    await database.query(`delete from events where occurred_at < '2026-03-02Z'`)
    expect((await segments('lead a --as-of 2026-03-02T00:00Z')).slice(1)).toEqual([
      { segment: 'recent', since: first, from: 'run 1', ending: 'by what is known now, it was not in' },
    ])
  })

  test('or all is evaluated, if asked to', async () => {
    const found = await segments('lead a --as-of 2026-03-04T00:00Z --evaluate')
    expect(found).toMatchObject([
      { segment: 'all', since: null, from: 'version 1' },
      { segment: 'ever' },
      { segment: 'recent', since: null, ending: 'at' },
    ])
    const alone = await desk.type('lead a --evaluate')
    expect(alone.code).toBe(2)
    expect(errorOf(alone).code).toBe('WRONG_USAGE')
    expect(errorOf(await desk.type('lead a --as-of 2999-01-01')).code).toBe('AS_OF_IN_FUTURE')
    expect((await desk.type('lead a --as-of 2999-01-01 --evaluate')).code).toBe(0)
  })

  test('what is assumed says so', async () => {
    const known = '2026-03-04T00:00:00.000000Z'
    expect((await json('lead a --as-of 2026-03-02')).assumed).toMatchObject({ attributes: { plan: known } })
    expect((await json('lead a')).assumed).toMatchObject({ attributes: {} })
    expect((await desk.typeAtTerminal('lead a --as-of 2026-03-02')).out).toContain(
      '  plan  pro\n  (assumed: first known 2026-03-04 01:00)\n',
    )
    await database.query(`update leads set attributes = attributes || '{"city": "Ulm"}'`)
    await database.query(`update attribute_change set from_at = '2026-03-01Z' where attribute = 'city'`)
    expect((await desk.typeAtTerminal('lead a --as-of 2026-03-02')).out).toContain(
      '  city  Ulm\n  plan  pro  (assumed: first known 2026-03-04 01:00)\n',
    )
  })
})
