import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conditions, fadeTable } from '../../compiler/index.ts'
import type { Database } from '../../pipeline/engine.ts'
import { findLead } from '../../pipeline/lead.ts'
import { readSeen } from '../../pipeline/seen.ts'
import { explainLead, type Why } from '../../pipeline/why.ts'
import { testDatabase } from '../support/database.ts'
import { apply, runAsOf } from '../support/definitions.ts'

/** What is said of one lead, Ada, by a definition of each kind of condition: where it holds, and where it doesn't. */
const sentences: Record<string, [definition: string, sentence: string][]> = {
  everyone: [['everyone', 'everyone']],
  did: [
    ['did trial_signup', 'trial signup 28 days ago'],
    ['did api_call', 'no api call'],
    ['not did api_call', 'no api call'],
    ['not did trial_signup', 'trial signup 28 days ago'],
    ['did demo_request within 7 days', 'demo request 3 days ago'],
    ['did trial_signup within 7 days', 'no trial signup in the last 7 days'],
    ['did trial_signup since "2026-02-20"', 'no trial signup since 2026-02-20'],
    ['did login more than 14 days ago', 'login 18 days ago'],
    ['did login more than 60 days ago', 'no login more than 60 days ago'],
    ['did login last month', 'login 18 days ago'],
    ['did login this month', 'no login this month'],
    ['did login at least 2 times within 30 days', 'login 2 times in the last 30 days'],
    ['did login at least 3 times within 30 days', 'login 2 times in the last 30 days'],
    ['did demo_request exactly 1 times', 'demo request once'],
    ['did api_call at most 2 times within 90 days', 'no api call in the last 90 days'],
    ['did demo_request exactly 0 times', 'demo request 3 days ago'],
    ['did any of (login, demo_request) at least 3 times', 'login or demo request 3 times'],
    ['did viewed_pricing', 'viewed pricing 19 days ago'],
    ['viewed_pricing at least 3 times within 90 days', 'viewed pricing once in the last 90 days'],
    ['did page_view where page = "/docs"', 'no page view (page is "/docs")'],
    ['did any event where channel = "web"', 'event (channel is "web") 19 days ago'],
    ['did log* within 30 days', 'log event 18 days ago'],
    ['did api_call at least 0 times', 'did api call at least 0 times'],
  ],
  account_did: [
    ['account did login at least 2 times', 'login at the account 3 times'],
    ['account did api_call within 30 days', 'no api call at the account in the last 30 days'],
  ],
  active_days: [
    ['distinct days of login >= 2 within 30 days', 'login on 2 different days in the last 30 days'],
    ['distinct days of demo_request >= 2', 'demo request on 1 day'],
    ['distinct days of api_call = 0', 'no api call'],
  ],
  event_value: [
    ['sum amount of purchase > 100 within 90 days', 'sum of amount of purchase 1,250.5 in the last 90 days'],
    ['mean amount of purchase > 100', 'mean amount of purchase 625.25'],
    ['max amount of purchase > 5000', 'greatest amount of purchase 1,000'],
    ['sum amount of purchase > 1 within 1 day', 'no amount of purchase in the last day'],
    ['distinct page of page_view >= 2', '1 different value of page of page view'],
    ['first page of page_view = "/pricing"', 'first page of page view /pricing'],
    ['last due of purchase within next 30 days', 'last due of purchase in 10 days'],
  ],
  last_activity: [
    ['last activity within 7 days', 'last active 2 days ago'],
    ['last activity more than 14 days ago', 'last active 2 days ago'],
    ['last activity more than 1 day ago', 'silent for 2 days'],
    ['no activity within 7 days', 'last active 2 days ago'],
    ['no activity within 1 day', 'silent for 2 days'],
    ['no activity last month', 'active 2 days ago'],
    ['no activity before "2025-01-01"', 'no activity before 2025-01-01'],
  ],
  first_seen: [
    ['first seen within 90 days', 'first seen 330 days ago'],
    ['first seen more than 90 days ago', 'first seen 330 days ago'],
  ],
  occurrence: [
    ['first login within 30 days', 'first login 19 days ago'],
    ['last login within 7 days', 'last login 18 days ago'],
    ['last api_call within 7 days', 'no api call'],
  ],
  stopped: [
    ['stopped login for 14 days within 60 days', 'no login for 18 days'],
    ['stopped demo_request for 14 days within 60 days', 'demo request 3 days ago'],
    ['stopped api_call for 14 days within 60 days', 'no api call'],
  ],
  restarted: [
    [
      'restarted webinar within 7 days after 30 days',
      'webinar 2 days ago after none between 30 and 7 days ago',
    ],
    ['restarted login within 7 days after 30 days', 'no login in the last 7 days'],
    ['restarted api_call within 7 days after 30 days', 'no api call'],
    ['restarted demo_request within 7 days after 30 days', 'first demo request 3 days ago'],
    ['restarted purchase within 7 days after 30 days', 'no purchase in the last 7 days'],
    ['restarted login within 19 days after 20 days', 'login 18 days ago and 19 days ago'],
  ],
  regularly: [
    [
      'regularly login at least 1 times in 1 of the last 4 weeks',
      'login at least once in 1 of the last 4 weeks',
    ],
    [
      'regularly api_call at least 2 times in 3 of the last 4 weeks',
      'api call at least 2 times in none of the last 4 weeks',
    ],
  ],
  sequence: [
    ['did trial_signup then did demo_request', 'trial signup 28 days ago then demo request 3 days ago'],
    [
      'did trial_signup then did demo_request within 7 days',
      'trial signup 28 days ago then no demo request within 7 days',
    ],
    ['did demo_request then did api_call within 7 days', 'demo request 3 days ago then no api call yet'],
    ['did demo_request then did api_call', 'demo request 3 days ago then no api call'],
    ['did api_call then did demo_request', 'no api call'],
    ['did trial_signup within 7 days then did demo_request', 'no trial signup in the last 7 days'],
    [
      'did trial_signup but not did api_call within 7 days after',
      'trial signup 28 days ago then no api call within 7 days',
    ],
    [
      'did trial_signup but not did login within 14 days after',
      'trial signup 28 days ago then login 19 days ago',
    ],
    [
      'did trial_signup then did demo_request within 7 days overall',
      'trial signup 28 days ago then demo request 3 days ago but not within 7 days',
    ],
    [
      'did trial_signup then did demo_request within 7 days overall but not did api_call within 1 day after',
      'trial signup 28 days ago then demo request 3 days ago but not within 7 days',
    ],
    [
      'did trial_signup then did demo_request within 30 days overall but not did webinar within 2 days after',
      'trial signup 28 days ago then demo request 3 days ago then webinar 2 days ago',
    ],
  ],
  leads_of_account: [
    ['at least 2 leads of account did login', '2 leads of the account (did login)'],
    ['any lead of account title contains "VP"', '1 lead of the account (title contains "VP")'],
    ['any lead of account did api_call', 'no lead of the account (did api call)'],
  ],
  converted: [
    ['converted', 'conversion 9 days ago'],
    ['converted of kind "won" within 90 days', 'conversion of kind "won" 9 days ago'],
    ['converted of kind "lost"', 'no conversion of kind "lost"'],
    [
      'converted with value >= 100 at least 2 times this year',
      'conversion (value is at least 100) once this year',
    ],
  ],
  score: [
    ['score >= 50', 'score 62'],
    ['score < 25', 'score 62'],
    ['fit score > 1', 'fit score 0'],
  ],
  score_max: [
    ['max score >= 50', 'greatest score 62'],
    ['max score within 90 days >= 50', 'greatest score 62 in the last 90 days'],
  ],
  score_change: [
    ['score rose by at least 10 within 7 days', 'score up by 42 in the last 7 days'],
    ['momentum score fell by at least 0.5 within 1 day', 'momentum score down by 0.5 in the last day'],
    ['score fell by at least 10 within 1 day', 'score unchanged in the last day'],
  ],
  level: [
    ['level is hot', 'level hot'],
    ['level is cold', 'level hot'],
    ['level not in ("cold", "warm")', 'level hot'],
    ['fit level is good', 'fit level poor'],
  ],
  level_entered: [
    ['entered level hot within 30 days', 'came to level hot 2 days ago'],
    ['entered level warm within 30 days', 'never came to level warm'],
  ],
  in_segment: [
    ['in segment "trials"', 'in segment trials'],
    ['not in segment "trials"', 'in segment trials'],
    ['in segment "calls"', 'not in segment calls'],
    ['not in segment "calls"', 'not in segment calls'],
    ['in segment "trials" for at least 7 days', 'in segment trials for 9 days'],
    ['in segment "calls" for at least 7 days', 'not in segment calls'],
  ],
  was_in_segment: [
    ['was in segment "folded" within 30 days', 'was in segment folded in the last 30 days'],
    ['was in segment "calls"', 'was never in segment calls'],
    ['was in segment "calls" last month', 'was not in segment calls last month'],
  ],
  segment_change: [
    ['left segment "folded" within 30 days', 'left segment folded 2 days ago'],
    ['entered segment "trials" within 7 days', 'entered segment trials 9 days ago'],
    ['entered segment "calls" within 7 days', 'never entered segment calls'],
    ['left segment "trials" before "2026-02-10"', 'did not leave segment trials before 2026-02-10'],
  ],
  bucket: [
    ['bucket 0 to 10 of 10 by "spring"', 'share 0 to 10 of 10 of the split "spring"'],
    ['bucket 0 to 5 of 10 by "spring"', 'share 0 of 10 of the split "spring"'],
  ],
  attribute: [
    ['company_size > 500', 'company size 1,200'],
    ['company_size < 500', 'company size 1,200'],
    ['industry = "technology"', 'industry Technology'],
    ['industry not in ("Retail")', 'industry Technology'],
    ['notes contains "vip"', 'notes unknown'],
    ['notes is unknown', 'notes unknown'],
    ['subscribed is true', 'subscribed true'],
    ['labels = "vip"', 'labels vip and beta'],
    ['none of labels = "new"', 'labels vip and beta'],
    ['size of labels >= 1', 'number of labels 2'],
    ['colours = "red"', 'no colours'],
    ['address.city = "Berlin"', 'address city Berlin'],
    ['renewal within next 30 days', 'renewal in 12 days'],
    ['renewal more than 14 days ago', 'renewal in 12 days'],
    ['renewal = "2026-03-13"', 'renewal 2026-03-13'],
    ['dob anniversary within next 14 days', 'anniversary of dob in 3 days'],
    ['dob anniversary within next 1 days', 'anniversary of dob in 3 days'],
    ['account.plan = "pro"', 'account plan pro'],
    ['account.seats > 5', 'account seats unknown'],
  ],
  attribute_been: [
    ['plan has been "pro" for at least 7 days', 'plan is "pro" for 9 days'],
    ['industry has been "Technology" for at least 7 days', 'industry is "Technology" since ever'],
    ['plan has been "free" for at least 7 days', 'plan pro'],
    ['notes has been known for at least 7 days', 'notes unknown'],
  ],
  attribute_changed: [
    ['plan changed from "free" to "pro" within 30 days', 'plan changed from free to pro 9 days ago'],
    ['plan changed within 7 days', 'plan changed 9 days ago'],
    ['plan changed to "max"', 'plan did not change to max'],
    ['industry changed this month', 'industry did not change this month'],
  ],
}

