import {
  type Comparison,
  type EventRule,
  everyone,
  type FitRule,
  type Predicate,
  type Score,
  test,
} from '../../compiler/ir.ts'
import { fadeTable } from '../../compiler/scoring.ts'
import { hostileName } from './values.ts'

/** So many micro-points for each event of a type. */
export const pointsFor = (type: string, micropoints: string): EventRule => ({
  kind: 'events',
  name: type,
  events: { types: { only: [type] }, where: everyone },
  micropoints,
})

const attribute = (
  of: 'lead' | 'account',
  name: string,
  type: 'text' | 'number',
  is: Comparison,
): Predicate => test({ kind: 'attribute', of, name, type }, is)

const fit = (that: Predicate, micropoints: string): FitRule => ({
  kind: 'fit',
  name: 'fit',
  that,
  micropoints,
})

/** Rules of every kind: for what leads do, for what they are, and for accounts. */
export const scores: readonly Score[] = [
  {
    name: 'engagement',
    rules: [
      pointsFor('page_view', '1000000'),
      pointsFor('email_open', '7500000'),
      pointsFor('trial_signup', '25000000'),
      pointsFor('email_sent', '-1'),
      pointsFor(hostileName, '9007199254740993'),
      {
        ...pointsFor('purchase', '10000001'),
        capPerDay: '15000000',
        capPerLead: '40000000',
        fade: fadeTable({ kind: 'half-life', days: 30 }, '10000001', '15000000'),
      },
      {
        ...pointsFor('email_click', '-3000000'),
        capPerDay: '4000000',
        fade: fadeTable({ kind: 'linear', days: 45 }, '-3000000', '4000000'),
      },
    ],
    levels: [
      { name: 'cold', from: '0' },
      { name: 'warm', from: '25' },
      { name: 'hot', from: '50' },
      { name: 'very hot', from: '75.5' },
    ],
  },
  {
    name: 'fit',
    rules: [
      fit(
        attribute('lead', 'industry', 'text', { op: '=', to: { type: 'text', value: 'Technology' } }),
        '20000000',
      ),
      fit(attribute('account', 'plan', 'text', { op: '=', to: { type: 'text', value: 'pro' } }), '10500000'),
      fit(attribute('lead', 'company_size', 'number', { op: 'known' }), '-5000000'),
      { ...pointsFor('demo_request', '5000000'), capPerLead: '5000000' },
    ],
    levels: [
      { name: 'poor', from: '0' },
      { name: 'good', from: '10.25' },
    ],
  },
  {
    name: 'account',
    rules: [],
    ofLeads: { by: 'sum', score: 'engagement' },
    levels: [
      { name: 'quiet', from: '0' },
      { name: 'busy', from: '60' },
    ],
  },
]
