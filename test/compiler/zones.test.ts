import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import type { Instant } from '../../compiler/time.ts'
import type { Database } from '../../pipeline/engine.ts'
import { holdsFor } from '../support/agreement.ts'
import { testDatabase } from '../support/database.ts'
import { differences, type Question } from '../support/engines.ts'
import { databaseIn } from '../support/locales.ts'
import { predicateCases } from '../support/predicates.ts'
import { definitionCases } from '../support/questions.ts'
import { instantOf, microsOf } from '../support/reference/time.ts'
import { members } from '../support/reference.ts'
import { seed } from '../support/seed.ts'
import { catalog, type Event, scores, segments, type World, worldsAt } from '../support/world.ts'

/**
 * The days on which the clocks are changed, in zones on both sides of UTC: when each begins and ends, looked up by
 * hand. In São Paulo, Cairo and Beirut the clocks go forward at midnight, so that the day has none, and back at
 * midnight, so that its last hour comes twice; on Lord Howe they move by half an hour.
 */
const changes: readonly (readonly [zone: string, day: string, begins: string, ends: string])[] = [
  ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00', '2026-03-29T22:00'],
  ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00', '2026-10-25T23:00'],
  ['America/New_York', '2026-03-08', '2026-03-08T05:00', '2026-03-09T04:00'],
  ['America/New_York', '2026-11-01', '2026-11-01T04:00', '2026-11-02T05:00'],
  ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00', '2018-11-05T02:00'],
  ['America/Sao_Paulo', '2018-02-17', '2018-02-17T02:00', '2018-02-18T03:00'],
  ['Africa/Cairo', '2024-04-26', '2024-04-25T22:00', '2024-04-26T21:00'],
  ['Africa/Cairo', '2024-10-31', '2024-10-30T21:00', '2024-10-31T22:00'],
  ['Asia/Beirut', '2026-03-29', '2026-03-28T22:00', '2026-03-29T21:00'],
  ['Asia/Beirut', '2026-10-24', '2026-10-23T21:00', '2026-10-24T22:00'],
  ['Australia/Lord_Howe', '2026-04-05', '2026-04-04T13:00', '2026-04-05T13:30'],
  ['Australia/Lord_Howe', '2026-10-04', '2026-10-03T13:30', '2026-10-04T13:00'],
]

const instant = (minute: string): Instant => `${minute}:00.000000Z`
const moved = (at: Instant, micros: bigint): Instant => instantOf(microsOf(at) + micros)
const hour = 3_600_000_000n

/** Covered: a database of locale C, and databases of ICU's Turkish and Swedish. Each has a third of the work. */
const locales = ['C', 'tr-TR', 'sv-SE'] as const
const databases: Database[] = []
beforeAll(async () => {
  for (const locale of locales)
    databases.push(locale === 'C' ? await testDatabase() : await databaseIn(locale))
})
afterAll(async () => {
  for (const database of databases) await database.close()
})
const databaseOf = (position: number) => databases[position % databases.length]!

test('each database has the locale it should have', async () => {
  const asked = `select array_agg(x order by x)::text as sorted, lower('I') as i from unnest(array['a', 'B', 'ö', 'z']) x`
  const found = await Promise.all(databases.map((database) => database.query(asked)))
  expect(found.map(([row]) => row)).toEqual([
    { sorted: '{B,a,z,ö}', i: 'i' },
    { sorted: '{a,B,ö,z}', i: 'ı' },
    { sorted: '{a,B,z,ö}', i: 'i' },
  ])
})