/** Of what is joined: what is met, and what is lacking. */
const joined: [definition: string, sentence: string][] = [
  [
    'did viewed_pricing at least 1 times this year and score >= 50 and company_size > 1000',
    'viewed pricing 19 days ago, score 62, company size 1,200',
  ],
  [
    'did trial_signup and not (did api_call or did login)',
    'trial signup 28 days ago, no api call, but login 18 days ago',
  ],
  ['score >= 50 and score < 60', 'score 62'],
  ['did api_call or did trial_signup', 'trial signup 28 days ago'],
  ['(did api_call and score > 70) or (did login and did api_call)', 'login 18 days ago, but no api call'],
  ['did api_call and notes is known', 'no api call and notes unknown'],
]

const asOf = '2026-03-01T12:00:00.000000Z'
const definitions = [...Object.values(sentences).flat(), ...joined].map(([text]) => text)

let database: Database
let found: Map<string, Why>
beforeAll(async () => {
  database = await testDatabase()
  await database.query(ada)
  await define({})
  for (const day of ['2026-02-20', '2026-02-25', '2026-02-27'])
    await runAsOf(database, `${day}T00:00:00.000000Z`)
  await define(Object.fromEntries(definitions.map((text, index) => [`s${index}`, text])))
  const { horizon } = await readSeen(database)
  const { id, firstKnown } = await findLead(database, 'Ada', asOf)
  const { segments } = await explainLead(database, { id, asOf, horizon, firstKnown })
  found = new Map(segments.map((each) => [each.segment, each]))
})
afterAll(() => database.close())

