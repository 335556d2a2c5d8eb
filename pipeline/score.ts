import {
  ago,
  attributesReadBy,
  type Catalog,
  dialects,
  emit,
  type Fade,
  type Instant,
  levelAt,
  nearest,
  plan,
  type Rule,
  readDays,
  readsAccounts,
  resolve,
  type ScoreDefinition,
} from '../compiler/index.ts'
import { type Reader, readCatalog, rows } from './catalog.ts'
import { scoredCatalog } from './compiled.ts'
import { readScoring } from './decide.ts'
import type { Parameter, Row } from './engine.ts'
import { UserError } from './errors.ts'
import { type AssumedValue, assumedAmong, type FirstKnown } from './lead.ts'
import { statement } from './sql.ts'

/** A score of one lead, taken apart: the points of its rules add up to it. All numbers are exact decimals. */
export type Breakdown = {
  readonly score: string
  readonly value: string
  readonly level: string | null
  /** The most points so far, at the ends of UTC days as recorded and at the instant itself; the first such day. */
  readonly max: { readonly value: string; readonly day: string }
  /** The last that is recorded of days over by then, by whatever rules there were; null: nothing is. */
  readonly recorded: RecordedScore | null
  readonly rules: readonly RuleShare[]
  /** Of an account's score: what it is of its leads' scores, and how many they are, those with most points first. */
  readonly of_leads: {
    readonly by: string
    readonly score: string
    readonly leads: number
    readonly each: readonly { readonly lead_id: string; readonly points: string }[]
  } | null
}

export type RecordedScore = {
  readonly day: string
  readonly value: string
  readonly level: string | null
  /** It is that of the last day that was over; else nothing but fading has changed it since. */
  readonly is_exact: boolean
}

export type RuleShare = {
  readonly rule: string
  /** What each event gives, or a lead that fits. */
  readonly each: string
  /** Null: the rule looks at what the lead is. */
  readonly events: number | null
  /** As if all were new, and nothing were capped. */
  readonly before: string
  readonly points: string
  /** How its points fade, and its caps. */
  readonly terms: readonly string[]
  /** The UTC days that counted, latest first: their points add up to the rule's, but for its cap in all. */
  readonly days: readonly DayShare[]
  /** Attributes that were not known yet: what they were first known to be holds. */
  readonly assumed: readonly AssumedValue[]
}

export type DayShare = {
  readonly day: string
  /** In whole days. */
  readonly age: number
  readonly events: number
  /** As if they were new: without the cap per day, and with it. */
  readonly before: string
  readonly capped: string
  readonly points: string
}

export type BrokenDown = {
  /** Of scoring.yaml: the rules are those that are current, whatever the instant. Null: there are none. */
  readonly version: number | null
  readonly scores: readonly Breakdown[]
}

type Asked = {
  readonly id: string
  readonly asOf: Instant
  readonly horizon: string
  readonly score?: string | undefined
  readonly firstKnown?: FirstKnown | undefined
}

/** The same statement as a run's, about one lead, with what each rule comes to. */
export async function breakDown(reader: Reader, asked: Asked): Promise<BrokenDown> {
  const { id, asOf, horizon, firstKnown } = asked
  const { scores, definitions, version } = await readRules(reader, asked.score)
  const queryPlan = plan([], scores)
  const leads = readsAccounts(queryPlan) ? await matesOf(reader, id) : [id]
  const query = emit(queryPlan, dialects.postgres, { asOf, horizon, leads, breakdown: true })
  const found = await rows<Row>(reader, query.sql, query.parameters as Parameter[])
  const row = found.find((each) => String(each.lead_id) === id)
  if (!row) return { version, scores: [] }
  const recorded = await rows<Recorded>(reader, statement('reads/score_recorded'), [id, asOf])
  const names = await namesOf(reader, found)
  return {
    version,
    scores: scores.flatMap((score, index): Breakdown[] => {
      if (asked.score !== undefined && asked.score !== score.name) return []
      const points = BigInt(String(row[`s${index}`]))
      const before = recorded.find((each) => each.score === score.name)
      const base = scores.findIndex(({ name }) => name === score.ofLeads?.score)
      const mates = found.filter((each) => isMate(each, row, `score_${index}_account`))
      return [
        {
          ...{ score: score.name, value: decimal(points), level: levelAt(score, points) },
          max: maxOf(points, before, asOf),
          recorded: before ? recordedOf(before) : null,
          rules: score.rules.map((rule, position) => {
            const terms = termsOf(definitions.get(score.name)!.rules[position]!)
            return shareOf(rule, { row, column: `score_${index}_rule_${position}`, terms, asOf, firstKnown })
          }),
          of_leads: score.ofLeads ? { ...score.ofLeads, ...eachOf(mates, `s${base}`, names) } : null,
        },
      ]
    }),
  }
}

/** The current rules, and which version of them it is. */
async function readRules(reader: Reader, wanted: string | undefined) {
  const stored = await readScoring(reader)
  const { scores, catalog } = scoredCatalog(stored, await readCatalog(reader, []))
  if (wanted !== undefined && !scores.some(({ name }) => name === wanted)) throw unknownScore(wanted, catalog)
  const definitions = new Map((stored?.scores ?? []).map((each) => [each.name, each]))
  return { scores, definitions, version: stored?.version ?? null }
}

