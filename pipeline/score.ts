import {
  attributesReadBy,
  type Catalog,
  dialects,
  emit,
  type Fade,
  type Instant,
  levelAt,
  nearest,
  plan,
  readsAccounts,
  type Score,
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
  readonly rules: readonly RuleShare[]
  /** Of an account's score: what it is of its leads' scores, and how many they are. */
  readonly of_leads: { readonly by: string; readonly score: string; readonly leads: number } | null
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
  /** Attributes that were not known yet: what they were first known to be holds. */
  readonly assumed: readonly AssumedValue[]
}

/** The same statement as a run's, about one lead, with what each rule comes to. */
export async function breakDown(
  reader: Reader,
  asked: {
    id: string
    asOf: Instant
    horizon: string
    score?: string | undefined
    firstKnown?: FirstKnown | undefined
  },
): Promise<Breakdown[]> {
  const stored = await readScoring(reader)
  const { scores, catalog } = scoredCatalog(stored, await readCatalog(reader, []))
  if (asked.score !== undefined && !scores.some(({ name }) => name === asked.score))
    throw unknownScore(asked.score, catalog)
  const queryPlan = plan([], scores)
  const leads = readsAccounts(queryPlan) ? await matesOf(reader, asked.id) : [asked.id]
  const { asOf, horizon } = asked
  const query = emit(queryPlan, dialects.postgres, { asOf, horizon, leads, breakdown: true })
  const found = await rows<Row>(reader, query.sql, query.parameters as Parameter[])
  const row = found.find((each) => String(each.lead_id) === asked.id)
  if (!row) return []
  const definitions = new Map((stored?.scores ?? []).map((each) => [each.name, each]))
  return scores.flatMap((score, index) =>
    asked.score === undefined || asked.score === score.name
      ? [breakdownOf(score, index, { row, definition: definitions.get(score.name)!, ...asked })]
      : [],
  )
}

async function matesOf(reader: Reader, id: string): Promise<string[]> {
  const found = await rows<{ lead_id: string }>(reader, statement('reads/account_mates'), [id])
  return found.map(({ lead_id }) => lead_id)
}

type BrokenDown = {
  readonly row: Row
  readonly definition: ScoreDefinition
  readonly asOf: Instant
  readonly firstKnown?: FirstKnown | undefined
}

function breakdownOf(score: Score, index: number, of: BrokenDown): Breakdown {
  const { row, definition, asOf, firstKnown = { lead: {}, account: {} } } = of
  const points = BigInt(String(row[`s${index}`]))
  const text = (column: string) => String(row[`score_${index}_${column}`])
  return {
    score: score.name,
    value: decimal(points),
    level: levelAt(score, points) ?? null,
    rules: score.rules.map((rule, position): RuleShare => {
      const name = `rule_${position}`
      const share = decimal(BigInt(text(`${name}_points`)))
      const each = decimal(BigInt(rule.micropoints))
      if (rule.kind === 'fit') {
        const read = attributesReadBy(rule.that, new Map(), [])
        const assumed = assumedAmong(read, firstKnown, (known) => known > asOf)
        return { rule: rule.name, each, events: null, before: share, points: share, terms: [], assumed }
      }
      return {
        ...{ rule: rule.name, each, events: Number(text(`${name}_events`)), points: share },
        before: decimal(BigInt(text(`${name}_before`))),
        terms: termsOf(definition.rules[position]!),
        assumed: [],
      }
    }),
    of_leads: score.ofLeads ? { ...score.ofLeads, leads: Number(text('leads')) } : null,
  }
}

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

function unknownScore(name: string, { scores }: Catalog): UserError {
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
