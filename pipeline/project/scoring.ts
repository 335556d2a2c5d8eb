import type { z } from 'zod'
import {
  type Definition,
  type Diagnostic,
  fadeTable,
  micropoints,
  misreadNaming,
  parse,
  parseEvents,
  readFade,
  readInstant,
  type ScoreDefinition,
  type Span,
} from '../../compiler/index.ts'
import type { Project } from './settings.ts'
import { type RuleShape, scoreShape } from './shapes.ts'
import { type Entry, type Finding, type Place, readYaml } from './yaml.ts'

/** A score as scoring.yaml has it: ready to be stored, and where its parts stand. */
export type ScoreSource = {
  readonly definition: ScoreDefinition
  /** How many of its rules, the first ones, are written in the short form. */
  readonly short: number
  /** From a place in the text of a rule (without a rule: of the score itself) to a place in the file. */
  locate(rule: number | undefined, found: { span?: Span | undefined }): Place
}

type Rule = ScoreDefinition['rules'][number]

/** Reads scoring.yaml. Fade tables are computed here, once: they are stored with the version. */
export function readScores(project: Project, findings: Finding[]): ScoreSource[] {
  const scores: ScoreSource[] = []
  readYaml(project, 'scoring.yaml', findings)
    ?.only('scores')
    .each((name, entry) => {
      const misread = misreadNaming(name)
      if (misread !== undefined) {
        const message = `"${name}" can't be the name of a score: \`${misread}\` does not ask for it.`
        entry.find('BAD_KEY', message, { hint: 'Choose a name that is no word of the language.' })
      }
      const shape = entry.check(scoreShape)
      const score = shape && scoreOf(name, shape, entry, project.settings.timezone)
      if (score) scores.push(score)
    }, 'scores')
  return scores
}

function scoreOf(
  name: string,
  shape: z.infer<typeof scoreShape>,
  entry: Entry,
  zone: string,
): ScoreSource | undefined {
  const levels = Object.entries(shape.levels).map(([level, from]) => ({ name: level, from }))
  if (levels.some((level, index) => index > 0 && Number(level.from) <= Number(levels[index - 1]!.from))) {
    entry.find('BAD_LEVELS', `The levels of "${name}" are lower bounds and must rise.`)
  }
  const short = Object.entries(shape.points).map(
    ([event, points]): Rule => ({ event, micropoints: micropoints(points) }),
  )
  const long = shape.rules.map((rule, position) => ruleOf(rule, ['rules', String(position)], entry, zone))
  const [, by, of] = /^(sum|max|mean) of (.+)$/.exec(shape.of_leads ?? '') ?? []
  if (of !== undefined && short.length + long.length > 0) {
    const message = `"${name}" is what a score of its leads comes to, so it has no points and rules of its own.`
    entry.find('BAD_RULE', message, { hint: 'Give them to a score of leads.' })
  }
  const rules = [...short, ...long.filter((rule) => rule !== undefined)]
  if (rules.length < short.length + long.length) return undefined
  const ofLeads = of === undefined ? {} : { of_leads: { by: by as 'sum' | 'max' | 'mean', score: of.trim() } }
  const types = Object.keys(shape.points)
  return {
    definition: { name, rules, ...ofLeads, levels },
    short: short.length,
    locate: (rule, { span }) => entry.locate(pathOf(rule, types, rules), { span }),
  }
}

function pathOf(rule: number | undefined, types: readonly string[], rules: readonly Rule[]): string[] {
  if (rule === undefined) return ['of_leads']
  if (rule < types.length) return ['points', types[rule]!]
  return ['rules', String(rule - types.length), 'that' in rules[rule]! ? 'where' : 'events']
}

/** What is wrong in the texts of a rule is said at its place; what the catalog has to say to it, later. */
function ruleOf(rule: RuleShape, path: readonly string[], entry: Entry, zone: string): Rule | undefined {
  const points = micropoints(rule.points)
  const field = 'where' in rule ? 'where' : 'events'
  const parsed = 'where' in rule ? parse(rule.where) : parseEvents(rule.events, 'BAD_RULE')
  if ('diagnostics' in parsed) {
    for (const each of parsed.diagnostics) report(each, [...path, field], entry)
    return undefined
  }
  if ('where' in rule) return { that: parsed.definition, micropoints: points }
  const { from, until } = rule
  if (from && until && !isAfter(until, from, zone)) {
    const message = `"${until}" does not lie after "${from}": no event would count.`
    const hint = 'Events count from the one (included) until the other (excluded).'
    entry.find('BAD_RANGE', message, { path: [...path, 'until'], hint })
  }
  const { event, where } = parsed.definition as Definition &
    Pick<Extract<Rule, { event: unknown }>, 'event' | 'where'>
  const perDay = rule.cap_per_day && micropoints(rule.cap_per_day)
  const perLead = rule.cap_per_lead && micropoints(rule.cap_per_lead)
  const fade = rule.fade === undefined ? undefined : readFade(rule.fade)
  return {
    event,
    ...(where ? { where } : {}),
    micropoints: points,
    ...(perDay ? { cap_per_day: perDay } : {}),
    ...(perLead ? { cap_per_lead: perLead } : {}),
    ...(from ? { from } : {}),
    ...(until ? { until } : {}),
    ...(fade && fade !== 'none' ? { fade, table: fadeTable(fade, points, perDay) } : {}),
  }
}

function isAfter(later: string, earlier: string, zone: string): boolean {
  const [end, begin] = [readInstant(later, zone), readInstant(earlier, zone)]
  return end !== undefined && begin !== undefined && end > begin
}

function report(
  { code, severity, message, hint, span }: Diagnostic,
  path: readonly string[],
  entry: Entry,
): void {
  entry.file.findings.push({ ...entry.locate(path, { span }), code, severity, message, hint })
}
