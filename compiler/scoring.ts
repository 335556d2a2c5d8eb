import { z } from 'zod'
import type { Catalog } from './catalog.ts'
import { contextFor, inEvents } from './compile.ts'
import type { Context } from './condition.ts'
import type { Definition } from './definition.ts'
import type { Diagnostic } from './diagnostic.ts'
import { lowerEvents, printWhich, which } from './events.ts'
import type { Comparison, EventRule, Events, FitRule, Operand, Property, Rule, Score, Test } from './ir.ts'
import { normalizeEvents, normalizePredicate } from './normalize.ts'
import { definition, parse, print } from './parse.ts'
import { testsOf } from './plan.ts'
import { type Instant, readInstant } from './time.ts'

/** A score as scoring.yaml gives it: stored with its version, and given its meaning by each run's catalog. */
const micropoints = z.string().regex(/^-?\d{1,16}$/)
/** In days: a hundred years. */
export const longestFade = 36_525
const days = z.int().min(1).max(longestFade)
const fade = z.strictObject({ kind: z.enum(['expires', 'half-life', 'linear']), days })
export type Fade = z.infer<typeof fade>

const eventRule = z.strictObject({
  ...which,
  micropoints,
  cap_per_day: micropoints.optional(),
  cap_per_lead: micropoints.optional(),
  from: z.string().optional(),
  until: z.string().optional(),
  fade: fade.optional(),
  /** Computed once, when the rule is applied: so that no engine and no later version rounds otherwise. */
  table: z.strictObject({ each: z.array(micropoints), capped: z.array(micropoints) }).optional(),
})
const fitRule = z.strictObject({ that: definition, micropoints })

export const scoreDefinition = z.strictObject({
  name: z.string().min(1).max(100),
  rules: z.array(z.union([eventRule, fitRule])),
  of_leads: z.strictObject({ by: z.enum(['sum', 'max', 'mean']), score: z.string() }).optional(),
  levels: z.array(z.strictObject({ name: z.string().min(1), from: z.string() })),
})
export type ScoreDefinition = z.infer<typeof scoreDefinition>
export type RuleDefinition = ScoreDefinition['rules'][number]

/** What is wrong with a rule: which score, and which of its rules (none: the score itself). */
export type RuleDiagnostic = {
  readonly score: string
  readonly rule?: number
  readonly diagnostic: Diagnostic
}

export function compileScores(
  definitions: readonly ScoreDefinition[],
  catalog: Catalog,
  zone: string,
): { scores: Score[]; diagnostics: RuleDiagnostic[] } {
  const diagnostics: RuleDiagnostic[] = []
  const own = new Set(definitions.filter(({ of_leads }) => !of_leads).map(({ name }) => name))
  const scores = definitions.map(({ name, rules, of_leads, levels }): Score => {
    if (of_leads && !own.has(of_leads.score)) {
      const known = [...own].join(', ') || 'none'
      diagnostics.push({
        score: name,
        diagnostic: {
          code: 'UNKNOWN_SCORE',
          severity: 'error',
          message: `There is no score "${of_leads.score}" of leads that "${name}" could sum up.`,
          hint: `Scores of leads: ${known}.`,
        },
      })
    }
    return {
      name,
      levels,
      ...(of_leads ? { ofLeads: of_leads } : {}),
      rules: rules.map((rule, position) => {
        const found = compileRule(rule, catalog, zone)
        for (const diagnostic of found.diagnostics)
          diagnostics.push({ score: name, rule: position, diagnostic })
        return found.rule
      }),
    }
  })
  return { scores, diagnostics }
}

function compileRule(
  rule: RuleDefinition,
  catalog: Catalog,
  zone: string,
): { rule: Rule; diagnostics: readonly Diagnostic[] } {
  const root: Definition = 'that' in rule ? (rule.that as Definition) : { kind: 'did', ...rule }
  const { context, diagnostics } = contextFor(root, catalog, zone)
  const compiled = 'that' in rule ? compileFit(rule, root, context) : compileEvents(rule, root, context)
  return { rule: compiled, diagnostics: 'that' in rule ? diagnostics : diagnostics.map(inEvents) }
}

function compileFit(rule: z.infer<typeof fitRule>, root: Definition, context: Context): FitRule {
  const that = normalizePredicate(context.lower(root))
  for (const { subject, is } of testsOf(that)) {
    if (subject.kind !== 'attribute') {
      context.report(
        root,
        'BAD_RULE',
        'A fit rule looks at attributes of the lead and of its account, and at nothing else.',
        {
          hint: 'For what a lead does, name the event: events: page_view.',
        },
      )
    } else reportTimes(root, is, context)
  }
  return { kind: 'fit', name: print(root), that, micropoints: rule.micropoints }
}

