import * as fc from 'fast-check'
import { compile } from '../../compiler/compile.ts'
import { print } from '../../compiler/parse.ts'
import { fadeTable, type ScoreDefinition } from '../../compiler/scoring.ts'
import { definitionOf, definitions } from './generated.ts'
import { catalog } from './world.ts'

const readsMates = (text: string): boolean => /\baccount (did|score|level)\b|\bleads? of account\b/.test(text)

const texts = (zone: string, mates: boolean): fc.Arbitrary<string> =>
  definitions
    .filter((each) => compile(each, catalog, zone).predicate !== undefined)
    .map((each) => print(each))
    .filter((text) => mates || !readsMates(text))

/** Segments that refer to others, look back, or read what is lost for a while. */
function others(mates: boolean): fc.Arbitrary<Record<string, string>> {
  const length = fc.constantFrom('1 second', '1 hour', '3 hours', '1 day', '2 days', '1 month', '0 days')
  return fc
    .tuple(length, length, length, fc.constantFrom('this month', 'today', 'last week'))
    .map(([one, two, three, calendar]) => ({
      picked: 'did page_view',
      sized: 'company_size >= 30 or subscribed is true or size of tags >= 2',
      named: 'title is known and industry = "Technology" or address.city = "Berlin"',
      plans: 'account.plan = "pro" or account.seats >= 10',
      customers: 'did deal_won',
      hot: 'score >= 50 and not in segment "customers"',
      reached: 'in segment "customers" or in segment "hot"',
      recent: `did page_view within ${one} or last activity within ${two}`,
      silent: `stopped page_view for ${one} within 1 year or no activity within ${three}`,
      soon: `renewal within next ${two} or renewal more than ${one} ago or renewal ${calendar}`,
      stays: `industry has been known for at least ${one} or title changed within ${two}`,
      afterwards: `did page_view then did email_open within ${fixed(one)} but not did purchase within ${fixed(two)} after`,
      calendar: `did page_view ${calendar} or first seen ${calendar}`,
      both: 'in segment "s0" or in segment "s1"',
      neither: 'not in segment "both" and not in segment "recent"',
      lately: `was in segment "recent" within ${three}`,
      came: `entered segment "s2" within ${one} or left segment "recent" within ${two}`,
      lasting: `in segment "both" for at least ${two}`,
      rose: `score rose by at least 5 within ${three} or fit score fell by at least 1 within ${one}`,
      peak: `max score within ${two} >= 25 or entered level warm within ${one}`,
      titled: `title is known and did page_view within ${three}`,
      untitled: 'not in segment "titled"',
      ...(mates
        ? { mates: `at least 2 leads of account in segment "recent" or account did purchase within ${one}` }
        : {}),
    }))
}

/** Steps of a sequence have lengths, no months. */
const fixed = (length: string): string => (length === '1 month' ? '30 days' : length)

/** Nobody refers to these: files may lose them, and find them again. */
const losable = ['s3', 's5', 'neither', 'lately', 'lasting', 'plans', 'rose'] as const

/**
 * Three of them, each with other meanings than the one before for one or two of the keys. The second has lost some, and
 * the third has most of these again.
 */
export const versionsOf = (zone: string, mates: boolean) =>
  fc
    .tuple(
      others(mates),
      fc.array(texts(zone, mates), { minLength: 12, maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 2 }),
      fc.subarray([...losable], { minLength: 1, maxLength: 3 }),
      fc.nat(3),
    )
    .map(([always, found, [one, other], lost, roll]) => {
      const version = (changed: readonly number[], without: readonly string[]) => {
        const own = found
          .slice(0, 6)
          .map((text, index) => [`s${index}`, changed.includes(index) ? found[index + 6]! : text] as const)
        const all: Record<string, string> = { ...always, ...Object.fromEntries(own) }
        return Object.fromEntries(Object.entries(all).filter(([key]) => !without.includes(key)))
      }
      const still = roll === 0 ? lost.slice(1) : []
      return [version([], []), version([one!], lost), version([one!, other!], still)]
    })

const points = (event: string, micropoints: string, more: object = {}) => ({ event, micropoints, ...more })
const levels = (score: string) =>
  catalog.scores.find(({ name }) => name === score)!.levels.map((each) => ({ ...each }))

export function scoringOf(mates: boolean, view: string, days: number): ScoreDefinition[] {
  const fade = { kind: 'half-life' as const, days }
  const own: ScoreDefinition[] = [
    {
      name: 'engagement',
      rules: [
        points('page_view', view),
        points('email_open', '7500000', { cap_per_lead: '15000000' }),
        points('purchase', '30000001', {
          cap_per_day: '45000000',
          fade,
          table: fadeTable(fade, '30000001', '45000000'),
        }),
        points('email_click', '-3000000', { fade: { kind: 'expires', days: 2 * days } }),
      ],
      levels: levels('engagement'),
    },
    {
      name: 'fit',
      rules: [
        { that: definitionOf('industry = "Technology"'), micropoints: '20000000' },
        { that: definitionOf('account.plan = "pro"'), micropoints: '10500000' },
        points('demo_request', '5000000', { cap_per_lead: '5000000' }),
      ],
      levels: levels('fit'),
    },
  ]
  const whole: ScoreDefinition = {
    name: 'account',
    rules: [],
    of_leads: { by: 'sum', score: 'engagement' },
    levels: levels('account'),
  }
  return mates ? [...own, whole] : own
}
