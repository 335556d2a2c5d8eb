import { test } from 'vitest'
import { asOf, expectMembers, worldOf } from '../support/told.ts'

/** What conditions on events, accounts, conversions, segments and shares mean: who is in, written down by hand. */
const at = (day: string, time = '12:00:00.000000') => `2026-${day}T${time}Z`

test('periods of events', () =>
  expectMembers(
    worldOf({
      now: { events: [['email_open', asOf]] },
      yesterday: { events: [['email_open', at('03-30', '23:59:59.999999')]] },
      second: { events: [['email_open', at('03-02', '00:00:00.000000')]] },
      edge30: { events: [['email_open', at('03-01')]] },
      less30: { events: [['email_open', at('03-01', '11:59:59.999999')]] },
      february: { events: [['email_open', at('02-28', '23:59:59.999999')]] },
      edge60: { events: [['email_open', at('01-30')]] },
      less60: { events: [['email_open', at('01-30', '11:59:59.999999')]] },
      both: {
        events: [
          ['email_open', at('03-30')],
          ['email_open', at('02-10')],
        ],
      },
      none: {},
    }),
    [
      ['did email_open within 30 days', 'now yesterday second edge30 both'],
      ['did email_open more than 30 days ago', 'less30 february edge60 less60 both'],
      ['did email_open between 60 and 30 days ago', 'edge30 less30 february edge60 both'],
      ['did email_open between 30 days and 2 months ago', 'edge30 less30 february both'],
      ['did email_open since "2026-03-01"', 'now yesterday second edge30 less30 both'],
      ['did email_open before "2026-03-01"', 'february edge60 less60 both'],
      ['did email_open after "2026-03-01"', 'now yesterday second both'],
      ['did email_open after "2026-03-01 12:00"', 'now yesterday second both'],
      ['did email_open on "2026-03-01"', 'edge30 less30'],
      ['did email_open between "2026-02-28" and "2026-03-01"', 'edge30 less30 february'],
      ['did email_open today', 'now'],
      ['did email_open yesterday', 'yesterday both'],
      ['did email_open this week', 'now yesterday both'],
      ['did email_open this month', 'now yesterday second edge30 less30 both'],
      ['did email_open last month', 'february both'],
      ['did email_open this quarter', 'all but none'],
      ['did email_open last year', ''],
      ['did email_open exactly 1 times within 60 days', 'all but less60 both none'],
      ['did email_open exactly 1 times last month', 'february both'],
      ['did email_open at least 2 times since "2026-02-10"', 'both'],
      ['did email_open at most 0 times last month', 'all but february both'],
      ['first email_open within 30 days', 'now yesterday second edge30'],
      ['first email_open before "2026-03-01"', 'february edge60 less60 both'],
      ['first email_open more than 30 days ago', 'less30 february edge60 less60 both'],
      ['last email_open more than 30 days ago', 'less30 february edge60 less60'],
      ['last email_open between 60 and 30 days ago', 'edge30 less30 february edge60'],
      ['not last email_open within 30 days', 'less30 february edge60 less60 none'],
    ],
  ))

test('events of a prefix, of a list, by alias and by channel', () =>
  expectMembers(
    worldOf({
      pricing: { events: [['page_view', at('03-30'), { page: '"/Pricing"', seconds: '40' }]] },
      docs: { events: [['page_view', at('03-30'), { page: '"/docs"', channel: '"email"' }]] },
      open: { events: [['email_open', at('03-30')]] },
      click: { events: [['email_click', at('03-30'), { channel: '"app"' }]] },
      sent: { events: [['email_sent', at('03-30')]] },
      other: { events: [['purchase', at('03-30'), { channel: '""' }]] },
      strange: { events: [['uncatalogued', at('03-30')]] },
      none: {},
    }),
    [
      ['did any event', 'all but none'],
      ['did email_*', 'open click sent'],
      ['did email*', 'open click sent'],
      ['did any of (email_click, page_view)', 'pricing docs click'],
      ['did any_mail', 'open click'],
      ['any_mail or viewed_pricing', 'pricing open click'],
      ['did any of (any_mail, purchase)', 'open click other'],
      ['viewed_pricing where seconds > 30', 'pricing'],
      ['viewed_pricing where seconds < 30', ''],
      ['not viewed_pricing', 'all but pricing'],
      ['any event where channel = "email"', 'docs open sent'],
      ['any event where channel = "web"', 'pricing'],
      ['any event where channel is unknown', 'other strange'],
      ['any event where channel != "email"', 'pricing click other strange'],
      ['email_* where channel = "APP"', 'click'],
    ],
  ))