const ada = `
  insert into catalog (subject, name, type) values ('lead', 'company_size', 'number'), ('lead', 'industry', 'text'),
    ('lead', 'notes', 'text'), ('lead', 'title', 'text'), ('lead', 'plan', 'text'), ('lead', 'subscribed', 'boolean'),
    ('lead', 'labels', 'json'), ('lead', 'colours', 'json'), ('lead', 'address', 'json'), ('lead', 'renewal', 'instant'),
    ('lead', 'dob', 'instant'), ('account', 'plan', 'text'), ('account', 'seats', 'number');
  insert into catalog (subject, event_type, name, type) values ('event', 'page_view', 'page', 'text'),
    ('event', 'purchase', 'amount', 'number'), ('event', 'purchase', 'due', 'instant'),
    ('event', 'deal_won', 'kind', 'text'), ('event', 'deal_won', 'value', 'number');
  insert into event_types (type) values ('trial_signup'), ('api_call'), ('demo_request'), ('login'), ('page_view'),
    ('purchase'), ('deal_won'), ('webinar');
  insert into accounts (external_id, attributes) values ('Acme', '{"plan": "pro"}');
  insert into leads (external_id, first_seen_at, account_id, attributes)
    select lead, '2026-01-01Z', account_id, held::jsonb
    from accounts, (values
      ('Ada', '{"company_size": 1200, "industry": "Technology", "title": "VP of Sales", "plan": "free", "subscribed": true,
        "labels": ["vip", "beta"], "address": {"city": "Berlin"}, "renewal": "2026-03-13T00:00:00.000000Z",
        "dob": "1990-03-04T00:00:00.000000Z"}'),
      ('Bob', '{}')) as people (lead, held);
  update attribute_change set from_at = '2026-01-15Z';
  insert into attribute_change (subject, subject_id, attribute, value, from_at)
    select 'lead', lead_id, 'plan', '"pro"', '2026-02-20Z' from leads where external_id = 'Ada';
  insert into events (event_id, lead_id, type, occurred_at, properties)
    select row_number() over ()::text, lead_id, type, at::timestamptz, properties::jsonb
    from leads join (values
      ('Ada', 'webinar', '2025-04-05 12:00Z', '{}'),
      ('Ada', 'trial_signup', '2026-02-01 10:00Z', '{}'),
      ('Ada', 'login', '2026-02-10 09:00Z', '{}'),
      ('Ada', 'page_view', '2026-02-10 10:00Z', '{"page": "/pricing", "channel": "web"}'),
      ('Ada', 'login', '2026-02-11 09:00Z', '{}'),
      ('Ada', 'purchase', '2026-01-05 09:00Z', '{"amount": 1000}'),
      ('Ada', 'purchase', '2026-02-15 09:00Z', '{"amount": 250.5, "due": "2026-03-11T00:00:00.000000Z"}'),
      ('Ada', 'deal_won', '2026-02-20 09:00Z', '{"kind": "won", "value": 500}'),
      ('Ada', 'demo_request', '2026-02-26 09:00Z', '{}'),
      ('Ada', 'webinar', '2026-02-27 09:00Z', '{}'),
      ('Bob', 'login', '2026-02-20 09:00Z', '{}')) as event (lead, type, at, properties) on lead = external_id`

