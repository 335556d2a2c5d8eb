import { test } from 'vitest'
import { asOf, expectMembers, worldOf } from '../support/told.ts'

/** What dates, lists and patterns mean: who is in, written down by hand. */
const renewals = (instants: Record<string, string>) => ({
  none: {},
  ...Object.fromEntries(
    Object.entries(instants).map(([name, instant]) => [
      name,
      { attributes: { renewal: JSON.stringify(instant) } },
    ]),
  ),
})

const march = worldOf(
  renewals({
    feb: '2026-02-28T23:59:59.999999Z',
    mar1: '2026-03-01T00:00:00.000000Z',
    mar1end: '2026-03-01T23:59:59.999999Z',
    mar2: '2026-03-02T00:00:00.000000Z',
    week: '2026-03-24T12:00:00.000000Z',
    now: asOf,
    soon: '2026-03-31T12:00:00.000001Z',
    apr1: '2026-04-01T00:00:00.000000Z',
    apr7: '2026-04-07T12:00:00.000000Z',
    apr7more: '2026-04-07T12:00:00.000001Z',
    jan27: '2027-01-01T00:00:00.000000Z',
  }),
)

test('dates that may lie ahead', () =>
  expectMembers(march, [
    ['renewal within 7 days', 'week now'],
    ['renewal within next 7 days', 'now soon apr1 apr7'],
    ['renewal within next 0 days', 'now'],
    ['renewal more than 7 days from now', 'apr7more jan27'],
    ['renewal more than 0 days from now', 'soon apr1 apr7 apr7more jan27'],
    ['renewal more than 7 days ago', 'feb mar1 mar1end mar2'],
    ['renewal between 30 and 7 days ago', 'mar1end mar2 week'],
    ['renewal between 7 days and 30 days ago', 'mar1end mar2 week'],
    ['renewal on "2026-03-01"', 'mar1 mar1end'],
    ['renewal on "2026-03-31 12:00"', 'now'],
    ['renewal before "2026-03-01"', 'feb'],
    ['renewal before "2026-03-31 12:00"', 'feb mar1 mar1end mar2 week'],
    ['renewal after "2026-03-24"', 'now soon apr1 apr7 apr7more jan27'],
    ['renewal after "2026-03-31 12:00"', 'soon apr1 apr7 apr7more jan27'],
    ['renewal since "2026-03-31 12:00"', 'now soon apr1 apr7 apr7more jan27'],
    ['renewal since "2026-03-31"', 'now soon apr1 apr7 apr7more jan27'],
    ['renewal between "2026-02-28" and "2026-03-01"', 'feb mar1 mar1end'],
    ['renewal between "2026-03-01 00:00" and "2026-03-02 00:00"', 'mar1 mar1end mar2'],
    ['renewal this month', 'mar1 mar1end mar2 week now soon'],
    ['renewal last month', 'feb'],
    ['renewal next month', 'apr1 apr7 apr7more'],
    ['renewal this week', 'now soon apr1'],
    ['renewal last week', 'week'],
    ['renewal next week', 'apr7 apr7more'],
    ['renewal this quarter', 'feb mar1 mar1end mar2 week now soon'],
    ['renewal last quarter', ''],
    ['renewal next quarter', 'apr1 apr7 apr7more'],
    ['renewal this year', 'all but none jan27'],
    ['renewal next year', 'jan27'],
    ['renewal last year', ''],
    ['renewal today', 'now soon'],
    ['renewal tomorrow', 'apr1'],
    ['renewal yesterday', ''],
    ['renewal != "2026-03-01"', 'all but mar1 mar1end'],
    ['not renewal this month', 'none feb apr1 apr7 apr7more jan27'],
    ['renewal after "9999-12-31"', ''],
    ['renewal <= "9999-12-31"', 'all but none'],
    ['renewal on "9999-12-31"', ''],
  ]))