test('lists and paths among the properties of an event', () =>
  expectMembers(
    worldOf({
      list: { events: [['page_view', asOf, { tags: '["vip","Beta"]', utm: '{"source":"News"}' }]] },
      one: { events: [['page_view', asOf, { tags: '"vip"', utm: '{"source":["ads","news"]}' }]] },
      empty: { events: [['page_view', asOf, { tags: '[]', utm: '{}' }]] },
      numbers: { events: [['page_view', asOf, { tags: '[1,2,3]', utm: '{"source":5}' }]] },
    }),
    [
      ['did page_view where tags = "VIP"', 'list one'],
      ['did page_view where tags != "vip"', 'empty numbers'],
      ['did page_view where none of tags = "vip"', 'empty numbers'],
      ['did page_view where all of tags = "vip"', 'one'],
      ['did page_view where size of tags >= 2', 'list numbers'],
      ['did page_view where size of tags = 0', 'empty'],
      ['did page_view where tags is unknown', 'empty'],
      ['did page_view where utm.source = "news"', 'list one'],
      ['did page_view where utm.source is known', 'list one numbers'],
      ['did page_view where utm.source > 4', 'numbers'],
      ['last tags of page_view = "beta"', 'list'],
      ['distinct utm.source of page_view = 1', 'list'],
    ],
  ))

test('figures of a property', () =>
  expectMembers(
    worldOf({
      none: {},
      one: { events: [['purchase', at('03-30'), { amount: '100' }]] },
      two: {
        events: [
          ['purchase', at('03-30'), { amount: '0.1' }],
          ['purchase', at('02-10'), { amount: '0.2' }],
        ],
      },
      same: {
        events: [
          ['purchase', at('03-30'), { amount: '50' }],
          ['purchase', at('03-30'), { amount: '50' }],
        ],
      },
      without: { events: [['purchase', at('03-30'), { amount: '"5"' }]] },
      part: {
        events: [
          ['purchase', at('03-29'), { amount: '7' }],
          ['purchase', at('03-30')],
        ],
      },
      minus: {
        events: [
          ['purchase', at('03-29'), { amount: '-1' }],
          ['purchase', at('03-30'), { amount: '1' }],
        ],
      },
    }),
    [
      ['sum amount of purchase = 0.3', 'two'],
      ['sum amount of purchase >= 100', 'one same'],
      ['sum amount of purchase = 0', 'minus'],
      ['sum amount of purchase != 0', 'all but minus'],
      ['sum amount of purchase is unknown', 'none without'],
      ['sum amount of purchase < 1 within 30 days', 'two minus'],
      ['mean amount of purchase = 50', 'same'],
      ['mean amount of purchase = 0.15', 'two'],
      ['mean amount of purchase between 0 and 7', 'two part minus'],
      ['mean amount of purchase in (0, 100)', 'one minus'],
      ['mean amount of purchase is known', 'all but none without'],
      ['min amount of purchase < 0.15', 'two minus'],
      ['max amount of purchase > 0.15 within 30 days', 'one same part minus'],
      ['distinct amount of purchase = 2', 'two minus'],
      ['distinct amount of purchase = 0', 'none without'],
      ['distinct amount of purchase < 1 between 60 and 30 days ago', 'all but two'],
      ['first amount of purchase = 0.2', 'two'],
      ['last amount of purchase = 0.1', 'two'],
      ['last amount of purchase is unknown', 'none without part'],
      ['first amount of purchase > 0 between 60 and 30 days ago', 'two'],
    ],
  ))