describe.each(changes.map((each, position) => [...each, position] as const))(
  '%s on %s',
  (zone, day, begins, ends, position) => {
    const [start, end] = [instant(begins), instant(ends)]
    const happened: Record<string, readonly Instant[]> = {
      before: [moved(start, -1n)],
      first: [start],
      last: [moved(end, -1n)],
      next: [end],
      both: [start, moved(end, -1n)],
      around: [moved(start, -1n), start, moved(end, -1n), end],
    }
    const names = Object.keys(happened)
    const worldAt = (asOf: Instant): World => ({
      asOf,
      zone,
      scores,
      segments,
      leads: names.map((_, index) => ({ id: index + 1, firstSeen: '2000-01-01T00:00:00.000000Z' })),
      events: names.flatMap((name, index) =>
        happened[name]!.map(
          (at, n): Event => ({ id: `${index}-${n}`, lead: index + 1, type: 'page_view', at, properties: {} }),
        ),
      ),
      changes: names.map((name, index) => ({
        subject: 'lead',
        id: index + 1,
        attribute: 'renewal',
        value: JSON.stringify(happened[name]![0]),
        from: '2000-01-01T00:00:00.000000Z',
      })),
    })

    async function expectMembers(asOf: Instant, cases: Record<string, string>): Promise<void> {
      const world = worldAt(asOf)
      const questions = Object.keys(cases).map((text): Question => {
        const { predicate, diagnostics } = compile(text, catalog, zone)
        if (!predicate) throw new Error(`${text}: ${JSON.stringify(diagnostics)}`)
        return { text, predicate }
      })
      const found = questions.map(({ text, predicate }) => [
        text,
        members(predicate, world)
          .map((id) => names[id - 1])
          .join(' '),
      ])
      expect(Object.fromEntries(found)).toEqual(cases)
      expect(await differences(databaseOf(position), world, questions)).toEqual([])
    }

    test('seen from the day after', () =>
      expectMembers(moved(end, hour), {
        [`did page_view on "${day}"`]: 'first last both around',
        [`did page_view before "${day}"`]: 'before around',
        [`did page_view since "${day}"`]: 'first last next both around',
        [`did page_view after "${day}"`]: 'next around',
        [`did page_view between "${day}" and "${day}"`]: 'first last both around',
        [`first page_view on "${day}"`]: 'first last both',
        'did page_view yesterday': 'first last both around',
        'did page_view today': 'next around',
        'distinct days of page_view = 1': 'before first last next both',
        'distinct days of page_view = 3': 'around',
        'distinct days of page_view = 1 yesterday': 'first last both around',
        [`renewal = "${day}"`]: 'first last both',
        [`renewal < "${day}"`]: 'before around',
        [`renewal > "${day}"`]: 'next',
        'renewal yesterday': 'first last both',
        'renewal today': 'next',
      }))

    test('seen from its last microsecond', () =>
      expectMembers(moved(end, -1n), {
        'did page_view today': 'first last both around',
        'did page_view yesterday': 'before around',
        'distinct days of page_view = 2': 'around',
        'renewal today': 'first last both',
        'renewal tomorrow': 'next',
        'renewal anniversary within 1 days': '',
      }))

    test('seen from its beginning and from just before', async () => {
      await expectMembers(start, {
        'did page_view today': 'first both around',
        'did page_view yesterday': 'before around',
        'renewal tomorrow': 'next',
      })
      await expectMembers(moved(start, -1n), {
        'did page_view today': 'before around',
        'did page_view yesterday': '',
        'renewal today': 'before around',
        'renewal tomorrow': 'first last both',
      })
    })

    test('random worlds around it', async () => {
      for (const asOf of [moved(start, BigInt(-position % 2)), moved(end, hour / 2n)]) {
        const worlds = worldsAt(asOf, zone)
        await holdsFor(databaseOf(position), predicateCases(30, worlds), { seconds: 20, worlds: 1, seed })
        await holdsFor(databaseOf(position), definitionCases(30, worlds), { seconds: 20, worlds: 1, seed })
      }
    })
  },
)

test('an anniversary of 29 February is the 28th in common years', async () => {
  const at = (day: string): Instant => `${day}T12:00:00.000000Z`
  const dates = ['2024-02-29', '2024-02-28', '2024-03-01', '2026-02-28', '1925-02-28'].map(at)
  const world = (asOf: Instant): World => ({
    ...{ asOf, zone: 'UTC', scores, events: [] },
    leads: dates.map((_, index) => ({ id: index + 1, firstSeen: '2000-01-01T00:00:00.000000Z' })),
    changes: dates.map((date, index) => ({
      subject: 'lead',
      id: index + 1,
      attribute: 'renewal',
      value: JSON.stringify(date),
      from: '2000-01-01T00:00:00.000000Z',
    })),
  })
  const within = (days: number) => compile(`renewal anniversary within ${days} days`, catalog).predicate!
  // In a common year the 29th is kept on the 28th; 101 years are too many.
  expect(members(within(0), world(at('2026-02-28')))).toEqual([1, 2])
  expect(members(within(1), world(at('2026-02-28')))).toEqual([1, 2, 3])
  // In a leap year the 28th stays the 28th, whether or not its own year was one, and the 29th has its own day.
  expect(members(within(0), world(at('2028-02-28')))).toEqual([2, 4])
  expect(members(within(0), world(at('2028-02-29')))).toEqual([1])
  expect(members(within(0), world(at('2028-03-01')))).toEqual([3])
  // The first anniversary of lead 4 is 366 days away.
  expect(members(within(366), world(at('2026-02-27')))).toEqual([1, 2, 3, 4])
  const questions = [0, 1, 30, 366].map((days): Question => ({ predicate: within(days) }))
  for (const asOf of ['2026-02-27', '2026-02-28', '2028-02-28', '2028-02-29', '2027-12-31'].map(at)) {
    expect(await differences(databaseOf(0), world(asOf), questions)).toEqual([])
  }
})