test('a day is a local one: on the days when clocks change, and where a day has no midnight', async () => {
  const berlin = worldOf(
    renewals({
      saturday: '2026-03-28T22:59:59.999999Z',
      sunday: '2026-03-28T23:00:00.000000Z',
      evening: '2026-03-29T21:59:59.999999Z',
      monday: '2026-03-29T22:00:00.000000Z',
    }),
  )
  await expectMembers({ ...berlin, zone: 'Europe/Berlin' }, [
    ['renewal on "2026-03-29"', 'sunday evening'],
    ['renewal = "2026-03-29"', 'sunday evening'],
    ['renewal after "2026-03-29"', 'monday'],
    ['renewal before "2026-03-29"', 'saturday'],
    ['renewal on "2026-03-29 00:00"', 'sunday'],
    ['renewal on "2026-03-28T23:00Z"', 'sunday'],
    ['renewal yesterday', 'monday'],
    ['renewal last week', 'saturday sunday evening'],
    ['renewal this week', 'monday'],
  ])
  const autumn = worldOf(
    renewals({
      before: '2026-10-24T21:59:59.999999Z',
      begin: '2026-10-24T22:00:00.000000Z',
      end: '2026-10-25T22:59:59.999999Z',
      after: '2026-10-25T23:00:00.000000Z',
    }),
  )
  await expectMembers({ ...autumn, zone: 'Europe/Berlin' }, [['renewal on "2026-10-25"', 'begin end']])
  const saoPaulo = worldOf(
    renewals({
      before: '2018-11-04T02:59:59.999999Z',
      begin: '2018-11-04T03:00:00.000000Z',
      end: '2018-11-05T01:59:59.999999Z',
      after: '2018-11-05T02:00:00.000000Z',
    }),
  )
  await expectMembers({ ...saoPaulo, zone: 'America/Sao_Paulo' }, [
    ['renewal on "2018-11-04"', 'begin end'],
    ['renewal before "2018-11-04"', 'before'],
    ['renewal after "2018-11-04"', 'after'],
    ['renewal between "2018-11-03" and "2018-11-04"', 'before begin end'],
  ])
})

test('anniversaries', async () => {
  const world = worldOf(
    renewals({
      yesterday: '2000-03-30T23:59:59.999999Z',
      today: '2000-03-31T00:00:00.000000Z',
      tomorrow: '2025-04-01T23:59:59.999999Z',
      later: '2000-04-02T00:00:00.000000Z',
      thisYear: '2026-03-31T00:00:00.000000Z',
      oldest: '1926-03-31T00:00:00.000000Z',
      tooOld: '1925-03-31T00:00:00.000000Z',
      newYear: '2001-01-01T00:00:00.000000Z',
    }),
  )
  await expectMembers(world, [
    ['renewal anniversary within next 0 days', 'today oldest'],
    ['renewal anniversary within next 1 day', 'today tomorrow oldest'],
    ['renewal anniversary within next 2 days', 'today tomorrow later oldest'],
    ['renewal anniversary within next 276 days', 'today tomorrow later oldest newYear'],
    ['renewal anniversary within next 275 days', 'today tomorrow later oldest'],
    ['not renewal anniversary within next 1 days', 'all but today tomorrow oldest'],
  ])
  const leap = worldOf(
    renewals({
      leap: '2024-02-29T12:00:00.000000Z',
      day27: '2022-02-27T12:00:00.000000Z',
      day28: '2027-02-28T12:00:00.000000Z',
      march: '2024-03-01T00:00:00.000000Z',
    }),
  )
  const on = (day: string) => ({ ...leap, asOf: `${day}T12:00:00.000000Z` })
  const today = 'renewal anniversary within next 0 days'
  await expectMembers(on('2026-02-28'), [[today, 'leap']])
  await expectMembers(on('2030-02-28'), [[today, 'leap day28']])
  await expectMembers(on('2026-03-01'), [[today, 'march']])
  await expectMembers(on('2028-02-28'), [[today, 'day28']])
  await expectMembers(on('2028-02-29'), [[today, 'leap']])
})

