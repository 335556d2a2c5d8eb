import { test } from 'vitest'
import { asOf, expectMembers, type Told, worldOf } from '../support/told.ts'

/**
 * What definitions mean, case by case: who is in, written down by hand. The other tests compare engines with the
 * reference, and both start from the compiler's predicate; these say that the predicate is the right one.
 */
const weekAgo = '2026-03-24T12:00:00.000000Z'
const weekAgoLess = '2026-03-24T11:59:59.999999Z'

test('events, windows and existence', () =>
  expectMembers(
    worldOf({
      quiet: {},
      edge: { events: [['email_open', weekAgo]] },
      outside: { events: [['email_open', weekAgoLess]] },
      future: { events: [['email_open', '2026-03-31T12:00:00.000001Z']] },
      twice: {
        events: [
          ['email_open', '2026-03-30T12:00:00.000000Z'],
          ['email_open', '2026-03-30T12:00:00.000000Z'],
        ],
      },
      passive: { events: [['email_sent', '2026-03-31T11:00:00.000000Z']] },
      now: { events: [['email_open', asOf]] },
      unborn: { firstSeen: '2026-03-31T12:00:00.000001Z' },
      unbornWithFuture: {
        firstSeen: '2026-04-02T00:00:00.000000Z',
        events: [['email_open', '2026-04-01T00:00:00.000000Z']],
      },
      early: {
        firstSeen: '2026-04-02T00:00:00.000000Z',
        events: [['page_view', '2026-02-28T12:00:00.000000Z']],
      },
      born: { firstSeen: asOf },
    }),
    [
      ['everyone', 'all but unborn'],
      ['not everyone', ''],
      ['did email_open', 'edge outside twice now'],
      ['not did email_open', 'quiet future passive early born'],
      ['did email_open within 7 days', 'edge twice now'],
      ['did email_open within 1 day', 'twice now'],
      ['did email_open within 0 days', 'now'],
      ['did email_open at least 0 times', 'all but unborn'],
      ['did email_open at least 2 times', 'twice'],
      ['did email_open more than 1 times', 'twice'],
      ['did email_open more than 0 times within 7 days', 'edge twice now'],
      ['did email_open exactly 1 times', 'edge outside now'],
      ['did email_open = 0 times', 'quiet future passive early born'],
      ['did email_open at most 1 times', 'all but twice'],
      ['did email_open at most 0 times within 7 days', 'all but edge twice now'],
      ['did email_open fewer than 2 times', 'all but twice'],
      ['did email_open fewer than 1 times', 'quiet future passive early born'],
      ['did email_open fewer than 0 times', ''],
      ['did email_open exactly 2 times within 1 day', 'twice'],
      ['did uncatalogued', ''],
      ['last activity within 7 days', 'edge twice now'],
      ['last activity more than 7 days ago', 'outside early'],
      ['no activity within 7 days', 'all but edge twice now'],
      ['last activity within 1 month', 'edge outside twice now early'],
      ['last activity more than 1 month ago', ''],
      ['first seen within 1 month', 'early born'],
      ['first seen within 30 days', 'born'],
      ['first seen more than 30 days ago', 'all but born'],
      ['score = 0', 'all but passive early'],
      ['score < 0', 'passive'],
      ['score >= 25', 'early'],
      ['score > 25', ''],
      ['score in (25, 50)', 'early'],
    ],
  ))