const fade = { kind: 'linear', days: 40 } as const
const define = (segments: Record<string, string>) =>
  apply(
    database,
    {
      ...{ trials: 'did trial_signup', calls: 'did api_call', folded: 'not did demo_request' },
      ...segments,
    },
    {
      points: { trial_signup: 20, demo_request: 42 },
      scores: [
        {
          name: 'fit',
          rules: [{ event: 'api_call', micropoints: '1000000' }],
          levels: [
            { name: 'poor', from: '0' },
            { name: 'good', from: '10' },
          ],
        },
        {
          name: 'momentum',
          rules: [
            { event: 'login', micropoints: '10000000', fade, table: fadeTable(fade, '10000000', undefined) },
          ],
          levels: [],
        },
      ],
      events: [{ type: 'deal_won', channel: null, activity: true, conversion: true }],
      aliases: [
        {
          name: 'viewed_pricing',
          text: 'page_view where page = "/pricing"',
          locate: () => ({ file: 'events.yaml', line: 1, column: 1, length: 1, excerpt: '' }),
        },
      ],
    },
  )

const sentenceOf = (text: string) => found.get(`s${definitions.indexOf(text)}`)?.sentence

describe.each(Object.entries(sentences))('%s', (_, rows) => {
  test.each(rows)('%s: %s', (text, sentence) => expect(sentenceOf(text)).toEqual(sentence))
})

test.each(joined)('%s: %s', (text, sentence) => expect(sentenceOf(text)).toBe(sentence))

test('every kind of condition says a sentence', () => {
  expect(Object.keys(sentences).sort()).toEqual(conditions.map(({ kind }) => kind).sort())
})