test('elements of lists, and how many there are', () =>
  expectMembers(
    worldOf(
      Object.fromEntries(
        Object.entries({
          none: 'null',
          empty: '[]',
          vip: '["VIP"]',
          both: '["vip","beta"]',
          numbers: '[1,5,"5"]',
          apart: '[1,9]',
          scalar: '"vip"',
          mixed: '["vip",1,null,true]',
          object: '{"a":"vip"}',
        }).map(([name, tags]) => [name, { attributes: { tags } }]),
      ),
    ),
    [
      ['tags = "vip"', 'vip both scalar mixed'],
      ['tags = exactly "vip"', 'both scalar mixed'],
      ['tags != "vip"', 'none empty numbers apart object'],
      ['any of tags = "vip"', 'vip both scalar mixed'],
      ['none of tags = "vip"', 'none empty numbers apart object'],
      ['all of tags = "vip"', 'vip scalar'],
      ['any of tags != "vip"', 'all but vip scalar'],
      ['all of tags != "vip"', 'none empty numbers apart object'],
      ['none of tags != "vip"', 'vip scalar'],
      ['not all of tags = "vip"', 'all but vip scalar'],
      ['tags in ("beta", "x")', 'both'],
      ['tags starts with "b"', 'both'],
      ['all of tags like "%"', 'vip both scalar'],
      ['tags matches "^v.p$"', 'vip both scalar mixed'],
      ['tags = 5', 'numbers'],
      ['tags = "5"', 'numbers'],
      ['tags between 2 and 6', 'numbers'],
      ['all of tags between 0 and 9', 'apart'],
      ['tags is true', 'mixed'],
      ['tags is known', 'all but none empty'],
      ['size of tags = 0', 'none empty'],
      ['size of tags = 1', 'vip scalar object'],
      ['size of tags >= 2', 'both numbers apart mixed'],
      ['size of tags in (3, 4)', 'numbers mixed'],
      ['size of tags != 0', 'all but none empty'],
    ],
  ))

test('paths into what is nested', () =>
  expectMembers(
    worldOf(
      {
        none: {},
        berlin: { attributes: { address: '{"city":"berlin","floors":[1,2],"geo":{"zip":"10115"}}' } },
        cities: { attributes: { address: '{"city":["Berlin","Paris"],"floors":3}' }, account: 1 },
        blank: { attributes: { address: '{"city":"","floors":[]}' } },
        number: { attributes: { address: '{"city":5,"floors":["2"]}' } },
        text: { attributes: { address: '"Berlin"' } },
        list: { attributes: { address: '[{"city":"Berlin"}]' } },
      },
      { 1: { address: '{"city":"Paris"}' } },
    ),
    [
      ['address.city = "Berlin"', 'berlin cities'],
      ['address.city != "Berlin"', 'all but berlin cities'],
      ['all of address.city = "Berlin"', 'berlin'],
      ['address.city = 5', 'number'],
      ['address.city is known', 'berlin cities number'],
      ['address.geo is known', 'berlin'],
      ['address.geo.zip starts with "10"', 'berlin'],
      ['address.floors > 1', 'berlin cities'],
      ['all of address.floors > 1', 'cities'],
      ['size of address.floors = 1', 'cities number'],
      ['size of address.floors = 0', 'none blank text list'],
      ['account.address.city = "paris"', 'cities'],
    ],
  ))

test('patterns of text', () =>
  expectMembers(
    worldOf(
      Object.fromEntries(
        Object.entries({
          none: 'null',
          vp: '"VP of Marketing"',
          svp: '"SVP, 100% Sales_Ops"',
          lines: '"a\\nb"',
          accent: '"É\\\\b"',
        }).map(([name, title]) => [name, { attributes: { title } }]),
      ),
    ),
    [
      ['title like "vp%"', 'vp'],
      ['title like exactly "vp%"', ''],
      ['title like "%100\\\\% sales\\\\_o_s"', 'svp'],
      ['title like "a_b"', 'lines'],
      ['title like "a%b"', 'lines'],
      ['title like "_\\\\\\\\b"', 'accent'],
      ['title not like "%v%"', 'none lines accent'],
      ['title matches "^s?vp"', 'vp svp'],
      ['title matches exactly "^s?vp"', ''],
      ['title matches exactly "^S?VP"', 'vp svp'],
      ['title matches "\\\\d{3}%"', 'svp'],
      ['title matches "^a.b$"', 'lines'],
      ['title matches "^é\\\\\\\\B$"', 'accent'],
      ['title matches "^[^v]+$"', 'lines accent'],
      ['title not matches "vp"', 'none lines accent'],
    ],
  ))