test('different values ignore case, and first and last are by order of time and id', () =>
  expectMembers(
    worldOf({
      cases: {
        events: [
          ['page_view', at('03-30'), { page: '"/Docs"', started: '"2026-01-01T00:00:00.000000Z"' }],
          ['page_view', at('03-30'), { page: '"/docs"', started: '"2026-03-31T00:00:00.000000Z"' }],
        ],
      },
      mixed: {
        events: [
          ['page_view', at('03-29'), { page: '"/b"' }],
          ['page_view', at('03-28'), { page: '"/a"' }],
          ['email_open', at('03-28')],
        ],
      },
    }),
    [
      ['distinct page of page_view = 1', 'cases'],
      ['distinct channel of any event >= 2', 'mixed'],
      ['first page of page_view = exactly "/Docs"', 'cases'],
      ['last page of page_view = exactly "/docs"', 'cases'],
      ['first page of page_view = "/a"', 'mixed'],
      ['last page of page_view where page != "/b" = "/a"', 'mixed'],
      ['min started of page_view before "2026-02-01"', 'cases'],
      ['max started of page_view today', 'cases'],
      ['last started of page_view is unknown', 'mixed'],
    ],
  ))

test('days are local days', () =>
  expectMembers(
    {
      ...worldOf({
        // In Berlin midnight was at 23:00 UTC until 2026-03-29, and at 22:00 from then on.
        winter: {
          events: [
            ['page_view', at('03-10', '22:59:59.999999')],
            ['page_view', at('03-10', '23:00:00.000000')],
          ],
        },
        summer: {
          events: [
            ['page_view', at('03-30', '21:59:59.999999')],
            ['page_view', at('03-30', '22:00:00.000000')],
          ],
        },
        same: {
          events: [
            ['page_view', at('03-30', '22:00:00.000000')],
            ['page_view', at('03-30', '23:30:00.000000')],
          ],
        },
        none: {},
      }),
      zone: 'Europe/Berlin',
    },
    [
      ['distinct days of page_view = 2', 'winter summer'],
      ['distinct days of page_view = 1', 'same'],
      ['distinct days of any event < 1', 'none'],
      ['distinct days of page_view >= 1 today', 'summer same'],
      ['distinct days of page_view >= 1 within 7 days', 'summer same'],
    ],
  ))

test('stopped, restarted, regularly', () =>
  expectMembers(
    worldOf({
      edge14: { events: [['page_view', at('03-17')]] },
      less14: { events: [['page_view', at('03-17', '11:59:59.999999')]] },
      edge60: { events: [['page_view', at('01-30')]] },
      less60: { events: [['page_view', at('01-30', '11:59:59.999999')]] },
      again: {
        events: [
          ['page_view', at('01-10')],
          ['page_view', at('03-17')],
        ],
      },
      between: {
        events: [
          ['page_view', at('01-10')],
          ['page_view', at('01-30')],
          ['page_view', at('03-17')],
        ],
      },
      weekly: {
        events: [
          ['page_view', asOf],
          ['page_view', at('03-24')],
          ['page_view', at('03-24', '11:59:59.999999')],
          ['page_view', at('03-10', '12:00:00.000001')],
          ['page_view', at('03-10')],
        ],
      },
      none: {},
    }),
    [
      ['stopped page_view for 14 days within 60 days', 'less14 edge60'],
      ['stopped page_view for 0 days within 60 days', 'edge14 less14 edge60 again between'],
      ['restarted page_view within 14 days after 60 days', 'again'],
      ['restarted page_view within 14 days after 61 days', 'again'],
      ['restarted page_view within 7 days after 60 days', ''],
      ['regularly page_view at least 2 times in 1 of the last 1 weeks', 'weekly'],
      ['regularly page_view at least 2 times in 2 of the last 3 weeks', 'weekly'],
      ['regularly page_view at least 1 times in 3 of the last 3 weeks', 'weekly'],
      ['regularly page_view at least 1 times in 4 of the last 4 weeks', ''],
      ['regularly page_view at least 0 times in 4 of the last 4 weeks', 'all but'],
      ['regularly page_view at least 9 times in 0 of the last 4 weeks', 'all but'],
      ['regularly page_view at least 1 times in 2 of the last 3 months', 'again between'],
    ],
  ))