function compileEvents(rule: z.infer<typeof eventRule>, root: Definition, context: Context): EventRule {
  const { event, where, cap_per_day, cap_per_lead, table } = rule
  const events = normalizeEvents(lowerEvents(root, { event, where }, context))
  for (const { is } of testsOf(events.where) as Iterable<Test<Property>>) reportTimes(root, is, context)
  return {
    kind: 'events',
    name: printWhich({ event, where }),
    events: { ...events, ...active(rule, root, context) },
    micropoints: rule.micropoints,
    ...(cap_per_day ? { capPerDay: cap_per_day } : {}),
    ...(cap_per_lead ? { capPerLead: cap_per_lead } : {}),
    ...(table ? { fade: table } : {}),
  }
}

/** A score changes only when something happens, and at midnight: so a rule can't look at times before its run. */
function reportTimes(root: Definition, is: Comparison, context: Context): void {
  const compared = is.op === 'some' || is.op === 'every' ? is.is : is
  const operands: readonly Operand[] =
    compared.op === 'known'
      ? []
      : compared.op === 'in'
        ? compared.to
        : compared.op === 'between'
          ? [compared.low, compared.high]
          : [compared.to]
  if (operands.some((each) => each.type === 'instant' && each.moment.kind !== 'at')) {
    context.report(
      root,
      'BAD_RULE',
      'A rule compares with fixed dates, not with times before or after a run.',
      {
        hint: 'Let the points fade instead: fade: expires after 30 days.',
      },
    )
  }
}

/** Which events count at all: from the one day on, until the other begins. */
function active(
  { from, until }: z.infer<typeof eventRule>,
  root: Definition,
  context: Context,
): Pick<Events, 'from' | 'until'> {
  const at = (text: string | undefined): Instant | undefined => {
    if (text === undefined) return undefined
    const instant = readInstant(text, context.zone)
    if (!instant) context.report(root, 'BAD_INSTANT', `"${text}" is neither a date nor an instant.`)
    return instant
  }
  const [begin, end] = [at(from), at(until)]
  return {
    ...(begin ? { from: { kind: 'at', instant: begin } } : {}),
    ...(end ? { until: { kind: 'at', instant: end } } : {}),
  }
}

/** Every way to name a score in front of a word of the language. */
const namings = (name: string): string[] => [
  ...[`${name} score = 0`, `${name} score rose by at least 1 within 1 day`, `max ${name} score = 0`],
  ...[`${name} level is x`, `${name} level in ("x")`, `entered ${name} level x within 1 day`],
]

/**
 * A definition that names a score of this name and would be read as something else, if there is one. Names that are not
 * plain words stand in backquotes, and so are never mistaken.
 */
export function misreadNaming(name: string): string | undefined {
  if (!/^[A-Za-z_]\w*$/.test(name)) return undefined
  return namings(name).find((text) => {
    const parsed = parse(text)
    return 'diagnostics' in parsed || (parsed.definition as { of?: unknown }).of !== name
  })
}

/** What an event is worth by its age in days, and what a day is worth at its cap: whole micro-points. */
export function fadeTable(
  { kind, days: length }: Fade,
  points: string,
  cap: string | undefined,
): { each: string[]; capped: string[] } {
  const capped = cap === undefined ? undefined : points.startsWith('-') ? `-${cap}` : cap
  const rows = (of: string | undefined) => (of === undefined ? [] : fadeOf(kind, length, BigInt(of)))
  return { each: rows(points), capped: rows(capped) }
}

function fadeOf(kind: Fade['kind'], length: number, points: bigint): string[] {
  const table: string[] = []
  for (let age = 0; age < longestFade; age++) {
    const worth = worthAt(kind, length, points, age)
    if (worth === 0n) break
    table.push(String(worth))
  }
  return table
}

function worthAt(kind: Fade['kind'], length: number, points: bigint, age: number): bigint {
  if (kind === 'half-life') return BigInt(Math.round(Number(points) * 2 ** (-age / length)))
  if (age >= length) return 0n
  if (kind === 'expires') return points
  const [left, whole] = [points * BigInt(length - age), BigInt(length)]
  const half = left < 0n ? -whole : whole
  return (2n * left + half) / (2n * whole)
}

/** Text → fade: `half-life 30 days`, `expires after 90 days`, `linear over 60 days`, `none`. However many days. */
export function readFade(text: string): Fade | 'none' | undefined {
  if (text.trim() === 'none') return 'none'
  const match = /^(half-life|expires after|linear over)\s+(\d+)\s*(?:days?|d)$/.exec(text.trim())
  if (!match) return undefined
  const kind = match[1] === 'half-life' ? 'half-life' : match[1] === 'linear over' ? 'linear' : 'expires'
  return { kind, days: Number(match[2]) }
}