test('attributes: missing, types, text, and the value as of asOf', () =>
  expectMembers(
    worldOf(
      {
        none: {},
        nulls: {
          attributes: { company_size: 'null', title: '""', industry: 'null', tags: '[]', subscribed: 'null' },
        },
        small: {
          attributes: {
            company_size: '500',
            title: '"VP of Marketing"',
            industry: '"Technology"',
            subscribed: 'true',
          },
        },
        near: {
          attributes: {
            company_size: '500.0000004',
            title: '"vp of marketing, EMEA"',
            industry: '"TECHNOLOGY"',
          },
          account: 1,
        },
        large: {
          attributes: { company_size: '1200', title: '"Sales Director"', tags: '[1]', subscribed: 'false' },
          account: 2,
        },
        wrong: {
          attributes: { company_size: '"500"', title: '5', subscribed: '"true"', tags: '{}' },
          account: 3,
        },
        became: {
          attributes: {
            company_size: [
              ['5', '2026-01-01T00:00:00.000000Z'],
              ['600', asOf],
            ],
          },
        },
        becomes: {
          attributes: {
            company_size: [
              ['5', asOf],
              ['600', '2026-03-31T12:00:00.000001Z'],
            ],
          },
        },
        lost: {
          attributes: {
            company_size: [
              ['600', '2026-01-01T00:00:00.000000Z'],
              [null, '2026-02-01T00:00:00.000000Z'],
            ],
          },
        },
        later: {
          attributes: {
            company_size: [
              ['800', '2026-06-01T00:00:00.000000Z'],
              ['700', '2026-05-01T00:00:00.000000Z'],
            ],
          },
        },
        coming: {
          attributes: {
            company_size: [
              ['700', '2026-05-01T00:00:00.000000Z'],
              ['800', '2026-06-01T00:00:00.000000Z'],
            ],
          },
        },
      },
      { 1: { plan: '"Pro"', seats: '10' }, 2: { plan: '""' } },
    ),
    [
      ['company_size = 500', 'small near'],
      ['company_size != 500', 'all but small near'],
      ['company_size > 500', 'large became later coming'],
      ['company_size >= 500', 'small near large became later coming'],
      ['company_size < 500', 'becomes'],
      ['not company_size >= 500', 'all but small near large became later coming'],
      ['company_size between 500 and 600', 'small near became'],
      ['company_size in (5, 700)', 'becomes later coming'],
      ['company_size not in (5, 700)', 'all but becomes later coming'],
      ['company_size is known', 'small near large became becomes later coming'],
      ['company_size is unknown', 'none nulls wrong lost'],
      ['title = "VP OF MARKETING"', 'small'],
      ['title = exactly "vp of marketing"', ''],
      ['title != "vp of marketing"', 'all but small'],
      ['title contains "vp of marketing"', 'small near'],
      ['title not contains "vp of marketing"', 'all but small near'],
      ['title starts with "sales"', 'large'],
      ['title ends with "emea"', 'near'],
      ['title ends with exactly "emea"', ''],
      ['title is unknown', 'all but small near large'],
      ['title = ""', ''],
      ['industry in ("technology", "x")', 'small near'],
      ['industry not in exactly ("Technology")', 'all but small'],
      ['industry < "u"', 'small near'],
      ['industry > exactly "U"', ''],
      ['subscribed is true', 'small'],
      ['subscribed is false', 'large'],
      ['not subscribed is true', 'all but small'],
      ['subscribed in (true, false)', 'small large'],
      ['tags is known', 'large wrong'],
      ['account.plan = "pro"', 'near'],
      ['account.plan != "pro"', 'all but near'],
      ['account.plan is unknown', 'all but near'],
      ['account.seats >= 10', 'near'],
    ],
  ))

/** Leads named by the minute of their renewal, and one without. */
const renewals = worldOf({
  ...Object.fromEntries(
    [
      '2026-02-28T22:59:59.999999Z',
      '2026-02-28T23:00:00.000000Z',
      '2026-02-28T23:59:59.999999Z',
      '2026-03-01T00:00:00.000000Z',
      '2026-03-01T23:59:59.999999Z',
      '2026-03-02T00:00:00.000000Z',
      '9999-12-31T12:00:00.000000Z',
    ].map((instant): [string, Told] => [instant.slice(5, 16), { attributes: { renewal: `"${instant}"` } }]),
  ),
  unknown: {},
})