test('one after the other', () =>
  expectMembers(
    worldOf({
      none: {},
      first: { events: [['email_open', at('03-20')]] },
      order: {
        events: [
          ['email_open', at('03-20')],
          ['email_click', at('03-21')],
        ],
      },
      reverse: {
        events: [
          ['email_click', at('03-20')],
          ['email_open', at('03-21')],
        ],
      },
      together: {
        events: [
          ['email_open', at('03-20')],
          ['email_click', at('03-20')],
        ],
      },
      late: {
        events: [
          ['email_open', at('03-10')],
          ['email_click', at('03-17', '12:00:00.000001')],
        ],
      },
      edge: {
        events: [
          ['email_open', at('03-10')],
          ['email_click', at('03-17')],
          ['page_view', at('03-24'), { page: '"/x"' }],
        ],
      },
      recent: { events: [['email_open', at('03-24', '12:00:00.000001')]] },
    }),
    [
      ['did email_open then did email_click', 'order late edge'],
      ['did email_open then did email_click within 7 days', 'order edge'],
      ['not did email_open then did email_click within 7 days', 'all but order edge'],
      ['did email_open since "2026-03-20" then email_click', 'order'],
      ['did email_* then did email_*', 'order reverse late edge'],
      ['did email_open then did email_click within 7 days then did page_view within 7 days', 'edge'],
      ['did email_open then did email_click then did page_view within 14 days overall', 'edge'],
      ['did email_open then did email_click then did page_view within 13 days overall', ''],
      ['did email_open then did email_click then did page_view where page = "/y"', ''],
      ['did email_open but not did email_click within 7 days after', 'first reverse together late'],
      ['did email_open then did email_click but not did any event within 7 days after', 'order late'],
      ['did email_click but not did any event within 1 hour after', 'order reverse together late edge'],
    ],
  ))

test('the account', () =>
  expectMembers(
    worldOf(
      {
        ann: { account: 1, events: [['page_view', at('03-30')]], attributes: { title: '"VP"' } },
        bob: { account: 1, events: [['page_view', at('03-10')]] },
        eve: {
          account: 2,
          events: [
            ['page_view', at('03-30')],
            ['page_view', at('03-29')],
          ],
        },
        sid: { account: 3 },
        solo: {
          events: [
            ['page_view', at('03-30')],
            ['page_view', at('03-29')],
          ],
        },
      },
      { 1: {}, 2: {}, 3: {} },
    ),
    [
      ['account did page_view', 'ann bob eve'],
      ['account did page_view at least 2 times', 'ann bob eve'],
      ['account did page_view at least 2 times within 7 days', 'eve'],
      ['account did page_view exactly 0 times', 'sid solo'],
      ['account did page_view before "2026-03-20"', 'ann bob'],
      ['any lead of account did page_view within 7 days', 'ann bob eve'],
      ['at least 2 leads of account did page_view', 'ann bob'],
      ['at least 2 leads of account everyone', 'ann bob'],
      ['any lead of account not did page_view', 'sid'],
      ['any lead of account (title = "vp" and did page_view)', 'ann bob'],
      ['not any lead of account everyone', 'solo'],
      ['at least 0 leads of account did page_view', 'all but'],
      ['at least 2 leads of account any lead of account title = "vp"', 'ann bob'],
    ],
  ))

test('conversions, segments and shares', () =>
  expectMembers(
    worldOf({
      won: { events: [['deal_won', at('03-30'), { kind: '"Won"', value: '1000' }]] },
      small: { events: [['deal_won', at('02-01'), { kind: '"renewal"', value: '5' }]] },
      twice: {
        events: [
          ['deal_won', at('03-30')],
          ['deal_won', at('02-01'), { value: '2000' }],
        ],
      },
      hot: {
        events: [
          ['page_view', at('03-30')],
          ['page_view', at('03-30')],
        ],
      },
      cold: {},
    }),
    [
      ['converted', 'won small twice'],
      ['converted within 30 days', 'won twice'],
      ['converted of kind "won"', 'won'],
      ['converted with value >= 1000', 'won twice'],
      ['converted with value >= 1000 within 30 days', 'won'],
      ['converted with value is unknown', 'twice'],
      ['converted at least 2 times', 'twice'],
      ['converted exactly 0 times', 'hot cold'],
      ['converted at most 1 times this month', 'all but'],
      ['in segment "customers"', 'won small twice'],
      ['not in segment "customers"', 'hot cold'],
      ['in segment "hot"', 'hot'],
      ['in segment "hot" or in segment "customers"', 'all but cold'],
      ['bucket 0 to 40 of 100 by "x" or bucket 40 to 100 of 100 by "x"', 'all but'],
      ['bucket 0 to 40 of 100 by "x" and bucket 40 to 100 of 100 by "x"', ''],
      ['bucket 0 to 7 of 7 by ""', 'all but'],
    ],
  ))
