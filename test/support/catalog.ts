import type { Catalog, CatalogType, EventType } from '../../compiler/catalog.ts'
import { everyone, not, type Predicate, test } from '../../compiler/ir.ts'
import { staticMeaning, withOverrides } from '../../compiler/lists.ts'
import { fingerprint, normalize } from '../../compiler/normalize.ts'
import { scores } from './scores.ts'
import { hostileName } from './values.ts'

export { scores } from './scores.ts'

/** All that the conditions' examples name, and hostile names besides. */

const page = new Map<string, CatalogType>([
  ['page', 'text'],
  ['seconds', 'number'],
  ['logged_in', 'boolean'],
  ['started', 'instant'],
  ['tags', 'json'],
  ['utm', 'json'],
  ['channel', 'text'],
  [hostileName, 'text'],
])
const mail = new Map<string, CatalogType>([['campaign', 'text']])

type Kind = { activity?: boolean; conversion?: boolean; channel?: string }

const eventType = (properties: ReadonlyMap<string, CatalogType>, kind: Kind = {}): EventType => ({
  activity: true,
  conversion: false,
  ...kind,
  properties,
})

const events = new Map([
  ['trial_signup', eventType(new Map())],
  ['email_open', eventType(mail, { channel: 'email' })],
  ['email_sent', eventType(mail, { channel: 'email', activity: false })],
  ['email_click', eventType(mail, { channel: 'email' })],
  ['page_view', eventType(page, { channel: 'web' })],
  ['demo_request', eventType(new Map(), { channel: 'web' })],
  ['purchase', eventType(new Map<string, CatalogType>([['amount', 'number']]))],
  [
    'deal_won',
    eventType(
      new Map<string, CatalogType>([
        ['kind', 'text'],
        ['value', 'number'],
      ]),
      { conversion: true },
    ),
  ],
  [hostileName, eventType(page, { activity: false })],
])

const did = (type: string): Predicate =>
  test(
    {
      kind: 'events',
      of: 'lead',
      figure: { kind: 'last' },
      events: { types: { only: [type] }, where: everyone },
    },
    { op: 'known' },
  )
const customers = did('deal_won')
const segment = (key: string, predicate: Predicate): Predicate =>
  test(
    { kind: 'segment', key, meaning: fingerprint(normalize(predicate)) },
    { op: '=', to: { type: 'boolean', value: true } },
  )
const hot: Predicate = {
  kind: 'all',
  of: [
    test({ kind: 'score', score: 'engagement' }, { op: '>=', to: { type: 'number', value: '50' } }),
    not(segment('customers', customers)),
  ],
}
/** Comes to "customers" on two ways. */
const reached: Predicate = { kind: 'any', of: [segment('customers', customers), segment('hot', hot)] }

/** Hands have been at it. */
const picked = withOverrides('picked', did('page_view'))

/** What other segments mean, by their keys. One is static. */
export const segments: ReadonlyMap<string, Predicate> = new Map([
  ['picked', picked],
  ['webinar', staticMeaning('webinar', 1).predicate],
  ['customers', customers],
  ['hot', hot],
  ['reached', reached],
])

export const catalog: Catalog = {
  leads: new Map<string, CatalogType>([
    ['company_size', 'number'],
    ['industry', 'text'],
    ['title', 'text'],
    ['subscribed', 'boolean'],
    ['renewal', 'instant'],
    ['tags', 'json'],
    ['address', 'json'],
    ['employees', 'range'],
    [hostileName, 'text'],
  ]),
  accounts: new Map<string, CatalogType>([
    ['plan', 'text'],
    ['seats', 'number'],
    ['tags', 'json'],
    ['address', 'json'],
  ]),
  events,
  scores,
  aliases: new Map([
    [
      'viewed_pricing',
      {
        types: { only: ['page_view'] },
        where: test(
          { kind: 'property', name: 'page', type: 'text' },
          { op: '=', to: { type: 'text', value: '/pricing' } },
        ),
      },
    ],
    ['any_mail', { types: { only: ['email_open', 'email_click'] }, where: everyone }],
  ]),
  segments: new Map(
    [...segments].map(([key, predicate]) => [
      key,
      { predicate: normalize(predicate), fingerprint: fingerprint(normalize(predicate)) },
    ]),
  ),
}