test('a day is a whole day', () =>
  expectMembers(renewals, [
    ['renewal = "2026-03-01"', '03-01T00:00 03-01T23:59'],
    ['renewal != "2026-03-01"', 'all but 03-01T00:00 03-01T23:59'],
    ['renewal < "2026-03-01"', '02-28T22:59 02-28T23:00 02-28T23:59'],
    ['renewal <= "2026-03-01"', '02-28T22:59 02-28T23:00 02-28T23:59 03-01T00:00 03-01T23:59'],
    ['renewal > "2026-03-01"', '03-02T00:00 12-31T12:00'],
    ['renewal >= "2026-03-01"', '03-01T00:00 03-01T23:59 03-02T00:00 12-31T12:00'],
    ['renewal in ("2026-03-01", "2026-03-02")', '03-01T00:00 03-01T23:59 03-02T00:00'],
    ['renewal not in ("2026-03-01")', 'all but 03-01T00:00 03-01T23:59'],
    ['renewal >= "2026-03-01 23:59"', '03-01T23:59 03-02T00:00 12-31T12:00'],
    ['renewal > "2026-03-01 00:00"', '03-01T23:59 03-02T00:00 12-31T12:00'],
    ['renewal = "9999-12-31"', '12-31T12:00'],
    ['renewal <= "9999-12-31"', 'all but unknown'],
    ['renewal > "9999-12-31"', ''],
  ]))

test('a day is a day of the zone', () =>
  expectMembers({ ...renewals, zone: 'Europe/Berlin' }, [
    ['renewal = "2026-03-01"', '02-28T23:00 02-28T23:59 03-01T00:00'],
    ['renewal < "2026-03-01"', '02-28T22:59'],
    ['renewal > "2026-03-01"', '03-01T23:59 03-02T00:00 12-31T12:00'],
    ['renewal >= "2026-03-01 01:00"', '03-01T00:00 03-01T23:59 03-02T00:00 12-31T12:00'],
    ['renewal >= "2026-03-01T01:00Z"', '03-01T23:59 03-02T00:00 12-31T12:00'],
  ]))

test('filters hold on one and the same event', () =>
  expectMembers(
    worldOf({
      one: { events: [['page_view', weekAgo, { page: '"/Pricing"', seconds: '30' }]] },
      apart: {
        events: [
          ['page_view', weekAgo, { page: '"/pricing"' }],
          ['page_view', asOf, { page: '"/docs"', seconds: '40' }],
        ],
      },
      wrong: { events: [['page_view', asOf, { page: '5', seconds: '"30"' }]] },
      none: {},
    }),
    [
      ['did page_view where (page = "/pricing" and seconds >= 30)', 'one'],
      ['did page_view where page = "/pricing" and did page_view where seconds >= 30', 'one apart'],
      ['did page_view where page != "/pricing"', 'apart wrong'],
      ['not did page_view where page = "/pricing"', 'wrong none'],
      ['did page_view where page is unknown', 'wrong'],
      ['did page_view where not (page = "/pricing" or seconds > 0)', 'wrong'],
      ['did page_view where page = "/pricing" within 6 days', ''],
      ['did page_view where seconds > 0 exactly 1 times within 6 days', 'apart'],
    ],
  ))

test('calendar words count in the zone, across a change of the clocks', () =>
  expectMembers(
    {
      ...worldOf({
        // In Berlin the clocks went forward on 2026-03-29; 2026-03-31 14:00 there is 12:00 UTC, 2026-02-28 14:00 is 13:00 UTC.
        monthAgo: { events: [['page_view', '2026-02-28T13:00:00.000000Z']] },
        before: { events: [['page_view', '2026-02-28T12:59:59.999999Z']] },
        weekAgo: { events: [['page_view', '2026-03-24T12:00:00.000000Z']] },
      }),
      zone: 'Europe/Berlin',
    },
    [
      ['did page_view within 1 month', 'monthAgo weekAgo'],
      ['did page_view within 1 week', 'weekAgo'],
    ],
  ))