async function matesOf(reader: Reader, id: string): Promise<string[]> {
  const found = await rows<{ lead_id: string }>(reader, statement('reads/account_mates'), [id])
  return found.map(({ lead_id }) => lead_id)
}

async function namesOf(reader: Reader, found: readonly Row[]): Promise<ReadonlyMap<string, string>> {
  const ids = found.map(({ lead_id }) => String(lead_id))
  const named = await rows<{ id: string; lead_id: string }>(reader, statement('reads/external_ids'), [ids])
  return new Map(named.map(({ id, lead_id }) => [id, lead_id]))
}

/** Whether a lead is in the same account as of then. */
const isMate = (one: Row, other: Row, column: string): boolean =>
  typeof other[column] === 'string' && one[column] === other[column]

function eachOf(mates: readonly Row[], column: string, names: ReadonlyMap<string, string>) {
  const each = mates
    .map((mate) => ({ lead_id: names.get(String(mate.lead_id))!, points: BigInt(String(mate[column])) }))
    .sort((a, b) => (a.points === b.points ? (a.lead_id < b.lead_id ? -1 : 1) : a.points > b.points ? -1 : 1))
  return { leads: each.length, each: each.map((one) => ({ ...one, points: decimal(one.points) })) }
}

type Recorded = {
  score: string
  day: string
  micropoints: string
  level: string | null
  is_exact: boolean
  max_micropoints: string
  max_day: string
}

const recordedOf = ({ day, micropoints, level, is_exact }: Recorded): RecordedScore => ({
  ...{ day, value: decimal(BigInt(micropoints)), level, is_exact },
})

function maxOf(points: bigint, recorded: Recorded | undefined, asOf: Instant): Breakdown['max'] {
  const before = recorded && BigInt(recorded.max_micropoints)
  return before !== undefined && before >= points
    ? { value: decimal(before), day: recorded!.max_day }
    : { value: decimal(points), day: asOf.slice(0, 10) }
}

type Share = {
  readonly row: Row
  readonly column: string
  readonly terms: readonly string[]
  readonly asOf: Instant
  readonly firstKnown?: FirstKnown | undefined
}

function shareOf(rule: Rule, { row, column, terms, asOf, firstKnown }: Share): RuleShare {
  const text = (what: string) => String(row[`${column}_${what}`])
  const points = decimal(BigInt(text('points')))
  const each = decimal(BigInt(rule.micropoints))
  if (rule.kind === 'fit') {
    const read = attributesReadBy(rule.that, new Map(), [])
    const assumed = assumedAmong(read, firstKnown ?? { lead: {}, account: {} }, (known) => known > asOf)
    return { rule: rule.name, each, events: null, before: points, points, terms, days: [], assumed }
  }
  return {
    ...{ rule: rule.name, each, events: Number(text('events')), points, terms },
    before: decimal(BigInt(text('before'))),
    days: readDays(text('days')).map((day) => ({
      ...{ day: daysBefore(asOf, day.age), age: day.age, events: day.events },
      ...{ before: decimal(day.before), capped: decimal(day.capped), points: decimal(day.points) },
    })),
    assumed: [],
  }
}

const daysBefore = (asOf: Instant, age: number): string =>
  resolve(ago({ amount: age, unit: 'day' }, 'UTC'), asOf).slice(0, 10)

function termsOf(rule: ScoreDefinition['rules'][number]): string[] {
  if ('that' in rule) return []
  const { fade, cap_per_day, cap_per_lead, from, until } = rule
  return [
    ...(fade ? [sayFade(fade)] : []),
    ...(cap_per_day ? [`at most ${decimal(BigInt(cap_per_day))} a day`] : []),
    ...(cap_per_lead ? [`at most ${decimal(BigInt(cap_per_lead))} in all`] : []),
    ...(from ? [`from ${from}`] : []),
    ...(until ? [`until ${until}`] : []),
  ]
}

const words = { expires: 'expires after', 'half-life': 'half-life', linear: 'linear over' } as const
const sayFade = ({ kind, days }: Fade): string => `${words[kind]} ${days} ${days === 1 ? 'day' : 'days'}`

/** Micro-points as points, every digit kept: 12.5, -0.000001. */
export function decimal(points: bigint): string {
  const [sign, size] = points < 0n ? ['-', -points] : ['', points]
  const fraction = String(size % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return `${sign}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}

export function unknownScore(name: string, { scores }: Catalog): UserError {
  const broken = scores.find((each) => each.name === name)?.broken
  if (broken !== undefined) {
    const message = `The score "${name}" can't be computed: ${broken}`
    return new UserError({ code: 'SCORE_BROKEN', message, hint: 'Mend its rules in scoring.yaml.' })
  }
  const names = scores.map((each) => each.name)
  const meant = nearest(name, names)
  return new UserError({
    code: 'UNKNOWN_SCORE',
    message: `There is no score "${name}".${meant ? ` Did you mean "${meant}"?` : ''}`,
    hint: names.length > 0 ? `There are: ${names.join(', ')}.` : 'scoring.yaml defines scores.',
  })
}
